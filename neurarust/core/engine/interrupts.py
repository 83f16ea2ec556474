"""Ctrl-C waits until what must be done as a whole is done."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

try:
    # The same functions without looking up names of signals, which takes ten times as long.
    import _signal as fast  # type: ignore[import-not-found]
except ImportError:  # Not CPython.
    fast = signal

_MAIN = threading.main_thread().ident
_thread = threading.get_ident
_SIGINT = int(signal.SIGINT)


class uninterrupted:
    """A block that SIGINT does not break; the interrupt is raised at its end.

    Between dispatching a program, which consumes donated parameters, and storing its
    results lies a moment in which an exception would lose both.
    """

    __slots__ = ("previous", "caught")

    depth = 0

    def __enter__(self) -> None:
        self.previous: Any = None
        self.caught: tuple[int, FrameType | None] | None = None
        if _thread() != _MAIN:
            return
        if uninterrupted.depth == 0:
            handler = fast.getsignal(_SIGINT)
            if callable(handler):
                self.previous = handler
                fast.signal(_SIGINT, self._catch)
        uninterrupted.depth += 1

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.caught = (number, frame)

    def __exit__(self, *_: object) -> None:
        if _thread() != _MAIN:
            return
        uninterrupted.depth -= 1
        if self.previous is not None:
            fast.signal(_SIGINT, self.previous)
            if self.caught is not None:
                self.previous(*self.caught)
