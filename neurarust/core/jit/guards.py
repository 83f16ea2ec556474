"""Guards: the Python state that a traced function may have read, and whether it is still so."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from operator import is_, itemgetter, methodcaller
from typing import Any

from ..tensor.tensor import Tensor

PLAIN = frozenset({int, float, bool, str, type(None), complex})
# Attributes of modules that have a check of their own.
_PARTS = ("_parameters", "_buffers", "_modules")
_OURS = __name__.partition(".")[0]
# Dictionaries with more entries than this hold data.
_LARGEST = 64
_ABSENT = object()


class Guards:
    """A snapshot of plain values that the function can see.

    These are variables of the function and of the user's functions that it names, entries of
    dictionaries, and attributes of objects; of modules also the parameters, buffers,
    submodules and hooks.
    """

    __slots__ = ("tables", "cells", "parts", "hooks", "seen", "entries", "empty", "full", "bare")

    def __init__(self, function: Callable, objects: list[Any]):
        # (dictionary, {name: plain value}, what it belongs to)
        self.tables: dict[int, tuple[dict, dict[str, Any], str]] = {}
        self.cells: list[tuple[Any, Any, str]] = []
        # (dictionary of a module, the identities of what it holds, the module's type)
        self.parts: list[tuple[dict, list[int], str]] = []
        self.hooks: list[tuple[dict, tuple, str]] = []
        self.seen: set[int] = set()
        bound = getattr(function, "__self__", None)
        self._look_at(function, 3)
        for one in [bound, *objects]:
            self._look_at(one, 3)
        self.seen.clear()
        self._arrange()

    def _arrange(self) -> None:
        """What `hold` asks, so that it takes a loop in C for most of it.

        A model of 24 blocks has 300 modules, with 5 dictionaries each.
        """
        # (the entries' getter, dictionary, values)
        self.entries: list[tuple[Any, dict, tuple]] = []
        for table, kept, _ in self.tables.values():
            # One name more, since one alone gives no tuple.
            names = [*kept, next(iter(kept))]
            self.entries.append((itemgetter(*names), table, (*kept.values(), kept[names[-1]])))
        self.empty = [table for table, identities, _ in self.parts if not identities]
        self.full = [
            (table.values(), identities) for table, identities, _ in self.parts if identities
        ]
        self.bare = [members for members, hooks, _ in self.hooks if not hooks]

    def _look_at(self, one: Any, depth: int) -> None:
        kind = type(one)
        if id(one) in self.seen or kind in PLAIN or depth < 0 or isinstance(one, (type, Tensor)):
            return
        self.seen.add(id(one))
        if kind in (list, tuple, set):
            for part in one if len(one) <= _LARGEST else ():
                self._look_at(part, depth - 1)
        elif kind is dict:
            if len(one) <= _LARGEST:
                self._table(one, [*one], "entry")
                for part in one.values():
                    self._look_at(part, depth - 1)
        elif isinstance(one, types.FunctionType):
            self._of_function(one, depth)
        elif isinstance(one, types.MethodType):
            self._look_at(one.__func__, depth)
            self._look_at(one.__self__, depth)
        elif not isinstance(one, (types.ModuleType, types.BuiltinFunctionType)):
            self._of_object(one, depth)

    def _table(self, table: dict, names: list, owner: str) -> None:
        kept = {name: table[name] for name in names if type(table.get(name, _ABSENT)) in PLAIN}
        if kept:
            known = self.tables.setdefault(id(table), (table, {}, owner))
            known[1].update(kept)

    def _of_function(self, function: types.FunctionType, depth: int) -> None:
        if _of_library(function.__module__):
            return
        code = function.__code__
        for cell, name in zip(function.__closure__ or (), code.co_freevars, strict=True):
            try:
                content = cell.cell_contents
            except ValueError:
                continue
            if type(content) in PLAIN:
                self.cells.append((cell, content, name))
            else:
                self._look_at(content, depth)
        space = function.__globals__
        names = [name for name in _names(code) if name in space]
        self._table(space, names, "global")
        for name in names:
            self._look_at(space[name], depth - 1)
        for default in (*(function.__defaults__ or ()), getattr(function, "__wrapped__", None)):
            self._look_at(default, depth - 1)

    def _of_object(self, one: Any, depth: int) -> None:
        members = getattr(one, "__dict__", None)
        if not isinstance(members, dict):
            return
        kind, is_module = type(one), "_modules" in members and "_parameters" in members
        if kind.__module__.partition(".")[0] == _OURS and not is_module:
            # Optimizers and schedulers keep their state where it is read again; a jitted
            # function stands for what it wraps.
            self._look_at(members.get("_function"), depth)
            return
        self._table(members, [*members], kind.__name__)
        if is_module:
            for part in _PARTS:
                held = [*map(id, members[part].values())]
                self.parts.append((members[part], held, kind.__name__))
            self.hooks.append((members, _hooks(members), kind.__name__))
            for child in members["_modules"].values():
                self._look_at(child, depth)
        elif _of_library(kind.__module__):
            return
        for base in kind.__mro__:
            if not _of_library(base.__module__):
                for method in [*vars(base).values()]:
                    if isinstance(method, types.FunctionType):
                        self._look_at(method, depth - 1)
        for name, member in [*members.items()]:
            if name not in _PARTS and type(member) not in PLAIN:
                self._look_at(member, depth - 1)

    # ------------------------------------------------------------ asking

    def hold(self) -> bool:
        """Whether everything is as it was."""
        for getter, table, values in self.entries:
            try:
                now = getter(table)
            except KeyError:
                return False
            if not all(map(is_, now, values)) and not all(map(_same, now, values)):
                return False
        for cell, value, _ in self.cells:
            if cell.cell_contents is not value and not _same(cell.cell_contents, value):
                return False
        if any(self.empty) or any(map(_get_hooks, self.bare)) and self._has_hooks():
            return False
        for held, identities in self.full:
            if [*map(id, held)] != identities:
                return False
        if len(self.bare) < len(self.hooks):
            return all(_hooks(members) == hooks for members, hooks, _ in self.hooks)
        return True

    def _has_hooks(self) -> bool:
        return any(map(_hooks, self.bare))

    def changed(self) -> list[str]:
        """The names of what is not as it was."""
        found = []
        for table, kept, owner in self.tables.values():
            for name, value in kept.items():
                if not _same(table.get(name, _ABSENT), value):
                    plain = owner in ("global", "entry")
                    found.append(f"{owner} {name}" if plain else f"{owner}.{name}")
        found += [name for cell, value, name in self.cells if not _same(cell.cell_contents, value)]
        for table, identities, owner in self.parts:
            if [*map(id, table.values())] != identities:
                found.append(f"a parameter, buffer or submodule of {owner}")
        for members, hooks, owner in self.hooks:
            if _hooks(members) != hooks:
                found.append(f"a hook of {owner}")
        return found


def _same(now: Any, value: Any) -> bool:
    return now is value or (type(now) is type(value) and now == value)


@functools.cache
def _of_library(module: str | None) -> bool:
    """Whether a module is this package, Python's own, or installed: no code of the user's."""
    top = (module or "builtins").partition(".")[0]
    if top in (_OURS, "builtins") or top in sys.stdlib_module_names:
        return True
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return "site-packages" in file or "dist-packages" in file


_get_hooks = methodcaller("get", "_hooks")


def _hooks(members: dict[str, Any]) -> tuple:
    """Which hooks a module has."""
    return tuple([tuple(kept) for kept in (_get_hooks(members) or {}).values()])


def _names(code: types.CodeType) -> Iterator[str]:
    """The names that a function and those inside it look up outside."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)
