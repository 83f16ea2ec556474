"""Watching every read of a tensor's state while a function is traced for the first time.

A later call of a jitted function has to know which cells to read. While a trace is under way,
`Storage.value` and four slots of Tensor are read and set through properties that tell it; before
and after, they are the plain slots, so that ordinary calls pay nothing.
"""

from __future__ import annotations

import threading
from typing import Any

from ..capture.recording import Capture
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor

_value = Storage.__dict__["value"]
_slots = {name: Tensor.__dict__[name] for name in ("_edge", "_grad", "_cache", "_storage")}
read_value, set_value = _value.__get__, _value.__set__
read = {name: slot.__get__ for name, slot in _slots.items()}
put = {name: slot.__set__ for name, slot in _slots.items()}


class _Current(threading.local):
    """The trace of this thread."""

    trace: Any = None


current = _Current()


def _get_value(storage: Storage) -> Any:
    value = read_value(storage)
    trace = current.trace
    if trace is not None:
        return trace.on_value(storage, value)
    # Another thread's trace is under way: here the storage holds what it held before.
    described = value.recording if isinstance(value.recording, Capture) else None
    kept = None if described is None else described.storages.get(id(storage))
    return value if kept is None else kept[1]


def _set_value(storage: Storage, value: Any) -> None:
    trace = current.trace
    if trace is not None:
        trace.on_write(storage)
    set_value(storage, value)


def _watched(name: str) -> property:
    get, set_ = read[name], put[name]
    on_read, on_write = f"on{name}", f"on_set{name}"

    def reader(tensor: Tensor) -> Any:
        found = get(tensor)
        trace = current.trace
        return found if trace is None else getattr(trace, on_read)(tensor, found)

    def writer(tensor: Tensor, one: Any) -> None:
        trace = current.trace
        if trace is not None:
            getattr(trace, on_write)(tensor)
        set_(tensor, one)

    return property(reader, writer)


_watchers = {name: _watched(name) for name in _slots}
_lock = threading.Lock()
_installed = 0


class watching:
    """A block in which a trace of this thread sees every read and write of tensors' state."""

    def __init__(self, trace: Any):
        self.trace = trace

    def __enter__(self) -> None:
        global _installed
        with _lock:
            _installed += 1
            if _installed == 1:
                # A property stands before the slot of that name.
                Storage.value = property(_get_value, _set_value)  # type: ignore[assignment]
                for name, watcher in _watchers.items():
                    setattr(Tensor, name, watcher)
        current.trace = self.trace

    def __exit__(self, *_: object) -> None:
        global _installed
        current.trace = None
        with _lock:
            _installed -= 1
            if not _installed:
                Storage.value = _value
                for name, slot in _slots.items():
                    setattr(Tensor, name, slot)
