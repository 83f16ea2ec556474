"""Waiting for what a program computes.

A thread that sleeps until a result is there wakes 15 to 45 us later than that. One that keeps
asking has it at once, but takes a core that the program may need. Which is faster depends on the
program, so that each one's waits are timed: now and then both ways in turn, and between these the
one that took less. It changes nothing but the time. (Microseconds from the call of a compiled
function to its result in NumPy, medians on 2 cores:)

| program | asleep | asking | |
| --- | --- | --- | --- |
| Linear(512, 512), 1 row, as XLA multiplies | 98 | 25 | |
| Linear(512, 512), 4 rows, by the kernel | 98 | 53 | |
| training step of an MLP, 3 x 64 x 64, 32 rows | 105 | 45 | |
| training step of an MLP, 3 x 256 x 256, 64 rows | 804 | 845 | takes both cores |
| tanh of 300,000 numbers | 107 | 139 to 180 | takes both cores |
"""

from __future__ import annotations

import threading
from statistics import median
from time import perf_counter
from typing import Any

# Waits of each kind that are timed, out of how many; seconds that one asks before it sleeps.
TIMED, PERIOD, LONGEST = 8, 1024, 200e-6
# Asking has to be so much faster. (For what takes long it hardly is, and keeps a core busy.)
FASTER = 0.9


class Waiting:
    """How results of one program are waited for."""

    __slots__ = ("waits", "asks", "times")

    def __init__(self) -> None:
        self.waits = 0
        self.asks = False
        # Of the waits that are being timed: asleep and asking in turn.
        self.times: list[float] = []

    def wait(self, array: Any) -> None:
        """Waits for a jax array that this program, or one before it, computes."""
        turn = self.waits % PERIOD
        self.waits += 1
        if turn >= 2 * TIMED:
            (ask if self.asks else sleep)(array)
            return
        started = perf_counter()
        (ask if turn % 2 else sleep)(array)
        self.times.append(perf_counter() - started)
        if turn == 2 * TIMED - 1:
            self.asks = median(self.times[1::2]) < FASTER * median(self.times[::2])
            self.times = []


class _Last(threading.local):
    """How the program that this thread called last is waited for."""

    waiting: Waiting | None = None


last = _Last()


def wait(array: Any) -> None:
    """Waits until a jax array is there."""
    (sleep if last.waiting is None else last.waiting.wait)(array)


def sleep(array: Any) -> None:
    array.block_until_ready()


def ask(array: Any) -> None:
    """Asks whether an array is there until it is, or too long."""
    end = perf_counter() + LONGEST
    while not array.is_ready():
        if perf_counter() > end:
            sleep(array)
            return
