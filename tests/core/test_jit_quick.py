"""Calls of a jitted function that go straight to its program."""

from __future__ import annotations

import threading

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine.recording import state
from neurarust.core.jit import quick as arguments
from neurarust.core.jit import straight as quick

from .training import Training

nn = nr.nn


@pytest.fixture(autouse=True, params=["written out", "by loops"])
def way(request, monkeypatch):
    """Every test with calls that are written out at once, and with such as never are."""
    monkeypatch.setattr(arguments, "FIRST", 1 if request.param == "written out" else 1 << 30)


def is_written(function) -> bool:
    known = function._quick
    return known is not None and known.written is not arguments._missed


def straight(function, *args) -> bool:
    """Whether a call goes straight to the program: nothing is recorded, and it is there."""
    result = function(*args)
    return not state.recording.entries and result._storage.value.array is not None


def settled(function, *args, **named):
    """After calls that ran alone."""
    nr.synchronize()
    for _ in range(6):
        function(*args, **named).numpy()
    return function


def model_of(width: int = 5) -> nn.Module:
    return nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))


def test_a_function_that_runs_alone():
    @nr.jit
    def function(x, y, scale):
        return x * scale + y * 0.5

    x, y = nr.ones(3), nr.full((3,), 2.0)
    settled(function, x, y, 3.0)
    assert straight(function, x, y, 3.0)
    np.testing.assert_array_equal(function(x, y, 3.0).numpy(), [4, 4, 4])
    # Another number, another tensor, another shape and type.
    np.testing.assert_array_equal(function(x, y, 5.0).numpy(), [6, 6, 6])
    np.testing.assert_array_equal(function(x, y, 3.0).numpy(), [4, 4, 4])
    np.testing.assert_array_equal(function(y, x, 3.0).numpy(), [6.5, 6.5, 6.5])
    np.testing.assert_array_equal(function(nr.ones(1), y, 3.0).numpy(), [4, 4, 4])
    assert function(x.double(), y, 3.0).dtype is nr.float64
    assert function(x, y, scale=3.0).tolist() == [4, 4, 4]


def test_arguments_by_name():
    @nr.jit
    def function(x, y=None, *, scale=1.0):
        return x * scale if y is None else x * scale + y

    x, y = nr.ones(3), nr.full((3,), 2.0)
    function(x)
    settled(lambda **named: function(x, **named), y=y, scale=3.0)
    assert straight(lambda: function(x, y=y, scale=3.0))
    for _ in range(3):
        assert function(x, y=y, scale=3.0).tolist() == [5, 5, 5]
        assert function(x, y, scale=3.0).tolist() == [5, 5, 5]
        assert function(y, y=x, scale=3.0).tolist() == [7, 7, 7]
        assert function(x, scale=3.0).tolist() == [3, 3, 3]
        assert function(scale=3.0, y=y, x=x).tolist() == [5, 5, 5]
        assert function(x, y=None, scale=4.0).tolist() == [4, 4, 4]
    with pytest.raises(TypeError, match="scales"):
        function(x, y=y, scales=3.0)


def test_calls_are_written_out_and_anew():
    written = arguments.FIRST == 1
    factors = {"scale": 2.5}

    @nr.jit
    def function(x, k, text):
        return x * factors["scale"] * k if text == "times" else x

    x, half = nr.ones(2), float("0.5")
    settled(function, x, half, "times")
    assert is_written(function) is written
    known = function._quick
    # Equal numbers and strings of Python's are like the same ones, here and among the arguments.
    for _ in range(4):
        factors["scale"] = float("2.5")
        assert function(x, float("0.5"), "".join(["ti", "mes"])).tolist() == [1.25, 1.25]
    assert function._quick is known
    for _ in range(20):
        assert function(x, half, "times").tolist() == [1.25, 1.25]
    assert is_written(function) is written
    factors["scale"] = 2.0
    assert function(x, half, "times").tolist() == [1, 1]
    assert function(x, half, "other").tolist() == [1, 1]
    assert function(x, -0.0, "times").signbit().all()
    assert not function(x, 0.0, "times").signbit().any()


def test_writes_are_seen():
    @nr.jit
    def double(x):
        return x * 2

    x = nr.ones(3)
    settled(double, x)
    before = double(x)
    x[1] = 7
    assert double(x).tolist() == [2, 14, 2]
    nr.synchronize()
    x.add_(1)
    nr.synchronize()
    double(x).numpy()
    assert straight(double, x)
    assert double(x).tolist() == [4, 16, 4]
    assert before.tolist() == [2, 2, 2]
    assert double(x[1:]).tolist() == [16, 4]


