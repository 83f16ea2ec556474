"""The NaN hunt: names the first operation that made a NaN, with the user's line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..engine.numbers import scalars
from ..engine.recording import Recording, state, synchronize
from .modes import _Mode


class observed(_Mode):
    """Context in which a function is given every program that ran, with the user's lines.

    Memory is not reused between steps, so that the programs' inputs are still there.
    """

    def __init__(self, observer: Callable[[Recording, list, list], None] | None):
        self.observer = observer

    def __enter__(self) -> Any:
        synchronize(wait=False)
        self.previous = (state.anomaly, state.keep_inputs)
        if self.observer is not None:
            state.anomaly, state.keep_inputs = self._and_those_outside(state.anomaly), True
        _watch_lines()
        return self

    def _and_those_outside(self, outer: Any) -> Any:
        observer = self.observer
        if outer is None or observer is None:
            return observer

        def both(*program: Any) -> None:
            outer(*program)
            observer(*program)

        return both

    def __exit__(self, kind: Any, *_: object) -> None:
        try:
            if kind is None:
                synchronize(wait=False)
        finally:
            state.anomaly, state.keep_inputs = self.previous
            _watch_lines()


class detect_anomaly(observed):
    """Context and decorator: a program whose results hold a NaN is replayed call by call.

    The first call that made one from inputs without is named with the line it was made at.
    Nothing runs slower until a NaN shows up, but memory is not reused between steps.
    Differs from PyTorch: forward calls are covered too.

    Raises:
        RuntimeError: where the program runs (`backward` records; `step`, `item` and print run).
    """

    def __init__(self, check_nan: bool = True):
        super().__init__(hunt if check_nan else None)
        self.check_nan = check_nan

    def copy(self) -> _Mode:
        return detect_anomaly(self.check_nan)


class set_detect_anomaly(detect_anomaly):
    """Switches the NaN hunt on or off, from here on or for a block."""

    def __init__(self, mode: bool, check_nan: bool = True):
        super().__init__(check_nan)
        self.observer = hunt if mode and check_nan else None
        super().__enter__()
        if self.observer is None:
            state.anomaly, state.keep_inputs = None, False
            _watch_lines()

    def __enter__(self) -> set_detect_anomaly:
        return self


def _watch_lines() -> None:
    for recording in state.recordings.values():
        recording.lines = [] if state.anomaly is not None else None
    state.watched = state.anomaly is not None


def has_nan(array: Any) -> bool:
    """Whether an array of inexact numbers holds a NaN."""
    return bool(jnp.issubdtype(array.dtype, jnp.inexact) and jnp.isnan(array).any())


def hunt(recording: Recording, entries: list, arrays: list) -> None:
    """Replays the calls of a program that gave a NaN, and raises for the first that made one."""
    if not any(has_nan(one) for one in arrays):
        return
    results: list[tuple] = []
    with jax.enable_x64(True):
        for position, (signature, references, numbers, _) in enumerate(entries):
            inputs = [
                recording.leaf_arrays[-1 - one] if one < 0 else results[one >> 16][one & 0xFFFF]
                for one in references
            ]
            outputs = signature.function(*inputs, *scalars(signature, numbers))
            results.append(outputs)
            if any(map(has_nan, outputs)) and not any(map(has_nan, inputs)):
                lines = recording.lines or []
                line = lines[position] if position < len(lines) else signature.line
                raise RuntimeError(
                    f"detect_anomaly: '{signature.name}' made a NaN from inputs without one: "
                    f"{signature}, called at {line}"
                )
