"""Early results: programs that are looked at again and again run in two parts."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.core.engine import early, program


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(early, "LEAST", 1)
    monkeypatch.setattr(program.state, "looks", 0)


def trained(steps: int, look, width: int, clip: bool = False) -> tuple[list, list, list]:
    """Losses, compilations after each step, and parameters with their gradients."""
    nr.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, width), nn.Tanh(), nn.Linear(width, 1))
    optimizer = nr.optim.Adam(model.parameters(), lr=0.1)
    x = nr.linspace(-1, 1, 12).reshape(4, 3)
    losses, compilations = [], []
    for step in range(steps):
        optimizer.zero_grad()
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        if look(step):
            losses.append(loss.item())
        compilations.append(nr.explain().compilations)
    kept = [one for p in model.parameters() for one in (p.detach(), p.grad)]
    return losses, compilations, [one.numpy() for one in kept]


def always(_: int) -> bool:
    return True


@pytest.mark.parametrize("clip", [False, True])
def test_the_same_training(clip, monkeypatch):
    losses, _, arrays = trained(6, always, 7, clip)
    monkeypatch.setattr(early, "LEAST", 10_000)
    program.clear()
    wanted, _, wanted_arrays = trained(6, always, 7, clip)
    np.testing.assert_allclose(losses, wanted, 1e-6)
    for one, other in zip(arrays, wanted_arrays, strict=True):
        np.testing.assert_allclose(one, other, 1e-5, 1e-6)


def test_the_second_part_writes_over_what_both_take():
    program.clear()
    trained(5, always, 9)
    (whole,) = (one for one in program.state.programs.values() if one.split is not None)
    first, second = whole.split.first, whole.split.second

    def written_over(part) -> set:
        return {part.inputs[k] for k in part.donated}

    both = set(first.inputs) & set(second.inputs)
    assert len([one for one in both if one < 0]) == 4  # the parameters
    assert {one for one in both if one < 0} <= written_over(second)
    assert not written_over(first) & both
    assert written_over(first) | written_over(second) == {-1 - k for k in whole.donated}


def test_the_third_step_runs_in_two_parts():
    before = nr.explain().compilations
    _, compilations, _ = trained(8, always, 8)
    grown = [one - before for one in compilations]
    # The parameters are initialized by programs of their own.
    assert grown[2] - grown[1] == 2
    assert grown[3:] == [grown[2]] * 5
    first, second = nr.explain().programs[-2:]
    names = [[call[0].name for call in one.calls] for one in (first, second)]
    assert "Adam.step" not in names[0] and names[1] == ["Adam.step"]
    # What both parts read is not overwritten by the second; the rest of the state is.
    assert first.donated == () and len(second.donated) > 0


@pytest.mark.parametrize("look", [lambda step: step % 3 == 0, lambda step: step % 10 == 1])
def test_looks_now_and_then_change_nothing(look):
    _, compilations, _ = trained(12, look, 9)
    assert len(set(compilations[1:])) == 1


def test_a_loop_that_stops_looking_runs_whole_again():
    _, compilations, _ = trained(12, lambda step: step < 5 or step > 8, 10)
    assert compilations[2] - compilations[1] == 2 and len(set(compilations[2:])) == 1
    whole, first, second = nr.explain().programs[-3:]
    # First run at step 1; in two parts from step 2 on, whole after a step without a look.
    assert len(whole.calls) == len(first.calls) + len(second.calls)
    assert (whole.hits, first.hits, second.hits) == (4, 5, 5)


def test_small_updates_stay(monkeypatch):
    monkeypatch.setattr(early, "LEAST", 1 << 17)
    _, compilations, _ = trained(6, always, 11)
    assert len(set(compilations[1:])) == 1


class _Kind:
    """A signature with outputs of ten elements."""

    def __init__(self, outputs: int):
        self.outputs = (type("Aval", (), {"size": 10}),) * outputs


def test_parts():
    one = _Kind(1)
    # 0 reads a leaf; 1 and 2 read 0; 3 reads 2, a leaf and the result of 1.
    calls = ((one, (-1,)), (one, (0,)), (one, (0,)), (one, (2 << 16, -2, 1 << 16)))
    live = (0, 1 << 16, 2 << 16, 3 << 16)
    found = early.split(calls, live, (0, 1), 0)
    assert found is not None and found.at == 1
    assert found.first == early.Part(((one, (-1,)),), (0,), (0,), (-1,))
    assert found.second.calls == ((one, (-1,)), (one, (-1,)), (one, (1 << 16, -2, 0)))
    assert found.second.inputs == (0, -2)
    assert found.second.donated == (1,)
    assert found.second.live == (0, 1 << 16, 2 << 16)
    # Nobody holds the result of 2, so that 3 stays with it; without 1, it begins there.
    found = early.split(calls, (0, 1 << 16, 3 << 16), (0, 1), 1)
    assert found is not None and found.at == 2
    # Nothing can go without what is looked at.
    assert early.split(calls, live, (), 3) is None
