"""Control flow and checkpoint: values and gradients against Python and jax, memory, errors."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import program as programs
from neurarust.core.engine.signature import Signature
from neurarust.utils import checkpoint as by_torch


def gradients(function, *tensors):
    """The value of a function, and the gradients that a backward gives its arguments."""
    given = [one.detach().clone().requires_grad_() for one in tensors]
    result = function(*given)
    (result.sin().sum()).backward()
    return [result.detach().numpy(), *[one.grad.numpy() for one in given]]


def same(first, second, rtol=1e-5):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6)


X, W = nr.tensor([0.4, -0.3, 0.8]), nr.tensor([1.5, 0.2, -0.7])


# ------------------------------------------------------------------ cond


@pytest.mark.parametrize("limit", [-5.0, 5.0])
def test_cond(limit):
    def python(x, w):
        return x * w + w if x.sum().item() > limit else (x**2).exp()

    def structured(x, w):
        return nr.cond(
            x.sum() > limit, lambda x: x * w + w, lambda x: (x**2).exp() + 0 * w, (x,)
        )  # fmt: skip

    same(gradients(structured, X, W)[:2], gradients(lambda x, w: python(x, w) + 0 * w, X, W)[:2])
    slope = nr.grad(lambda x: structured(x, W).sum())(X)
    same([slope.numpy()], [nr.grad(lambda x: python(x, W).sum())(X).numpy()])
    flags = nr.tensor([True, False])
    mapped = nr.vmap(lambda flag: nr.cond(flag, lambda: X, lambda: W))(flags)
    assert mapped.tolist() == [X.tolist(), W.tolist()]


def test_cond_at_once_and_errors():
    assert nr.cond(True, lambda x: x, lambda x: 1 / 0, (X,)) is X
    with pytest.raises(RuntimeError, match=r"result 0 is float32\[\] and not float32\[3\].*expand"):
        nr.cond(X.sum() > 0, lambda x: x, lambda x: x.sum(), (X,))
    with pytest.raises(RuntimeError, match="must return the same structure"):
        nr.cond(X.sum() > 0, lambda x: x, lambda x: (x, x), (X,))
    with pytest.raises(RuntimeError, match="one element.*nr.where"):
        nr.cond(X > 0, lambda x: x, lambda x: x, (X,))
    with pytest.raises(TypeError, match="bool or a Tensor"):
        nr.cond("yes", lambda: X, lambda: X)
    with pytest.raises(RuntimeError, match="writes to its argument 0 in place"):
        nr.cond(X.sum() > 0, lambda x: x.mul_(2), lambda x: x, (X.clone(),))


# ------------------------------------------------------------------ loops


def test_while_loop():
    count, x = nr.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 2), (0, X))
    assert count.item() == 5
    same([x.numpy()], [X.numpy() * 32])
    halved = nr.while_loop(lambda x: x.abs().sum() > 1, lambda x: x / 2, X * 8)
    assert 0.5 < halved.abs().sum().item() <= 1
    drawn = nr.while_loop(
        lambda i, x: i < 3, lambda i, x: (i + 1, nr.cat([x[1:], nr.rand(1)])), (0, nr.zeros(3))
    )[1]
    assert len(set(drawn.tolist())) == 3


@pytest.mark.parametrize("options", [{}, {"max_steps": 7}])
def test_gradients_of_while_loop(options):
    def looped(x, w):
        return nr.while_loop(
            lambda x: x.abs().sum() < 20, lambda x: x * (w.abs() + 1) + w, x, **options
        )

    def python(x, w):
        while x.abs().sum().item() < 20:
            x = x * (w.abs() + 1) + w
        return x

    same(gradients(looped, X, W), gradients(python, X, W), rtol=1e-4)


def test_scan():
    xs = nr.arange(12.0).reshape(4, 3) / 10

    def step(carry, x):
        new = (carry * W + x).tanh()
        return new, {"y": new * x, "s": x.sum()}

    def by_scan(carry, xs):
        last, ys = nr.scan(step, carry, xs)
        return last + ys["y"].sum(0) * ys["s"].sum()

    def python(carry, xs):
        ys, sums = [], []
        for x in xs:
            carry, made = step(carry, x)
            ys.append(made["y"]), sums.append(made["s"])
        return carry + nr.stack(ys).sum(0) * nr.stack(sums).sum()

    same(gradients(by_scan, X, xs), gradients(python, X, xs))
    last, ys = nr.scan(lambda c, x: (c + x, c), nr.zeros(4), xs, dim=1, reverse=True)
    same([last.numpy()], [xs.numpy().sum(1)])
    assert ys[-1].tolist() == [0] * 4 and ys.shape == (3, 4)
    total, _ = nr.scan(lambda c, _: (c * 2, c), 1.0, length=10)
    assert total.item() == 1024
    with nr.no_grad():
        assert nr.scan(lambda c, x: (c + x, c), X[0], X)[0].item() == pytest.approx(1.3)


def test_scan_draws_and_carries_without_gradients_from_outside():
    _, drawn = nr.scan(lambda c, _: (c, nr.rand(())), nr.zeros(()), length=20)
    assert len(set(drawn.tolist())) == 20
    w = W.clone().requires_grad_()
    state, _ = nr.scan(lambda h, x: ((h * w + x), h), nr.zeros(3), nr.stack([X] * 3))
    state.sum().backward()
    expected = nr.grad(lambda w: ((X * w + X) * w + X).sum())(W)
    same([w.grad.numpy()], [expected.numpy()])


def test_scan_is_traced_once(monkeypatch):
    traced = []
    trace = Signature.trace

    def run(x):
        last, _ = nr.scan(lambda c, x: (c * x, c), nr.ones(3), x.requires_grad_())
        last.sum().backward()

    run(nr.randn(9, 3))
    monkeypatch.setattr(Signature, "trace", lambda self: (traced.append(self.name), trace(self))[1])
    run(nr.randn(9, 3))
    assert not traced


def test_scan_errors():
    with pytest.raises(
        RuntimeError, match=r"carry like the one it is given, but result 0 is float32"
    ):
        nr.scan(lambda c, x: (c + x, x), 0, X)
    with pytest.raises(RuntimeError, match=r"to return a tuple \(carry, y\)"):
        nr.scan(lambda c, x: c + x, X, nr.stack([X, X]))
    with pytest.raises(RuntimeError, match="must return a carry of the structure"):
        nr.scan(lambda c, x: ((c, c), x), X[0], X)
    with pytest.raises(RuntimeError, match=r"agree along dimension 0, but got lengths \[3, 4\]"):
        nr.scan(lambda c, x: (c, c), X, X, length=4)
    with pytest.raises(RuntimeError, match="expected xs or length"):
        nr.scan(lambda c, x: (c, c), X)


def test_associative_scan():
    x = nr.randn(3, 9)

    def combine(a, b):
        return {"p": a["p"] * b["p"], "s": a["s"] * b["p"] + b["s"]}

    found = nr.associative_scan(combine, {"p": x, "s": x}, dim=1)
    same([found["p"].numpy()], [np.cumprod(x.numpy(), 1)])
    reverse = nr.associative_scan(lambda a, b: a + b, x, dim=1, reverse=True)
    same([reverse.numpy()], [np.cumsum(x.numpy()[:, ::-1], 1)[:, ::-1]])
    same(
        gradients(lambda x: nr.associative_scan(lambda a, b: a * b, x), x.T),
        gradients(lambda x: x.cumprod(0), x.T),
        rtol=1e-3,
    )
    expected = jax.lax.associative_scan(jnp.add, x.__jax_array__(), axis=1)
    same([nr.associative_scan(lambda a, b: a + b, x, dim=1).numpy()], [expected])
    with pytest.raises(
        RuntimeError, match=r"must return an element like its arguments.*float32\[\]"
    ):
        nr.associative_scan(lambda a, b: (a + b).sum(), x)


# ------------------------------------------------------------------ checkpoint


def block(x, a, b):
    return (((x @ a).sin().exp() * 0.1).tanh() @ b).sin()


@pytest.mark.parametrize("policy", [None, "dots_saveable", jax.checkpoint_policies.dots_saveable])
def test_checkpoint_gives_the_same_gradients(policy):
    tensors = nr.randn(4, 5), nr.randn(5, 5), nr.randn(5, 5)
    wrapped = nr.checkpoint(block, policy=policy)
    same(gradients(wrapped, *tensors), gradients(block, *tensors))
    same(
        [nr.hessian(lambda x: wrapped(x, *tensors[1:]).sum())(tensors[0]).numpy()],
        [nr.hessian(lambda x: block(x, *tensors[1:]).sum())(tensors[0]).numpy()],
    )
    slopes = nr.vmap(nr.grad(lambda x: wrapped(x, *tensors[1:]).sum()))(tensors[0])
    same([slopes.numpy()], [nr.grad(lambda x: block(x, *tensors[1:]).sum())(tensors[0]).numpy()])
    tangent = nr.jvp(lambda x: wrapped(x, *tensors[1:]), (tensors[0],), (tensors[0],))[1]
    same(
        [tangent.numpy()],
        [nr.jvp(lambda x: block(x, *tensors[1:]), (tensors[0],), (tensors[0],))[1].numpy()],
    )


def scratch_bytes(body):
    """The largest scratch memory of the programs that a training pass runs."""
    nr.manual_seed(0)
    weights = [(nr.randn(64, 64) * 0.1).requires_grad_() for _ in range(16)]
    programs.state.programs.clear()
    x = nr.randn(512, 64)
    for a, b in zip(weights[::2], weights[1::2], strict=True):
        x = body(x, a, b)
    (x**2).mean().backward()
    nr.synchronize()
    found = [one.function.memory_analysis() for one in programs.state.programs.values()]
    return max(one.temp_size_in_bytes for one in found)


def test_checkpoint_takes_less_memory():
    plain, kept = scratch_bytes(block), scratch_bytes(nr.checkpoint(block, policy="dots_saveable"))
    assert scratch_bytes(nr.checkpoint(block)) < 0.4 * plain
    assert kept < 0.8 * plain


def test_checkpoint_keeps_random_numbers_and_writes_buffers_once():
    layer = nr.nn
    model = layer.Sequential(layer.Linear(4, 4), layer.BatchNorm1d(4), layer.Dropout(0.5))
    x = nr.randn(8, 4)
    found = []
    for run in (model, lambda x: by_torch.checkpoint(model, x, use_reentrant=False)):
        model[1].reset_running_stats()
        model.zero_grad()
        nr.manual_seed(3)
        result = run(x)
        (result**2).sum().backward()
        found.append([
            result.detach().numpy(), model[0].weight.grad.numpy(), model[1].running_mean.numpy(),
            model[1].num_batches_tracked.numpy(), nr.rand(1).numpy(),
        ])  # fmt: skip
    same(*found)


def test_checkpoint_sequential_and_options():
    model = nr.nn.Sequential(*[nr.nn.Linear(3, 3) for _ in range(5)])
    x = nr.randn(2, 3)
    expected = model(x)
    made = by_torch.checkpoint_sequential(model, 2, x, use_reentrant=False)
    same([made.detach().numpy()], [expected.detach().numpy()])
    made.sum().backward()
    assert all(one.grad is not None for one in model.parameters())

    @nr.checkpoint(policy="everything_saveable")
    def decorated(x):
        return x * 2

    assert decorated(X).tolist() == (X * 2).tolist() and decorated.__name__ == "decorated"
    with pytest.raises(ValueError, match="dots_saveable.*but got 'some'"):
        nr.checkpoint(block, policy="some")
    with pytest.raises(TypeError, match="context_fn is not supported.*policy="):
        by_torch.checkpoint(block, X, context_fn=lambda: None)
    with pytest.raises(ValueError, match="1 to 5 segments"):
        by_torch.checkpoint_sequential(model, 6, x)


def test_checkpoint_of_a_function_that_looks():
    def looks(x):
        return x * 2 if x.sum() > 0 else x

    wrapped = nr.checkpoint(looks)
    with pytest.warns(UserWarning, match="inside looks by __bool__.*runs without checkpoint"):
        assert wrapped(X).tolist() == (X * 2).tolist()
    assert wrapped(-X).tolist() == (-X).tolist()


def test_a_branch_that_detaches():
    for chosen, expected in ((True, [0.0, 0.0]), (False, [2.0, 2.0])):
        x = nr.tensor([1.0, 2.0], requires_grad=True)
        made = nr.cond(nr.tensor(chosen), lambda x: x.detach(), lambda x: x * 2, (x,))
        made.sum().backward()
        assert x.grad.tolist() == expected


def test_without_a_step_the_first_carry_has_its_gradient():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    _, last = nr.while_loop(
        lambda i, y: i < 0, lambda i, y: (i + 1, (y * 3).detach()), (nr.tensor(0), x), max_steps=4
    )
    last.sum().backward()
    assert x.grad.tolist() == [1, 1]
    last, _ = nr.scan(lambda y, _: ((y * 3).detach(), y), x, length=0)
    last.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_counts_that_are_none():
    for steps in (-1, 2.5, True):
        with pytest.raises(RuntimeError, match="while_loop: .*max_steps"):
            nr.while_loop(lambda i: i < 3, lambda i: i + 1, nr.tensor(0), max_steps=steps)
    with pytest.raises(RuntimeError, match="scan: .*unroll=0"):
        nr.scan(lambda c, x: (c + x, c), nr.tensor(0.0), nr.ones(3), unroll=0)
    with pytest.raises(ValueError, match="out_dims is not compatible"):
        nr.vmap(lambda a: (a, a), out_dims=(0,))(nr.ones(3))
    with pytest.raises(ValueError, match="static_argnames=.'zz'. are no parameters"):
        nr.jit(lambda x: x, static_argnames="zz")
    with pytest.raises(TypeError, match="jit: expected a function or Module, but got 3"):
        nr.jit(3)


def test_a_bounded_loop_whose_body_detaches():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    _, last = nr.while_loop(
        lambda i, y: i < 2, lambda i, y: (i + 1, (y * 3).detach()), (nr.tensor(0), x), max_steps=4
    )
    last.sum().backward()
    assert last.tolist() == [9, 18] and x.grad.tolist() == [0, 0]
