"""The nested recording under a capture: it describes a computation and never runs it."""

from __future__ import annotations

import functools
import itertools
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.tape import Edge, next_number
from ..engine.recording import OUTPUT_BITS, Recording, state
from ..engine.signature import PACKAGE, user_line
from ..engine.value import Aval, Value
from ..errors import CaptureError
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor

_identities = itertools.count(1)
# Epochs of captures lie above the numbers of ordinary recordings.
ENTRY_BITS = 32

# Give what else of a thread's modes a recorded computation depends on (autocast).
MODES: list[Callable[[], Any]] = []


class Capture(Recording):
    """A recording that is never run: its leaves are Values, pending or not, by identity.

    As a context it takes the place of the thread's recordings. `ended` tells whether a natural
    end of a unit of work (`optimizer.step()`, `synchronize()`) was met.
    """

    __slots__ = (
        "what", "identity", "start", "leaf_avals", "constants", "storages", "edges", "grads",
        "ended", "failure", "outside",
    )  # fmt: skip

    def __init__(self, what: str):
        self.device: Any = None
        self.entries: list = []
        self.leaves: dict[int, int] = {}
        self.leaf_values: list[Value | None] = []
        self.leaf_avals: list[Aval] = []
        self.leaf_arrays: list = []
        self.shared: set[int] = set()
        self.capacity = sys.maxsize
        self.error = None
        self.lock = threading.RLock()
        self.lines: list[str] = []
        # How messages call the captured function.
        self.what = what
        self.identity = next(_identities)
        self.start = next_number()
        # Values of host arrays made inside.
        self.constants: dict[int, Value] = {}
        # What was written, with what it was before: storages, edges and gradients of tensors.
        self.storages: dict[int, tuple[Storage, Value, int]] = {}
        self.edges: dict[int, tuple[Tensor, Edge]] = {}
        self.grads: dict[int, tuple[Tensor, Tensor | None]] = {}
        self.ended = False
        self.failure: CaptureError | None = None

    @property
    def number(self) -> int:
        """The epoch of tape nodes: tells which entry a node belongs to."""
        return (self.identity << ENTRY_BITS) + len(self.entries) - 1

    # ------------------------------------------------------------ inputs

    def input(self, aval: Aval) -> Value:
        """A new input: a Value of this capture without an entry behind it."""
        return self._standing_for(None, aval)

    def standing_for(self, value: Value) -> Value:
        """A new input that stands for a Value from outside."""
        return self._standing_for(value, value.aval)

    def _standing_for(self, outside: Value | None, aval: Aval) -> Value:
        value = Value()
        value.aval = aval
        value.array = None
        value.recording = self
        value.ref = -1 - len(self.leaf_values)
        value.fallback = None
        self.leaf_values.append(outside)
        self.leaf_avals.append(aval)
        return value

    def leaf(self, value: Value) -> int:
        """The reference of a Value from outside, whether it is there or pending."""
        reference = self.leaves.get(id(value))
        if reference is None:
            reference = self.leaves[id(value)] = -1 - len(self.leaf_values)
            self.leaf_values.append(value)
            self.leaf_avals.append(value.aval)
        return reference

    def reference(self, value: Value) -> int:
        """The reference of any Value."""
        return value.ref if value.recording is self else self.leaf(value)

    def leaves_of(self, edges: Sequence[Any]) -> dict[Any, int]:
        """The leaves that are known to belong to edges from outside."""
        return {}

    # ------------------------------------------------------------ what it does instead of running

    def run(self) -> None:
        """Notes a natural end; a capture runs nothing."""
        self.ended = True

    def separate(self) -> None:
        """A backward inside stays in one piece."""

    def origin(self, value: Value) -> str:
        """What made a value, for messages."""
        if value.ref < 0:
            return f"an input, {value.aval},"
        index = value.ref >> OUTPUT_BITS
        return f"the result of {self.entries[index][0].name} (made at {self.lines[index]})"

    def compute(self, value: Value) -> None:
        """Somebody looked at a value that is only being described."""
        made = self.origin(value)
        if state.capture is None:
            raise CaptureError(
                f"{made} belongs to a call of {self.what} that is over. Tensors made inside a "
                f"captured function leave it as its results only: return this one"
            )
        self.failure = CaptureError(f"{made} was looked at inside {self.what} {_looked_by()}")
        raise self.failure

    def on(self, device: Any) -> Capture:
        """This capture, for a call on a device: all its calls are on one."""
        if self.device is None:
            self.device = device
        if device is not self.device:
            raise CaptureError(
                f"{self.what} computes on {self.device}, but a call inside is on {device}. Move "
                f"tensors between devices outside of it"
            )
        return self

    # ------------------------------------------------------------ writes to what is outside

    def wrote(self, tensor: Tensor) -> None:
        """Notes what a tensor holds before it is written."""
        storage = tensor._storage
        before = storage.value
        if id(storage) not in self.storages and before.recording is not self:
            if id(before) not in self.constants:
                self.storages[id(storage)] = (storage, before, storage.version)
        for one in (tensor, tensor._base):
            if one is not None and id(one) not in self.edges:
                self.edges[id(one)] = (one, one._edge)

    def gave(self, tensor: Tensor) -> None:
        """Notes the `.grad` of a tensor before a backward changes it."""
        value = tensor._value()
        made_inside = value.recording is self or id(value) in self.constants
        if made_inside and id(tensor._storage) not in self.storages:
            return
        if id(tensor) not in self.grads:
            self.grads[id(tensor)] = (tensor, tensor._grad)

    def asked(self, tensor: Tensor, offset: bool = False) -> None:
        """Notes that the steps in memory of a tensor matter, or where it begins."""

    # ------------------------------------------------------------ what a later call does again

    def effect(self, run: Callable[[], None], undo: Callable[[], None]) -> None:
        """Something outside the computation that happens at every call, such as a scheduler."""
        outer = self.outside[-1]
        if outer is None:
            run()
        else:
            outer.effect(run, undo)

    def reread(self, numbers: Callable[[], tuple[Sequence[float], Any]]) -> None:
        """See the function `reread`."""

    def restore(self) -> None:
        """Gives every written cell back what it held."""
        for storage, value, version in self.storages.values():
            storage.value = value
            storage.version = version
        for tensor, edge in self.edges.values():
            tensor._edge = edge
        for tensor, gradient in self.grads.values():
            tensor._grad = gradient

    # ------------------------------------------------------------ as a context

    def __enter__(self) -> Capture:
        self.outside = (state.recording, state.recordings, state.eager, state.capture)
        state.recording, state.recordings = self, _Only(self)
        state.eager, state.capture = False, self
        return self

    def __exit__(self, *_: object) -> None:
        state.recording, state.recordings, state.eager, state.capture = self.outside
        if state.capture is not None:
            state.capture.constants.update(self.constants)


