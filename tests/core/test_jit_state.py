"""What happens to models and optimizers between two calls of a jitted step is never missed."""

from __future__ import annotations

import copy
import gc
import weakref
from typing import Any

import numpy as np
import optax
import pytest

import neurarust as nr

from .training import Training

nn = nr.nn
STEPS, CHANGED = 10, 7


@pytest.fixture(autouse=True)
def written_out(monkeypatch):
    """Calls are written out as soon as they can be."""
    monkeypatch.setattr("neurarust.core.jit.quick.FIRST", 1)


class Run(Training):
    """A few steps of training, with a change in the middle."""

    def __init__(self, kind: Any, jitted: bool, kept: bool):
        nr.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1))
        # The gradient of a bias before a batch norm is 0 but for rounding, by which Adam would go.
        options = {"momentum": 0.9} if kind is nr.optim.SGD else {"eps": 1e-3}
        optimizer = kind(model.parameters(), lr=0.1, **options)
        schedule = nr.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
        super().__init__(model, optimizer, schedule, jitted, kept)
        self.handles: list[Any] = []

    def losses(self, change):
        source = np.random.default_rng(0)
        batches = [nr.from_numpy(source.standard_normal((4, 3), np.float32)) for _ in range(STEPS)]
        found = []
        for k, x in enumerate(batches):
            if k == CHANGED:
                change(self)
            found.append(self.step(x).item())
        for handle in self.handles:
            handle.remove()
        return found + [one.sum().item() for one in self.model.state_dict().values()]


def loaded(run):
    state = copy.deepcopy(run.optimizer.state_dict())
    for kept in state["state"].values():
        for name in kept.keys() & {"exp_avg", "momentum_buffer"}:
            kept[name] = kept[name] * 0 + 5.0
    run.optimizer.load_state_dict(state)


def state_replaced(run):
    for kept in run.optimizer.state.values():
        for name in kept.keys() & {"exp_avg", "momentum_buffer"}:
            kept[name] = nr.full_like(kept[name], 3.0)


def data_replaced(run):
    run.model[0].weight.data = nr.full((4, 3), 0.5)


def data_swapped(run):
    one, other = run.model[0].bias, run.model[1].bias
    one.data, other.data = other.data.clone(), one.data.clone()


def data_shared(run):
    run.model[0].bias.data = run.model[1].bias.data


def data_is_a_view(run):
    run.model[0].bias.data = nr.arange(8.0)[::2]


def model_loaded(run):
    state = run.model.state_dict().items()
    run.model.load_state_dict({name: one.clone().fill_(1) for name, one in state})


def model_assigned(run):
    state = run.model.state_dict().items()
    filled = {name: one.clone().fill_(1) for name, one in state}
    run.model.load_state_dict(filled, assign=True)


def parameter_replaced(run):
    run.model[0].bias = nn.Parameter(nr.ones(4) * 2)


def parameter_shared(run):
    run.model[0].bias = run.model[1].bias


def buffer_replaced(run):
    run.model[1].running_mean = nr.ones(4) * 3
    run.model.eval()


def group_added(run):
    run.extra = nn.Parameter(nr.ones(2))
    run.optimizer.add_param_group({"params": [run.extra]})


def parameter_left_out(run):
    run.optimizer.param_groups[0]["params"].pop(0)


def parameter_of_the_optimizer_replaced(run):
    run.optimizer.param_groups[0]["params"][1] = nn.Parameter(nr.ones(4))


def gradient_hook(run):
    run.handles.append(run.model[0].weight.register_hook(lambda gradient: gradient * -3))


def gradient_hook_removed(run):
    gradient_hook(run)
    run.handles.pop().remove()


def accumulated_hook(run):
    def clear(param):
        param.grad.mul_(0)

    run.model[0].weight.register_post_accumulate_grad_hook(clear)


def forward_hook(run):
    run.handles.append(run.model[0].register_forward_hook(lambda module, args, made: made * 2))


def backward_hook(run):
    def double(module, before, after):
        return tuple([one if one is None else one * -2 for one in before])

    run.handles.append(run.model[1].register_full_backward_hook(double))


def hook_of_all_modules(run):
    def double(module, args, made):
        return made * 2 if isinstance(module, nn.ReLU) else None

    run.handles.append(nn.hooks.register_module_forward_hook(double))


def optimizer_hook(run):
    def halve(optimizer, args, kwargs):
        for param in run.model.parameters():
            param.grad.mul_(0.5)

    run.handles.append(run.optimizer.register_step_pre_hook(halve))


def hook_of_all_optimizers(run):
    def clear(optimizer, args, kwargs):
        for param in run.model.parameters():
            param.grad.mul_(0)

    run.handles.append(nr.optim.optimizer.register_optimizer_step_pre_hook(clear))


