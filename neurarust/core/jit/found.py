"""What a trace found: the outputs of the computation, and where each of them goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.tape import RELEASED, Edge, Leaf, next_number
from ..capture.function import Captured, compact
from ..capture.trees import flatten, is_tensor
from ..engine.value import Aval, Value
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor
from .trace import Trace


class Released:
    """The tape's end behind a result whose graph was freed by a backward inside."""

    __slots__ = ("avals", "number", "hooks", "__weakref__")

    parents: tuple[Edge, ...] = ()
    epoch = 0

    def __init__(self, avals: tuple[Aval, ...]):
        self.avals, self.number, self.hooks = avals, next_number(), None

    def outputs(self) -> tuple[Aval, ...]:
        return self.avals

    def name(self) -> str:
        return "JitBackward0"

    def pull(self, cotangents: list, create_graph: bool) -> list:
        raise RuntimeError(RELEASED)

    def release(self) -> None:
        """Nothing is saved."""


class Found:
    """What tracing a function found, before it becomes a plan: outputs and where they go."""

    def __init__(self, trace: Trace, result: list[Any], tensors: Sequence[Tensor]):
        """Inside the trace's context, right after the function returned.

        Args:
            result: a list with the result, emptied here: nobody else may hold it.
        """
        self.trace = trace
        self.argument_of = {id(one): k for k, one in enumerate(tensors)}
        self.outputs: list[tuple[Value, Edge]] = []
        # Outputs whose graph was freed inside.
        self.released: set[int] = set()
        self.leaves, self.tree = flatten(result.pop())
        # For each Tensor among the results what it is, as `_given` says.
        self.results: list[tuple[int, Any]] = []
        given: dict[int, Any] = {}
        for place, leaf in enumerate(self.leaves):
            if is_tensor(leaf):
                if id(leaf) not in given:
                    given[id(leaf)] = self._given(leaf)
                self.results.append((place, given[id(leaf)]))
                self.leaves[place] = None
            del leaf
        self.leaks = [(one, self._output(one)) for one in trace.leaked()]
        self._writes()
        self._edges()
        self._gradients()
        self.captured = Captured()
        self.captured.recording, self.captured.given = trace, 0
        compact(self.captured, self.outputs, {}, residuals=True)

    def _given(self, tensor: Tensor) -> Any:
        """A tensor's output; for one from outside itself, and -1 - k for argument k."""
        if id(tensor) in self.trace.born:
            return self._output(tensor)
        named = self.named(tensor)
        return -1 - named if type(named) is int else named

    def _output(self, tensor: Tensor) -> int:
        return self._add(tensor._value(), tensor._current_edge())

    def _add(self, value: Value, edge: Edge) -> int:
        if edge is not None and self._is_released(edge):
            self.released.add(len(self.outputs))
            edge = None
        self.outputs.append((value, edge))
        return len(self.outputs) - 1

    def _is_released(self, edge: Any) -> bool:
        waiting, seen = [edge[0]], {edge[0]}
        while waiting:
            node = waiting.pop()
            context = getattr(node, "context", None)
            if getattr(node, "released", False) or getattr(context, "_released", False):
                return True
            for parent in node.parents:
                if parent is not None and parent[0].number > self.trace.start:
                    if parent[0] not in seen:
                        seen.add(parent[0])
                        waiting.append(parent[0])
        return False

    def named(self, tensor: Tensor) -> Any:
        """A tensor from outside: the number of an argument, or itself."""
        return self.argument_of.get(id(tensor), tensor)

    def _writes(self) -> None:
        """Storages from outside that were written: (storage, output)."""
        trace = self.trace
        edges = {
            id(tensor._storage): tensor._edge
            for tensor, _ in trace.edges.values()
            if tensor._steps is None
        }
        self.written: list[tuple[Storage, int]] = []
        for storage, before, _ in list(trace.storages.values()):
            now = storage.value
            if now is before or trace.sources.get(-1 - now.ref) is storage and now.ref < 0:
                continue
            if trace.alive(storage):
                edge = edges.get(id(storage))
                inside = edge is not None and (
                    edge[0].number > trace.start and type(edge[0]) is not Leaf
                )
                self.written.append((storage, self._add(now, edge if inside else None)))

    def _edges(self) -> None:
        """Tensors whose place on the tape changed: (tensor, whether a leaf, or an output)."""
        outputs = {id(storage): k for storage, k in self.written}
        self.placed: list[tuple[Any, bool, int | None]] = []
        for tensor, before in self.trace.edges.values():
            now = tensor._edge
            if now is before or tensor._steps is not None:
                continue
            leaf = now is not None and type(now[0]) is Leaf
            output = outputs.get(id(tensor._storage)) if now is not None and not leaf else None
            self.placed.append((self.named(tensor), leaf, output))

    def _gradients(self) -> None:
        """Tensors whose `.grad` became another: (tensor, output, or a tensor from outside)."""
        self.gradients: list[tuple[Any, Any]] = []
        for tensor, before in self.trace.grads.values():
            now = tensor._grad
            if now is before:
                continue
            given = None if now is None else self._given(now)
            self.gradients.append((self.named(tensor), given))
