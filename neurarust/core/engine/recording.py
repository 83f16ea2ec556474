"""Recordings: the op calls made and not yet run.

A recording is a list of entries `(signature, references, numbers, outputs)`. A reference
is an int: `(entry << 16) | output` for a result inside the recording, `-1 - k` for leaf k, an
array that was there before. One append to the list commits a call, so that an interrupt
between two bytecodes leaves the recording whole; running swaps the list for `_Closed`, so
that a thread that is just appending notices and records anew. (Both lean on CPython's
global interpreter lock.)
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import weakref
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from .. import device as devices
from ..errors import OutOfMemoryError, ProgramError
from . import early
from . import program as programs
from .interrupts import uninterrupted
from .numbers import numbers_of, scalars
from .signature import Signature, user_line
from .value import ALONE, ALONE_IN_TUPLE, EXPORTED, HostValue, Value, uploaded, value_of

OUTPUT_BITS = 16
OUTPUT_MASK = (1 << OUTPUT_BITS) - 1
CAPACITY = 2048

_numbers = itertools.count(1)


class _ClosedError(Exception):
    """The recording was run by another thread while this one was appending."""


class _Closed:
    """Stands for the entries of a recording that has run."""

    def append(self, _: Any) -> None:
        raise _ClosedError

    def __len__(self) -> int:
        return 0


_CLOSED = _Closed()


class Recording:
    """Op calls of one thread on one device that have not run."""

    __slots__ = (
        "device", "entries", "leaves", "leaf_values", "leaf_arrays", "shared", "number",
        "capacity", "error", "lock", "lines",
    )  # fmt: skip

    def __init__(self, device: devices.device, lines: list[str] | None = None):
        self.device = device
        self.entries: Any = []
        self.leaves: dict[int, int] = {}
        self.leaf_values: list[Value] = []
        self.leaf_arrays: list[Any] = []
        # Leaves whose array more than one Value holds: never donated.
        self.shared: set[int] = set()
        self.number = next(_numbers)
        self.capacity = CAPACITY
        self.error: BaseException | None = None
        self.lock = threading.RLock()
        # The user's line of each call, while somebody hunts for NaNs.
        self.lines = lines

    def leaf(self, value: Value) -> int:
        """The reference of a Value from outside this recording."""
        array = value.array
        if array is None:
            array = value.force()
        elif type(value) is HostValue:
            array = value.given()
        if value.aval.device is not self.device:
            array = jax.device_put(array, self.device.jax())
            value = value_of(array, self.device)
        reference = self.leaves.get(id(array))
        if reference is None:
            if isinstance(array, Tracer):
                raise _TracedError
            reference = -1 - len(self.leaf_values)
            self.leaf_arrays.append(array)
            self.leaf_values.append(value)
            self.leaves[id(array)] = reference
        elif self.leaf_values[-1 - reference] is not value:
            self.shared.add(-1 - reference)
        # The next use in this recording finds it without a look-up.
        value.ref = reference
        value.recording = self
        return reference

    # -------------------------------------------------------------- running

    def compute(self, value: Value) -> None:
        """Runs, because somebody looks at one of its values."""
        self.run()
        if value.array is None:
            self.failed()

    def separate(self) -> None:
        """Runs, because a backward comes to the calls of another program."""
        self.run()

    def run(self) -> None:
        """Runs what was recorded as one program; values held by someone get their arrays."""
        with self.lock:
            entries = self.entries
            if entries is _CLOSED:
                return
            with uninterrupted():
                self.entries = _CLOSED
                if state.recording is self:
                    state.recording = _fresh(self.device)
                if state.recordings.get(self.device) is self:
                    state.recordings[self.device] = (
                        state.recording
                        if state.recording.device is self.device
                        else _fresh(self.device)
                    )
                if entries:
                    self._run(entries)

    def _run(self, entries: list) -> None:
        live, held = _held(entries)
        if not held:
            return
        try:
            arrays = self._execute(entries, live)
        except BaseException as error:
            self.error = error
            _restore(held)
            if isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" in str(error):
                raise OutOfMemoryError(
                    f"a program of {len(entries)} operations, beginning with "
                    f"{entries[0][0].name}, does not fit into the memory of {self.device}: {error}"
                ) from error
            raise
        finally:
            self.leaves.clear()
            self.leaf_values.clear()
            self.leaf_arrays.clear()
        for value, array in zip(held, arrays, strict=True):
            value.array = array
            value.recording = None
            value.fallback = None

    def _execute(self, entries: list, live: tuple[int, ...]) -> list:
        calls = tuple([(entry[0], entry[1]) for entry in entries])
        donated = self._donated()
        program, vectors = programs.find(
            self.device, calls, live, donated, self.leaf_values, numbers_of(entries),
            partial(_replaced, entries, live, self.leaf_arrays),
        )  # fmt: skip
        split = programs.parts_of(program) if state.anomaly is None else None
        if split is None:
            if len(entries) == 1:
                signature, references = entries[0][:2]
                _note_alone(signature, references, live, program)
            arrays = program(vectors, self.leaf_arrays)
            if state.anomaly is not None:
                state.anomaly(self, entries, arrays)
        else:
            arrays = self._run_part(entries[: split.at], split.first, {})
            first = dict(zip(live, arrays, strict=False))
            arrays = arrays + self._run_part(entries[split.at :], split.second, first)
        programs.ran(program, arrays)
        return arrays

    def _run_part(self, entries: list, part: early.Part, first: dict[int, Any]) -> list:
        """Runs one part of a split program; `first` has the results of the part before."""
        values: list[Any] = []
        arrays: list[Any] = []
        for one in part.inputs:
            values.append(self.leaf_values[-1 - one] if one < 0 else None)
            arrays.append(self.leaf_arrays[-1 - one] if one < 0 else first[one])
        program, vectors = programs.find(
            self.device, part.calls, part.live, part.donated, values, numbers_of(entries),
            partial(_replaced, entries, part.live, arrays),
        )  # fmt: skip
        return program(vectors, arrays)

    def _donated(self) -> tuple[int, ...]:
        """Leaves that nobody but this recording holds."""
        if state.keep_inputs:
            return ()
        alone = [
            k
            for k, count in enumerate(map(sys.getrefcount, self.leaf_values))
            if count <= ALONE_LEAF
        ]
        arrays, shared = self.leaf_arrays, self.shared
        return tuple([k for k in alone if id(arrays[k]) not in EXPORTED and k not in shared])

    def failed(self) -> None:
        """Raises for a value that this recording should have produced."""
        if self.error is not None:
            raise ProgramError(
                f"this value was never computed: the program that should have made it failed "
                f"({type(self.error).__name__}: {self.error})"
            ) from self.error
        raise ProgramError("this value was dropped before its program ran")


def _reference_of_leaf() -> int:
    values = [Value()]
    return next(iter(map(sys.getrefcount, values)))


ALONE_LEAF = _reference_of_leaf()


def _held(entries: list) -> tuple[tuple[int, ...], list[Value]]:
    """The outputs that someone outside the recording holds: references and Values."""
    count = sys.getrefcount
    live: list[int] = []
    held: list[Value] = []
    for index, entry in enumerate(entries):
        outputs = entry[3]
        if type(outputs) is Value:
            if count(outputs) > ALONE:
                live.append(index << OUTPUT_BITS)
                held.append(outputs)
        else:
            reference = index << OUTPUT_BITS
            for one in outputs:
                if count(one) > ALONE_IN_TUPLE:
                    live.append(reference)
                    held.append(one)
                reference += 1
    return tuple(live), held


def _replaced(entries: list, live: tuple[int, ...], arrays: list) -> dict[int, int]:
    """Leaf -> the held output that its cell was overwritten with."""
    places = {id(array): k for k, array in enumerate(arrays)}
    found = {}
    for reference in live:
        made = entries[reference >> OUTPUT_BITS][3]
        value = made if type(made) is Value else made[reference & OUTPUT_MASK]
        if value.fallback is not None and id(value.fallback) in places:
            found[places[id(value.fallback)]] = reference
    return found


def _note_alone(signature: Signature, references: tuple, live: tuple, program: Any) -> None:
    """Keeps the program of a call that another one like it may hand its arrays to."""
    whole = len(live) == len(signature.outputs)
    in_order = references == tuple(range(-1, -1 - len(references), -1))
    signature.alone = weakref.ref(program) if whole and in_order else None


def _restore(held: list[Value]) -> None:
    """After a failure: a written cell goes back to its last good array, if that still lives."""
    for value in held:
        fallback = value.fallback
        if type(fallback) is np.ndarray:
            fallback = uploaded(fallback, value.aval.device)
        if fallback is not None and not fallback.is_deleted():
            value.array = fallback
            value.recording = None
        value.fallback = None


# ------------------------------------------------------------------ the state of a thread


class _State(threading.local):
    """What one thread is recording, and its modes."""

    def __init__(self) -> None:
        # Whether calls on tensors that require grad go on the tape.
        self.grad = True
        self.inference = False
        # Runs after every op.
        self.eager = os.environ.get("NEURARUST_EAGER", "") not in ("", "0")
        # Called with every program that ran (the NaN hunt).
        self.anomaly: Any = None
        # The innermost capture under way.
        self.capture: Any = None
        # Somebody sees each call (the NaN hunt, kept activations): jitted functions run plainly.
        self.watched = False
        # No donation: the NaN hunt needs the inputs afterwards.
        self.keep_inputs = False
        self.recording = Recording(devices.CPU, lines=None)
        self.recordings: dict[devices.device, Recording] = {devices.CPU: self.recording}


state = _State()


def _fresh(device: devices.device) -> Recording:
    return Recording(device, lines=None if state.anomaly is None else [])


def recording_on(device: devices.device) -> Recording:
    """This thread's recording for a device, made current."""
    found = state.recordings.get(device)
    if found is None or found.entries is _CLOSED:
        found = state.recordings[device] = _fresh(device)
    state.recording = found
    return found


