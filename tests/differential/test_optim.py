"""Optimizers and schedules step for step against PyTorch, and state dicts of one in the other."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from tests.optim.test_optimizer import IDS, ROWS

torch = pytest.importorskip("torch")


def train(T, kind, options, steps=12):
    """A small regression; losses and the last weights."""
    generator = np.random.default_rng(0)
    weight = T.nn.Parameter(T.tensor(generator.standard_normal((3, 2)).astype(np.float32)))
    bias = T.nn.Parameter(T.tensor(np.zeros(2, np.float32)))
    x = T.tensor(generator.standard_normal((8, 3)).astype(np.float32))
    y = T.tensor(generator.standard_normal((8, 2)).astype(np.float32))
    optimizer = getattr(T.optim, kind)([{"params": [weight]}, {"params": [bias]}], **options)
    scheduler = T.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((x @ weight + bias - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses, weight.detach().numpy(), optimizer


@pytest.mark.parametrize(("kind", "options", "_"), ROWS, ids=IDS)
def test_training(kind, options, _):
    losses, weight, optimizer = train(nr, kind.__name__, options)
    expected_losses, expected, theirs = train(torch, kind.__name__, options)
    np.testing.assert_allclose(losses, expected_losses, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-5)
    state, other = optimizer.state_dict()["state"], theirs.state_dict()["state"]
    assert set(state) == set(other)
    for number in other:
        names = {name for name, one in other[number].items() if one is not None}
        assert set(state[number]) == names
        for name in names:
            got, wanted = np.asarray(state[number][name]), np.asarray(other[number][name])
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("kind", "options", "_"), ROWS, ids=IDS)
def test_state_of_pytorch_is_taken_up(kind, options, _):
    _, weight, theirs = train(torch, kind.__name__, options, steps=3)
    parameters = [torch.tensor(weight.copy()), torch.zeros(2)]
    ours = [nr.nn.Parameter(nr.tensor(one.numpy())) for one in parameters]
    optimizer = getattr(nr.optim, kind.__name__)([{"params": [one]} for one in ours], **options)
    optimizer.load_state_dict(theirs.state_dict())
    copies = [torch.nn.Parameter(one.clone()) for one in parameters]
    other = type(theirs)([{"params": [one]} for one in copies], **options)
    other.load_state_dict(theirs.state_dict())
    for _ in range(3):
        for one, two in zip(ours, copies, strict=True):
            one.grad, two.grad = nr.ones(*one.shape), torch.ones(*two.shape)
        optimizer.step()
        other.step()
    for one, two in zip(ours, copies, strict=True):
        np.testing.assert_allclose(one.detach(), two.detach(), rtol=1e-5, atol=1e-6)
