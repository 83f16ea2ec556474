"""Ctrl-C waits until what must be done as a whole is done."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

_MAIN = threading.main_thread()


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
        if threading.current_thread() is not _MAIN:
            return
        if uninterrupted.depth == 0:
            handler = signal.getsignal(signal.SIGINT)
            if callable(handler):
                self.previous = handler
                signal.signal(signal.SIGINT, self._catch)
        uninterrupted.depth += 1

    def _catch(self, number: int, frame: FrameType | None) -> None:
        self.caught = (number, frame)

    def __exit__(self, *_: object) -> None:
        if threading.current_thread() is not _MAIN:
            return
        uninterrupted.depth -= 1
        if self.previous is not None:
            signal.signal(signal.SIGINT, self.previous)
            if self.caught is not None:
                self.previous(*self.caught)
