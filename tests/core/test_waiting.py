"""Waiting for what a program computes."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import waiting
from neurarust.core.engine.waiting import PERIOD, TIMED, Waiting


class Clock:
    """Seconds that pass as each way of waiting takes them."""

    def __init__(self, monkeypatch, asleep, asking):
        self.now, self.asleep, self.asking, self.ways = 0.0, asleep, asking, []
        monkeypatch.setattr(waiting, "perf_counter", lambda: self.now)
        monkeypatch.setattr(waiting, "sleep", lambda array: self.pass_("asleep"))
        monkeypatch.setattr(waiting, "ask", lambda array: self.pass_("asking"))

    def pass_(self, way):
        self.now += getattr(self, way)
        self.ways.append(way)


class Array:
    """One that is there when it was asked for so often, or waited for."""

    def __init__(self, asks):
        self.asks, self.slept = asks, False

    def is_ready(self):
        self.asks -= 1
        return self.asks < 0

    def block_until_ready(self):
        self.slept = True


@pytest.mark.parametrize(
    ("asleep", "asking", "chosen"),
    [(60e-6, 20e-6, "asking"), (100e-6, 140e-6, "asleep"), (5e-3, 4.9e-3, "asleep")],
    ids=["on one core", "on all cores", "long"],
)
def test_the_faster_way_is_taken_between_timed_waits(asleep, asking, chosen, monkeypatch):
    clock, one = Clock(monkeypatch, asleep, asking), Waiting()
    for _ in range(PERIOD):
        one.wait(None)
    assert clock.ways[: 2 * TIMED] == ["asleep", "asking"] * TIMED
    assert clock.ways[2 * TIMED :] == [chosen] * (PERIOD - 2 * TIMED)


def test_waits_are_timed_anew_now_and_then(monkeypatch):
    clock, one = Clock(monkeypatch, 60e-6, 20e-6), Waiting()
    for _ in range(PERIOD):
        one.wait(None)
    clock.asking = 90e-6
    for _ in range(2 * TIMED + 1):
        one.wait(None)
    assert clock.ways[-1] == "asleep" and not one.asks and one.times == []


def test_one_late_wait_decides_nothing(monkeypatch):
    clock, one = Clock(monkeypatch, 60e-6, 20e-6), Waiting()
    for k in range(2 * TIMED):
        clock.asking = 10.0 if k == 3 else 20e-6
        one.wait(None)
    assert one.asks


def test_who_asks_too_long_sleeps():
    soon, late = Array(3), Array(10**9)
    waiting.ask(soon)
    waiting.ask(late)
    assert not soon.slept and late.slept and late.asks < 10**9


def test_programs_are_waited_for_each_in_its_way():
    known = []
    for size in (8, 9):
        x = nr.arange(size, dtype=nr.float32)
        assert (x * 2).sum().item() == size * (size - 1)
        known.append(waiting.last.waiting)
    assert all(type(one) is Waiting for one in known) and known[0] is not known[1]


def test_looks_give_the_same_both_ways():
    x, looks = nr.arange(60_000, dtype=nr.float32), []
    for asks in (True, False):
        for _ in range(3):
            made = (x * 3).exp().tanh()  # (made before it can be there)
            made._array()
            waiting.last.waiting.asks, waiting.last.waiting.waits = asks, 2 * TIMED
            looks.append(made.numpy())
    assert all(np.array_equal(one, looks[0]) for one in looks)
