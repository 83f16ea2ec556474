"""Calls of a plan that are programs by themselves, without a recording around them.

A call of a jitted function is recorded like any other, and runs with what was recorded before it
and, unless it is a whole training step, after it. Where nothing ever is, as when a model answers
one request after the other, the next call hands its arrays to the program at once, which saves 10
to 30 us. Every so often a call is recorded all the same, to see whether it still runs alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.core import Tracer

from .. import device as devices
from ..engine.interrupts import uninterrupted
from ..engine.program import Program, no_more_looks
from ..engine.recording import state
from ..engine.value import EXPORTED, Aval, HostValue, Value, uploaded
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor, wrap
from .places import CELL

if TYPE_CHECKING:
    from .plan import Plan

# Calls after which one is recorded again: at first, and after many found that it ran alone.
TRUSTED, LONGEST = 64, 1024
RECORDED = object()


class Straight:
    """The program of a plan's call."""

    __slots__ = (
        "plan", "program", "present", "there", "compiled", "vectors", "changes", "trusted", "left",
        "kept", "made", "targets",
    )  # fmt: skip

    def __init__(self, plan: Plan, program: Program, trusted: int):
        self.plan, self.program = plan, program
        device = plan.signature.device
        # The types of arrays; tracers have another.
        self.there = {type(uploaded(np.zeros(0, np.float32), device))}
        self.present = self.there | {np.ndarray}
        # The numbers, if they are always the same.
        self.vectors: tuple | None = None
        if not plan.actions and not plan.streams:
            made = program.packing.vectors(plan.constants) or ()
            self.vectors = tuple([uploaded(one, device) for one in made])
        self.compiled = isinstance(program.function, jax.stages.Compiled)
        self.changes = bool(plan.targets or plan.gradients)
        self.trusted = self.left = trusted
        self._share_out()

    def _share_out(self) -> None:
        """Which results are put into the Values of what they replace, and which get new ones.

        What is written over is held by its cell alone: its Value may stay, with another array.
        """
        plan = self.plan
        slots = {_identity(*plan.places[slot]): slot for slot in self.program.donated}
        given = [one for _, one in (*plan.results, *plan.gradients) if type(one) is int]
        given += [output for _, _, output in plan.targets]
        # (slot, output, storage)
        self.kept: list[tuple[int, int, Storage]] = []
        self.targets = []
        for kind, what, output in plan.targets:
            slot = slots.get(_identity(kind, what))
            same = slot is not None and plan.avals[slot] is plan.signature.outputs[output]
            if kind == CELL and slot is not None and same and given.count(output) == 1:
                self.kept.append((slot, output, what))
            else:
                self.targets.append((kind, what, output))
        found = {output for _, output, _ in self.kept}
        self.made = [k for k in range(len(plan.signature.outputs)) if k not in found]

    def call(self, values: list[Value], tensors: Sequence[Tensor]) -> Any:
        """What a call with these inputs returns; `RECORDED` if it has to be recorded."""
        recordings = state.recordings
        if state.recording.entries or (len(recordings) > 1 and any(map(_waits, recordings))):
            return RECORDED
        arrays = [one.array for one in values]
        # (One may not be there yet, or be one of JAX's tracers.)
        kinds = {*map(type, arrays)}
        if not self.present.issuperset(kinds):
            return RECORDED
        if np.ndarray in kinds:
            arrays = _given(values)
        plan, donated = self.plan, self.program.donated
        if donated and not _free(values, arrays, donated):
            return RECORDED
        if self.left == 0:
            return self._doubted()
        self.left -= 1
        # A compiled program needs no mode for arrays on the device.
        there = self.compiled and np.ndarray not in kinds
        if self.vectors is not None:
            numbers, vectors = plan.constants, self.vectors
        else:
            numbers = plan.numbers_now()
            if numbers is None:
                return RECORDED
            vectors = self.program.packing.vectors(numbers)
            if vectors is None:
                return plan.call(values, numbers, tensors)
            # (Those that come again and again are there.)
            there = there and np.ndarray not in map(type, vectors)
        run = self.program.again if there else self.program
        if not self.changes:
            return self._run(run, values, arrays, numbers, vectors, tensors)
        with uninterrupted():
            return self._run(run, values, arrays, numbers, vectors, tensors)

    def _doubted(self) -> Any:
        """The next call shows whether it still runs alone."""
        plan = self.plan
        plan.signature.alone = plan.straight = None
        plan.trusted = min(2 * self.trusted, LONGEST)
        return RECORDED

    def _run(
        self, run: Callable, values: list[Value], arrays: list, numbers: tuple, vectors: tuple,
        tensors: Sequence[Tensor],
    ) -> Any:  # fmt: skip
        no_more_looks()
        try:
            made = run(vectors, arrays)
        except RuntimeError:  # no memory, for one: a recording says what it is
            return self.plan.call(values, numbers, tensors)
        plan = self.plan
        if not self.changes:
            return plan.returned([*map(_value, made, plan.signature.outputs)], tensors, None)
        for slot, output, storage in self.kept:
            values[slot].array = made[output]
            storage.version += 1
        outputs: list[Any] = [None] * len(made)
        for k in self.made:
            outputs[k] = _value(made[k], plan.signature.outputs[k])
        plan.write(self.targets, outputs, tensors)
        return plan.finish(outputs, tensors, None)


