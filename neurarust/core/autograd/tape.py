"""The tape: which calls made which values, and how to pull gradients back through them.

A *tracked value* is a pair `(Value, edge)`; an edge `(node, k)` says "output k of this
node", and None that no gradient flows.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax.numpy as jnp

from ..engine.backward import Backward, derive
from ..engine.disk_cache import text_of
from ..engine.recording import record, state
from ..engine.signature import Reach, Signature, known
from ..engine.value import Aval, Value

Edge: TypeAlias = "tuple[Any, int] | None"
Tracked: TypeAlias = "tuple[Value, Edge]"

_numbers = itertools.count(1)
next_number = _numbers.__next__

RELEASED = (
    "Trying to backward through the graph a second time: the values saved for it were freed by "
    "the first backward. Give retain_graph=True to that one if you need to go through it twice"
)


class Node:
    """One recorded call that needs gradients."""

    __slots__ = (
        "signature", "backward", "saved", "numbers", "parents", "number", "epoch", "hooks",
        "inputs", "released", "__weakref__",
    )  # fmt: skip

    signature: Signature
    backward: Backward
    # What the backward reads: inputs of the call or residuals.
    saved: tuple[Value, ...]
    numbers: tuple
    # The edges of the inputs in `backward.wanted`.
    parents: tuple[Edge, ...]
    # Grows with creation: the walk goes from high to low.
    number: int
    # The number of the recording that the call was made in.
    epoch: int
    # Output index -> functions of the complete gradient.
    hooks: dict[int, list[Callable]] | None
    # All inputs, where `saved` holds residuals: a second derivative starts from them.
    inputs: tuple[Value, ...] | None

    def outputs(self) -> tuple[Aval, ...]:
        return self.signature.outputs

    def name(self) -> str:
        words = self.signature.name.replace(".", "_").split("_")
        return "".join(word[:1].upper() + word[1:] for word in words if word) + "Backward0"

    def pull(
        self, cotangents: list[Tracked | None], create_graph: bool
    ) -> Sequence[Tracked | None]:
        """The gradients of the inputs in `backward.wanted`; None where none flow."""
        if self.released:
            raise RuntimeError(RELEASED)
        backward, saved = self.backward, self.saved
        if not create_graph and len(cotangents) == 1:
            # A node of one output is only visited when its gradient has arrived.
            assert cotangents[0] is not None
            made = record(backward.signature, (*saved, cotangents[0][0]), self.numbers)
            return [(made, None)] if backward.signature.single else [(one, None) for one in made]
        if create_graph and self.inputs is not None:
            backward = _recomputing(self.signature, backward.wanted)
            saved = tuple([self.inputs[k] for k in backward.keep])
        given = []
        for k in backward.outputs:
            tracked = cotangents[k]
            if tracked is None:
                tracked = (zeros(self.signature.outputs[k]), None)
            given.append(tracked)
        values = [*saved, *[value for value, _ in given]]
        if not create_graph:
            made = record(backward.signature, values, self.numbers)
            if backward.signature.single:
                return [(made, None)]
            return [(value, None) for value in made]
        edges = [self.parents[k] if k >= 0 else None for k in backward.saved_parent]
        edges += [edge for _, edge in given]
        return apply(backward.signature, values, self.numbers, edges)

    def release(self) -> None:
        """Lets go of the saved values."""
        if self.saved:
            self.saved = ()
            self.inputs = None
            self.released = True


class MultiOutputNode(Node):
    """A call of a captured function with several outputs, which gradients may reach one by one."""

    __slots__ = ("walked", "freed")

    # Outputs that the last backward came from, and, as bits, calls inside whose values are freed.
    walked: list[Reach]
    freed: int

    def pull(
        self, cotangents: list[Tracked | None], create_graph: bool
    ) -> Sequence[Tracked | None]:
        reaches = self.signature.reaches
        assert reaches is not None
        pairs = zip(reaches, cotangents, strict=True)
        self.walked = [reached for reached, one in pairs if one is not None]
        if any(one.saving & self.freed for one in self.walked):
            raise RuntimeError(RELEASED)
        below = 0
        for one in self.walked:
            below |= one.inputs
        flows = [below >> k & 1 for k in self.backward.wanted]
        if not any(flows):
            return [None] * len(flows)
        pulled = super().pull(cotangents, create_graph)
        return [one if flow else None for one, flow in zip(pulled, flows, strict=True)]

    def release(self) -> None:
        """Lets go of the saved values, once there is no output left to go backward from."""
        for one in self.walked:
            self.freed |= one.saving
        reaches = self.signature.reaches or ()
        if all(one.saving & self.freed or not one.inputs for one in reaches):
            super().release()


class Leaf:
    """Where gradients of a tensor that nobody computed end."""

    __slots__ = ("number", "aval", "hooks", "post_hooks", "accumulate", "__weakref__")

    def __init__(self, aval: Aval, accumulate: Callable[[Tracked, bool], None]):
        self.number = next_number()
        self.aval = aval
        self.hooks: dict[int, list[Callable]] | None = None
        self.post_hooks: list[Callable] = []
        self.accumulate = accumulate

    parents: tuple[Edge, ...] = ()
    epoch = 0

    def outputs(self) -> tuple[Aval, ...]:
        return (self.aval,)

    def name(self) -> str:
        return "AccumulateGrad"


def _backward_of(signature: Signature, mask: tuple[bool, ...]) -> Backward:
    """Derives the Backward for the inputs in a mask; kept on the signature."""
    wanted = tuple(k for k, one in enumerate(mask) if one)
    found = signature.backwards[mask] = derive(signature, wanted, signature.residuals)
    return found


def _recomputing(signature: Signature, wanted: tuple[int, ...]) -> Backward:
    """The Backward that starts from the inputs, of a signature that saves residuals."""
    key = ("recomputing", wanted)
    found = signature.backwards.get(key)
    if found is None:
        found = signature.backwards[key] = derive(signature, wanted, residuals=False)
    return found


def apply_tracked(
    signature: Signature, values: Sequence[Value], numbers: tuple, edges: Sequence[Edge]
) -> tuple[Any, Node | None]:
    """Records a call; with its node if gradients are to flow to an input."""
    mask = tuple(map(bool, edges))
    if True not in mask or not signature.tracks or not state.grad:
        return record(signature, values, numbers), None
    backward = signature.backwards.get(mask) or _backward_of(signature, mask)
    if signature.reaches is None:
        node = Node()
    else:
        node = MultiOutputNode()
        node.freed = 0
    if backward.forward is None:
        outputs = record(signature, values, numbers)
        if backward.keeps_all:
            node.saved = tuple(values)
        else:
            node.saved = tuple([values[k] for k in backward.keep])
        node.inputs = None
    else:
        made = record(backward.forward, values, numbers)
        made = (made,) if backward.forward.single else made
        outputs = made[: len(signature.outputs)]
        if signature.single:
            outputs = outputs[0]
        node.saved = made[len(signature.outputs) :]
        node.inputs = tuple(values)
    node.signature = signature
    node.backward = backward
    node.numbers = numbers
    node.parents = tuple(filter(None, edges))
    node.number = next_number()
    node.epoch = state.recording.number
    node.hooks = None
    node.released = False
    return outputs, node


def apply(
    signature: Signature, values: Sequence[Value], numbers: tuple, edges: Sequence[Edge]
) -> list[Tracked]:
    """`apply_tracked`, with the outputs as tracked values."""
    outputs, node = apply_tracked(signature, values, numbers, edges)
    made = (outputs,) if signature.single else outputs
    if node is None:
        return [(value, None) for value in made]
    return [(value, (node, k) if signature.inexact[k] else None) for k, value in enumerate(made)]


# ------------------------------------------------------------------ small signatures of our own

_zeros: dict[Aval, Signature] = {}
_ones: dict[Aval, Signature] = {}
_sums: dict[Aval, Signature] = {}


def _constant(table: dict[Aval, Signature], name: str, make: Callable, aval: Aval) -> Value:
    signature = table.get(aval)
    if signature is None:
        signature = table[aval] = known(
            f"{name}@{text_of(aval)}",
            lambda: Signature(
                name, lambda: (make(aval.shape, aval.dtype.dtype),), (), device=aval.device
            ),
        )
    return record(signature, (), ())


def zeros(aval: Aval) -> Value:
    """A recorded array of zeros."""
    return _constant(_zeros, "zeros", jnp.zeros, aval)


def ones(aval: Aval) -> Value:
    """A recorded array of ones."""
    return _constant(_ones, "ones", jnp.ones, aval)


def accumulate(first: Tracked, second: Tracked, create_graph: bool) -> Tracked:
    """The sum of two gradients of one value."""
    aval = first[0].aval
    signature = _sums.get(aval)
    if signature is None:
        signature = _sums[aval] = known(
            f"accumulate@{text_of(aval)}",
            lambda: Signature("accumulate", lambda a, b: (a + b,), (aval, aval)),
        )
    if not create_graph:
        return record(signature, (first[0], second[0]), ()), None
    return apply(signature, (first[0], second[0]), (), (first[1], second[1]))[0]
