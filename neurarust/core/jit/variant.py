"""One way to call a jitted function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..changes import Changes
from ..engine.value import Value
from ..tensor.tensor import Tensor
from .guards import MISSING, Guards
from .look import Look
from .plan import Plan
from .straight import MISSED, RECORDED, straight

# Calls that the loops answer before a look is written anew: twice as many each time.
FIRST, LONGEST = 1, 256


class Variant:
    """A plan, and the guards under which it is what the function does."""

    __slots__ = ("guards", "plan", "settled", "_look", "_closer", "_patience")

    def __init__(self, guards: Guards, plan: Plan):
        self.guards, self.plan = guards, plan
        # Whether two traces in a row found the same.
        self.settled = False
        # What a call looks at, written out: gives the inputs' Values, or None.
        self._look: Callable[[Sequence[Tensor]], list[Value] | None] | None = None
        # Calls that looked more closely since then, and after how many it is written anew.
        self._closer, self._patience = 0, FIRST

    def call(self, tensors: Sequence[Tensor]) -> Any:
        """A call with these arguments; `MISSED` if the plan is not made for what it finds."""
        values = None if self._look is None else self._look(tensors)
        if values is None:
            values = self._look_closely(tensors)
            if values is None:
                return MISSED
        plan = self.plan
        known = plan.straight
        if known is None:
            known = plan.straight = straight(plan, values)
        if known is not None:
            result = known.call(values, tensors)
            if result is not RECORDED:
                return result
        numbers = plan.numbers_now()
        return MISSED if numbers is None else plan.call(values, numbers, tensors)

    def _look_closely(self, tensors: Sequence[Tensor]) -> list[Value] | None:
        """The inputs' Values if all is as it was, after which that is written anew."""
        values = self.is_as_it_was(tensors)
        if values is not None:
            self._closer += 1
            if self._closer >= self._patience:
                self._closer, self._patience = 0, min(2 * self._patience, LONGEST)
                self._look = self._written()
        return values

    def is_as_it_was(self, tensors: Sequence[Tensor]) -> list[Value] | None:
        """The inputs' Values if all is as it was: equal numbers and strings will do."""
        plan = self.plan
        return plan.read(tensors) if self.guards.hold() and plan.accepts(tensors) else None

    def _written(self) -> Callable | None:
        """What a call looks at, as it is now; None if that is too much."""
        look = Look("tensors")
        names = self.write_out(look)
        return names if names is None else look.written([f"return [{', '.join(names)}]"], MISSING)

    def write_out(self, look: Look) -> list[str] | None:
        """Writes what a call looks at, which has just been found to be as it was.

        Gives what the inputs' Values are called; None if it is too much, or no more so.
        """
        count = Changes.count
        look.unless(f"{look.name(Changes)}.count == {count}")
        self.guards.write_out(look)
        names = self.plan.write_out(look) if look.is_short() else []
        return names if look.is_short() and self.guards.hold() and count == Changes.count else None
