"""Random streams: a key and a counter, both data, so that a seed never recompiles."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from . import device as devices


class _Taps(threading.local):
    """Who draws in a stream's place while this thread captures a function.

    Attributes:
        seed: called before a stream is seeded or goes to another place.
        vary: what becomes of the key (a Tensor) of each draw, where one call stands for several.
    """

    draw: Callable[[Stream], tuple[np.ndarray, int]] | None = None
    seed: Callable[[], None] | None = None
    vary: Callable[[Any], Any] | None = None


taps = _Taps()


_WORD = 2**64 - 1


def _mixed(seed: int) -> int:
    """A number of 64 bits for each seed, far from those of the seeds beside it.

    A draw's key differs from it in the counter's bits, so streams of neighbouring seeds must not
    begin close to each other. Source: Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014 (the finalizer of SplitMix).
    """
    word = (seed + 0x9E3779B97F4A7C15) & _WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return word ^ word >> 31


class Stream:
    """A stream of random numbers; public as `nr.Generator`.

    Every random operation takes the stream's key and the next number of its counter, so a
    stream is the same eager, recorded, jitted and on every device. Differs from PyTorch: the
    numbers themselves (threefry instead of Mersenne twister and Philox).
    """

    def __init__(self, device: devices.device | str = "cpu"):
        self.device = devices.of(device)
        self._lock = threading.Lock()
        self.manual_seed(67280421310721)

    def manual_seed(self, seed: int) -> Stream:
        """Starts the stream that belongs to an integer seed (64 bits count)."""
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise TypeError(f"manual_seed: expected an integer, but got {seed!r}")
        if taps.seed is not None:
            taps.seed()
        self._seed = int(seed) & _WORD
        self._counter = 0
        mixed = _mixed(self._seed)
        # The key of the stream, another array after each seed.
        self.words = np.array([mixed >> 32, mixed & 0xFFFFFFFF], np.uint32)
        return self

    def seed(self) -> int:
        """Starts a stream of unpredictable seed, and returns the seed."""
        self.manual_seed(int.from_bytes(os.urandom(7), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream began with."""
        return self._seed

    def place(self) -> np.ndarray:
        """The stream's place, as bytes that `go_to` takes."""
        return np.array([self._seed, self._counter], np.uint64).view(np.uint8)

    def go_to(self, state: np.ndarray) -> Stream:
        """Goes back to a place that `place` returned."""
        words = np.asarray(state, np.uint8)
        if words.shape != (16,):
            raise RuntimeError(f"set_state: expected 16 bytes, but got shape {words.shape}")
        seed, counter = (int(one) for one in words.copy().view(np.uint64))
        self.manual_seed(seed)
        self._counter = counter
        return self

    def next(self) -> tuple[np.ndarray, int]:
        """The stream's key (two uint32 words) and the next number of its counter."""
        if taps.draw is not None:
            return taps.draw(self)
        return self.take(1)

    def take(self, count: int) -> tuple[np.ndarray, int]:
        """The stream's key and the first of the next `count` numbers of its counter."""
        with self._lock:
            first = self._counter + 1
            self._counter += count
            return self.words, first
