"""Whether two traces of a function found the same, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..tensor.storage import Storage
from ..tensor.tensor import Tensor
from .guards import PLAIN

if TYPE_CHECKING:
    from .plan import Plan


def difference(plan: Plan, before: Plan) -> tuple[bool, str | None]:
    """Whether an earlier trace found another structure, and what differs; None if nothing."""
    if plan.key != before.key:
        return True, _other_calls(plan, before)
    for k in plan.fixed:
        # (Zeros have signs, and NaN is like itself.)
        if repr(plan.numbers[k]) != repr(before.numbers[k]):
            name, line = plan.lines[k]
            return False, (
                f"the Python number {before.numbers[k]!r} that {name} got at {line} was "
                f"{plan.numbers[k]!r} in the second call, and would be stale in a later one. "
                f"Pass it as an argument, or keep it in a Tensor"
            )
    for slot, (mine, theirs) in enumerate(zip(plan.places, before.places, strict=True)):
        if mine[0] == theirs[0] and mine[1] is theirs[1] or _equal(mine, theirs):
            continue
        if plan.constant[slot] and before.constant[slot]:
            if _bytes(plan.cells[slot]) == _bytes(before.cells[slot]):
                continue
            return False, (
                f"an array made from Python data ({plan.avals[slot]}, first used at "
                f"{_line_of(plan, slot)}) was another one in the second call. Make it outside "
                f"and pass it as an argument"
            )
        return True, f"it read another tensor at {_line_of(plan, slot)}"
    if not _equal(plan.leaves, before.leaves) or plan.tree != before.tree:
        return False, (
            f"it returned {_shown(before.leaves)} and then {_shown(plan.leaves)} beside its "
            f"tensors. Compute Python values outside"
        )
    for name, mine, theirs in (
        ("wrote to", plan.targets, before.targets),
        ("set the .grad of", plan.gradients, before.gradients),
        ("changed whether gradients flow to", plan.placed, before.placed),
        ("returned", plan.results, before.results),
    ):
        if not _equal(mine, theirs):
            counts = f"{len(theirs)} the time before, and {len(mine)} now"
            return True, f"it {name} other tensors than the time before ({counts})"
    return False, None


def _other_calls(plan: Plan, before: Plan) -> str:
    for k, (mine, theirs) in enumerate(zip(plan.calls, before.calls, strict=False)):
        if mine is not theirs:
            return (
                f"it called {mine} at {plan.call_lines[k]} where it had called {theirs} at "
                f"{before.call_lines[k]} the time before"
            )
    longer = max(plan, before, key=lambda one: len(one.calls))
    shared = min(len(plan.calls), len(before.calls))
    if shared < len(longer.calls):
        return (
            f"one of two calls went on with {longer.calls[shared]} at {longer.call_lines[shared]}"
        )
    return "its operations took other inputs the time before"


def _line_of(plan: Plan, slot: int) -> str:
    reference = -1 - slot
    for k, (_, references) in enumerate(plan.key[3]):
        if reference in references:
            return plan.call_lines[k]
    return "its end"


def _bytes(storage: Storage) -> bytes:
    return np.asarray(storage.value.force()).tobytes()


def _equal(one: Any, other: Any) -> bool:
    """Whether trees of Python values are the same; Tensors and storages by identity."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) in (list, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, (Tensor, Storage)):
        return False
    try:
        return bool(np.all(one == other))
    except Exception:  # it may hold tensors of traces that are over
        return False


def _shown(leaves: list) -> str:
    """Python values that were returned; of others than plain ones the type."""
    names = [repr(one) if type(one) in PLAIN else f"a {type(one).__name__}" for one in leaves]
    return f"[{', '.join(names)}]"