def test_results_are_tensors_like_any_other():
    @nr.jit
    def parts(x):
        return {"sum": x.sum(), "same": x}, x.view(2, 2)

    x = nr.arange(4.0)
    nr.synchronize()
    for _ in range(5):
        found, square = parts(x)
        found["sum"].item()
    assert found["same"] is x
    square.mul_(2)
    assert x.tolist() == [0, 1, 2, 3]
    assert square.tolist() == [[0, 2], [4, 6]]
    total = found["sum"]
    total += 1
    assert (total.item(), parts(x)[0]["sum"].item()) == (7, 6)


def test_a_module_under_no_grad():
    model = model_of()
    jitted = nr.jit(model)
    x = nr.rand(4, 3)
    with nr.no_grad():
        settled(jitted, x)
        assert straight(jitted, x)
        # A parameter that is written, replaced, and a layer that is.
        model[0].bias.add_(1)
        nr.synchronize()
        np.testing.assert_allclose(jitted(x).numpy(), model(x).numpy(), rtol=1e-6)
        model[2].weight = nn.Parameter(nr.ones(2, 5))
        np.testing.assert_allclose(jitted(x).numpy(), model(x).numpy(), rtol=1e-6)
        settled(jitted, x)
        model[1] = nn.Tanh()
        np.testing.assert_allclose(jitted(x).numpy(), model(x).numpy(), rtol=1e-6)
        settled(jitted, x)
        handle = model[2].register_forward_hook(lambda module, given, made: made * 2)
        np.testing.assert_allclose(jitted(x).numpy(), model(x).numpy(), rtol=1e-6)
        doubled = jitted(x).numpy()
        handle.remove()
        np.testing.assert_allclose(jitted(x).numpy() * 2, doubled, rtol=1e-6)
    # With gradients again.
    result = jitted(x)
    assert result.requires_grad
    result.sum().backward()
    assert model[0].weight.grad is not None


def test_training_flags_and_autocast():
    model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).eval()
    jitted = nr.jit(model)
    x = nr.ones(2, 3)
    with nr.no_grad():
        settled(jitted, x)
        assert straight(jitted, x)
        model.train()
        assert not np.array_equal(jitted(x).numpy(), jitted(x).numpy())
        model.eval()
        settled(jitted, x)
        with nr.autocast("cpu", dtype=nr.bfloat16):
            assert jitted(x).dtype is nr.bfloat16
        assert jitted(x).dtype is nr.float32
        with nr.inference_mode():
            assert not jitted(x).requires_grad


def test_a_variable_of_python():
    scale = 2

    @nr.jit
    def function(x):
        return x * scale

    x = nr.ones(2)
    settled(function, x)
    assert straight(function, x)
    scale = 3
    assert function(x).tolist() == [3, 3]
    # Equal to 3, and of another type.
    settled(function, x)
    scale = 3.0
    assert function(nr.ones(2, dtype=nr.int32)).dtype is nr.float32


def test_with_more_around_it_it_is_recorded():
    @nr.jit
    def function(x):
        return x * 2

    x = nr.ones(2)
    settled(function, x)
    pending = x + 1
    assert not straight(function, x)
    assert function(pending).tolist() == [4, 4]
    # Now it never runs alone: after so many calls it is recorded, and stays so.
    settled(function, x)
    for _ in range(quick.TRUSTED + 3):
        result = function(x) + 1
        nr.synchronize()
    assert not straight(function, x)
    assert result.tolist() == [3, 3]
    nr.synchronize()
    settled(function, x)
    assert straight(function, x)


def test_what_ran_alone_for_long_is_recorded_less_often():
    @nr.jit
    def function(x):
        return x + 1

    x = nr.ones(2)
    settled(function, x)
    known, written, trusted = function._quick, function._quick.written, set()
    for _ in range(2 * quick.LONGEST):
        assert function(x).tolist() == [2, 2]
        way = known.variant.plan.straight
        trusted.update([way.trusted] if way else [])
    assert trusted == {64, 128, 256, 512, 1024}
    # What is written out stays while one is recorded.
    assert function._quick is known
    assert known.written is written
    # Something that goes on with the result, when one is recorded: from the beginning.
    function._quick.variant.plan.straight.left = 0
    assert (function(x) * 2).tolist() == [4, 4]
    settled(function, x)
    assert function._quick.variant.plan.straight.trusted == quick.TRUSTED


