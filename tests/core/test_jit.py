"""nr.jit: the numbers of imperative code, from one recorded call."""

from __future__ import annotations

import threading
import time
import warnings

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.errors import JitWarning

F = nr.nn.functional


@pytest.fixture(autouse=True)
def no_fallback():
    """A function that falls back where the test does not expect it fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", JitWarning)
        yield


def settled(jitted) -> bool:
    return not jitted._plain and any(one.settled for kept in jitted._kinds.values() for one in kept)


def close(one, other, rtol=1e-5):
    np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6)


# ------------------------------------------------------------------ models


def test_a_module_keeps_its_nature():
    nr.manual_seed(0)
    model = nr.nn.Sequential(nr.nn.Linear(3, 4), nr.nn.Tanh(), nr.nn.Linear(4, 2))
    fast = nr.compile(model, mode="reduce-overhead", backend="inductor", dynamic=False)
    assert isinstance(fast, nr.nn.Sequential) and fast[0] is model[0]
    assert list(fast.state_dict()) == list(model.state_dict()) and repr(fast) == repr(model)
    for _ in range(4):
        x = nr.randn(5, 3, requires_grad=True)
        found = []
        for one in (model, fast):
            x.grad = None
            model.zero_grad()
            result = one(x)
            assert result.requires_grad and not result.is_leaf
            (result**2).sum().backward()
            found.append([result.tolist(), x.grad.tolist(), model[0].weight.grad.tolist()])
        for plain, jitted in zip(*found, strict=True):
            close(jitted, plain)
    assert settled(type(fast).__dict__["__call__"])
    fast.eval()
    assert not model[0].training


def test_second_derivatives_through_a_jitted_function():
    weight = nr.tensor([0.5, -0.3], requires_grad=True)
    function = nr.jit(lambda x: (x * weight).sin().sum() + (x.detach() * weight).sum())
    for _ in range(4):
        x = nr.tensor([1.0, 2.0], requires_grad=True)
        (slope,) = nr.autograd.grad(function(x), x, create_graph=True)
        (curvature, mixed) = nr.autograd.grad(slope.sum(), (x, weight))
        close(slope.detach(), (weight * (x * weight).cos()).detach())
        close(curvature, (-(weight**2) * (x * weight).sin()).detach())
        close(mixed, ((x * weight).cos() - x * weight * (x * weight).sin()).detach())


def test_detached_and_returned_as_given():
    shared = nr.ones(2, requires_grad=True)

    @nr.jit
    def function(x):
        return x, shared, (x * 2).detach(), {"a": [x + 1, None, 3]}

    for _ in range(4):
        x = nr.ones(2, requires_grad=True)
        same, also, detached, rest = function(x)
        assert same is x and also is shared and not detached.requires_grad
        assert rest["a"][1:] == [None, 3] and rest["a"][0].requires_grad
        rest["a"][0].sum().backward()
        assert x.grad.tolist() == [1, 1]


def test_hooks_run_as_in_imperative_code():
    seen = []
    weight = nr.ones(2, requires_grad=True)
    weight.register_hook(lambda gradient: seen.append(1) or gradient * 2)
    function = nr.jit(lambda x: (x * weight).sum())
    for k in range(1, 5):
        weight.grad = None
        function(nr.ones(2)).backward()
        assert weight.grad.tolist() == [2, 2] and len(seen) == k


def test_hooks_and_functions_inside():
    class Tenfold(nr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, gradient):
            return gradient * 10

    @nr.jit
    def function(x):
        y = Tenfold.apply(x)
        y.register_hook(lambda gradient: gradient + 1)
        return y * x.detach()

    for k in range(1, 5):
        x = nr.full((2,), float(k), requires_grad=True)
        function(x).sum().backward()
        close(x.grad, [(k + 1) * 10] * 2)
    assert settled(function)


def test_a_module_with_hooks():
    model = nr.nn.Linear(2, 2)
    calls = []
    model.register_forward_hook(lambda module, args, output: output * 2)
    model.register_full_backward_hook(lambda module, gin, gout: calls.append(gout[0].shape))
    fast = nr.jit(model)
    for _ in range(4):
        x = nr.randn(3, 2, requires_grad=True)
        fast(x).sum().backward()
        close(x.grad, np.tile(2 * model.weight.detach().numpy().sum(0), (3, 1)))
    handle = model.register_forward_hook(lambda module, args, output: output + 1)
    changed = fast(nr.zeros(1, 2))
    close(changed.detach(), (2 * model.bias + 1).detach().reshape(1, 2))
    handle.remove()
    close(fast(nr.zeros(1, 2)).detach(), (2 * model.bias).detach().reshape(1, 2))


def test_training_flags_and_grad_mode_are_guards():
    nr.manual_seed(0)
    model = nr.nn.Sequential(nr.nn.Linear(4, 4), nr.nn.Dropout(0.5))
    fast = nr.jit(model)
    x = nr.ones(3, 4)
    for _ in range(3):
        model.train()
        assert (fast(x) == 0).any() and fast(x).requires_grad
        model.eval()
        close(fast(x).detach(), model[0](x).detach())
        with nr.no_grad():
            assert not fast(x).requires_grad
    model[0].weight.requires_grad_(False)
    model[0].bias.requires_grad_(False)
    for _ in range(3):
        assert not fast(x).requires_grad
    model[0].weight.requires_grad_(True)
    for _ in range(3):
        assert fast(x).requires_grad
    model[0] = nr.nn.Linear(4, 4, bias=False)
    model[0].weight.data.fill_(1.0)
    assert fast(x).tolist() == [[4] * 4] * 3


def test_the_end_of_a_module_under_no_grad_runs():
    model = nr.nn.Linear(2, 2)
    fast = nr.jit(model)
    with nr.no_grad():
        for _ in range(4):
            assert fast(nr.ones(1, 2))._storage.value.array is not None


# ------------------------------------------------------------------ state of all kinds


def test_random_numbers_follow_the_stream():
    def function(x):
        return nr.dropout(x, 0.5) + nr.randn(4)

    jitted = nr.jit(function)
    runs = []
    for run in (function, jitted):
        nr.manual_seed(3)
        found = [run(nr.ones(4)).tolist() for _ in range(5)]
        nr.manual_seed(4)
        runs.append(found + [run(nr.ones(4)).tolist() for _ in range(2)])
    assert runs[0] == runs[1] and settled(jitted)
    own = nr.Generator().manual_seed(7)
    jitted = nr.jit(lambda: (nr.rand(2, generator=own), nr.rand(2)))
    found = [jitted()[0].tolist() for _ in range(4)]
    own.manual_seed(7)
    assert found == [nr.rand(2, generator=own).tolist() for _ in range(4)]


def test_buffers_globals_and_views():
    table = nr.zeros(3, 2)
    row = table[1]

    @nr.jit
    def function(x):
        row.add_(x)
        table[0] += 1
        return row * 2

    for k in range(1, 6):
        assert function(nr.ones(2)).tolist() == [2 * k] * 2
        assert table.tolist() == [[k, k], [k, k], [0, 0]] and row.tolist() == [k, k]
    table.fill_(10.0)
    assert function(nr.ones(2)).tolist() == [22, 22]


def test_arguments_are_written_in_place():
    @nr.jit
    def function(x, y):
        x.mul_(y)
        return x.sum()

    for k in range(1, 5):
        x = nr.full((2,), float(k))
        assert function(x, nr.full((2,), 3.0)).item() == 6 * k and x.tolist() == [3 * k] * 2


def test_in_place_on_the_tape():
    weight = nr.tensor(3.0, requires_grad=True)

    @nr.jit
    def function(x):
        x.mul_(weight)

    for _ in range(4):
        x = nr.ones(2)
        function(x)
        assert x.requires_grad
        weight.grad = None
        x.sum().backward()
        assert weight.grad.item() == 2


def test_views_as_arguments():
    data = nr.arange(20.0).reshape(10, 2)
    function = nr.jit(lambda x, y: (x * y).sum())
    for k in range(0, 8, 2):
        assert function(data[k : k + 2], data[k]).item() == (data[k : k + 2] * data[k]).sum().item()
    assert settled(function)


def test_adversarial_inputs():
    weight = nr.tensor([1.0, -2.0], requires_grad=True)

    @nr.jit
    def attack(x):
        x.requires_grad_()
        (x * weight).sum().backward()
        return x + x.grad.sign()

    for _ in range(4):
        x = nr.zeros(2)
        assert attack(x).tolist() == [1, -1]
        assert x.requires_grad and x.grad.tolist() == [1, -2]


def test_methods_and_static_arguments():
    class Scaler:
        def __init__(self, factor):
            self.factor = factor

        @nr.jit
        def scale(self, x, mode="sum"):
            return getattr(x * self.factor, mode)()

    two, three = Scaler(2.0), Scaler(3.0)
    for _ in range(4):
        assert two.scale(nr.ones(2)).item() == 4 and three.scale(nr.ones(2)).item() == 6
        assert two.scale(nr.full((2,), 5.0), mode="mean").item() == 10
    two.factor = 7.0
    assert two.scale(nr.ones(2)).item() == 14

    @nr.jit(static_argnames=("shape", "options"))
    def function(x, shape, options=()):
        return x.reshape(shape) * len(options)

    for _ in range(3):
        assert function(nr.ones(6), (2, 3), options=frozenset({1, 2})).tolist() == [[2] * 3] * 2
        assert function(nr.ones(6), (3, 2), frozenset({1})).tolist() == [[1] * 2] * 3
    with pytest.raises(TypeError, match="static argument 'options' of function must be hashable"):
        function(nr.ones(6), (2, 3), options=[1])


def test_numbers_as_arguments():
    function = nr.jit(lambda x, k: x * k)
    assert [function(nr.ones(1), k / 2).item() for k in range(8)] == [k / 2 for k in range(8)]


def test_dtypes_shapes_and_defaults_are_guards():
    function = nr.jit(lambda x: x * nr.ones(1))
    for _ in range(3):
        assert function(nr.ones(2)).dtype is nr.float32
        assert function(nr.ones(2, dtype=nr.float64)).dtype is nr.float64
        assert function(nr.ones(3)).shape == (3,)
        nr.set_default_dtype(nr.float64)
        assert function(nr.ones(2, dtype=nr.float32)).dtype is nr.float64
        nr.set_default_dtype(nr.float32)


def test_nesting():
    weight = nr.tensor([2.0, 3.0], requires_grad=True)
    inner = nr.jit(lambda x: x * weight)
    outer = nr.jit(lambda x: inner(inner(x)).sum())
    for _ in range(4):
        weight.grad = None
        outer(nr.ones(2)).backward()
        assert weight.grad.tolist() == [4, 6]
    assert settled(outer)


def test_eager_mode_runs_the_python():
    calls = []
    function = nr.jit(lambda x: calls.append(1) or x + 1)
    with nr.eager_mode():
        for _ in range(4):
            assert function(nr.ones(1)).tolist() == [2]
    assert len(calls) == 4


def test_state_made_in_the_first_call():
    cache = {}

    @nr.jit
    def function(x):
        if "table" not in cache:
            cache["table"] = nr.arange(3.0) * 2
        return x + cache["table"]

    for k in range(5):
        assert function(nr.full((3,), float(k))).tolist() == [k, k + 2, k + 4]
    assert settled(function) and cache["table"].tolist() == [0, 2, 4]


def test_python_is_not_run_again():
    calls = []

    def long(x):
        calls.append(1)
        for _ in range(100):
            x = (x + 1.5) * 0.5
        return x

    jitted = nr.jit(long)
    x = nr.ones(4)

    def best(function):
        found = []
        for _ in range(12):
            started = time.perf_counter()
            function(x)
            found.append(time.perf_counter() - started)
            nr.synchronize()
        return min(found)

    assert best(jitted) < best(long) / 5
    assert len(calls) == 2 + 12


def test_transforms_inside_and_outside():
    weight = nr.randn(3, 3, requires_grad=True)

    def function(x):
        rows = nr.vmap(lambda row: nr.dropout((row @ weight).tanh(), 0.5), randomness="different")
        slope = nr.func.grad(lambda y: (y**2 * weight.detach()[0]).sum())
        return rows(x).sum() + slope(x[0]).sum()

    jitted = nr.jit(function)
    runs = []
    for run in (function, jitted):
        nr.manual_seed(0)
        found = []
        for k in range(4):
            weight.grad = None
            result = run(nr.full((4, 3), k / 2))
            result.backward()
            found.append([result.item(), *weight.grad.flatten().tolist()])
        runs.append(found)
    close(runs[1], runs[0])
    assert settled(jitted)
    cubes = nr.jit(lambda x: (x**3).sum())
    for _ in range(3):
        assert nr.func.grad(cubes)(nr.ones(2)).tolist() == [3, 3]
        assert nr.vmap(cubes)(nr.ones(3, 2)).tolist() == [2, 2, 2]


@pytest.mark.parametrize("transform", [nr.grad, nr.vmap, nr.func.jacrev, nr.func.hessian])
def test_in_place_code_in_a_transform(transform):
    """Views that it made are no tensors that the jitted function leaves behind."""

    def function(x):
        y = x * 1.0
        y[0] = 0.5
        y.t()[1].mul_(3)
        return (y**2).sum()

    jitted = nr.jit(transform(function))
    for k in range(4):
        x = nr.arange(12.0).reshape(3, 2, 2)[0 if transform is not nr.vmap else slice(None)] + k
        close(jitted(x).numpy(), transform(function)(x).numpy())
    assert settled(jitted)


def test_a_thread_computes_while_another_traces():
    model = nr.nn.Linear(4, 4)
    jitted = nr.jit(lambda x: (model(x) ** 2).sum())
    expected = (model(nr.ones(2, 4)) ** 2).sum().item()
    errors = []

    def work():
        try:
            for _ in range(10):
                close(jitted(nr.ones(2, 4)).item(), expected)
                model(nr.ones(2, 4)).sum().item()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors and settled(jitted)
