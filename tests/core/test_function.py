"""`autograd.Function` and `autograd.grad` with all their options."""

from __future__ import annotations

import pytest

import neurarust as nr
from neurarust import autograd
from neurarust.testing import gradcheck, gradgradcheck


class Cube(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 3 * x * x


def double(*numbers: float) -> nr.Tensor:
    return nr.tensor(list(numbers), dtype=nr.float64, requires_grad=True)


def test_forward_and_backward():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x)
    assert y.tolist() == [1, 8] and y.grad_fn.name() == "CubeBackward"
    y.sum().backward()
    assert x.grad.tolist() == [3, 12]


def test_checked_by_finite_differences_to_second_order():
    assert gradcheck(Cube.apply, (double(0.5, -1.0),))
    assert gradgradcheck(Cube.apply, (double(0.5, -1.0),))


def test_a_wrong_gradient_is_found():
    class Wrong(Cube):
        @staticmethod
        def backward(ctx, gradient):
            return gradient

    with pytest.raises(nr.testing.GradcheckError, match="Jacobian mismatch for input 0"):
        gradcheck(Wrong.apply, (double(2.0),))
    assert not gradcheck(Wrong.apply, (double(2.0),), raise_exception=False)


def test_saved_tensors_are_freed():
    x = nr.tensor(2.0, requires_grad=True)
    y = Cube.apply(x)
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 24
    with pytest.raises(RuntimeError, match="a second time"):
        y.backward()


def test_several_inputs_and_outputs_and_none():
    seen = {}

    class Mixed(autograd.Function):
        @staticmethod
        def forward(ctx, x, power, y, note=""):
            seen["needs"] = ctx.needs_input_grad
            ctx.power = power
            ctx.note = note
            return x * power, y + 1

        @staticmethod
        def backward(ctx, first, second):
            seen["gradients"] = (first.tolist(), second.tolist())
            return first * ctx.power, None, None, None

    x, y = nr.tensor([1.0], requires_grad=True), nr.tensor([2.0, 3.0])
    first, second = Mixed.apply(x, 4, y, note="kept")
    assert seen["needs"] == (True, False, False, False)
    assert (first.tolist(), second.tolist()) == ([4], [3, 4])
    first.sum().backward()
    assert seen["gradients"] == ([1], [0, 0]) and x.grad.tolist() == [4]


def test_gradients_that_do_not_arrive():
    class Two(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, first, second):
            assert first is None
            return second * 2

    x = nr.tensor(1.0, requires_grad=True)
    Two.apply(x)[1].backward()
    assert x.grad.item() == 2


class Scale(autograd.Function):
    @staticmethod
    def forward(x, factor=3):
        return x * factor

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, ctx.factor = inputs

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.factor, None


@pytest.mark.parametrize(("given", "factor"), [((5.0,), 5), ((), 3)])
def test_setup_context_gets_the_arguments_and_defaults(given, factor):
    x = nr.tensor(3.0, requires_grad=True)
    y = Scale.apply(x, *given)
    y.backward()
    assert y.item() == 3 * factor and x.grad.item() == factor