def test_an_argument_that_nobody_else_holds_is_not_overwritten():
    @nr.jit
    def function(x):
        return x * 2

    for _ in range(6):
        assert function(nr.ones(2)).tolist() == [2, 2]
    x = nr.rand(300, 2)
    first = x.numpy().copy()
    for _ in range(6):
        np.testing.assert_array_equal(function(x).numpy(), first * 2)
    np.testing.assert_array_equal(x.numpy(), first)


def test_one_array_twice():
    @nr.jit
    def function(x, y):
        return x - y

    x, y = nr.ones(2), nr.zeros(2)
    settled(function, x, y)
    assert function(x, x).tolist() == [0, 0]
    assert function(x, x.detach()).tolist() == [0, 0]
    assert function(y, x).tolist() == [-1, -1]


def test_containers_are_read_each_time():
    @nr.jit
    def function(pair, factor):
        return pair[0] * pair[1] * factor["factor"]

    pair = [nr.ones(2), nr.full((2,), 2.0)]
    factor = {"factor": nr.ones(())}
    for k in range(6):
        pair[1] = nr.full((2,), float(k))
        factor["factor"] = nr.full((), k + 1.0)
        assert function(pair, factor).tolist() == [k * (k + 1.0)] * 2


def test_under_jax_transforms():
    @nr.jit
    def function(x):
        return x.sin() * 2

    x = nr.linspace(0, 1, 4)
    settled(function, x)
    np.testing.assert_allclose(nr.vmap(function)(x).numpy(), 2 * np.sin(x.numpy()), rtol=1e-6)
    assert straight(function, x)
    found = nr.func.grad(lambda x: function(x).sum())(x)
    np.testing.assert_allclose(found.numpy(), 2 * np.cos(x.numpy()), rtol=1e-6)


def test_random_numbers():
    @nr.jit
    def function(x):
        return x + nr.rand(2)

    x = nr.zeros(2)
    settled(function, x)
    assert straight(function, x)
    nr.manual_seed(7)
    found = [function(x).tolist() for _ in range(3)]
    nr.manual_seed(7)
    assert found == [nr.rand(2).tolist() for _ in range(3)]


class Run(Training):
    """One of a model with buffers, a schedule and dropout."""

    def __init__(self, jitted: bool, kept: bool = False):
        nr.manual_seed(1)
        model = nn.Sequential(
            nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1)
        )
        optimizer = nr.optim.Adam(model.parameters(), lr=0.1)
        schedule = nr.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
        super().__init__(model, optimizer, schedule, jitted, kept)

    def state(self):
        tensors = [*self.model.state_dict().values()]
        tensors += [one for kept in self.optimizer.state.values() for one in kept.values()]
        return [one.numpy() for one in tensors]


def went_straight(training: Training) -> int:
    """How many calls went straight since the last that was recorded."""
    known = training.step._quick
    way = None if known is None else known.variant.plan.straight
    return 0 if way is None else way.trusted - way.left


