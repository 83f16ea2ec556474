"""GradScaler: scaling, skipped steps, the course of the scale, and no waiting."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import neurarust as nr


def scaler(**options):
    return nr.amp.GradScaler("cpu", init_scale=8.0, growth_interval=2, **options)


def parameter():
    return nr.nn.Parameter(nr.tensor([1.0, 2.0]))


def step(scaling, optimizer, weight, factor=1.0):
    """One step whose gradients are `factor`."""
    optimizer.zero_grad()
    scaling.scale((weight * nr.full((2,), factor)).sum()).backward()
    scaling.step(optimizer)
    scaling.update()


@pytest.mark.parametrize("kind", ["SGD", "Adam", "Adagrad", "Lion"])
def test_good_steps_are_those_without_scaling(kind):
    one, two = parameter(), parameter()
    scaled, plain = (getattr(nr.optim, kind)([p], lr=0.1) for p in (one, two))
    scaling = scaler()
    for k in range(4):
        step(scaling, scaled, one, k + 1.0)
        two.grad = nr.full((2,), k + 1.0)
        plain.step()
    np.testing.assert_allclose(one.detach(), two.detach(), rtol=1e-6)


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
@pytest.mark.parametrize("kind", ["SGD", "Adam", "Lion"])
def test_bad_steps_change_nothing_but_the_scale(kind, bad):
    weight, scaling = parameter(), scaler()
    optimizer = getattr(nr.optim, kind)([weight], lr=0.1)
    step(scaling, optimizer, weight)
    before = weight.tolist()
    states = {k: one.tolist() for k, one in optimizer.state[weight].items()}
    step(scaling, optimizer, weight, bad)
    assert weight.tolist() == before
    assert {k: one.tolist() for k, one in optimizer.state[weight].items()} == states
    assert scaling.get_scale() == 4.0


def test_the_scale_grows_after_good_steps():
    weight, scaling = parameter(), scaler()
    optimizer = nr.optim.SGD([weight], lr=0.1)
    scales = []
    for factor in (1.0, 1.0, 1.0, float("inf"), 1.0, 1.0, 1.0):
        step(scaling, optimizer, weight, factor)
        scales.append(scaling.get_scale())
    assert scales == [8.0, 16.0, 16.0, 8.0, 8.0, 16.0, 16.0]


def test_steps_do_not_wait_and_compile_once():
    weight, scaling = parameter(), scaler()
    optimizer = nr.optim.Adam([weight], lr=0.1)
    for _ in range(4):
        step(scaling, optimizer, weight)
    before = nr.explain()
    for factor in (1.0, float("inf"), 1.0):
        step(scaling, optimizer, weight, factor)
    after = nr.explain()
    assert (after.compilations - before.compilations, after.hits - before.hits) == (0, 3)


def test_unscaling_before_clipping():
    weight, scaling = parameter(), scaler()
    optimizer = nr.optim.SGD([weight], lr=1.0)
    scaling.scale((weight * 30).sum()).backward()
    scaling.unscale_(optimizer)
    assert weight.grad.tolist() == [30.0, 30.0]
    nr.nn.utils.clip_grad_norm_([weight], 1.0)
    with pytest.raises(RuntimeError, match="already been called"):
        scaling.unscale_(optimizer)
    scaling.step(optimizer)
    with pytest.raises(RuntimeError, match="already been called"):
        scaling.step(optimizer)
    scaling.update()
    np.testing.assert_allclose(weight.detach(), np.array([1, 2]) - 0.5**0.5, rtol=1e-5)


def test_optimizers_with_a_step_of_their_own():
    class Plain(nr.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

        def step(self, closure=None):
            with nr.no_grad():
                for param in self.param_groups[0]["params"]:
                    param.sub_(param.grad)

    weight, scaling = parameter(), scaler()
    optimizer = Plain([weight])
    step(scaling, optimizer, weight)
    step(scaling, optimizer, weight, float("inf"))
    assert weight.tolist() == [0.0, 1.0]


def test_state_dict_and_pickle():
    weight, scaling = parameter(), scaler()
    step(scaling, nr.optim.SGD([weight], lr=0.1), weight, float("inf"))
    state = scaling.state_dict()
    assert state == {
        "scale": 4.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2,
        "_growth_tracker": 0,
    }  # fmt: skip
    other = nr.amp.GradScaler("cpu")
    other.load_state_dict(state)
    assert other.get_scale() == 4.0
    assert pickle.loads(pickle.dumps(scaling)).get_scale() == 4.0
    other.scale(nr.ones(1))
    other.update(32.0)
    assert other.get_scale() == 32.0


def test_disabled_and_bad_uses():
    off = nr.amp.GradScaler("cpu", enabled=False)
    x = nr.ones(1)
    assert off.scale(x) is x and off.get_scale() == 1.0 and off.state_dict() == {}
    off.update()
    scaling, weight = scaler(), parameter()
    with pytest.raises(AssertionError, match="Attempted step"):
        scaling.step(nr.optim.SGD([weight], lr=0.1))
    assert [one.item() for one in scaling.scale([x, x])] == [8.0, 8.0]
    with pytest.raises(AssertionError, match="No inf checks"):
        scaling.update()
    with pytest.raises(AssertionError, match="growth factor"):
        nr.amp.GradScaler("cpu", growth_factor=1.0)
