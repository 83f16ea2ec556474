"""Events and streams: points in a device's work.

XLA starts a device's programs in order and finds out itself what may run side by side, so a stream
has nothing to separate here: scripts that name streams run as they are, on the one there is.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from .core import device as devices
from .core.engine import program as programs
from .core.engine.recording import synchronize as _synchronize


class Event:
    """A point in a device's work that can be waited for, and timed.

        start, end = nr.cuda.Event(enable_timing=True), nr.cuda.Event(enable_timing=True)
        start.record()
        step()
        end.record()
        end.synchronize()
        start.elapsed_time(end)  # milliseconds

    Args:
        enable_timing: whether the time is taken at which the point is reached.
        blocking, interprocess: accepted without effect.

    Source: the events of CUDA's runtime, as in torch.cuda.Event.
    """

    def __init__(
        self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False,
        device: Any = None,
    ):  # fmt: skip
        self.device = devices.default_device() if device is None else devices.of(device)
        self._timed = enable_timing
        self._recorded = False
        self._array: Any = None
        self._reached: float | None = None
        self._watch: threading.Thread | None = None

    def record(self, stream: Stream | None = None) -> None:
        """Starts what is recorded; the point is reached when all that was started is done."""
        _synchronize(wait=False)
        self._recorded = True
        self._array = programs.state.last
        self._reached = None
        if self._timed:
            self._watch = threading.Thread(target=self._wait, daemon=True)
            self._watch.start()

    def wait(self, stream: Stream | None = None) -> None:
        """Nothing to do: later programs of the one stream come after it."""

    def query(self) -> bool:
        """Whether the point is reached (or was never recorded)."""
        array = self._array
        return array is None or array.is_deleted() or array.is_ready()

    def synchronize(self) -> None:
        """Waits until the point is reached."""
        if self._watch is not None:
            self._watch.join()
        elif self._recorded:
            self._wait()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this point to another. Differs from PyTorch: it waits for both.

        Raises:
            ValueError: if one of them was made without `enable_timing=True`.
            RuntimeError: if one of them was not recorded.
        """
        for one in (self, end_event):
            if not one._timed:
                raise ValueError(
                    "elapsed_time: both events must be made with argument 'enable_timing=True'"
                )
            if not one._recorded:
                raise RuntimeError("elapsed_time: both events must be recorded first")
            one.synchronize()
        assert self._reached is not None and end_event._reached is not None
        return (end_event._reached - self._reached) * 1e3

    def _wait(self) -> None:
        array = self._array
        if array is not None:
            try:
                array.block_until_ready()
            except RuntimeError:  # a later program has overwritten it
                programs.wait()
        self._reached = time.perf_counter()


class Stream:
    """A device's order of work; all streams of a device are the same one.

    A context, too: `with stream:` and `with nr.cuda.stream(stream):` change nothing.
    """

    def __init__(self, device: Any = None, priority: int = 0):
        self.device = devices.default_device() if device is None else devices.of(device)
        self.priority = priority

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.device == other.device

    def __hash__(self) -> int:
        return hash(self.device)

    def synchronize(self) -> None:
        """Runs what is recorded and waits for it."""
        _synchronize()

    def query(self) -> bool:
        """Whether all that was recorded is done."""
        return self.record_event().query()

    def record_event(self, event: Event | None = None) -> Event:
        """Records an event (a new one if left out) and returns it."""
        event = Event(device=self.device) if event is None else event
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Nothing to do: what comes later runs later."""

    def wait_stream(self, stream: Stream) -> None:
        """Nothing to do: there is one stream."""
