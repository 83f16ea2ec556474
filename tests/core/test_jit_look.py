"""What a call of a jitted function looks at, written out."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.jit import look as looks
from neurarust.core.jit.guards import Guards
from neurarust.core.jit.variant import Variant

nn = nr.nn


@pytest.fixture
def closer(monkeypatch):
    """How often a call looked more closely than what is written out."""
    counted = []
    original = Guards.hold

    def hold(self):
        counted.append(original(self))
        return counted[-1]

    monkeypatch.setattr(Guards, "hold", hold)
    return counted


def variants(jitted) -> list[Variant]:
    return [one for kept in jitted._kinds.values() for one in kept]


def settled(jitted, *args):
    for _ in range(4):
        jitted(*args)
    return jitted


class Config:
    scale = 2.0


def test_a_settled_call_asks_the_written_lines_alone(closer):
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    jitted = settled(nr.jit(lambda x: model(x) * 2), nr.ones(2, 3))
    del closer[:]
    for k in range(5):
        x = nr.full((2, 3), float(k))
        np.testing.assert_allclose(jitted(x).detach(), (model(x) * 2).detach(), rtol=1e-6)
    assert not closer
    # The parameters' memory, and then others.
    with nr.no_grad():
        model[0].weight.mul_(0.5)
    np.testing.assert_allclose(jitted(x).detach(), (model(x) * 2).detach(), rtol=1e-6)
    assert not closer
    model[2].weight = nn.Parameter(nr.ones(1, 4))
    np.testing.assert_allclose(jitted(x).detach(), (model(x) * 2).detach(), rtol=1e-6)
    assert closer


def test_equal_numbers_that_are_other_objects_do_and_are_known_from_then_on(closer):
    config = Config()
    config.scale = float("2.5")
    jitted = settled(nr.jit(lambda x: x * config.scale), nr.ones(2))
    config.scale = float("2.5")
    del closer[:]
    for _ in range(20):
        assert jitted(nr.ones(2)).tolist() == [2.5, 2.5]
    assert 1 <= len(closer) <= 4 and all(closer)
    config.scale = 3.0
    assert jitted(nr.ones(2)).tolist() == [3.0, 3.0]
    config.scale = -0.0
    assert np.signbit(jitted(nr.ones(2)).numpy()).all()
    config.scale = 0.0
    assert not np.signbit(jitted(nr.ones(2)).numpy()).any()


def test_numbers_that_are_other_objects_at_each_call_are_not_written_each_time(monkeypatch):
    written = []
    original = Variant._written
    monkeypatch.setattr(Variant, "_written", lambda self: written.append(1) or original(self))
    config = Config()
    jitted = nr.jit(lambda x: x * config.scale)
    for _ in range(200):
        config.scale = float("2.5")
        assert jitted(nr.ones(2)).tolist() == [2.5, 2.5]
    assert len(written) <= 8


def test_variables_that_come_and_go():
    config = Config()
    jitted = settled(nr.jit(lambda x: x * config.scale), nr.ones(2))
    config.scale = 5.0
    assert settled(jitted, nr.ones(2))(nr.ones(2)).tolist() == [5, 5]
    del config.scale
    assert jitted(nr.ones(2)).tolist() == [2, 2]
    names = {"a": 1.0, "b": 2.0}
    jitted = settled(nr.jit(lambda x: x * sum(names.values())), nr.ones(2))
    del names["b"]
    assert jitted(nr.ones(2)).tolist() == [1, 1]
    names["c"] = 3.0
    assert jitted(nr.ones(2)).tolist() == [4, 4]


def test_gradients_flags_and_seeds():
    weight = nr.ones(2, requires_grad=True)

    @nr.jit
    def step(x):
        loss = (x * weight).sum() if weight.requires_grad else x.sum()
        if weight.requires_grad:
            loss.backward()
        return loss

    def run():
        weight.grad = None
        return step(nr.full((2,), 3.0)).item()

    assert [run() for _ in range(4)] == [6.0] * 4
    assert weight.grad.tolist() == [3, 3]
    step(nr.full((2,), 3.0))
    assert weight.grad.tolist() == [6, 6]
    weight.requires_grad = False
    weight.grad = None
    assert run() == 6.0 and weight.grad is None

    draw = nr.jit(lambda x: x + nr.rand(2))
    nr.manual_seed(0)
    first = [draw(nr.zeros(2)).tolist() for _ in range(6)]
    nr.manual_seed(0)
    assert [draw(nr.zeros(2)).tolist() for _ in range(6)] == first
    nr.manual_seed(1)
    assert draw(nr.zeros(2)).tolist() != first[0]


def test_more_than_is_written_out(monkeypatch, closer):
    monkeypatch.setattr(looks, "MOST", 10)
    model = nn.Sequential(*[nn.Linear(2, 2) for _ in range(4)])
    jitted = settled(nr.jit(lambda x: model(x)), nr.ones(1, 2))
    del closer[:]
    np.testing.assert_allclose(jitted(nr.ones(1, 2)).detach(), model(nr.ones(1, 2)).detach(), 1e-6)
    assert closer == [True]
    assert [one._look for one in variants(jitted)] == [None]
