"""Guards: the Python state that a traced function may have read, and whether it is still so."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from ..tensor.tensor import Tensor

PLAIN = frozenset({int, float, bool, str, type(None), complex})
_UNSEEN = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)
_ABSENT = object()


class Guards:
    """A snapshot of plain values: globals and variables of the function, attributes of objects.

    Objects are those that the function, its code or its arguments name, and the modules
    below them; of a module also its parameters, buffers, submodules and hooks count.
    """

    __slots__ = ("tables", "cells", "modules")

    def __init__(self, function: Callable, objects: list[Any]):
        # (dictionary, {name: plain value}, what it belongs to)
        self.tables: list[tuple[dict, dict[str, Any], str]] = []
        self.cells: list[tuple[Any, Any, str]] = []
        self.modules: list[tuple[Any, tuple]] = []
        seen: set[int] = set()
        bound = getattr(function, "__self__", None)
        objects = [*objects] if bound is None else [bound, *objects]
        for found in _functions(function):
            self._of_function(found, objects)
        for one in objects:
            self._of_object(one, seen, depth=2)

    def _of_function(self, function: types.FunctionType, objects: list[Any]) -> None:
        code, names = function.__code__, {}
        for cell, name in zip(function.__closure__ or (), code.co_freevars, strict=True):
            try:
                content = cell.cell_contents
            except ValueError:
                continue
            if type(content) in PLAIN:
                self.cells.append((cell, content, name))
            else:
                objects.append(content)
        for name in _names(code):
            content = function.__globals__.get(name, _ABSENT)
            if type(content) in PLAIN:
                names[name] = content
            elif content is not _ABSENT:
                objects.append(content)
        if names:
            self.tables.append((function.__globals__, names, "global"))

    def _of_object(self, one: Any, seen: set[int], depth: int) -> None:
        if id(one) in seen or isinstance(one, _UNSEEN) or type(one) in PLAIN:
            return
        seen.add(id(one))
        if type(one) in (list, tuple):
            for part in one:
                self._of_object(part, seen, depth)
            return
        members = getattr(one, "__dict__", None)
        if not isinstance(members, dict) or _kept_elsewhere(one):
            return
        kept = {name: member for name, member in members.items() if type(member) in PLAIN}
        if kept:
            self.tables.append((members, kept, type(one).__name__))
        if "_modules" in members and "_parameters" in members:
            self.modules.append((one, _parts(members)))
            for child in members["_modules"].values():
                self._of_object(child, seen, depth)
        if depth:
            for name, member in members.items():
                if hasattr(member, "__dict__") and name not in ("_modules", "_parameters"):
                    self._of_object(member, seen, depth - 1)

    def hold(self) -> bool:
        """Whether everything is as it was."""
        for table, kept, _ in self.tables:
            for name, value in kept.items():
                now = table.get(name, _ABSENT)
                if now is not value and (type(now) is not type(value) or now != value):
                    return False
        for cell, value, _ in self.cells:
            now = cell.cell_contents
            if now is not value and (type(now) is not type(value) or now != value):
                return False
        for module, parts in self.modules:
            if _parts(module.__dict__) != parts:
                return False
        return True

    def changed(self) -> list[str]:
        """The names of what is not as it was."""
        found = []
        for table, kept, owner in self.tables:
            for name, value in kept.items():
                now = table.get(name, _ABSENT)
                if type(now) is not type(value) or now != value:
                    found.append(f"{owner} {name}" if owner == "global" else f"{owner}.{name}")
        found += [name for cell, value, name in self.cells if cell.cell_contents != value]
        found += [
            f"the parts of {type(module).__name__}"
            for module, parts in self.modules
            if _parts(module.__dict__) != parts
        ]
        return found


def _kept_elsewhere(one: Any) -> bool:
    """Whether an object's plain attributes are no guards: optimizers and schedulers."""
    library = type(one).__module__.partition(".")[0]
    if library == "neurarust":
        return "_modules" not in one.__dict__
    return library in ("jax", "jaxlib", "numpy") or isinstance(one, Tensor)


def _parts(members: dict[str, Any]) -> tuple:
    """What a module consists of, and its hooks: names and identities."""
    hooks = members.get("_hooks")
    return (
        _ids(members["_parameters"]),
        _ids(members["_buffers"]),
        _ids(members["_modules"]),
        tuple([tuple(kept) for kept in hooks.values()]) if hooks else (),
    )


def _ids(table: dict[str, Any]) -> list[int]:
    return [*map(id, table.values())]


def _functions(function: Any) -> Iterator[types.FunctionType]:
    """The Python functions behind a callable."""
    function = getattr(function, "__func__", function)
    function = getattr(function, "func", function)
    if isinstance(function, types.FunctionType):
        yield function
        wrapped = getattr(function, "__wrapped__", None)
        if isinstance(wrapped, types.FunctionType):
            yield wrapped


def _names(code: types.CodeType) -> Iterator[str]:
    """The global names that a function and those inside it use."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