@pytest.mark.parametrize("kept", [False, True])
def test_training_steps(kept):
    """The state is written in place, and is what plain recording makes of it."""
    batches = [nr.randn(5, 3) for _ in range(4)]
    jitted, plain = Run(True, kept), Run(False, kept)
    nr.manual_seed(2)
    expected = [plain.step(batches[k % 4]).item() for k in range(100)]
    nr.manual_seed(2)
    found, went = [], 0
    for k in range(100):
        found.append(jitted.step(batches[k % 4]).item())
        went += went_straight(jitted) > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    for one, other in zip(jitted.state(), plain.state(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    # The first of each kind is recorded, and one in so many.
    assert went > 85
    assert jitted.schedule.last_epoch == 100
    grads = [one.grad is not None for one in jitted.model.parameters()]
    assert all(grads) if kept else not any(grads)


def test_memory_that_somebody_else_holds_is_not_written_over():
    training, x = Run(True), nr.randn(5, 3)
    for _ in range(8):
        training.step(x).item()
    weight = training.model[0].weight

    def went(*held):
        """Steps, and whether they went straight."""
        before_it = went_straight(training)
        before = [np.array(one) for one in held]
        training.step(x).item()
        for one, other in zip(held, before, strict=True):
            np.testing.assert_array_equal(np.asarray(one), other)
        return went_straight(training) > before_it

    assert went()
    # An array that left the engine, a copy that shares the Value, and a graph that saved it.
    array = weight.numpy(force=True)
    went(array)
    held = nr.to_jax(weight) if hasattr(nr, "to_jax") else weight.__jax_array__()
    went(held)
    copy = weight.clone().detach()
    went(copy.numpy())
    loss = (x @ weight.T).square().sum() * 1
    loss.item()
    before = weight.numpy(force=True).copy()
    training.step(x).item()
    assert not np.array_equal(before, weight.numpy(force=True))
    (found,) = nr.autograd.grad(loss, weight)
    expected = 2 * (x.numpy() @ before.T).T @ x.numpy()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
    del array, held, loss, found
    for _ in range(quick.TRUSTED + 4):
        training.step(x).item()
    assert went()


def test_what_was_recorded_before_a_step_runs_before_it():
    training, x = Run(True), nr.randn(5, 3)
    for _ in range(8):
        training.step(x).item()
    with nr.no_grad():
        before = training.model[4].bias.item()
        training.model[4].bias.add_(100.0)
    loss = training.step(x)
    assert loss.item() > 9000
    assert abs(training.model[4].bias.item() - before - 100) < 1


def test_a_step_whose_options_ask_for_another_computation():
    training, x = Run(True), nr.randn(5, 3)
    for _ in range(8):
        training.step(x).item()
    count = training.schedule.last_epoch
    training.optimizer.param_groups[0]["amsgrad"] = True
    training.step(x).item()
    assert training.schedule.last_epoch == count + 1
    assert "max_exp_avg_sq" in training.optimizer.state[training.model[0].weight]
    training.optimizer.param_groups[0]["lr"] = 0.0
    before = training.model[0].weight.numpy(force=True).copy()
    training.step(x).item()
    np.testing.assert_array_equal(training.model[0].weight.numpy(force=True), before)


@pytest.mark.parametrize("seen", [False, True])
def test_a_step_that_fails_leaves_everything_as_it_was(seen, monkeypatch):
    x, same, training = nr.randn(5, 3), Run(False), Run(True)
    for one in (same, training):
        nr.manual_seed(2)
        for _ in range(8):
            one.step(x).item()
    known = training.step._quick.variant.plan.straight
    # What has been seen is not written over, so that such a call is recorded.
    before = [one.copy() for one in (training if seen else same).state()]

    def fails(*_):
        raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory")

    with monkeypatch.context() as patches:
        patches.setattr(type(known.program), "_run", fails)
        with pytest.raises(nr.OutOfMemoryError, match="does not fit"):
            training.step(x)
    for one, other in zip(training.state(), before, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert np.isfinite(training.step(x).item())


def test_arguments_of_several_shapes_in_turn():
    training = Run(True)
    batches = [nr.randn(size, 3) for size in (4, 6, 8)]
    for k in range(12):
        training.step(batches[k % 3]).item()
    ways = [one[0].plan.straight for one in training.step._kinds.values()]
    known = [one.left for one in ways]
    for k in range(6):
        training.step(batches[k % 3]).item()
    assert [one - way.left for one, way in zip(known, ways, strict=True)] == [2, 2, 2]


def test_eager_mode_and_the_hunt_for_nans():
    calls = []

    @nr.jit
    def function(x):
        calls.append(1)
        return x.log()

    x = nr.ones(2)
    settled(function, x)
    before = len(calls)
    with nr.autograd.detect_anomaly():
        function(x).numpy()
    assert len(calls) == before + 1


def test_threads():
    @nr.jit
    def function(x):
        return x * 2 + 1

    settled(function, nr.ones(3))
    wrong = []

    def work(number):
        x = nr.full((3,), float(number))
        nr.synchronize()
        for _ in range(200):
            if function(x).tolist() != [number * 2 + 1] * 3:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not wrong


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "bfloat16", "complex64"])
def test_other_types(dtype):
    @nr.jit
    def function(x):
        return x + x

    x = nr.ones(300, dtype=getattr(nr, dtype))
    settled(function, x.clone())
    y = function(x)
    assert y.dtype is x.dtype
    assert y[0].item() == (x + x)[0].item()
    assert jax.config.jax_enable_x64 is False
