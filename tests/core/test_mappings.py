"""Programs are forgotten before the process has no memory mappings left."""

from __future__ import annotations

import pytest

import neurarust as nr
from neurarust.core.engine import mappings
from neurarust.core.engine import program as programs

pytestmark = pytest.mark.skipif(mappings.allowed() is None, reason="Linux counts mappings")


def compiled(k: int) -> float:
    """A result of a program that no other number has."""
    x = nr.ones(3, 100 + k)
    return ((x * 2).cumsum(1) - x).sum().item()


def test_programs_take_mappings():
    before = mappings.count()
    assert 0 < before < (mappings.allowed() or 0)
    compiled(0)
    assert mappings.count() > before


def test_half_of_the_programs_go_when_half_of_the_mappings_are_taken(monkeypatch):
    monkeypatch.setattr(programs.state, "programs", type(programs.state.programs)())
    monkeypatch.setattr(mappings, "_OPERATIONS", 1)
    room = mappings.count() + 200
    monkeypatch.setattr(mappings, "allowed", lambda: 2 * room)
    expected = {k: float(3 * ((100 + k) * (101 + k) - (100 + k))) for k in range(40)}
    kept = []
    for k in expected:
        assert compiled(k) == expected[k]
        kept.append(len(programs.state.programs))
    assert max(kept) < len(expected) and min(kept[10:]) >= 1
    assert mappings.count() < room + 200
    # The first ones are compiled again.
    assert compiled(0) == expected[0]


def test_they_are_counted_once_in_so_many_operations(monkeypatch):
    counts = []
    monkeypatch.setattr(mappings, "count", lambda: counts.append(1) or 0)
    monkeypatch.setattr(mappings._Counted, "operations", 0)
    for _ in range(4096):
        assert not mappings.crowded(4)
    assert len(counts) == 4
