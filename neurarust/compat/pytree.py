"""`torch.utils._pytree`: nested containers as lists of leaves. None is a leaf, as there."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

PyTree = Any
Context = Any

# type -> (its parts and what else makes it, how it is made again).
_KINDS: dict[Any, tuple[Callable, Callable]] = {
    list: (lambda x: (list(x), None), lambda parts, _: list(parts)),
    tuple: (lambda x: (list(x), None), lambda parts, _: tuple(parts)),
    deque: (lambda x: (list(x), x.maxlen), lambda parts, longest: deque(parts, maxlen=longest)),
    dict: (
        lambda x: (list(x.values()), list(x)),
        lambda parts, keys: dict(zip(keys, parts, strict=True)),
    ),
    OrderedDict: (
        lambda x: (list(x.values()), list(x)),
        lambda parts, keys: OrderedDict(zip(keys, parts, strict=True)),
    ),
    defaultdict: (
        lambda x: (list(x.values()), [x.default_factory, list(x)]),
        lambda parts, how: defaultdict(how[0], zip(how[1], parts, strict=True)),
    ),
}


def _named(tree: Any) -> bool:
    return isinstance(tree, tuple) and hasattr(type(tree), "_fields")


def register_pytree_node(cls: type, flatten_fn: Callable, unflatten_fn: Callable, **_: Any) -> None:
    """Opens a class: `flatten_fn(x)` gives (parts, context), `unflatten_fn(parts, context)` x."""
    if cls in _KINDS:
        raise ValueError(f"{cls} is already registered as pytree node.")
    _KINDS[cls] = (flatten_fn, unflatten_fn)


_register_pytree_node = register_pytree_node


@dataclass(frozen=True)
class TreeSpec:
    """The shape of a tree: its type, what else makes it, and its parts' shapes."""

    type: Any
    context: Any
    children_specs: list[TreeSpec] = field(default_factory=list)

    @property
    def num_leaves(self) -> int:
        return sum(one.num_leaves for one in self.children_specs)

    @property
    def num_children(self) -> int:
        return len(self.children_specs)

    def is_leaf(self) -> bool:
        return self.type is None

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        return tree_unflatten(leaves, self)


@dataclass(frozen=True)
class LeafSpec(TreeSpec):
    """The shape of a leaf."""

    type: Any = None
    context: Any = None

    @property
    def num_leaves(self) -> int:
        return 1


def _opened(tree: Any, is_leaf: Callable | None) -> tuple[list, TreeSpec] | None:
    """The parts of a container and its shape without theirs; None of a leaf."""
    if is_leaf is not None and is_leaf(tree):
        return None
    if _named(tree):
        return list(tree), TreeSpec(type(tree), type(tree))
    if type(tree) not in _KINDS:
        return None
    parts, context = _KINDS[type(tree)][0](tree)
    return list(parts), TreeSpec(type(tree), context)


def tree_flatten(tree: Any, is_leaf: Callable | None = None) -> tuple[list[Any], TreeSpec]:
    """The leaves in order, and what `tree_unflatten` makes a tree of them with."""
    opened = _opened(tree, is_leaf)
    if opened is None:
        return [tree], LeafSpec()
    leaves: list[Any] = []
    for part in opened[0]:
        found, spec = tree_flatten(part, is_leaf)
        leaves += found
        opened[1].children_specs.append(spec)
    return leaves, opened[1]


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """The tree of that shape with these leaves."""
    if not isinstance(treespec, TreeSpec):
        raise TypeError(
            f"tree_unflatten(leaves, treespec): Expected `treespec` to be instance of TreeSpec, "
            f"but got {type(treespec)}"
        )
    given = list(leaves)
    if len(given) != treespec.num_leaves:
        raise ValueError(
            f"tree_unflatten(leaves, treespec): `leaves` has length {len(given)} but the spec "
            f"refers to a pytree that holds {treespec.num_leaves} items"
        )
    return _made(iter(given), treespec)