def test_mark_dirty():
    class AddOne(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 7

    x = nr.tensor([1.0, 2.0], requires_grad=True)
    hidden = x * 2
    changed = AddOne.apply(hidden)
    assert changed is hidden and hidden.tolist() == [3, 5]
    (changed * 3).sum().backward()
    assert x.grad.tolist() == [42, 42]


def test_an_input_returned_as_it_is():
    class Same(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, gradient):
            return -gradient

    x = nr.tensor(1.0, requires_grad=True)
    y = Same.apply(x)
    assert y is not x and x.is_leaf
    y.backward()
    assert x.grad.item() == -1


def test_outputs_without_gradient():
    class Split(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            plain = x * 2
            ctx.mark_non_differentiable(plain)
            return x * 3, plain, (x > 0)

        @staticmethod
        def backward(ctx, first, *_):
            return first * 3

    x = nr.tensor(1.0, requires_grad=True)
    first, plain, positive = Split.apply(x)
    assert [one.requires_grad for one in (first, plain, positive)] == [True, False, False]
    first.backward()
    assert x.grad.item() == 3


def test_once_differentiable():
    class Once(Cube):
        @staticmethod
        @autograd.function.once_differentiable
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * 3 * x * x

    x = nr.tensor(2.0, requires_grad=True)
    (slope,) = autograd.grad(Once.apply(x), x, create_graph=True)
    assert slope.item() == 12
    Once.apply(x).backward()
    assert x.grad.item() == 12
    outer = nr.tensor(1.0, requires_grad=True)
    (slope,) = autograd.grad(Once.apply(x) * outer, x, create_graph=True)
    with pytest.raises(RuntimeError, match="@once_differentiable"):
        slope.backward()


@pytest.mark.parametrize(
    ("returned", "kind", "message"),
    [
        (lambda g: (g, g), RuntimeError, "incorrect number of gradients .expected 1, got 2."),
        (
            lambda g: (3.0,),
            RuntimeError,
            "a Tensor or None .* but got float as gradient 0",
        ),
        (lambda g: nr.ones(3), RuntimeError, r"got \[3\] but expected .* with \[2\]"),
        (lambda g: g * 1j, RuntimeError, "expected a real one .* Return gradient.real"),
    ],
)
def test_bad_gradients(returned, kind, message):
    class Bad(Cube):
        @staticmethod
        def backward(ctx, gradient):
            return returned(gradient)

    with pytest.raises(kind, match=message):
        Bad.apply(nr.ones(2, requires_grad=True)).sum().backward()


@pytest.mark.parametrize("gradient", [nr.ones(2, dtype=nr.float64), nr.ones(1, 2)])
def test_gradients_take_the_dtype_and_the_shape_of_their_argument(gradient):
    class Constant(Cube):
        @staticmethod
        def backward(ctx, _):
            return gradient

    x = nr.ones(2, requires_grad=True)
    Constant.apply(x).sum().backward()
    assert x.grad.dtype is nr.float32 and x.grad.tolist() == [1, 1]


def test_outputs_that_are_no_tensors_have_a_gradient_of_none():
    seen = []

    class Several(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, 5, x * 3

        @staticmethod
        def backward(ctx, *gradients):
            seen.extend(gradients)
            return gradients[2] * 3

    x = nr.ones(2, requires_grad=True)
    Several.apply(x)[2].sum().backward()
    assert seen[0].tolist() == [0, 0] and seen[1] is None and x.grad.tolist() == [3, 3]


def test_arguments_by_name_take_their_places():
    class Scaled(autograd.Function):
        @staticmethod
        def forward(ctx, x, factor=1, shift=0, *, note=""):
            return x * factor + shift

        @staticmethod
        def backward(ctx, gradient):
            return gradient, None

    x = nr.ones(2, requires_grad=True)
    y = Scaled.apply(x, factor=3)
    y.sum().backward()
    assert y.tolist() == [3, 3] and x.grad.tolist() == [1, 1]
    for given in ({"note": "kept"}, {"shift": 1}, {"unknown": 1}):
        with pytest.raises(TypeError, match=r"Scaled.apply: got an unexpected keyword argument"):
            Scaled.apply(x, **given)


@pytest.mark.parametrize(
    ("mark", "kind", "message"),
    [
        (lambda ctx, x: ctx.save_for_backward(x, 5), TypeError, "got int as argument 1"),
        (lambda ctx, x: ctx.mark_dirty(5), RuntimeError, "mark_dirty: expected tensors only"),
        (lambda ctx, x: ctx.mark_non_differentiable(5), RuntimeError, "mark_non_differentiable: "),
        (lambda ctx, x: ctx.mark_dirty(x), RuntimeError, "leaf Variable that requires grad"),
    ],
)
def test_what_can_be_marked(mark, kind, message):
    class Marked(Cube):
        @staticmethod
        def forward(ctx, x):
            mark(ctx, x)
            return x

    with pytest.raises(kind, match=message):
        Marked.apply(nr.ones(2, requires_grad=True))


def test_dirty_inputs_are_returned():
    class Dirty(Cube):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 2

    with pytest.raises(RuntimeError, match="marked as dirty .* not returned"):
        Dirty.apply(nr.ones(2))


def test_a_function_needs_both_halves():
    class Empty(autograd.Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(nr.ones(1))


def test_without_gradients_apply_is_a_plain_call():
    x = nr.tensor(2.0, requires_grad=True)
    with nr.no_grad():
        assert not Cube.apply(x).requires_grad
    assert not Cube.apply(nr.tensor(2.0)).requires_grad


def test_functions_inside_a_training_step():
    """A straight-through estimator: what the forward rounds, the backward ignores."""

    class Round(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    weight = nr.tensor([0.4, 1.6], requires_grad=True)
    optimizer = nr.optim.SGD([weight], lr=0.25)
    for _ in range(4):
        optimizer.zero_grad()
        ((Round.apply(weight) - nr.tensor([2.0, 0.0])) ** 2).sum().backward()
        optimizer.step()
    assert Round.apply(weight).tolist() == [2, 0]


# ------------------------------------------------------------------ grad


def test_grad_leaves_no_trace():
    x, y = nr.tensor(2.0, requires_grad=True), nr.tensor(3.0, requires_grad=True)
    z = x * y
    found = autograd.grad(z, [x, y], retain_graph=True)
    assert [one.item() for one in found] == [3, 2] and x.grad is None
    assert autograd.grad(z, x)[0].item() == 3
    with pytest.raises(RuntimeError, match="a second time"):
        autograd.grad(z, x)


def test_grad_of_intermediates_and_of_several_outputs():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    hidden = x * 2
    outputs = [hidden * 3, hidden.sum()]
    vectors = [nr.tensor([1.0, 10.0]), None]
    by_hidden, by_x = autograd.grad(outputs, [hidden, x], vectors)
    assert by_hidden.tolist() == [4, 31] and by_x.tolist() == [8, 62]


def test_unused_inputs():
    x, unused = nr.tensor(1.0, requires_grad=True), nr.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        autograd.grad(x * 2, [x, unused])
    assert autograd.grad(x * 2, [x, unused], allow_unused=True)[1] is None
    assert autograd.grad(x * 2, [x, unused], materialize_grads=True)[1].tolist() == [0, 0]
    with pytest.raises(ValueError, match="allow_unused"):
        autograd.grad(x * 2, x, allow_unused=False, materialize_grads=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        autograd.grad(x * 2, nr.ones(1))
    with pytest.raises(RuntimeError, match="got 1 tensors and 2 gradients"):
        autograd.grad(x * 2, x, [nr.tensor(1.0), nr.tensor(1.0)])


def test_batched_gradients():
    x = nr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x**2
    (jacobian,) = autograd.grad(y, x, nr.eye(3), is_grads_batched=True)
    assert jacobian.tolist() == [[2, 0, 0], [0, 4, 0], [0, 0, 6]]


def test_grad_walks_only_what_leads_to_its_inputs():
    x, y = nr.tensor(1.0, requires_grad=True), nr.tensor(1.0, requires_grad=True)
    calls = []
    other = y * 2
    other.register_hook(lambda gradient: calls.append(gradient))
    autograd.grad(x * 3 + other, x)
    assert not calls


def test_hooks_apply_to_grad_too():
    x = nr.tensor(1.0, requires_grad=True)
    hidden = x * 2
    hidden.register_hook(lambda gradient: gradient * 5)
    assert autograd.grad(hidden * 1, x)[0].item() == 10
