"""A plan's conditions, written out as Python.

A call of a jitted function compares what its code could see with what was there when it was traced.
Loops over lists of getters take 4 us for a small model. As one line for each condition, with every
object under a name of its own, the same takes 1 us: CPython then remembers at each line where an
attribute is kept. A line asks whether something is the very same object; where it is not, the loops
look more closely (`Guards.hold`, `Plan.accepts`), since equal numbers and strings do as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

# Conditions up to which they are written out; more take Python too long to compile.
MOST = 4096


class Look:
    """A function in the making: conditions, of which one that fails ends it, and what comes then.

    Args:
        otherwise: what it gives if a condition fails.
    """

    def __init__(self, arguments: str, otherwise: object = None):
        self._lines = [f"def look({arguments}):", " try:"]
        self._otherwise = otherwise
        self._named: dict[int, str] = {}
        self._objects: dict[str, Any] = {"same": same}

    def name(self, one: Any) -> str:
        """What the source calls an object."""
        name = self._named.get(id(one))
        if name is None:
            name = self._named[id(one)] = f"_{len(self._named)}"
            self._objects[name] = one
        return name

    def let(self, name: str, expression: str) -> None:
        """Gives something a name of its own."""
        self._lines.append(f"  {name} = {expression}")

    def unless(self, condition: str) -> None:
        """Gives up unless this holds."""
        self._lines.append(f"  if not ({condition}): return {self.name(self._otherwise)}")

    def is_short(self) -> bool:
        """Whether there are few enough lines."""
        return len(self._lines) <= MOST

    def written(self, then: Sequence[str], missing: tuple[type[Exception], ...]) -> Callable:
        """The function.

        Args:
            then: lines that follow when every condition held.
            missing: what a condition raises that asks for something that is gone.
        """
        end = f" except {self.name(missing)}: return {self.name(self._otherwise)}"
        source = "\n".join([*self._lines, end, *[f" {line}" for line in then]])
        exec(compile(source, "<what a jitted function looks at>", "exec"), self._objects)
        return self._objects.pop("look")


def same(now: Sequence[Any], before: Sequence[Any]) -> bool:
    """Whether two sequences hold the very same objects."""
    return len(now) == len(before) and all(map(is_, now, before))
