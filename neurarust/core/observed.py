"""Which Python code runs in a block."""

from __future__ import annotations

import gc
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class _State(threading.local):
    """The block of this thread."""

    current: observed | None = None


_state = _State()


class observed:
    """A block in which the code that runs in this thread is noted.

    Python tells a profile or a trace function of each call. Where there are both already, as for a
    profiler under a debugger, nothing can be noted. Python does not look for cycles meanwhile: what
    it calls then, such as finalizers, is no code of the block's.
    """

    def __init__(self) -> None:
        self._ran: dict[int, tuple[types.CodeType, dict[str, Any]]] = {}
        self._notify: Callable[[Any], None] | None = None

    @property
    def codes(self) -> dict[types.CodeType, dict[str, Any]] | None:
        """The code that ran, with the global variables it sees; None if that is not known."""
        return None if self._notify is None else dict(self._ran.values())

    def __enter__(self) -> observed:
        self._searches = gc.isenabled()
        gc.disable()
        if sys.getprofile() is None:
            self._notify = sys.setprofile
        elif sys.gettrace() is None:
            self._notify = sys.settrace
        _state.current = self
        self.resume()
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()
        _state.current = None
        if self._searches:
            gc.enable()

    def resume(self) -> None:
        if self._notify is not None:
            self._notify(self._note)

    def pause(self) -> None:
        if self._notify is not None:
            self._notify(None)

    def _note(self, frame: types.FrameType, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            if id(code) not in self._ran:
                self._ran[id(code)] = code, frame.f_globals


@contextmanager
def unobserved() -> Iterator[None]:
    """A block of which nothing is noted, at its own speed: noting takes half of it more."""
    current = _state.current
    if current is None:
        yield
        return
    current.pause()
    try:
        yield
    finally:
        current.resume()
