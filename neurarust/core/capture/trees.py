"""Trees of Python containers: their leaves, and how they are put together again.

JAX's pytrees do the work. Beside what these know, dataclasses and subclasses of `dict` are opened,
and what is put together again has a dict's keys in their old order, where JAX has them sorted.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any

import jax

from ..tensor.tensor import Tensor


def is_tensor(one: Any) -> bool:
    return isinstance(one, Tensor)


def flatten(tree: Any) -> tuple[list, Any]:
    """The leaves of a tree of tuples, lists, dicts...; a Tensor is one."""
    try:
        marked = _marked(tree)
    except RecursionError:  # a dataclass that holds itself counts as itself
        marked = tree
    return jax.tree_util.tree_flatten(marked, is_leaf=is_tensor)


def keys_of(given: dict) -> list:
    """A dict's keys in the order of its leaves: sorted, if they can be."""
    try:
        return sorted(given)
    except TypeError:
        return [*given]


class _Form:
    """How a container is made: its type, its keys, and the names of its attributes."""

    __slots__ = ("kind", "keys", "names", "factory", "order")

    def __init__(self, kind: type, keys: list, names: list[str], factory: Any, order: list):
        self.kind, self.keys, self.names = kind, keys, names
        # What makes a missing entry.
        self.factory = factory
        # The keys as they were put in, which does not tell trees apart.
        self.order = order

    def __eq__(self, other: object) -> bool:
        mine = (self.kind, self.keys, self.names, self.factory)
        return isinstance(other, _Form) and mine == (
            other.kind, other.keys, other.names, other.factory
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.kind, *self.keys, *self.names))

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({', '.join(map(str, (*self.keys, *self.names)))})"

    def made(self, leaves: Sequence[Any]) -> Any:
        """The container with these as what it holds."""
        count = len(self.keys)
        entries = dict(zip(self.keys, leaves[:count], strict=True))
        attributes = dict(zip(self.names, leaves[count:], strict=True))
        if not issubclass(self.kind, dict):
            one = object.__new__(self.kind)
            for name, value in attributes.items():
                object.__setattr__(one, name, value)
            return one
        made: Any = self.kind.__new__(self.kind)
        if isinstance(made, defaultdict):
            made.default_factory = self.factory
        base: Any = OrderedDict if issubclass(self.kind, OrderedDict) else dict
        for key in self.order:
            base.__setitem__(made, key, entries[key])
        if attributes:
            vars(made).update(attributes)
        return made


class _Opened:
    """A container in the form of a node of JAX's."""

    __slots__ = ("form", "parts")

    def __init__(self, form: _Form, parts: list):
        self.form, self.parts = form, parts


jax.tree_util.register_pytree_node(
    _Opened, lambda one: (one.parts, one.form), lambda form, parts: form.made([*parts])
)


def _marked(tree: Any) -> Any:
    """A tree with the containers that JAX does not know, or sorts, in nodes of our own."""
    kind = type(tree)
    if kind is list:
        return [*map(_marked, tree)]
    if isinstance(tree, tuple):
        named = getattr(kind, "_make", None)
        if kind is tuple or named is not None:
            return (named or tuple)(map(_marked, tree))
        return tree
    if isinstance(tree, dict):
        attributes = getattr(tree, "__dict__", {})
    elif _is_record(tree):
        attributes = {one.name: getattr(tree, one.name) for one in dataclasses.fields(tree)}
        attributes |= getattr(tree, "__dict__", {})
    else:
        return tree
    keys = keys_of(tree) if isinstance(tree, dict) else []
    order = [*tree] if isinstance(tree, dict) else []
    factory = tree.default_factory if isinstance(tree, defaultdict) else None
    form = _Form(kind, keys, [*attributes], factory, order)
    held = [*[dict.__getitem__(tree, key) for key in keys], *attributes.values()]
    return _Opened(form, [*map(_marked, held)])


def _is_record(one: Any) -> bool:
    """Whether something is a dataclass's and no module, which counts as itself, nor JAX's."""
    if not dataclasses.is_dataclass(one) or isinstance(one, type):
        return False
    if "_parameters" in getattr(one, "__dict__", {}):
        return False
    return jax.tree_util.all_leaves([one]) and all(
        hasattr(one, each.name) for each in dataclasses.fields(one)
    )