def _made(leaves: Any, spec: TreeSpec) -> Any:
    if spec.is_leaf():
        return next(leaves)
    parts = [_made(leaves, one) for one in spec.children_specs]
    if spec.type in _KINDS:
        return _KINDS[spec.type][1](parts, spec.context)
    return spec.type(*parts)


def tree_leaves(tree: Any, is_leaf: Callable | None = None) -> list[Any]:
    """The leaves in order."""
    return tree_flatten(tree, is_leaf)[0]


tree_iter = tree_leaves


def tree_structure(tree: Any, is_leaf: Callable | None = None) -> TreeSpec:
    """The shape of a tree."""
    return tree_flatten(tree, is_leaf)[1]


def _beside(tree: Any, spec: TreeSpec) -> list[Any]:
    """What stands in a tree where another has its leaves."""
    if spec.is_leaf():
        return [tree]
    opened = _opened(tree, None)
    if opened is None or len(opened[0]) != spec.num_children or opened[1].type is not spec.type:
        raise ValueError(f"tree_map: expected a {spec.type.__name__} of {spec.num_children} "
                         f"parts as in the first tree, but got {tree!r}")  # fmt: skip
    parts = opened[0]
    if isinstance(tree, dict):
        keys = spec.context[1] if isinstance(tree, defaultdict) else spec.context
        if set(keys) != set(tree):
            raise ValueError(f"tree_map: expected the keys {list(keys)}, but got {list(tree)}")
        parts = [tree[key] for key in keys]
    return [x for part, one in zip(parts, spec.children_specs, strict=True)
            for x in _beside(part, one)]  # fmt: skip


def tree_map(func: Callable, tree: Any, *rests: Any, is_leaf: Callable | None = None) -> Any:
    """The tree of `func(leaf, *leaves of the others)`."""
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [_beside(one, spec) for one in rests]
    return tree_unflatten([func(*each) for each in zip(leaves, *others, strict=True)], spec)


def tree_map_(func: Callable, tree: Any, *rests: Any, is_leaf: Callable | None = None) -> Any:
    """Calls `func` for each leaf, and returns the tree as it was given."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def _is(kinds: Any, leaf: Any) -> bool:
    """Whether a leaf is of a type or of one of several, or what a function says."""
    return kinds(leaf) if isinstance(kinds, FunctionType) else isinstance(leaf, kinds)


def tree_map_only(kinds: Any, func: Callable, tree: Any, is_leaf: Callable | None = None) -> Any:
    """`tree_map` of the leaves of some types; the others stay."""
    return tree_map(lambda x: func(x) if _is(kinds, x) else x, tree, is_leaf=is_leaf)


def tree_all(pred: Callable, tree: Any, is_leaf: Callable | None = None) -> bool:
    """Whether all leaves are so."""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable, tree: Any, is_leaf: Callable | None = None) -> bool:
    """Whether any leaf is so."""
    return any(map(pred, tree_leaves(tree, is_leaf)))


def tree_map_only_(kinds: Any, func: Callable, tree: Any, is_leaf: Callable | None = None) -> Any:
    """Calls `func` for each leaf of some types, and returns the tree as it was given."""
    tree_map_only(kinds, func, tree, is_leaf)
    return tree


def tree_all_only(kinds: Any, pred: Callable, tree: Any, is_leaf: Callable | None = None) -> bool:
    """Whether all leaves of some types are so."""
    return all(pred(x) for x in tree_leaves(tree, is_leaf) if _is(kinds, x))


def tree_any_only(kinds: Any, pred: Callable, tree: Any, is_leaf: Callable | None = None) -> bool:
    """Whether any leaf of some types is so."""
    return any(pred(x) for x in tree_leaves(tree, is_leaf) if _is(kinds, x))


def tree_is_leaf(tree: Any, is_leaf: Callable | None = None) -> bool:
    """Whether it is not opened."""
    return _opened(tree, is_leaf) is None
