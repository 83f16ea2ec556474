"""Repeated calls of one plan that change nothing outside and are programs by themselves.

A call of a jitted function is recorded like any other, and runs with what was recorded around it.
Where nothing ever is, as when a model answers one request after the other, the next call hands its
arrays to the program at once: 10 us less. Every so often a call is recorded all the same, to see
whether it still runs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from ..engine.program import Program
from ..engine.recording import state
from ..engine.value import HostValue, Value, uploaded
from ..tensor.tensor import Tensor
from .guards import PLAIN, Guards
from .plan import Plan

# Calls after which one is recorded again.
TRUSTED = 64
RECORDED = object()


class Quick:
    """The program of a plan, for arguments like those of the last call."""

    __slots__ = (
        "guards", "plan", "modes", "count", "places", "others", "program", "vectors", "kinds",
        "needs_mode", "left",
    )  # fmt: skip

    def __init__(
        self, guards: Guards, plan: Plan, program: Program, modes: list, args: tuple,
        values: Sequence[Value], vectors: tuple,
    ):  # fmt: skip
        self.guards, self.plan, self.modes = guards, plan, modes
        self.count = len(args)
        self.places = [k for k, one in enumerate(args) if isinstance(one, Tensor)]
        self.others = [(k, one) for k, one in enumerate(args) if not isinstance(one, Tensor)]
        self.program = program
        self.vectors = tuple([uploaded(one, plan.signature.device) for one in vectors])
        # The types of arrays; tracers have another.
        self.kinds = {type(one.array) for one in values}
        compiled = isinstance(self.program.function, jax.stages.Compiled)
        self.needs_mode = not compiled or np.ndarray in self.kinds
        self.left = TRUSTED

    def call(self, args: tuple, modes: list) -> Any:
        """What a call with these arguments returns; `RECORDED` if it has to be recorded."""
        if modes != self.modes or len(args) != self.count or state.recording.entries:
            return RECORDED
        tensors = []
        for place in self.places:
            one = args[place]
            if not isinstance(one, Tensor) or one._steps is not None:
                return RECORDED
            if state.grad and one._edge is not None:
                return RECORDED
            tensors.append(one)
        for place, other in self.others:
            one = args[place]
            if one is not other and not _same(one, other):
                return RECORDED
        plan = self.plan
        if not self.guards.hold() or not plan.accepts(tensors):
            return RECORDED
        values = plan.read(tensors)
        if values is None:
            return RECORDED
        arrays = [one.given() if type(one) is HostValue else one.array for one in values]
        # An array that is not there yet, or is one of JAX's tracers, or comes twice.
        if not self.kinds.issuperset(map(type, arrays)) or len({*map(id, arrays)}) < len(arrays):
            return RECORDED
        if self.left == 0:
            plan.signature.alone = None
            return RECORDED
        self.left -= 1
        run = self.program if self.needs_mode else self.program.again
        try:
            made = zip(run(self.vectors, arrays), plan.signature.outputs, strict=True)
        except RuntimeError:  # no memory, for one: a recording says what it is
            return RECORDED
        return plan.returned([_value(array, aval) for array, aval in made], tensors, None)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and type(one) in PLAIN and one == other


def quick(
    guards: Guards, plan: Plan, modes: Callable[[], list], args: tuple, objects: list,
    values: Sequence[Value],
) -> Quick | None:  # fmt: skip
    """For the calls that follow one like this; None if they have to be recorded.

    Args:
        modes: gives the modes of the call.
        args: all arguments.
        objects: those that count as themselves. Other ones but Tensors and plain values hold some.
    """
    # (Another thread may be about to forget it.)
    program = plan.signature.alone
    if program is None or not plan.changes_nothing():
        return None
    held = [*map(id, objects)]
    if not all(isinstance(one, Tensor) or type(one) in PLAIN or id(one) in held for one in args):
        return None
    if any(one.array is None or isinstance(one.array, Tracer) for one in values):
        return None
    # (Another plan's call of it may have had other numbers.)
    vectors = program.packing.vectors(plan.constants)
    return None if vectors is None else Quick(guards, plan, program, modes(), args, values, vectors)


def _value(array: Any, aval: Any) -> Value:
    value = Value()
    value.aval = aval
    value.array = array
    value.recording = None
    value.ref = 0
    value.fallback = None
    return value
