"""ScheduleFreeAdamW: its three sequences, the weights of evaluation, and resuming."""

from __future__ import annotations

import numpy as np
import pytest
from optax import apply_updates, contrib

import neurarust as nr
from tests.optim.test_optimizer import data


def sequences(start, grads, lr, betas, decay=0.0, warmup=0, r=0.0, power=2.0, eps=1e-8):
    """y and x after all steps, by the paper's formulas."""
    x, z, y = start.copy(), start.copy(), start.copy()
    v, total, highest = np.zeros_like(start), 0.0, 0.0
    for t, g in enumerate(grads, 1):
        rate = lr * min(1.0, t / warmup if warmup else 1.0)
        highest = max(highest, rate)
        v = betas[1] * v + (1 - betas[1]) * g * g
        move = g / (np.sqrt(v / (1 - betas[1] ** t)) + eps) + decay * y
        weight = t**r * highest**power
        total += weight
        z = z - rate * move
        x = x + weight / total * (z - x)
        y = betas[0] * x + (1 - betas[0]) * z
    return y, x


def trained(start, grads, **options):
    parameter = nr.nn.Parameter(nr.tensor(start))
    optimizer = nr.optim.ScheduleFreeAdamW([parameter], **options)
    for grad in grads:
        parameter.grad = nr.tensor(grad)
        optimizer.step()
    return parameter, optimizer


@pytest.mark.parametrize(
    "options",
    [
        {"betas": (0.9, 0.99)},
        {"betas": (0.95, 0.9), "weight_decay": 0.1, "warmup_steps": 3},
        {"betas": (0.5, 0.9), "r": 1.5, "weight_lr_power": 1.0},
    ],
    ids=["plain", "warm", "weighted"],
)
def test_training_and_evaluation_weights(options):
    start, grads = data()
    parameter, optimizer = trained(start, grads, lr=0.1, **options)
    betas, rest = options["betas"], {k: v for k, v in options.items() if k != "betas"}
    short = {"weight_decay": "decay", "warmup_steps": "warmup", "weight_lr_power": "power"}
    y, x = sequences(start, grads, 0.1, betas, **{short.get(k, k): v for k, v in rest.items()})
    np.testing.assert_allclose(parameter.detach(), y, rtol=1e-6)
    for _ in range(2):
        optimizer.eval()
        np.testing.assert_allclose(parameter.detach(), x, rtol=1e-6)
    with pytest.raises(RuntimeError, match=r"Call optimizer\.train\(\) before the step"):
        optimizer.step()
    for _ in range(2):
        optimizer.train()
        np.testing.assert_allclose(parameter.detach(), y, rtol=1e-6)
    optimizer.step()


def test_as_optax():
    start, grads = data(np.float32)
    parameter, optimizer = trained(start, grads, lr=0.1, weight_decay=0.01)
    rule = contrib.schedule_free_adamw(0.1, weight_decay=0.01)
    expected, state = start, rule.init(start)
    for grad in grads:
        updates, state = rule.update(grad, state, expected)
        expected = apply_updates(expected, updates)
    np.testing.assert_allclose(parameter.detach(), expected, rtol=1e-4)
    optimizer.eval()
    averaged = contrib.schedule_free_eval_params(state, expected)
    np.testing.assert_allclose(parameter.detach(), averaged, rtol=1e-4)


def test_resuming_from_the_weights_of_evaluation():
    start, grads = data()
    whole, optimizer = trained(start, grads, lr=0.1)
    optimizer.eval()
    part, first = trained(start, grads[:2], lr=0.1)
    first.eval()
    parameter = nr.nn.Parameter(part.detach().clone())
    resumed = nr.optim.ScheduleFreeAdamW([parameter])
    resumed.load_state_dict(first.state_dict())
    resumed.train()
    for grad in grads[2:]:
        parameter.grad = nr.tensor(grad)
        resumed.step()
    resumed.eval()
    np.testing.assert_allclose(parameter.detach(), whole.detach(), rtol=1e-10)


def test_bad_options_and_parameters_without_a_step():
    parameter = nr.nn.Parameter(nr.ones(2))
    for options, words in (({"betas": (0.0, 0.9)}, "index 0"), ({"lr": -1}, "learning rate: -1")):
        with pytest.raises(ValueError, match=words):
            nr.optim.ScheduleFreeAdamW([parameter], **options)
    optimizer = nr.optim.ScheduleFreeAdamW([parameter], lr=0.0)
    optimizer.eval()
    optimizer.train()
    parameter.grad = nr.ones(2)
    optimizer.step()
    assert parameter.tolist() == [1, 1]
