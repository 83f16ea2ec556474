"""What only advises a compiler or names a backend, and so changes nothing here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from types import SimpleNamespace
from typing import Any


class NoEffect(ContextDecorator):
    """A block, a decorator or a plain call that changes nothing, whatever it is told."""

    def __init__(self, *_: Any, **__: Any):
        pass

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def hint(function: Any = None, *_: Any, **__: Any) -> Any:
    """A decorator that gives the function itself, with arguments (`@hint(x=1)`) or without."""
    return function if callable(function) else _same


def _same(function: Callable) -> Callable:
    return function


def nothing(*_: Any, **__: Any) -> None:
    """Does nothing: it asks for a thing that is so in any case."""


def no(*_: Any, **__: Any) -> bool:
    """False."""
    return False


def none_there() -> int:
    """0."""
    return 0


class Options(SimpleNamespace):
    """Switches of a compiler that is not here: any may be set."""

    def patch(self, *_: Any, **__: Any) -> Any:
        """A block or decorator within which switches would be others."""
        return NoEffect()