class PureStraight(Straight):
    """Of a function that changes nothing and has one result.

    As little as can be stands beside the program: what serves a model's answers takes 3 us.
    """

    __slots__ = ()

    def call(self, values: list[Value], tensors: Sequence[Tensor]) -> Any:
        recordings = state.recordings
        if len(recordings) > 1 or state.recording.entries or self.left == 0:
            return super().call(values, tensors)
        arrays = [one.array for one in values]
        kinds = {*map(type, arrays)}
        there = kinds == self.there
        if not there:
            if not self.present.issuperset(kinds):
                return RECORDED
            arrays = _given(values)
        plan, program, vectors = self.plan, self.program, self.vectors
        numbers = plan.constants if vectors is not None else plan.numbers_now()
        if numbers is None:
            return RECORDED
        if vectors is None:
            there, vectors = False, program.packing.vectors(numbers)
            if vectors is None:
                return plan.call(values, numbers, tensors)
        self.left -= 1
        no_more_looks()
        try:
            made = program.again(vectors, arrays) if there else program(vectors, arrays)
        except RuntimeError:
            return plan.call(values, numbers, tensors)
        return wrap(_value(made[0], plan.signature.outputs[0]), None)


def straight(plan: Plan, values: Sequence[Value]) -> Straight | None:
    """For the calls that follow one like this; None if they have to be recorded."""
    # (It may have been forgotten, and another thread may be about to.)
    known = plan.signature.alone
    program = None if known is None else known()
    if program is None:
        plan.trusted = TRUSTED
        return None
    if program.draft:
        return None
    if plan.placed or plan.views or plan.edges and state.grad:
        return None
    if any(one.array is None or isinstance(one.array, Tracer) for one in values):
        return None
    # What it may write over is what it replaces, held by nothing but its cell before, too.
    replaced = {_identity(kind, what) for kind, what, _ in plan.targets}
    if not replaced.issuperset(_identity(*plan.places[k]) for k in program.donated):
        return None
    # (Another plan's call of it may have had other numbers.)
    if not plan.actions and not plan.streams and program.packing.vectors(plan.constants) is None:
        return None
    way = Straight(plan, program, plan.trusted)
    answers = not way.changes and way.compiled and plan.single and not plan.released
    return PureStraight(plan, program, plan.trusted) if answers else way


def _waits(device: devices.device) -> bool:
    """Whether something is recorded for a device."""
    return len(state.recordings[device].entries) > 0


def _identity(kind: int, what: Any) -> tuple:
    """A place, comparable: an argument's number, or an object."""
    return (kind, what) if type(what) is int else (kind, None, id(what))


def _given(values: Sequence[Value]) -> list:
    """The arrays that a program takes, of which some are on the host."""
    return [one.given() if type(one) is HostValue else one.array for one in values]


def _held(objects: Sequence[Any], places: Sequence[int]) -> int:
    """The most references to one of these objects."""
    return max(map(sys.getrefcount, map(objects.__getitem__, places)))


def _free(values: Sequence[Value], arrays: list, donated: Sequence[int]) -> bool:
    """Whether nobody but their cells holds these values, and nobody outside their arrays."""
    if _held(values, donated) > IN_CELL:
        return False
    # Another Value may hold an array, too. (So does who waits for the last program.)
    if _held(arrays, donated) > IN_CELL and len({*map(id, arrays)}) < len(arrays):
        return False
    return not EXPORTED or EXPORTED.keys().isdisjoint([id(arrays[k]) for k in donated])


def _reference_in_cell() -> int:
    values = [Value()]
    return _held(values, (0,)) + 1


# References to an object in a list that one other holds, too.
IN_CELL = _reference_in_cell()


def _value(array: Any, aval: Aval) -> Value:
    value = Value()
    value.aval = aval
    value.array = array
    value.recording = None
    value.ref = 0
    value.fallback = None
    return value
