"""What rarely changes and often matters: counted, so that nobody has to look each time."""

from __future__ import annotations

from collections import defaultdict
from typing import Any


class Changes:
    """Changes to what models and optimizers are made of, which jitted functions have to follow."""

    # How often a tensor was given other memory (`.data = ...`, `set_`) or a hook, or a `Told`
    # dictionary an entry.
    count = 0


class Told(dict[Any, Any]):
    """A dictionary of a module's parts, or of one parameter's state in an optimizer.

    It counts what is done to it.
    """

    __slots__ = ()

    def __setitem__(self, key: Any, one: Any) -> None:
        Changes.count += 1
        super().__setitem__(key, one)

    def __delitem__(self, key: Any) -> None:
        Changes.count += 1
        super().__delitem__(key)

    def __ior__(self, other: Any) -> Any:
        self.update(other)
        return self

    def clear(self) -> None:
        Changes.count += 1
        super().clear()

    def pop(self, *args: Any) -> Any:
        Changes.count += 1
        return super().pop(*args)

    def popitem(self) -> tuple[Any, Any]:
        Changes.count += 1
        return super().popitem()

    def setdefault(self, key: Any, default: Any = None) -> Any:
        Changes.count += 1
        return super().setdefault(key, default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        Changes.count += 1
        super().update(*args, **kwargs)


class ToldOfAll(Told, defaultdict[Any, Any]):
    """An optimizer's state: that of each parameter, made (and counted) when it is asked for."""

    __slots__ = ()
