"""Guards: the Python state that a traced function may have read, and whether it is still so."""

from __future__ import annotations

import enum
import functools
import types
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from operator import attrgetter, call, is_, itemgetter, methodcaller
from typing import Any

import numpy as np

from ..changes import Changes, Told
from ..tensor.tensor import Tensor
from .look import Look
from .reads import OURS, Codes, is_installed, names_of, of_library, within

PLAIN = frozenset({int, float, bool, str, bytes, type(None), complex})
# Attributes of modules that have a check of their own.
_PARTS = ("_parameters", "_buffers", "_modules")
# One that only `state_dict` reads.
_UNREAD = "_non_persistent_buffers_set"
# Of containers with more entries only the length counts, and entries that the code names.
_LARGEST = 1024
# Bytes up to which an array is compared as a whole, and elements compared of a larger one.
_WHOLE, _SAMPLE = 1 << 20, 512
# Objects looked at, and elements of containers.
_MOST = 20_000
_SEQUENCES = (list, tuple, set, frozenset, deque)
_MADE = attrgetter("__code__", "__defaults__", "__kwdefaults__")
_CONTENT = attrgetter("cell_contents", "cell_contents")
_apply: Callable[..., Any] = call
# What asking for an entry raises that is missing, or that another thread is about to add.
MISSING = (KeyError, AttributeError, ValueError, RuntimeError)