def synchronize(wait: bool = True) -> None:
    """Runs everything this thread has recorded; with `wait`, until the results are there."""
    for recording in list(state.recordings.values()):
        recording.run()
    if wait:
        programs.wait()


class _TracedError(Exception):
    """An input is a JAX tracer: the op has to run at once."""


def record(signature: Signature, values: Any, numbers: tuple) -> Any:
    """Records one call. Returns a Value, or a tuple of Values for several outputs."""
    recording = state.recording
    if recording.device is not signature.device or recording.entries is _CLOSED:
        recording = recording_on(signature.device)
    leaf = recording.leaf
    references: tuple[int, ...]
    try:
        if len(values) == 2:
            a, b = values
            references = (
                a.ref if a.recording is recording else leaf(a),
                b.ref if b.recording is recording else leaf(b),
            )
        elif len(values) == 1:
            (a,) = values
            references = (a.ref if a.recording is recording else leaf(a),)
        else:
            references = tuple(
                [one.ref if one.recording is recording else leaf(one) for one in values]
            )
    except _TracedError:
        return _run_now(signature, values, numbers)
    base = len(recording.entries) << OUTPUT_BITS
    outputs: Any
    if signature.single:
        outputs = Value()
        outputs.aval = signature.output
        outputs.array = None
        outputs.recording = recording
        outputs.ref = base
        outputs.fallback = None
    else:
        made = []
        for aval in signature.outputs:
            value = Value()
            value.aval = aval
            value.array = None
            value.recording = recording
            value.ref = base
            value.fallback = None
            base += 1
            made.append(value)
        outputs = tuple(made)
    try:
        recording.entries.append((signature, references, numbers, outputs))
    except _ClosedError:
        return record(signature, values, numbers)
    if recording.lines is not None:
        recording.lines.append(user_line())
    if state.eager:
        recording.run()
    elif len(recording.entries) >= recording.capacity:
        _cut(recording)
    return outputs


