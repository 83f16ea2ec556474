"""Learning-rate schedules: the rates over epochs, resuming, and PyTorch's warning."""

from __future__ import annotations

import math

import pytest

import neurarust as nr
from neurarust.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, StepLR


def optimizer(lr=0.1):
    made = nr.optim.SGD([nr.nn.Parameter(nr.ones(1))], lr=lr)
    made.param_groups[0]["params"][0].grad = nr.ones(1)
    return made


def rates(make, count):
    one = optimizer()
    scheduler = make(one)
    seen = []
    for _ in range(count):
        seen.append(one.param_groups[0]["lr"])
        assert scheduler.get_last_lr() == [seen[-1]]
        one.step()
        scheduler.step()
    return seen


ROWS = [
    (lambda o: StepLR(o, 2, gamma=0.5), lambda t: 0.1 * 0.5 ** (t // 2)),
    (lambda o: LambdaLR(o, lambda t: 1 / (t + 1)), lambda t: 0.1 / (t + 1)),
    (
        lambda o: CosineAnnealingLR(o, 5, eta_min=0.01),
        lambda t: 0.01 + 0.09 * (1 + math.cos(math.pi * t / 5)) / 2,
    ),
]


@pytest.mark.parametrize(("make", "formula"), ROWS, ids=["step", "lambda", "cosine"])
def test_rates(make, formula):
    assert rates(make, 7) == pytest.approx([formula(t) for t in range(7)])


@pytest.mark.parametrize(("make", "formula"), ROWS, ids=["step", "lambda", "cosine"])
def test_resuming(make, formula):
    one = optimizer()
    scheduler = make(one)
    for _ in range(3):
        one.step()
        scheduler.step()
    two = optimizer()
    resumed = make(two)
    resumed.load_state_dict(scheduler.state_dict())
    two.load_state_dict(one.state_dict())
    two.step()
    resumed.step()
    assert two.param_groups[0]["lr"] == pytest.approx(formula(4))


def test_stepping_before_the_optimizer_warns():
    scheduler = StepLR(optimizer(), 2)
    with pytest.warns(UserWarning, match="before `optimizer.step"):
        scheduler.step()


def test_bad_arguments():
    with pytest.raises(TypeError, match="not an Optimizer"):
        StepLR(nr.ones(1), 2)
    with pytest.raises(ValueError, match="Expected 1 lr_lambdas, but got 2"):
        LambdaLR(optimizer(), [lambda t: 1.0, lambda t: 1.0])
    with pytest.raises(KeyError, match="initial_lr"):
        StepLR(optimizer(), 2, last_epoch=3)


def test_steps_inside_jit_count():
    one = optimizer()
    parameter = one.param_groups[0]["params"][0]

    @nr.jit
    def step():
        (parameter**2).sum().backward()
        one.step()
        one.zero_grad()

    for _ in range(3):
        step()
    scheduler = StepLR(one, 2)
    step()
    scheduler.step()
