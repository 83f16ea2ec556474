"""Calls of a plan that are programs by themselves, without a recording around them.

A call of a jitted function is recorded like any other, and runs with what was recorded before it
and, unless it is a whole training step, after it. Where nothing ever is, as when a model answers
one request after the other, the next call hands its arrays to the program at once, which saves 10
to 30 us, and 6 to 9 more where calls like the last ones are written out (see `quick`). Every so
often a call is recorded all the same, to see whether it still runs alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.core import Tracer

from ..engine.interrupts import uninterrupted
from ..engine.program import Program, no_more_looks
from ..engine.recording import state
from ..engine.value import EXPORTED, Aval, HostValue, Value, uploaded
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor, wrap
from .look import Look
from .places import ARGUMENT, CELL

if TYPE_CHECKING:
    from .plan import Plan

# Calls after which one is recorded again: at first, and after many found that it ran alone.
TRUSTED, LONGEST = 64, 1024
# Instead of a result: the call has to be recorded, or is not like those that were traced.
RECORDED, MISSED = object(), object()


class Straight:
    """The program of a plan's call."""

    __slots__ = (
        "plan", "program", "kind", "compiled", "vectors", "changes", "trusted", "left",
        "kept", "made", "targets",
    )  # fmt: skip

    def __init__(self, plan: Plan, program: Program, trusted: int):
        self.plan, self.program = plan, program
        device = plan.signature.device
        # The type of arrays; tracers have another.
        self.kind = type(uploaded(np.zeros(0, np.float32), device))
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
        if state.recording.entries or _waits():
            return RECORDED
        arrays = [one.array for one in values]
        # (One may not be there yet, or be one of JAX's tracers.)
        kinds = {*map(type, arrays)}
        if not kinds <= {self.kind, np.ndarray}:
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
            return self._run(run, values, vectors, arrays, numbers, tensors)
        with uninterrupted():
            return self._run(run, values, vectors, arrays, numbers, tensors)

    def _doubted(self) -> Any:
        """The next call shows whether it still runs alone."""
        plan = self.plan
        plan.signature.alone = plan.straight = None
        plan.doubted, plan.trusted = self, min(2 * self.trusted, LONGEST)
        return RECORDED

    def write_out(self, look: Look, values: Sequence[str]) -> list[str]:
        """Writes what `call` asks of `tensors`, and the lines that follow then.

        Args:
            values: what the inputs' Values are called.
        """
        plan, program, way, thread = self.plan, self.program, look.name(self), look.name(state)
        look.unless(f"{way}.left > 0 and not {thread}.recording.entries")
        look.unless(f"len({thread}.recordings) == 1 or not {look.name(_waits)}()")
        kind, given = look.name(self.kind), look.name(_given_one)
        arrays = [f"array_{k}" for k in range(len(values))]
        wide = self.vectors is None
        for (place, _), array, value, aval in zip(
            plan.places, arrays, values, plan.avals, strict=True
        ):
            look.let(array, f"{value}.array")
            if place == ARGUMENT:
                wide = wide or aval.dtype.itemsize > 4
                look.let(array, f"{array} if type({array}) is {kind} else {given}({value})")
            else:
                look.unless(f"type({array}) is {kind}")
        if program.donated:
            self._write_free(look, values, arrays)
        lines, vectors = self._write_numbers(look, f"[{', '.join(values)}], numbers, tensors")
        inputs = f"{vectors}, [{', '.join(arrays)}]"
        run = f"made = {look.name(program.again if self.compiled else program)}({inputs})"
        if wide and self.compiled:
            run = f"with {look.name(jax.enable_x64)}(True): {run}"
        return [*lines, f"{way}.left -= 1", *self._write_run(look, run, values)]

    def _write_numbers(self, look: Look, inputs: str) -> tuple[list[str], str]:
        """Lines that read the `numbers`, and the program's arrays of them.

        Args:
            inputs: what the plan is called with if they fit no more.
        """
        plan, packing = self.plan, self.program.packing
        if self.vectors is not None:
            return [f"numbers = {look.name(plan.constants)}"], look.name(self.vectors)
        drawn = None if plan.actions else plan.write_numbers(look)
        vectors = None if drawn is None else packing.write_out(look, drawn[1])
        if drawn is not None and vectors is not None:
            return [*drawn[0], f"numbers = ({', '.join(drawn[1])},)"], vectors
        return [
            f"numbers = {look.name(plan.numbers_now)}()",
            f"if numbers is None: return {look.name(MISSED)}",
            f"vectors = {look.name(packing.vectors)}(numbers)",
            f"if vectors is None: return {look.name(plan.call)}({inputs})",
        ], "vectors"

    def _write_run(self, look: Look, run: str, values: Sequence[str]) -> list[str]:
        """Lines that run the program, by a line that does, and go on as `_run`."""
        plan = self.plan
        lines = [
            f"{look.name(no_more_looks)}()",
            "try:",
            f" {run}",
            "except RuntimeError:",
            f" return {look.name(plan.call)}([{', '.join(values)}], numbers, tensors)",
        ]
        for slot, output, storage in self.kept:
            lines.append(f"{values[slot]}.array = made[{output}]")
            lines.append(f"{look.name(storage)}.version += 1")
        if plan.single and not (plan.released or self.targets or plan.gradients):
            made = f"{look.name(_value)}(made[0], {look.name(plan.signature.outputs[0])})"
            lines.append(f"return {look.name(wrap)}({made}, None)")
        else:
            lines.append(f"return {look.name(self._finish)}(made, tensors)")
        if self.changes:
            return [f"with {look.name(uninterrupted)}():", *[f" {line}" for line in lines]]
        return lines

    def _write_free(self, look: Look, values: Sequence[str], arrays: Sequence[str]) -> None:
        """Writes what `_free` asks."""

        def most(names: Sequence[str]) -> str:
            counts = [f"{look.name(sys.getrefcount)}({names[k]})" for k in donated]
            return f"max({', '.join(counts)}, 0)"

        def identities(names: Iterable[str]) -> str:
            return ", ".join([f"id({one})" for one in names])

        donated = self.program.donated
        look.unless(f"{most(values)} <= {NAMED}")
        once = f"len({{{identities(arrays)}}}) == {len(arrays)}"
        look.unless(f"{most(arrays)} <= {NAMED} or {once}")
        exported, given = look.name(EXPORTED), identities([arrays[k] for k in donated])
        look.unless(f"not {exported} or {exported}.keys().isdisjoint(({given},))")

    def _run(
        self, run: Callable, values: list[Value], vectors: tuple, arrays: list, numbers: tuple,
        tensors: Sequence[Tensor],
    ) -> Any:  # fmt: skip
        no_more_looks()
        try:
            made = run(vectors, arrays)
        except RuntimeError:  # no memory, for one: a recording says what it is
            return self.plan.call(values, numbers, tensors)
        for slot, output, storage in self.kept:
            values[slot].array = made[output]
            storage.version += 1
        return self._finish(made, tensors)

    def _finish(self, made: Sequence, tensors: Sequence[Tensor]) -> Any:
        """Writes what has got no place yet, and returns the results."""
        plan = self.plan
        outputs: list[Any] = [None] * len(made)
        for k in self.made:
            outputs[k] = _value(made[k], plan.signature.outputs[k])
        plan.write(self.targets, outputs, tensors)
        return plan.finish(outputs, tensors, None)


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
    before, plan.doubted = plan.doubted, None
    if before is not None and before.program is program:
        before.trusted = before.left = plan.trusted
        return before
    return Straight(plan, program, plan.trusted)


def _waits() -> bool:
    """Whether something is recorded for any device."""
    return any([len(one.entries) > 0 for one in state.recordings.values()])


def _identity(kind: int, what: Any) -> tuple:
    """A place, comparable: an argument's number, or an object."""
    return (kind, what) if type(what) is int else (kind, None, id(what))


def _given(values: Sequence[Value]) -> list:
    """The arrays that a program takes, of which some are on the host."""
    return [one.given() if type(one) is HostValue else one.array for one in values]


def _given_one(value: Value) -> Any:
    """The array that a program takes of one that is on the host; an error if there is none."""
    if type(value) is HostValue and type(value.array) is np.ndarray:
        return value.given()
    raise ValueError("not there yet")


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


def _references_to_named() -> int:
    cell = [Value()]
    value = cell[0]
    return sys.getrefcount(value)


# References to an object in a list that one other holds, too, and to one with a name.
IN_CELL, NAMED = _reference_in_cell(), _references_to_named()


def _value(array: Any, aval: Aval) -> Value:
    value = Value()
    value.aval = aval
    value.array = array
    value.recording = None
    value.ref = 0
    value.fallback = None
    return value