def _run_now(signature: Signature, values: Any, numbers: tuple) -> Any:
    """The call on tracers, without a recording."""
    with jax.enable_x64(True):
        arrays = [value.force() for value in values]
        given = scalars(signature, numbers)
        outputs = signature.function(*arrays, *given)
    made = tuple(value_of(one, signature.device) for one in outputs)
    return made[0] if signature.single else made


def _cut(recording: Recording) -> None:
    """Runs a full recording; the next one ends at a multiple of the op sequence's period.

    In a loop that never reaches a natural end, pieces of a multiple of its period all
    begin at the same op, so that they match and are compiled once.
    """
    sequence = [entry[0] for entry in recording.entries]
    recording.run()
    period = _period(sequence)
    if period and recording_on(recording.device).capacity == CAPACITY:
        state.recording.capacity = CAPACITY // period * period


def _period(sequence: list) -> int:
    """The shortest period of the sequence's second half (Knuth-Morris-Pratt), or 0."""
    tail = sequence[len(sequence) // 2 :][::-1]
    failure = [0] * len(tail)
    length = 0
    for k in range(1, len(tail)):
        while length and tail[k] is not tail[length]:
            length = failure[length - 1]
        if tail[k] is tail[length]:
            length += 1
        failure[k] = length
    period = len(tail) - failure[-1] if tail else 0
    return period if 0 < period <= len(tail) // 2 else 0
