"""How gradients flow through a captured function: which uses the tape followed, and its backward.

Where the tape consists of the recorded calls alone, the derivative of the calls is the gradient,
once uses that the tape did not follow stop it. Hooks and `autograd.Function`s are *special*: there
the walk over the tape is captured too, and becomes the pure function's own backward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..autograd.tape import Edge, Leaf, Node, Tracked, accumulate
from ..engine.recording import OUTPUT_BITS, OUTPUT_MASK, state
from ..engine.value import Value
from ..tensor.tensor import from_host
from .recording import ENTRY_BITS, Capture

CASTS = {"f": np.float64, "i": np.int64, "c": np.complex128}
Followed = dict[int, dict[int, Edge]]


class Tape:
    """The nodes behind a capture's results.

    Attributes:
        followed: entry -> {position of an input that the tape followed: its edge}.
        saving: entries that keep values for their backward.
        outer: the edges that lead out of the capture, each once.
        special: whether the gradient is not the derivative of the calls.
    """

    def __init__(self, recording: Capture, edges: Sequence[Edge], known: dict[Any, int]):
        self.recording = recording
        self.known = known
        self.followed: Followed = {}
        self.saving: set[int] = set()
        self.special = False
        self.nodes: list[Any] = []
        outer: dict[Any, None] = {}
        seen: set[Any] = set()
        waiting = list(edges)
        while waiting:
            edge = waiting.pop()
            if edge is None or self.ends(edge):
                continue
            if self.leads_out(edge):
                outer[edge] = None
            elif edge[0] not in seen:
                seen.add(edge[0])
                self._add(edge[0])
                waiting += edge[0].parents
        self.outer = list(outer)
        self.nodes.sort(key=lambda node: node.number, reverse=True)
        self.special = self.special or not self._agrees()

    def leads_out(self, edge: Any) -> bool:
        """Whether an edge leads to what was there before, or to an argument."""
        return edge[0].number <= self.recording.start or edge[0] in self.known

    def ends(self, edge: Any) -> bool:
        """Whether an edge leads to a leaf made inside."""
        return type(edge[0]) is Leaf and not self.leads_out(edge)

    def carries(self, edge: Edge) -> bool:
        """Whether an output with this edge has a gradient outside."""
        return edge is not None and not self.ends(edge)

    def _add(self, node: Any) -> None:
        self.nodes.append(node)
        if isinstance(node, Node) and node.epoch >> ENTRY_BITS == self.recording.identity:
            positions = node.backward.wanted
            self.followed[_entry(node)] = dict(zip(positions, node.parents, strict=True))
            if node.saved or node.released:
                self.saving.add(_entry(node))
        else:
            self.special = True
        if node.hooks:
            self.special = True

    def _agrees(self) -> bool:
        """Whether each followed value is what its edge says made it; forgets edges that end."""
        for index, followed in self.followed.items():
            references = self.recording.entries[index][1]
            for position, edge in list(followed.items()):
                reference = references[position]
                if edge is None or self.ends(edge):
                    del followed[position]
                elif self.leads_out(edge):
                    if reference >= 0:
                        return False
                elif reference != (_entry(edge[0]) << OUTPUT_BITS) | edge[1]:
                    return False
        return True

    def pull(self, roots: Sequence[tuple[Edge, Value]]) -> dict[Any, Tracked]:
        """Gradients of the outer edges from those of the roots: a walk that stays inside."""
        found: dict[Any, Tracked] = {}
        gradients: dict[Any, list[Tracked | None]] = {}

        def give(edge: Any, tracked: Tracked) -> None:
            if self.leads_out(edge):
                before = found.get(edge)
                found[edge] = tracked if before is None else accumulate(before, tracked, False)
            elif not self.ends(edge):
                slots = gradients.setdefault(edge[0], [None] * len(edge[0].outputs()))
                before = slots[edge[1]]
                slots[edge[1]] = tracked if before is None else accumulate(before, tracked, False)

        for edge, value in roots:
            give(edge, (value, None))
        for node in self.nodes:
            given = gradients.pop(node, None)
            if given is None:
                continue
            for k, hooks in (node.hooks or {}).items():
                for hook in tuple(hooks):
                    if given[k] is not None:
                        given[k] = hook(given[k])
            for edge, tracked in zip(node.parents, node.pull(given, False), strict=True):
                if edge is not None and tracked is not None:
                    give(edge, tracked)
        return found


def _entry(node: Any) -> int:
    """The entry that a node belongs to."""
    return node.epoch & ((1 << ENTRY_BITS) - 1)


# ------------------------------------------------------------------ a backward of its own


class Backward:
    """The captured walk over a special tape."""

    def __init__(self, recording: Capture, tape: Tape, roots: Sequence[Edge]):
        self.recording = recording
        self.positions = [k for k, edge in enumerate(roots) if edge is not None]
        inner = Capture(f"the backward of {recording.what}")
        given = [
            (edge, inner.input(edge[0].outputs()[edge[1]])) for edge in roots if edge is not None
        ]
        with inner:
            previous, state.grad = state.grad, False
            try:
                found = tape.pull(given)
            finally:
                state.grad = previous
        self.inner = inner
        self.gradients = {edge: inner.reference(value) for edge, (value, _) in found.items()}
        # What it reads of the forward; may add leaves to it.
        read = inner.leaf_values[len(given) :]
        self.sources = [recording.reference(one) for one in read if one is not None]

    def plan(self, targets: Sequence[Edge], leaves: list[int]) -> tuple:
        """What the backward does, as data; equal for captures of the same computation.

        Args:
            targets: the edge of each input.
            leaves: which leaf of the recording each input is.
        """
        # Numbers of the forward that its backward uses again are data there too.
        offsets: dict[int, int] = {}
        forward, total = [], 0
        for signature, references, numbers, _ in self.recording.entries:
            offsets.setdefault(id(numbers), total)
            total += len(numbers)
            forward.append((signature, references, len(numbers)))
        inner = [
            (signature, references, offsets.get(id(numbers), -1) if numbers else -1, numbers)
            for signature, references, numbers, _ in self.inner.entries
        ]
        gradients = [None if edge is None else self.gradients.get(edge) for edge in targets]
        return (
            tuple(forward), tuple(inner), tuple(self.sources), tuple(self.positions),
            tuple(gradients), tuple(leaves),
        )  # fmt: skip


def attached(function: Callable, plan: tuple) -> Callable:
    """A pure function with the backward of a plan."""
    forward, inner, sources, positions, gradients, leaves = plan
    place = {leaf: k for k, leaf in reversed(list(enumerate(leaves)))}

    def pull(flat: tuple, cotangents: tuple) -> tuple:
        numbers = flat[len(leaves) :]
        arrays = {leaf: flat[k] for leaf, k in place.items()}
        results: list[tuple] = []
        used = 0
        for signature, references, count in forward:
            inputs = [_read(one, arrays, results) for one in references]
            results.append(signature.function(*inputs, *numbers[used : used + count]))
            used += count
        given = [jnp.conj(cotangents[k]) for k in positions]
        given += [_read(one, arrays, results) for one in sources]
        known = dict(enumerate(given))
        made: list[tuple] = []
        for signature, references, begin, taken in inner:
            inputs = [_read(one, known, made) for one in references]
            if begin < 0:
                codes = signature.numbers
                again: Any = [CASTS[code](one) for code, one in zip(codes, taken, strict=True)]
            else:
                again = numbers[begin : begin + len(taken)]
            made.append(signature.function(*inputs, *again))
        found = [None if one is None else _read(one, known, made) for one in gradients]
        return (
            *[None if one is None else jnp.conj(one) for one in found],
            *[None] * len(numbers),
        )

    custom = jax.custom_vjp(function)
    custom.defvjp(lambda *flat: (custom(*flat), flat), pull)
    return custom


def _read(reference: int, leaves: dict[int, Any], results: list[tuple]) -> Any:
    if reference < 0:
        return leaves[-1 - reference]
    return results[reference >> OUTPUT_BITS][reference & OUTPUT_MASK]


def with_edges(tape: Tape, slots: list[tuple[int, Any]], given: int) -> list[tuple[int, Any]]:
    """The inputs of a special tape with its outer edges, each once."""
    recording = tape.recording
    leaf_of: dict[Any, int] = recording.leaves_of(tape.outer)
    for index, followed in tape.followed.items():
        for position, edge in followed.items():
            reference = recording.entries[index][1][position]
            if reference < 0:
                leaf_of.setdefault(edge, -1 - reference)
    slots = list(slots)
    for edge in tape.outer:
        if edge[0] in tape.known:
            continue
        place = (leaf_of.get(edge, -1), None)
        if place[0] >= given and place in slots:
            slots[slots.index(place)] = (place[0], edge)
        else:
            # Only the gradient's way out is needed: any value of its type will do.
            aval = edge[0].outputs()[edge[1]]
            zeros = from_host(np.zeros(aval.shape, aval.dtype.dtype), aval.device)
            slots.append((-1 - recording.leaf(zeros), edge))
    return slots
