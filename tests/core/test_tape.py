"""Backward: accumulation, graphs kept and freed, hooks, and gradients through every state."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import neurarust as nr
from neurarust import autograd


def leaf(*numbers: float) -> nr.Tensor:
    return nr.tensor(list(numbers) if len(numbers) > 1 else numbers[0], requires_grad=True)


# ------------------------------------------------------------------ backward


def test_gradient_of_a_product():
    x, y = leaf(2.0), leaf(3.0)
    (x * y + x**2).backward()
    assert (x.grad.item(), y.grad.item()) == (7, 2)


def test_gradients_accumulate():
    x = leaf(1.0, 2.0)
    for _ in range(3):
        (x * x).sum().backward()
    assert x.grad.tolist() == [6, 12]
    x.grad = None
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2, 2]
    x.grad.zero_()
    (x * 5).sum().backward()
    assert x.grad.tolist() == [5, 5]


def test_a_gradient_that_is_held_changes_with_the_next_backward():
    x = leaf(1.0)
    (x * 2).backward()
    held = x.grad
    (x * 3).backward()
    assert held is x.grad and held.item() == 5


def test_backward_of_several_elements_needs_a_gradient():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"only for scalar outputs, but got shape \[2\]"):
        (x * 2).backward()
    (x * 2).backward(nr.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [2, 20]
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * 2).backward(nr.ones(3))
    with pytest.raises(TypeError, match="gradients can be either Tensors or None"):
        (x * 2).backward([1.0, 2.0])


def test_without_a_graph():
    with pytest.raises(RuntimeError, match="does not require grad"):
        nr.ones(1).sum().backward()
    x = leaf(1.0)
    with nr.no_grad():
        made = x * 2
    assert not made.requires_grad and made.grad_fn is None
    with pytest.raises(RuntimeError, match="does not require grad"):
        made.backward()


def test_the_graph_is_freed():
    x = leaf(3.0)
    y = (x * x).exp()
    y.backward(retain_graph=True)
    first = x.grad.item()
    y.backward()
    assert x.grad.item() == pytest.approx(2 * first)
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()


def test_two_losses_through_one_graph():
    x = leaf(1.0, 2.0)
    hidden = (x * x).exp()
    hidden.sum().backward(retain_graph=True)
    (hidden * 2).sum().backward()
    expected = 3 * 2 * x.detach() * (x.detach() ** 2).exp()
    np.testing.assert_allclose(x.grad.numpy(), expected.numpy(), rtol=1e-6)


def test_two_losses_at_once():
    x = leaf(2.0)
    y = x * x
    autograd.backward([y, y * 3], [nr.tensor(1.0), nr.tensor(10.0)])
    assert x.grad.item() == 4 + 3 * 10 * 4


def test_backward_after_a_look():
    x = leaf(1.0, 2.0, 3.0)
    hidden = x.exp()
    looked = hidden.tolist()
    loss = (hidden * hidden).sum()
    assert loss.item() > 0
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.square(looked), rtol=1e-6)


def test_inputs():
    x, y = leaf(2.0), leaf(3.0)
    (x * y).backward(inputs=[x])
    assert x.grad.item() == 3 and y.grad is None
    hidden = x * 2
    (hidden * y).backward(inputs=y)
    assert y.grad.item() == 4 and x.grad.item() == 3
    with pytest.raises(RuntimeError, match="cannot be empty"):
        (x * y).backward(inputs=[])


def test_create_graph_any_order():
    x = nr.tensor(2.0, dtype=nr.float64, requires_grad=True)
    value = x**5
    found = []
    for _ in range(5):
        (value,) = autograd.grad(value, x, create_graph=True)
        found.append(value.item())
    assert found == pytest.approx([80, 160, 240, 240, 120])


def test_gradient_penalty():
    x = nr.tensor([1.0, 2.0], dtype=nr.float64, requires_grad=True)
    weight = nr.tensor([3.0, 4.0], dtype=nr.float64, requires_grad=True)
    (slope,) = autograd.grad((weight * x**2).sum(), x, create_graph=True)
    (slope**2).sum().backward()
    assert weight.grad.tolist() == [2 * 6 * 2, 2 * 16 * 4]
    assert x.grad.tolist() == [2 * 6 * 6, 2 * 16 * 8]


def test_backward_with_create_graph_leaves_a_differentiable_grad():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = autograd.grad(x.grad, x)
    assert second.item() == 18


def test_a_graph_of_100_000_nodes():
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = y * 1.0 + 0.0
    y.backward()
    assert x.grad.item() == 1
    del y
    gc.collect()


def test_complex_gradients_are_conjugate():
    z = nr.tensor(1 + 2j, requires_grad=True)
    (z * z.conj()).real.backward()
    assert z.grad.item() == 2 * (1 + 2j)
    with pytest.raises(RuntimeError, match="only for real scalar"):
        (z * z).backward()


# ------------------------------------------------------------------ leaves and flags


def test_leaf_rules():
    x = leaf(1.0)
    y = x * 2
    assert x.is_leaf and not y.is_leaf and nr.ones(1).is_leaf
    assert x.grad_fn is None and y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].name() == "AccumulateGrad"
    assert y.detach().is_leaf and not y.detach().requires_grad
    with pytest.raises(RuntimeError, match="only change requires_grad flags of leaf variables"):
        y.requires_grad = False
    assert y.requires_grad_(True) is y
    assert not x.detach_().requires_grad
    for dtype in (nr.int64, nr.bool):
        with pytest.raises(RuntimeError, match="floating point and complex dtype"):
            nr.ones(1, dtype=dtype).requires_grad_()


def test_assigned_gradients():
    x = leaf(1.0, 2.0)
    x.grad = nr.tensor([5.0, 6.0])
    (x * 1).sum().backward()
    assert x.grad.tolist() == [6, 7]
    with pytest.raises(RuntimeError, match="assigned grad must be"):
        x.grad = nr.ones(3)
    with pytest.raises(TypeError, match="assigned grad expected to be a Tensor or None"):
        x.grad = 1.0
    del x.grad
    assert x.grad is None


def test_an_unused_leaf_gets_no_gradient():
    x, unused = leaf(1.0), leaf(1.0)
    (x * 2 + unused.detach()).backward()
    assert unused.grad is None


def test_modes():
    x = leaf(1.0)
    with nr.no_grad():
        assert not nr.is_grad_enabled() and not (x * 2).requires_grad
        with nr.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    with nr.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    with nr.inference_mode():
        assert nr.is_inference_mode_enabled() and not (x * 2).requires_grad
    assert nr.is_grad_enabled() and not nr.is_inference_mode_enabled()

    @nr.no_grad()
    def quiet(one):
        return one * 2

    @nr.no_grad
    def also_quiet(one):
        return one * 2

    @nr.set_grad_enabled(False)
    def quiet_too(one):
        return one * 2

    assert not any(function(x).requires_grad for function in (quiet, also_quiet, quiet_too))
    assert nr.is_grad_enabled()
    nr.set_grad_enabled(False)
    assert not nr.is_grad_enabled()
    nr.set_grad_enabled(True)
    with pytest.raises(KeyError), nr.no_grad():
        raise KeyError
    assert nr.is_grad_enabled()


# ------------------------------------------------------------------ hooks


def test_hooks_change_gradients():
    x = leaf(1.0, 2.0)
    hidden = x * 3
    seen = []
    handle = hidden.register_hook(lambda gradient: gradient * 10)
    x.register_hook(lambda gradient: seen.append(gradient.tolist()))
    hidden.sum().backward()
    assert x.grad.tolist() == [30, 30] and seen == [[30, 30]]
    handle.remove()
    handle.remove()
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_hooks_run_in_order_on_the_whole_gradient():
    x = leaf(1.0)
    hidden = x * 1
    order = []
    hidden.register_hook(lambda gradient: order.append(("first", gradient.item())))
    hidden.register_hook(lambda gradient: gradient + 1)
    hidden.register_hook(lambda gradient: order.append(("last", gradient.item())))
    (hidden * 2 + hidden * 3).backward()
    assert order == [("first", 5), ("last", 6)] and x.grad.item() == 6


def test_hooks_run_at_every_backward_pending_or_not():
    x = leaf(1.0)
    calls = []
    x.register_hook(lambda gradient: calls.append(1))
    for look in (False, True):
        y = x * 2
        if look:
            y.item()
        y.backward()
    assert len(calls) == 2


def test_hook_errors():
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        nr.ones(1).register_hook(print)
    x = leaf(1.0)
    x.register_hook(lambda gradient: 3)
    with pytest.raises(TypeError, match="must return None or a Tensor"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="cannot be registered on non-leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_post_accumulate_hooks_see_the_sum():
    """The usual use: update a parameter inside backward, and drop its gradient."""
    x = leaf(1.0)
    x.grad = nr.tensor(1.0)
    seen = []

    def update(parameter):
        seen.append(parameter.grad.item())
        with nr.no_grad():
            parameter.sub_(parameter.grad)
        parameter.grad = None

    handle = x.register_post_accumulate_grad_hook(update)
    (x * 3).backward()
    assert seen == [4] and x.item() == -3 and x.grad is None
    handle.remove()
    (x * 3).backward()
    assert x.grad.item() == 3


def test_retain_grad():
    x = leaf(1.0, 2.0)
    hidden = x * 3
    hidden.retain_grad()
    hidden.retain_grad()
    (hidden**2).sum().backward()
    assert hidden.grad.tolist() == [6, 12] and hidden.retains_grad and not x.retains_grad
    x.retain_grad()
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        nr.ones(1).retain_grad()


def test_retained_gradient_after_an_in_place_change():
    x = leaf(2.0)
    hidden = x * 1
    hidden.mul_(3)
    hidden.retain_grad()
    (hidden * 5).backward()
    assert hidden.grad.item() == 5 and x.grad.item() == 15


# ------------------------------------------------------------------ parameters in use


def test_tied_weights_and_a_parameter_used_twice():
    weight = nr.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = nr.tensor([1.0, 1.0])
    ((weight @ x) @ weight).sum().backward()
    # d/dW sum((W x)^T W) = outer(W 1, x) + outer(W x, 1)
    assert weight.grad.tolist() == [[6, 6], [14, 14]]


def test_data_writes_are_not_recorded():
    weight = leaf(1.0, 2.0)
    loss = (weight * weight).sum()
    weight.data.mul_(10)
    loss.backward()
    # Values are immutable: the gradient belongs to the weights that the loss was made with.
    assert weight.grad.tolist() == [2, 4] and weight.tolist() == [10, 20]
    weight.data = nr.tensor([7.0, 8.0])
    assert weight.is_leaf and weight.requires_grad and weight.tolist() == [7, 8]


@pytest.mark.parametrize("set_to_none", [True, False])
def test_zero_grad_and_accumulation_over_batches(set_to_none):
    weight = leaf(1.0, 1.0)
    optimizer = nr.optim.SGD([weight], lr=0.1)
    batches = [nr.tensor([1.0, 2.0]), nr.tensor([3.0, 4.0])]
    for _ in range(2):
        optimizer.zero_grad(set_to_none=set_to_none)
        assert weight.grad is None if set_to_none else weight.grad is None or not weight.grad.any()
        for batch in batches:
            ((weight * batch).sum() / len(batches)).backward()
        assert weight.grad.tolist() == [2, 3]
        optimizer.step()
    np.testing.assert_allclose(weight.detach().numpy(), [0.6, 0.4], rtol=1e-6)


def test_gradients_of_all_kinds_of_results():
    """Integer outputs carry none; several outputs each carry their own."""
    x = leaf(3.0, 1.0, 2.0)
    values, order = x.sort()
    assert values.requires_grad and not order.requires_grad
    first, rest = values.split([1, 2])
    (first.sum() * 10 + rest[1]).backward()
    assert x.grad.tolist() == [1, 10, 0]
    assert not (x > 1).requires_grad and not x.argmax().requires_grad


def test_epochs_of_looks_run_cached_programs():
    """A backward over T repeated forward programs runs T cached ones, not one unrolled."""
    weight = leaf(0.5, -0.5)

    def episode(length):
        losses = []
        state = nr.ones(2)
        for _ in range(length):
            state = (state * weight).tanh()
            losses.append(state.sum())
            losses[-1].item()
        sum(losses).backward()
        grad, weight.grad = weight.grad, None
        return grad.tolist()

    episode(5)
    episode(9)
    before = nr.explain().compilations
    episode(7)
    episode(9)
    assert nr.explain().compilations - before <= 3


def test_small_equal_pieces_run_together():
    """A backward over T small repeated programs runs T / 8 programs; the rest one by one."""

    def episode(length):
        weight = leaf(0.5, -0.5)
        losses = []
        for k in range(length):
            losses.append((weight * (k + 1.0)).tanh().sum())
            losses[-1].item()
        before = nr.explain()
        nr.stack(losses).sum().backward()
        grad = weight.grad.tolist()
        after = nr.explain()
        return grad, after.hits + after.compilations - before.hits - before.compilations

    for length, programs in ((24, 4), (18, 5), (7, 7)):
        # The loss, the eights and those left over; with fewer the first goes with the loss.
        grad, ran = episode(length)
        with nr.eager_mode():
            assert episode(length)[0] == pytest.approx(grad, rel=1e-5)
        assert ran == programs


def test_modes_of_generators():
    x = nr.ones(1, requires_grad=True)

    @nr.no_grad()
    def steps(x):
        try:
            given = yield (x * 2).requires_grad
            yield given, (x * 2).requires_grad
        except KeyError:
            yield "caught", (x * 2).requires_grad
        return 5

    running = steps(x)
    assert next(running) is False and (x * 2).requires_grad
    assert running.send(7) == (7, False) and (x * 2).requires_grad
    assert running.throw(KeyError) == ("caught", False)
    with pytest.raises(StopIteration) as end:
        next(running)
    assert end.value.value == 5 and nr.is_grad_enabled()
    closed = steps(x)
    next(closed)
    closed.close()
    assert list(steps(x)) == [False, (None, False)]


@pytest.mark.parametrize("function", [False, True])
def test_a_backward_into_results_of_calls(function):
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    for _ in range(2):
        loss = (y * y).sum()
        if function:
            nr.autograd.backward(loss, inputs=[y])
        else:
            loss.backward(inputs=y)
    assert y.grad.tolist() == [8, 16] and x.grad is None


def test_a_kept_gradient_is_that_after_all_hooks():
    y = nr.ones(1, requires_grad=True) * 2
    y.retain_grad()
    handle = y.register_hook(lambda gradient: gradient * 10)
    y.register_hook(lambda gradient: gradient + 1)
    y.sum().backward(retain_graph=True)
    assert y.grad.tolist() == [11]
    handle.remove()
    y.grad = None
    y.sum().backward()
    assert y.grad.tolist() == [2]


def test_gradients_by_name():
    x = nr.ones(2, requires_grad=True)
    found = nr.autograd.grad((x * 3).sum(), {"x": x}, only_inputs=True)
    assert list(found) == ["x"] and found["x"].tolist() == [3, 3]


def test_the_type_of_a_tape_entry_has_its_name():
    y = (nr.ones(2, requires_grad=True) * 2).sum()
    assert type(y.grad_fn).__name__ == "SumBackward0"
    ((parent, _),) = y.grad_fn.next_functions
    assert type(parent).__name__ == "MulBackward0" and repr(parent) == "<MulBackward0>"
    assert y.grad_fn == y.grad_fn and type(y.grad_fn) is type(
        nr.ones(1).requires_grad_().sum().grad_fn
    )