class Guards:
    """A snapshot of the Python values that a function's code can see.

    These are the global variables and variables of outer functions that it reads, and from there
    on the members that it names, of modules, classes and objects, the elements of containers, and
    the contents of NumPy arrays. Numbers and strings count by value, other objects by identity.
    Of `nn` modules everything counts: attributes, parameters, buffers, submodules and hooks.
    """

    __slots__ = (
        "entries", "labels", "sized", "lengths", "tables", "hooks", "arrays", "told", "changes",
        "getters", "holders", "values", "left",
    )  # fmt: skip

    def __init__(self, function: Callable, objects: Sequence[Any], codes: Codes | None):
        """Looks at everything.

        Args:
            objects: arguments that are no data.
            codes: the user's code that a call runs; None where that is not known, and everything
                that can be reached counts.
        """
        found = _Walk(function, objects, {} if codes is None else codes, codes is None)
        while found.reached:
            codes = found.codes | found.reached
            found = _Walk(function, objects, codes, True)
        self.changes = Changes.count
        # (what gives the entries, of what, the entries)
        self.entries: list[tuple[Callable, Any, tuple]] = []
        self.labels: list[tuple[str, Sequence[Any]]] = []
        # Dictionaries that may get a member that is missing, and names of those.
        self.tables: list[tuple[Mapping, frozenset]] = []
        for table, names, owner in found.tables.values():
            present = [name for name in names if name in table]
            self.tables.append((table, frozenset(names).difference(present)))
            if present:
                # One name more, since one alone gives no tuple.
                getter = itemgetter(*present, present[0])
                self._add(getter, table, owner, present)
        for other in found.others:
            self._add(*other)
        self.sized = [table for table, _ in self.tables] + found.containers
        self.lengths = [*map(len, self.sized)]
        self.hooks = [
            (members, _hooks(members), owner)
            for members, owner in found.modules
            if "_hooks" in members
        ]
        self._arrange()

    def _add(self, getter: Callable, holder: Any, owner: str, names: Sequence[Any]) -> None:
        self.entries.append((getter, holder, tuple(getter(holder))))
        self.labels.append((owner, names))

    def ran(self) -> None:
        """After the function ran: containers that it changed count no more.

        (`list.append` happens only while the Python runs. What it reads of its own effects shows
        in the numbers and operations of the next trace.)
        """
        count = len(self.tables)
        sized = self.sized[count:]
        kept = [k for k, one in enumerate(sized) if len(one) == self.lengths[count + k]]
        self.sized[count:] = [sized[k] for k in kept]
        self.lengths[count:] = [self.lengths[count + k] for k in kept]
        pairs = [
            (entry, label)
            for entry, label in zip(self.entries, self.labels, strict=True)
            if entry[0] not in (tuple, _contents) or _all_same(entry[0](entry[1]), entry[2])
        ]
        self.entries, self.labels = [one for one, _ in pairs], [one for _, one in pairs]
        self._arrange()
        # How it left everything.
        self.left = [tuple(_read(*entry[:2])) for entry in self.entries]

    def _arrange(self) -> None:
        """What `hold` asks, so that loops in C do most of it.

        A model of 24 blocks has 300 modules.
        """
        self.arrays = [one for one in self.entries if one[0] is _contents]
        # Dictionaries that say when they change.
        self.told = [one for one in self.entries if one[0] is _values]
        others = [one for one in self.entries if one[0] not in (_contents, _values)]
        self.getters = [getter for getter, _, _ in others]
        self.holders = [holder for _, holder, _ in others]
        self.values = [value for _, _, values in others for value in values]

    # ------------------------------------------------------------ asking

    def hold(self) -> bool:
        """Whether everything is as it was."""
        if self.changes != Changes.count and not self._same_parts():
            return False
        sized = self.sized
        try:
            if sized and [*map(len, sized)] != self.lengths and not self._same_members():
                return False
            now = [*chain.from_iterable(map(_apply, self.getters, self.holders))]
        except MISSING:
            return False
        if not all(map(is_, now, self.values)) and not _all_same(now, self.values):
            return False
        if self.arrays and not all(_contents(one) == known for _, one, known in self.arrays):
            return False
        if self.hooks:
            return all(_hooks(members) == hooks for members, hooks, _ in self.hooks)
        return True

    def write_out(self, look: Look) -> None:
        """Writes what `hold` asks, which it has just found to be so."""
        for one, length in zip(self.sized, self.lengths, strict=True):
            look.unless(f"len({look.name(one)}) == {length}")
        for getter, holder, _ in self.entries:
            if getter is _values:
                continue
            source, now = look.name(holder), getter(holder)
            if getter is _contents:
                look.unless(f"{look.name(getter)}({source}) == {look.name(now)}")
            elif isinstance(getter, itemgetter):
                for name, one in _named(getter, now):
                    look.unless(f"{source}[{look.name(name)}] is {look.name(one)}")
            elif isinstance(getter, attrgetter):
                for name, one in _named(getter, now):
                    look.unless(f"{source}.{name} is {look.name(one)}")
            else:
                elements = look.name(tuple(now))
                look.unless(f"same({look.name(getter)}({source}), {elements})")
        for members, hooks, _ in self.hooks:
            look.unless(f"{look.name(_hooks)}({look.name(members)}) == {look.name(hooks)}")

    def _same_parts(self) -> bool:
        """Whether modules and optimizers hold what they held, where something was changed."""
        count = Changes.count
        if not all(_all_same(tuple(getter(one)), known) for getter, one, known in self.told):
            return False
        self.changes = count
        return True

    def _same_members(self) -> bool:
        """Whether nothing that was missing is there now, where something was added elsewhere."""
        count = len(self.tables)
        if [*map(len, self.sized[count:])] != self.lengths[count:]:
            return False
        if not all(missing.isdisjoint(table) for table, missing in self.tables):
            return False
        self.lengths = [*map(len, self.sized)]
        return True

    def is_as_left(self) -> bool:
        """Whether everything is as the function left it when it ran."""
        if not self._same_members():
            return False
        now = [tuple(_read(*entry[:2])) for entry in self.entries]
        return all(map(_all_same, now, self.left))

    def changed(self) -> list[str]:
        """The names of what is not as it was."""
        found = []
        for (getter, holder, values), (owner, names) in zip(self.entries, self.labels, strict=True):
            now = _read(getter, holder)
            if len(now) != len(values):
                found.append(owner)
            elif names:
                pairs = zip(names, now, values, strict=False)
                found += [f"{owner}{name}" for name, *pair in pairs if not _same(*pair)]
            elif not _all_same(now, values):
                found.append(owner)
        found += [f"a hook of {owner}" for one, hooks, owner in self.hooks if _hooks(one) != hooks]
        return found


