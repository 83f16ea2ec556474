"""Gradients by the tape, for functions that look at a value and so cannot be captured."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd import walk
from ..autograd.modes import enable_grad
from ..autograd.tape import Leaf, Tracked, next_number
from ..capture.trees import flatten, is_tensor
from ..engine.recording import state
from ..ops.conversion import clone
from ..ops.create import zeros_like
from ..ops.views import detach
from ..tensor.gradients import root_of
from ..tensor.tensor import Tensor, wrap
from .arguments import Chosen
from .calls import Passed

_looking: weakref.WeakSet = weakref.WeakSet()


def looks(function: Callable) -> bool:
    """Whether a function is known to look at values."""
    try:
        return function in _looking
    except TypeError:
        return False


def remember(function: Callable) -> None:
    """Notes that a function looks at values: the next call goes to the tape at once."""
    try:
        _looking.add(function)
    except TypeError:
        pass


class Taped:
    """A call on the tape, with ends of its own for the chosen arguments.

    Attributes:
        result: what the function returned, on the tape.
        ends: the tensors inside that stand for the chosen ones.
    """

    def __init__(self, function: Callable, given: Passed, chosen: Chosen):
        flat, tree = flatten((given.args, given.kwargs))
        places = [k for k, one in enumerate(flat) if is_tensor(one)]
        # What is tracked outside stays so; what is not begins here.
        self.outside = state.grad
        self.start = next_number()
        self.ends: list[Tensor] = []
        with enable_grad():
            for k in chosen.places:
                one = flat[places[k]]
                if self.outside and one.requires_grad:
                    inside = clone(one)
                else:
                    inside = detach(one).requires_grad_()
                self.ends.append(inside)
                flat[places[k]] = inside
            args, kwargs = tree.unflatten(flat)
            self.result = function(*args, **kwargs)

    def pull(
        self, outputs: Sequence[Tensor], cotangents: Sequence[Tensor | None], create_graph: bool
    ) -> list[Tensor]:
        """Gradients of the chosen arguments; zeros where none arrive."""
        roots = [
            root_of(one, given)
            for one, given in zip(outputs, cotangents, strict=True)
            if one.requires_grad
        ]
        targets = [one._edge for one in self.ends]
        found: list[Tracked | None] = [None] * len(targets)
        if roots:
            found = walk.backward(
                roots, retain_graph=True, create_graph=create_graph, targets=targets,
                accumulate_leaves=False,
            )  # fmt: skip
        return [
            zeros_like(end) if one is None else wrap(*one)
            for one, end in zip(found, self.ends, strict=True)
        ]

    def out(self, tree: Any) -> Any:
        """Results for the outside: on the tape only for what was tracked there."""
        leaves, structure = flatten(tree)
        return structure.unflatten([self._out(one) if is_tensor(one) else one for one in leaves])

    def _out(self, one: Tensor) -> Tensor:
        edge = one._current_edge()
        if edge is None or (self.outside and self._leads_out(edge[0])):
            return one
        return detach(one)

    def _leads_out(self, node: Any) -> bool:
        """Whether a leaf from before this call is behind a node."""
        seen, waiting = {node}, [node]
        while waiting:
            node = waiting.pop()
            if type(node) is Leaf and node.number < self.start:
                return True
            for edge in node.parents:
                if edge is not None and edge[0] not in seen:
                    seen.add(edge[0])
                    waiting.append(edge[0])
        return False
