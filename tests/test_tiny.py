"""The whole tour in a few seconds; run it before each commit."""

from __future__ import annotations

import pickle

import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr


def test_tensors():
    x = nr.arange(6.0).reshape(2, 3)
    assert (x * 2 + 1).tolist() == [[1, 3, 5], [7, 9, 11]]
    assert x.sum(0).tolist() == [3, 5, 7] and (x @ x.T)[1, 1].item() == 50
    assert repr(x[0]) == "tensor([0., 1., 2.])"
    assert np.sqrt(x[1, 1:]).tolist() == pytest.approx([2, 5**0.5])
    assert jnp.sum(x).item() == 15 and pickle.loads(pickle.dumps(x)).equal(x)


def test_views_and_masks():
    x = nr.zeros(3, 3)
    x.diagonal().fill_(1)
    x[0, 1:] = nr.tensor([5.0, 6.0])
    x.T[0] += 1
    x[x > 5] = -1
    assert x.tolist() == [[2, 5, -1], [1, 1, 0], [1, 0, 1]]


def test_dtypes():
    assert (nr.tensor([1, 2]) / 2).dtype is nr.float32
    assert (nr.ones(2, dtype=nr.float64) * 2).dtype is nr.float64
    with pytest.raises(RuntimeError, match="can't be cast"):
        nr.tensor([1]).add_(0.5)


def test_gradients():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    y = (x**3).sum()
    (slope,) = nr.autograd.grad(y, x, create_graph=True)
    slope.sum().backward()
    assert slope.tolist() == [3, 12] and x.grad.tolist() == [6, 12]


def test_training():
    nr.manual_seed(0)
    x = nr.randn(64, 2)
    wanted = (x[:, :1] * x[:, 1:] > 0).float()
    weights = [(nr.randn(2, 16) / 2).requires_grad_(), (nr.randn(16, 1) / 4).requires_grad_()]
    bias = nr.zeros(16, requires_grad=True)
    optimizer = nr.optim.Adam([*weights, bias], lr=0.05)
    losses = []
    for step in range(60):
        optimizer.zero_grad()
        guess = nr.tanh(x @ weights[0] + bias) @ weights[1]
        loss = ((guess - wanted) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss)
        if step == 3:
            steady = nr.explain().compilations
    assert nr.explain().compilations == steady
    assert losses[-1].item() < 0.5 * losses[0].item()


def test_errors():
    with pytest.raises(RuntimeError, match="add: "):
        nr.ones(2) + nr.ones(3)
    weight = nr.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        weight.mul_(2)
    with pytest.raises(RuntimeError, match="only for scalar outputs"):
        (weight * 2).backward()