class _Walk:
    """Looks at everything that code can see, beginning at a function and its arguments."""

    def __init__(self, function: Callable, objects: Sequence[Any], codes: Codes, spreads: bool):
        """Looks.

        Args:
            spreads: whether functions that are met count as code that runs.
        """
        self.codes, self.spreads = codes, spreads
        self.reached: Codes = {}
        found = [names_of(code) for code in codes]
        self.members = frozenset[str]().union(*[one.members for one in found])
        self.dynamic = any(one.dynamic for one in found)
        # (dictionary, names that count, what they belong to)
        self.tables: dict[int, tuple[Mapping, dict[Any, None], str]] = {}
        # (what gives the entries, of what, what they belong to, their names)
        self.others: list[tuple[Callable, Any, str, Sequence[Any]]] = []
        self.containers: list[Any] = []
        self.modules: list[tuple[dict, str]] = []
        self.seen: dict[int, Any] = {}
        self.elements = 0
        self.waiting: list[Any] = [function, getattr(function, "__self__", None), *objects]
        for code, space in codes.items():
            self._table(space, names_of(code).variables, "global ")
        while self.waiting and len(self.seen) < _MOST:
            one = self.waiting.pop()
            if type(one) not in PLAIN and id(one) not in self.seen:
                self.seen[id(one)] = one
                self._look_at(one)

    def _look_at(self, one: Any) -> None:
        if isinstance(one, (np.generic, enum.Enum)):
            return
        if isinstance(one, Tensor):
            if vars(one):
                self._table(vars(one), self.members, "Tensor.")
        elif isinstance(one, _SEQUENCES):
            self._sequence(one)
        elif isinstance(one, dict):
            self._dictionary(one)
        elif isinstance(one, np.memmap):
            return
        elif isinstance(one, np.ndarray):
            if one.flags.writeable or one.base is not None:
                self.others.append((_contents, one, "a NumPy array", ()))
        elif isinstance(one, (bytearray, array)):
            self.others.append((_contents, one, f"a {type(one).__name__}", ()))
        elif isinstance(one, types.FunctionType):
            self._function(one)
        elif isinstance(one, types.MethodType):
            self.waiting += [one.__func__, one.__self__]
        elif isinstance(one, functools.partial):
            self.waiting += [one.func, one.args, one.keywords]
        elif isinstance(one, types.ModuleType):
            if not of_library(one.__name__):
                self._table(vars(one), self.members, f"{one.__name__}.")
        elif isinstance(one, type):
            self._class(one)
        else:
            self._object(one)

    def _table(self, table: Mapping, names: Iterable[Any], owner: str, inside: bool = True) -> None:
        """Entries that count of a dictionary that others may be added to.

        Args:
            inside: whether what is in them counts, too.
        """
        known = self.tables.setdefault(id(table), (table, {}, owner))[1]
        names = [name for name in names if name not in known]
        known.update(dict.fromkeys(names))
        if inside:
            self.waiting += [table[name] for name in names if name in table]

    def _sequence(self, one: Any) -> None:
        if small := self._is_small(one):
            self.waiting += one
        if not isinstance(one, (tuple, frozenset)):
            self.containers.append(one)
            if small and len(one):
                self.others.append((tuple, one, f"an element of a {type(one).__name__}", ()))
        self._attributes(one)

    def _dictionary(self, one: dict) -> None:
        self.containers.append(one)
        small, plain = self._is_small(one), type(one).__getitem__ is dict.__getitem__
        if plain and one:
            self._table(one, list(one) if small else self.members.intersection(one), "entry ")
        elif small and not plain:
            # It may make its entries when they are asked for.
            self.others.append((dict.values, one, f"an entry of a {type(one).__name__}", ()))
            self.waiting += dict.values(one)
        self._attributes(one)

    def _is_small(self, one: Any) -> bool:
        """Whether all elements of a container are compared."""
        if len(one) > _LARGEST or self.elements > _MOST:
            return False
        self.elements += len(one)
        return True

    def _attributes(self, one: Any) -> None:
        """Those of a container of the user's own type."""
        if type(one).__module__ != "builtins" and isinstance(getattr(one, "__dict__", None), dict):
            self._object(one)

    def _function(self, function: types.FunctionType) -> None:
        self.waiting.append(getattr(function, "__wrapped__", None))
        code = function.__code__
        if self.spreads and not is_installed(function.__module__):
            self.reached.update(
                {one: function.__globals__ for one in within(code) if one not in self.codes}
            )
        if code not in self.codes:
            return
        self.others.append((_MADE, function, f"the code or defaults of {function.__name__}", ()))
        for cell, name in zip(function.__closure__ or (), code.co_freevars, strict=True):
            try:
                self.waiting.append(cell.cell_contents)
            except ValueError:
                continue
            self.others.append((_CONTENT, cell, "", (name,)))
        self.waiting += [function.__defaults__, function.__kwdefaults__]
        if vars(function):
            self._table(vars(function), self.members, f"{function.__name__}.")

    def _class(self, one: type) -> None:
        for base in one.__mro__:
            if of_library(base.__module__):
                continue
            members = vars(base)
            self._table(members, self._named(members), f"{base.__name__}.")
            self.waiting += [
                function for member in members.values() for function in _functions(member)
            ]

    def _named(self, members: Mapping) -> frozenset:
        """Names that count of an object's members, there or not."""
        return self.members.union(members) if self.dynamic else self.members

    def _object(self, one: Any) -> None:
        kind, members = type(one), getattr(one, "__dict__", None)
        if isinstance(members, dict) and "_modules" in members and "_parameters" in members:
            self._module(members, kind)
        elif isinstance(members, dict):
            names = self.members if _is_ours(kind) else self._named(members)
            # (Of ChainMap, UserDict and UserList, what they are made of.)
            if kind.__module__ == "collections" or (
                hasattr(kind, "__getattr__") and not _is_ours(kind)
            ):
                names = names.union(members)
            self._table(members, names, f"{kind.__name__}.")
            if "param_groups" in members and "state" in members:
                self._optimizer(members, kind)
            # A jitted function stands for what it wraps.
            self.waiting.append(members.get("_function"))
        slots: list[str] = []
        if not of_library(kind.__module__):
            slots = [name for base in kind.__mro__ for name in _slots(base)]
            slots = [name for name in slots if self.dynamic or name in self.members]
            slots = [name for name in slots if hasattr(one, name)]
        if slots:
            getter = attrgetter(*slots, slots[0])
            self.others.append((getter, one, f"{kind.__name__}.", slots))
            self.waiting += getter(one)
        self.waiting.append(kind)

    def _optimizer(self, members: dict[str, Any], kind: type) -> None:
        """Which parameters an optimizer has, and the tensors of its state.

        Options are read again at each step.
        """
        state, groups = members["state"], members["param_groups"]
        self.containers.append(groups)
        self.others.append((tuple, groups, f"a group of {kind.__name__}", ()))
        for kept in (state, *state.values()):
            self._parts(kept, f"the state of {kind.__name__}")
        for group in groups:
            self.containers.append(group["params"])
            self.others.append((tuple, group["params"], f"a parameter of {kind.__name__}", ()))
        self._table(members, ("state", "param_groups"), f"{kind.__name__}.", inside=False)
        hooks = members.get("_hooks") or {}
        self.waiting += [hooks.get(name) for name in ("step_pre", "step_post")]

    def _module(self, members: dict[str, Any], kind: type) -> None:
        own = [name for name in members if name not in _PARTS]
        # (The package reads these, which may be missing.)
        names = self.members.union(own, ("forward", "_hooks")).difference(_PARTS, (_UNREAD,))
        self._table(members, names, f"{kind.__name__}.")
        self.modules.append((members, kind.__name__))
        for part in _PARTS:
            self._parts(members[part], f"a parameter, buffer or submodule of {kind.__name__}")
        self.waiting += members["_modules"].values()
        held = (*members["_parameters"].values(), *members["_buffers"].values())
        self.waiting += [one for one in held if one is not None and vars(one)]

    def _parts(self, held: dict[Any, Any], owner: str) -> None:
        """What modules and optimizers hold."""
        if isinstance(held, Told):
            self.others.append((_values, held, owner, ()))
        else:
            self.containers.append(held)
            self._table(held, list(held), f"{owner}: ", inside=False)


