"""Capture: one signature for a function of Tensors, with the gradient of its tape."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.capture import capture
from neurarust.core.engine.recording import state
from neurarust.core.errors import CaptureError


def both(function, *tensors, seed=None):
    """Results and gradients of a function: called as it is, and captured."""
    found = []
    for run in (function, lambda *given: capture(function, given).call(given)):
        given = [one.detach().clone().requires_grad_() for one in tensors]
        result = run(*given)
        loss = (result * nr.arange(1.0, result.numel() + 1).reshape(result.shape)).sum()
        loss.backward()
        found.append(
            [result.tolist(), *[None if g.grad is None else g.grad.tolist() for g in given]]
        )
    return found


def untracked(x, y):
    with nr.no_grad():
        z = x * 2
    return (x + z) * y.detach() + y * x.sin().detach()


def many(x, y):
    parts = nr.stack([x, y]).unbind(0)
    return (parts[0] @ parts[1].T).softmax(0).cumsum(0) * 0.5 + x.max(dim=1).values


class Doubled(nr.autograd.Function):
    """Twice the input; its gradient pretends to be tenfold."""

    @staticmethod
    def forward(ctx, x):
        y = x * 2
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        (y,) = ctx.saved_tensors
        return gradient * 10 * y


def own_backward(x, y):
    return Doubled.apply(x * y) * y


def hooked(x, y):
    z = x * y
    z.register_hook(lambda gradient: gradient * 3)
    return z.sin() * x


def inner_gradient(x, y):
    z = (x * y).detach().requires_grad_()
    (slope,) = nr.autograd.grad((z**3).sum(), z)
    return slope * x


def second_order(x, y):
    (slope,) = nr.autograd.grad((x**3 * y).sum(), x, create_graph=True)
    return slope * y


def in_place(x, y):
    z = x * 2
    z[0] = y[1]
    z.mul_(y)
    return z + nr.tensor([1.0, 2.0])


FUNCTIONS = [untracked, many, own_backward, hooked, inner_gradient, second_order, in_place]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_values_and_gradients(function):
    x, y = nr.tensor([[0.3, -0.4], [0.5, 0.6]]), nr.tensor([[0.7, 0.2], [-0.9, 0.1]])
    plain, captured = both(function, x, y)
    for one, other in zip(plain, captured, strict=True):
        if one is None:
            assert other is None or not np.any(other)
        else:
            np.testing.assert_allclose(other, one, rtol=1e-5)


@pytest.mark.parametrize("function", [untracked, own_backward, hooked])
def test_the_pure_function_differentiates_by_jax(function):
    x, y = nr.tensor([[0.3, -0.4], [0.5, 0.6]]), nr.tensor([[0.7, 0.2], [-0.9, 0.1]])
    captured = capture(function, (x, y), leaves=(True, True))

    def loss(*arrays):
        return captured.signature.function(*arrays, *captured.numbers)[0].sum()

    slopes = jax.grad(loss, argnums=(0, 1))(x.__jax_array__(), y.__jax_array__())
    x.requires_grad_(), y.requires_grad_()
    function(x, y).sum().backward()
    np.testing.assert_allclose(slopes[0], x.grad, rtol=1e-5)
    np.testing.assert_allclose(slopes[1], y.grad, rtol=1e-5)


def test_capturing_again_finds_the_signature():
    weight = nr.randn(3, 3, requires_grad=True)

    def function(x, scale):
        return {"y": (x @ weight) * scale, "n": 3, "more": (x.sum(), None)}

    first = capture(function, (nr.ones(2, 3), 2.0))
    second = capture(function, (nr.ones(2, 3), 3.5))
    assert first.signature is second.signature
    assert (first.given, first.results, len(first.values), first.edges) == (
        1, 2, 1, [weight._edge])  # fmt: skip
    assert first.numbers == (2.0,) and second.numbers == (3.5,)
    assert first.tracked == (False,) and set(first.carries) == {True, False}
    result = second.call([nr.full((2, 3), 2.0)])
    assert result["n"] == 3 and result["more"][1] is None and result["more"][0].item() == 12
    np.testing.assert_allclose(
        result["y"].detach(), (nr.full((2, 3), 7.0) @ weight).detach(), rtol=1e-6
    )
    result["y"].sum().backward()
    np.testing.assert_allclose(weight.grad, np.full((3, 3), 14.0), rtol=1e-6)


def test_what_is_not_needed_is_dropped():
    def function(x):
        (x * 2).exp()
        return x + 1

    captured = capture(function, (nr.ones(2),))
    assert captured.signature.size == 1 and captured.entries == [2]


def test_other_shapes_inside():
    x = nr.ones(5, 3)
    captured = capture(lambda one: one.sum(), (x,), avals=[x[0]._aval()])
    assert captured.signature.inputs[0].shape == (3,)
    mapped = jax.vmap(lambda one: captured.signature.function(one)[0])
    assert mapped(x.__jax_array__()).tolist() == [3] * 5


def test_pending_values_outside_stay_pending():
    x = nr.ones(3) + 1
    captured = capture(lambda y: x * y, (nr.ones(3) * 2,))
    assert x._storage.value.array is None
    assert captured.call([nr.ones(3) * 4]).tolist() == [8] * 3


def test_writes_are_described_and_taken_back():
    x = nr.zeros(3)
    weight = nr.ones(3, requires_grad=True)
    before, version = x._storage.value, x._storage.version

    def function(y):
        x.add_(y)
        x[0] = 7.0
        (weight * y).sum().backward()
        local = nr.tensor([1.0, 2.0, 3.0])
        local += y
        return local

    captured = capture(function, (nr.ones(3),))
    assert x._storage.value is before and x._storage.version == version and weight.grad is None
    assert [one for one, _ in captured.written] == [x._storage]
    assert captured.gradients[0][0] is weight
    outputs = captured.apply([nr.ones(3)])
    assert outputs[captured.written[0][1]].tolist() == [7, 1, 1]
    assert outputs[captured.gradients[0][1]].tolist() == [1, 1, 1]
    assert captured.rebuild(outputs[:1]).tolist() == [2, 3, 4]
    with pytest.raises(CaptureError, match="writes to 2 tensors from outside"):
        captured.call([nr.ones(3)])


def test_random_numbers_are_data():
    def function(x):
        return nr.dropout(x, 0.5) + nr.randn(100)

    nr.manual_seed(3)
    expected = [function(nr.ones(100)).tolist() for _ in range(2)]
    nr.manual_seed(3)
    x = nr.ones(100)
    captured = [capture(function, (x,)) for _ in range(2)]
    assert captured[0].signature is captured[1].signature
    assert [one.call([x]).tolist() for one in captured] == expected


def test_captures_nest():
    weight = nr.tensor([2.0, 3.0], requires_grad=True)

    def inner(x):
        return (x * weight).detach() + x * weight**2

    def outer(x):
        y = x.exp()
        return capture(inner, (y,)).call([y]) * 2

    plain, captured = (
        both(lambda x: inner(x.exp()) * 2, nr.tensor([0.1, 0.2])),
        both(outer, nr.tensor([0.1, 0.2])),
    )
    np.testing.assert_allclose(captured[0], plain[0], rtol=1e-6)
    np.testing.assert_allclose(captured[1], plain[0], rtol=1e-6)


def looks(x):
    y = x.sum()
    return x if y > 0 else -x


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (looks, r"result of gt \(made at .*test_capture.py:\d+\) was looked at inside looks by "
                r"__bool__ at .*test_capture.py:\d+.*nr.where"),
        (lambda x: x * x.item(), "an input, float32.*by item"),
        (lambda x: x.nonzero(), "by nonzero .*shape of the result depends.*nr.where"),
        (lambda x: (x * 2)[x > 0], r"by x\[mask\] at .*depends on the data"),
        (lambda x: nr.unique(x), "by unique.*sort"),
    ],
)  # fmt: skip
def test_looking_inside_is_an_error_at_the_users_line(function, message):
    recording, grad = state.recording, state.grad
    with pytest.raises(CaptureError, match=message):
        capture(function, (nr.ones(1),))
    assert state.recording is recording and state.capture is None and state.grad is grad
    assert (nr.ones(2) + 1).tolist() == [2, 2]


def test_a_tensor_that_leaked_names_itself():
    kept = []
    capture(lambda x: kept.append(x * 2), (nr.ones(2),))
    with pytest.raises(CaptureError, match="result of mul .* is over.*return this one"):
        kept[0].tolist()
    with pytest.raises(CaptureError, match="is over"):
        _ = (kept[0] + 1).tolist()


def test_errors_leave_everything_as_it_was():
    x = nr.zeros(2)

    def function(y):
        x.add_(y)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        capture(function, (nr.ones(2),))
    assert x.tolist() == [0, 0] and state.capture is None
