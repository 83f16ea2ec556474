"""Gradients as transforms: numbers against jax and finite differences, nesting, the tape."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine.signature import Signature
from neurarust.core.errors import CaptureError

func = nr.func

X = np.array([0.3, -0.4, 0.9])
Y = np.array([0.7, 0.2, 1.4])


def ours(x, y):
    return ((x * y).sin() * x.exp()).sum() / y.prod()


def theirs(x, y):
    return (jnp.sin(x * y) * jnp.exp(x)).sum() / jnp.prod(y)


def vector(x):
    return (x.cos() * x[0]).cumsum(0)


def jax_vector(x):
    return jnp.cumsum(jnp.cos(x) * x[0])


@pytest.fixture
def tensors():
    return nr.tensor(X), nr.tensor(Y)


@pytest.fixture
def traces(monkeypatch):
    """The signatures traced so far."""
    made = []
    trace = Signature.trace

    def counting(self):
        made.append(self.name)
        return trace(self)

    monkeypatch.setattr(Signature, "trace", counting)
    return made


def is_tensor(one):
    return isinstance(one, nr.Tensor)


def check(found, expected, rtol=1e-10):
    found = jax.tree_util.tree_map(np.asarray, found, is_leaf=is_tensor)
    expected = jax.tree_util.tree_map(np.asarray, expected)
    assert jax.tree_util.tree_structure(found) == jax.tree_util.tree_structure(expected)
    jax.tree_util.tree_map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12), found, expected
    )


PAIRS = [
    (lambda x, y: nr.grad(ours)(x, y), lambda x, y: jax.grad(theirs)(x, y)),
    (lambda x, y: nr.grad(ours, (0, 1))(x, y), lambda x, y: jax.grad(theirs, (0, 1))(x, y)),
    (lambda x, y: nr.value_and_grad(ours)(x, y), lambda x, y: jax.value_and_grad(theirs)(x, y)),
    (
        lambda x, y: nr.value_and_grad(lambda x: (ours(x, y), x), has_aux=True)(x),
        lambda x, y: jax.value_and_grad(lambda x: (theirs(x, y), x), has_aux=True)(x),
    ),
    (lambda x, y: nr.vjp(vector, x)[1](y), lambda x, y: jax.vjp(jax_vector, x)[1](y)),
    (
        lambda x, y: nr.jvp(vector, (x,), (y,)),
        lambda x, y: jax.jvp(jax_vector, (x,), (y,)),
    ),
    (
        lambda x, y: nr.linearize(vector, x)[1](y),
        lambda x, y: jax.linearize(jax_vector, x)[1](y),
    ),
    (lambda x, y: nr.jacrev(vector)(x), lambda x, y: jax.jacrev(jax_vector)(x)),
    (lambda x, y: nr.jacfwd(vector)(x), lambda x, y: jax.jacfwd(jax_vector)(x)),
    (lambda x, y: nr.hessian(ours)(x, y), lambda x, y: jax.hessian(theirs)(x, y)),
    (
        lambda x, y: nr.hessian(ours, (0, 1))(x, y),
        lambda x, y: jax.hessian(theirs, (0, 1))(x, y),
    ),
    (
        lambda x, y: nr.jacfwd(nr.jacfwd(nr.grad(ours)))(x, y),
        lambda x, y: jax.jacfwd(jax.jacfwd(jax.grad(theirs)))(x, y),
    ),
    (
        lambda x, y: nr.jvp(lambda x: nr.grad(ours)(x, y), (x,), (y,)),
        lambda x, y: jax.jvp(lambda x: jax.grad(theirs)(x, y), (x,), (y,)),
    ),
    (
        lambda x, y: nr.grad(lambda x: nr.vjp(vector, x)[1](y)[0].sum())(x),
        lambda x, y: jax.grad(lambda x: jax.vjp(jax_vector, x)[1](y)[0].sum())(x),
    ),
    (
        lambda x, y: nr.grad(lambda x: nr.linearize(vector, x)[1](y).sum())(x),
        lambda x, y: jax.grad(lambda x: jax.linearize(jax_vector, x)[1](y).sum())(x),
    ),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_numbers_agree_with_jax_and_nothing_is_traced_twice(pair, tensors, traces):
    mine, reference = pair
    with jax.enable_x64(True):
        expected = reference(jnp.array(X), jnp.array(Y))
    check(mine(*tensors), expected)
    count = len(traces)
    check(mine(*tensors), expected)
    assert len(traces) == count, traces[count:]


def test_finite_differences(tensors):
    x, y = tensors
    slope = nr.grad(ours)(x, y).numpy()
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-6
        higher, lower = (ours(nr.tensor(X + sign * step), y).item() for sign in (1, -1))
        np.testing.assert_allclose(slope[k], (higher - lower) / 2e-6, rtol=1e-7)


def test_tensors_from_outside_get_gradients_by_backward(tensors):
    x, _ = tensors
    weight = nr.ones(3, dtype=nr.float64, requires_grad=True)
    slope, value = nr.func.grad_and_value(lambda x: (weight * x**2).sum())(x)
    assert slope.requires_grad and value.requires_grad and not x.requires_grad
    (slope.sum() + value).backward()
    np.testing.assert_allclose(weight.grad.numpy(), 2 * X + X**2)
    with nr.no_grad():
        assert not nr.grad(lambda x: (weight * x**2).sum())(x).requires_grad


def test_no_grad_outside_does_not_stop_a_gradient(tensors):
    x, y = tensors
    with nr.no_grad():
        check(nr.grad(ours)(x, y), nr.grad(ours)(x, y))
        assert nr.grad(ours)(x, y).abs().sum() > 0


def test_backward_inside(tensors):
    x, _ = tensors

    def function(x):
        inner = (x * 2).detach().requires_grad_()
        (inner**3).sum().backward()
        return (inner.grad * x).sum()

    np.testing.assert_allclose(nr.grad(function)(x).numpy(), 3 * (2 * X) ** 2)
    np.testing.assert_allclose(
        nr.vmap(nr.grad(function))(nr.stack([x, x]))[1].numpy(), 3 * (2 * X) ** 2
    )


def test_other_arguments_are_written(tensors):
    x, y = tensors
    total = nr.zeros(3, dtype=nr.float64)

    def function(x, total):
        total += x.detach()
        return (x**2).sum()

    slope = nr.grad(function)(x, total)
    np.testing.assert_allclose(slope.numpy(), 2 * X)
    np.testing.assert_allclose(total.numpy(), X)


def test_random_streams_move_on_as_without_a_transform(tensors):
    x, _ = tensors

    def noisy(x):
        return (x * nr.randn(3, dtype=nr.float64)).sum()

    def looking(x):
        y = noisy(x)
        return y if x.sum() > 0 else -y

    for function in (noisy, looking, looking):
        nr.manual_seed(5)
        noise, after = nr.randn(3, dtype=nr.float64).tolist(), nr.rand(1).item()
        nr.manual_seed(5)
        assert nr.grad(function)(x).tolist() == noise
        assert nr.rand(1).item() == after


# ------------------------------------------------------------------ functions that look at values


def branching(x):
    y = (x**3).sum()
    return y * 2 if y.item() > 0 else y - x.sum()


@pytest.mark.parametrize("repeat", range(2))
def test_functions_that_look_at_values_go_by_the_tape(tensors, repeat):
    x, y = tensors
    check(nr.grad(branching)(x), 6 * X**2)
    check(nr.value_and_grad(branching)(-x), (-(X**3).sum() + X.sum(), 3 * X**2 - 1))
    check(nr.vjp(branching, x)[1](nr.tensor(2.0, dtype=nr.float64)), (12 * X**2,))
    check(nr.jvp(branching, (x,), (y,)), (2 * (X**3).sum(), (6 * X**2 * Y).sum()))
    check(nr.linearize(branching, x)[1](y), (6 * X**2 * Y).sum())
    check(nr.jacrev(branching)(x), 6 * X**2)
    check(nr.jacfwd(branching)(x), 6 * X**2)
    check(nr.hessian(branching)(x), np.diag(12 * X))
    check(nr.grad(lambda x: nr.grad(branching)(x).sum())(x), 12 * X)
    check(nr.grad(lambda x: branching(x) + nr.jvp(branching, (x,), (y,))[1])(x),
          6 * X**2 + 12 * X * Y)  # fmt: skip


def test_the_tape_leads_on_outside(tensors):
    weight = nr.ones(3, dtype=nr.float64, requires_grad=True)

    def function(x):
        y = (weight * x**2).sum()
        return y if y.item() > 0 else -y

    x = tensors[0].requires_grad_()
    slope = nr.grad(function)(x)
    slope.sum().backward()
    np.testing.assert_allclose(weight.grad.numpy(), 2 * X)
    np.testing.assert_allclose(x.grad.numpy(), [2, 2, 2])
    assert not nr.grad(branching)(tensors[1]).requires_grad


def test_functions_of_the_user_with_a_backward_of_their_own(tensors, traces):
    class Cube(nr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * 30 * x**2

    def function(x):
        return (Cube.apply(x) * x.detach()).sum()

    x, y = tensors
    check(nr.grad(function)(x), 30 * X**3)
    count = len(traces)
    check(nr.grad(function)(x), 30 * X**3)
    assert len(traces) == count
    check(nr.jacrev(function)(x), 30 * X**3)
    check(nr.jvp(function, (x,), (y,))[1], (30 * X**3 * Y).sum())
    check(nr.jacfwd(lambda x: Cube.apply(x))(x), np.diag(30 * X**2))
    check(nr.vmap(nr.grad(function))(nr.stack([x, y])), np.stack([30 * X**3, 30 * Y**3]))


def test_in_jit(tensors):
    x, y = tensors
    weight = nr.ones(3, dtype=nr.float64, requires_grad=True)

    @nr.jit
    def step(x):
        slope = nr.grad(lambda x: (weight * ours(x, y)).sum())(x)
        (slope**2).sum().backward()
        return nr.vmap(lambda a: a * 2)(slope)

    plain = nr.grad(ours)(x, y).numpy() * 3
    for count in (1, 2, 3):
        np.testing.assert_allclose(step(x).detach().numpy(), 2 * plain, rtol=1e-10)
        np.testing.assert_allclose(
            weight.grad.numpy(), np.full(3, 2 * (plain**2).sum() / 3) * count, rtol=1e-10
        )


def test_messages(tensors):
    x, y = tensors
    with pytest.raises(RuntimeError, match="argument 0 has a int64.*float()"):
        nr.grad(lambda x: x.sum())(nr.tensor([1, 2]))
    with pytest.raises(RuntimeError, match="Reduce it"):
        nr.grad(lambda x: x)(x)
    with pytest.raises(RuntimeError, match="jvp: Mismatch in shape or dtype: one of the tangents"):
        nr.jvp(vector, (x,), (y.float(),))
    with pytest.raises(RuntimeError, match="vjp: Expected f to return Tensors"):
        nr.vjp(lambda x: None, x)
    with pytest.raises(CaptureError, match=r"vmap: .*inside branching by item at .*py:\d+"):
        nr.vmap(branching)(nr.stack([x, y]))


@pytest.mark.parametrize("jitted", [False, True])
def test_nothing_flows_through_what_is_detached_as_a_whole(jitted):
    def without(x):
        with nr.no_grad():
            return x.sin()

    wrap = nr.jit if jitted else lambda function: function
    x = nr.tensor([0.3, -0.7])
    for function in (without, lambda x: x.detach() * 2, lambda x: (x * 2).detach()):
        assert wrap(func.grad(lambda x, f=function: f(x).sum()))(x).tolist() == [0, 0]
        for jacobian in (func.jacrev, func.jacfwd):
            assert wrap(jacobian(function))(x).tolist() == [[0, 0], [0, 0]]
        assert wrap(lambda x, f=function: func.jvp(f, (x,), (nr.ones(2),))[1])(x).tolist() == [0, 0]
        assert func.linearize(function, x)[1](nr.ones(2)).tolist() == [0, 0]
        rows = wrap(nr.vmap(func.grad(lambda x, f=function: f(x).sum())))(x[:, None])
        assert rows.tolist() == [[0], [0]]


def test_jacobians_of_complex_numbers_are_refused_where_they_would_lose_parts():
    z = nr.tensor([1 + 2j])
    for jacobian in (func.jacrev, func.jacfwd):
        with pytest.raises(RuntimeError, match="Expected all inputs to be real"):
            jacobian(lambda z: z * z)(z)
    with pytest.raises(RuntimeError, match="Expected all outputs to be real .*jacfwd"):
        func.jacrev(nr.fft.fft)(nr.ones(4))
    found = func.jacfwd(nr.fft.fft)(nr.ones(4)).numpy()
    np.testing.assert_allclose(found, np.fft.fft(np.eye(4), axis=0), atol=1e-6)
