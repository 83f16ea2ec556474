"""One way to call a jitted function."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor.tensor import Tensor
from .guards import Guards
from .plan import Plan
from .straight import RECORDED, straight

MISSED = object()


class Variant:
    """A plan, and the guards under which it is what the function does."""

    __slots__ = ("guards", "plan", "settled")

    def __init__(self, guards: Guards, plan: Plan):
        self.guards, self.plan = guards, plan
        # Whether two traces in a row found the same.
        self.settled = False

    def call(self, tensors: Sequence[Tensor]) -> Any:
        """A call with these arguments; `MISSED` if the plan is not made for what it finds."""
        plan = self.plan
        if not self.guards.hold() or not plan.accepts(tensors):
            return MISSED
        values = plan.read(tensors)
        if values is None:
            return MISSED
        known = plan.straight
        if known is None:
            known = plan.straight = straight(plan, values)
        if known is not None:
            result = known.call(values, tensors)
            if result is not RECORDED:
                return result
        numbers = plan.numbers_now()
        return MISSED if numbers is None else plan.call(values, numbers, tensors)