def _is_ours(kind: type) -> bool:
    """Whether a class is this package's."""
    return kind.__module__.partition(".")[0] == OURS


def _functions(member: Any) -> list[Any]:
    """The functions that a member of a class stands for."""
    if isinstance(member, property):
        return [member.fget]
    if isinstance(member, functools.cached_property):
        return [member.func]
    if isinstance(member, (classmethod, staticmethod)):
        return [member.__func__]
    return [member] if isinstance(member, types.FunctionType) else []


def _slots(kind: type) -> Sequence[str]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _named(getter: Callable, found: Sequence[Any]) -> list[tuple[str, Any]]:
    """What a getter of items or attributes found, with the names; a name alone is there twice."""
    names = getter.__reduce__()[1]
    return [*zip(names, found, strict=True)][: len(dict.fromkeys(names))]


def _read(getter: Callable, holder: Any) -> Any:
    """The entries; none if one is missing."""
    try:
        return getter(holder)
    except MISSING:
        return ()


def _contents(one: np.ndarray | bytearray | array) -> tuple:
    """What of an array is compared."""
    if not isinstance(one, np.ndarray):
        return len(one), bytes(one)
    if one.nbytes > _WHOLE:
        one = one.flat[:: max(1, one.size // _SAMPLE)]
    return one.shape, one.tobytes()


def _same(now: Any, value: Any) -> bool:
    if now is value:
        return True
    kind = type(now)
    if kind is not type(value):
        return False
    if kind in (float, complex):
        # (Zeros have signs, and NaN is like itself.)
        return repr(now) == repr(value)
    if kind is tuple:
        return _all_same(now, value)
    if isinstance(now, np.generic):
        return now.tobytes() == value.tobytes()
    return kind in PLAIN and now == value


def _all_same(now: Sequence[Any], values: Sequence[Any]) -> bool:
    return len(now) == len(values) and all(map(_same, now, values))


_values = methodcaller("values")


def _hooks(members: dict[str, Any]) -> tuple:
    """Which hooks a module has."""
    return tuple([tuple(kept) for kept in (members.get("_hooks") or {}).values()])