class _Only(dict):
    """A thread's table of recordings while it captures: one for every device."""

    def __init__(self, capture: Capture):
        super().__init__({None: capture})
        self.capture = capture

    def get(self, device: Any, default: Any = None) -> Any:
        return self.capture.on(device)


# Functions whose results' shapes depend on data: what to use instead.
_PLACES = "nr.nonzero_static(x, size=n), or nr.where(condition, x, 0)"
_MASKED = "nr.where(mask, x, 0) or masked_fill"
_REMEDIES = {
    "nonzero": _PLACES,
    "argwhere": _PLACES,
    "where": _PLACES,
    "to_sparse": "the dense tensor, or nr.sparse_coo_tensor made outside",
    "sparse_coo_tensor": "a sparse tensor made outside, or index_put into zeros",
    "masked_select": _MASKED,
    "_parse_tensor": _MASKED,
    "unique": "a sort, and comparing neighbours",
    "unique_consecutive": "comparing neighbours",
    "bincount": "one_hot(x, num_classes).sum(0)",
    "one_hot": "one_hot(x, num_classes)",
    "repeat_interleave": "repeat_interleave(x, repeats, output_size=n)",
    "tensor_split": "tensor_split with Python numbers",
    "pack_padded_sequence": "a list of Python numbers as lengths",
}
_SPELLED = {"_parse_tensor": "x[mask]"}


def _looked_by() -> str:
    """By what, and where, the value was looked at, and what to do instead."""
    frame: Any = sys._getframe(2)
    names: list[str] = []
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    # The outermost: what the user called.
    for name in reversed(names):
        if name in _REMEDIES:
            return (
                f"by {_SPELLED.get(name, name)} at {user_line()}: the shape of the result depends "
                f"on the data, but shapes in a captured function are fixed. Use the form of fixed "
                f"size: {_REMEDIES[name]}"
            )
    return (
        f"by {names[-1] if names else 'Python'} at {user_line()}. A captured function only "
        f"describes its computation. Return the value and look at it outside, pass a Python number "
        f"as an argument, or choose between values with nr.where or nr.cond"
    )


# ------------------------------------------------------------------ what optimizers tell a capture


def reread(numbers: Callable[[], tuple[Sequence[float], Any]]) -> None:
    """The numbers of the call that is recorded next are to be read again when it is called again.

    Args:
        numbers: gives them, and a key; another key means that the computation is another.
    """
    if state.capture is not None:
        state.capture.reread(numbers)


def repeated(step: Callable) -> Callable:
    """Decorator of a method that changes Python numbers, such as a scheduler's step.

    Inside a jitted function it happens at every call. `self.host_state()` gives the dictionaries
    that it changes.
    """

    @functools.wraps(step)
    def run(self: Any, *args: Any, **kwargs: Any) -> None:
        if state.capture is None:
            step(self, *args, **kwargs)
            return
        before = [(kept, dict(kept)) for kept in self.host_state()]

        def undo() -> None:
            for kept, content in before:
                kept.clear()
                kept.update(content)

        state.capture.effect(functools.partial(step, self, *args, **kwargs), undo)

    return run