def gradients_given(run):
    for param in run.model.parameters():
        param.grad = nr.ones_like(param)


def written(run):
    with nr.no_grad():
        run.model[0].weight.zero_()


def option(name, value):
    def change(run):
        run.optimizer.param_groups[0][name] = value

    change.__name__ = name
    return change


def schedule_loaded(run):
    run.schedule.load_state_dict(run.schedule.state_dict() | {"last_epoch": 2})


CHANGES = [
    loaded, state_replaced, lambda run: run.optimizer.state.clear(), data_replaced, data_swapped,
    data_shared, data_is_a_view, model_loaded, model_assigned, parameter_replaced, parameter_shared,
    buffer_replaced, group_added, parameter_left_out, parameter_of_the_optimizer_replaced,
    gradient_hook, gradient_hook_removed, accumulated_hook, forward_hook, backward_hook,
    hook_of_all_modules, optimizer_hook, hook_of_all_optimizers, gradients_given, written,
    option("lr", 0.01), option("weight_decay", 0.1), option("maximize", True), schedule_loaded,
    lambda run: run.model.eval(), lambda run: setattr(run.model[1], "momentum", 0.9),
    lambda run: setattr(run.schedule, "gamma", 0.1),
    lambda run: setattr(run.schedule, "step_size", 1),
    lambda run: run.model[0].requires_grad_(False),
    lambda run: nn.utils.parametrizations.weight_norm(run.model[0]),
    lambda run: run.model.append(nn.Sigmoid()), lambda run: setattr(run.model, "2", nn.Tanh()),
]  # fmt: skip


@pytest.mark.parametrize("kind", [nr.optim.SGD, nr.optim.Adam])
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_between_two_steps(change, kind):
    kept = kind is nr.optim.Adam
    expected = Run(kind, False, kept).losses(change)
    run = Run(kind, True, kept)
    np.testing.assert_allclose(run.losses(change), expected, rtol=2e-3, atol=1e-5)
    assert not run.step._plain


def test_memory_that_is_replaced_at_each_step_is_followed():
    """Without tracing again, as a loop that clips weights by `.data = ` does."""
    run, runs = Run(nr.optim.SGD, False, True), []

    def counted(x):
        runs.append(1)
        return run.plain(x)

    step = nr.jit(counted)
    for _ in range(12):
        step(nr.ones(4, 3)).item()
        for param in run.model.parameters():
            param.data = param.data.clamp(-0.01, 0.01)
        assert all(one.abs().max().item() <= 0.0101 for one in run.model.parameters())
    assert len(runs) == 2


@pytest.mark.parametrize("jitted", [False, True])
def test_optax(jitted):
    """A transformation of optax begins inside the jitted step, and its rate is read again."""
    kind = nr.optim.from_optax(optax.adam)
    run = Run(kind, jitted, True)
    found = run.losses(option("lr", 0.5))
    assert not jitted or not run.step._plain
    expected = Run(kind, False, True).losses(option("lr", 0.5))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    other = Run(kind, jitted, True).losses(lambda run: None)
    assert abs(other[-1] - expected[-1]) > 1e-3


def test_tensors_that_variables_and_containers_hold():
    kept, x = {"one": nr.ones(2)}, nr.ones(2)
    other = nr.ones(2)

    @nr.jit
    def function(x):
        return x * kept["one"] + other

    for _ in range(4):
        assert function(x).tolist() == [2, 2]
    kept["one"] = nr.full((2,), 3.0)
    assert function(x).tolist() == [4, 4]
    other = nr.zeros(2)
    assert function(x).tolist() == [3, 3]
    other.data = nr.full((2,), 7.0)
    assert function(x).tolist() == [10, 10]


def test_a_view_of_the_same_memory():
    weight = nr.arange(4.0).view(2, 2).clone()

    @nr.jit
    def function(x):
        return x @ weight

    x = nr.tensor([[1.0, 0.0]])
    for _ in range(4):
        assert function(x).tolist() == [[0, 1]]
    weight.data = weight.data.t()
    for _ in range(4):
        assert function(x).tolist() == [[0, 2]]


@pytest.mark.parametrize("accumulates", [False, True])
def test_gradients_of_earlier_steps_are_not_kept(accumulates):
    model = nn.Linear(3, 2)

    @nr.jit
    def step(x):
        if not accumulates:
            model.zero_grad()
        loss = model(x).square().sum()
        loss.backward()
        return loss

    kept = []
    for _ in range(6):
        model.zero_grad()
        model(nr.ones(1, 3)).sum().backward()
        kept += [weakref.ref(one.grad) for one in model.parameters()]
        step(nr.ones(1, 3)).item()
    model.zero_grad()
    gc.collect()
    assert not step._plain
    assert [one() for one in kept] == [None] * len(kept)
