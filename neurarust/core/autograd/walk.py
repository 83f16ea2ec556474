"""The backward walk: from gradients of outputs to gradients of leaves, newest call first."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from ..engine.recording import state
from .tape import Edge, Leaf, Node, Tracked, accumulate

_by_number = attrgetter("number")


def backward(
    roots: Sequence[tuple[Edge, Tracked]],
    *,
    retain_graph: bool,
    create_graph: bool,
    targets: Sequence[Edge] | None = None,
    accumulate_leaves: bool = True,
) -> list[Tracked | None]:
    """Walks the tape once.

    Args:
        roots: edges to start from, each with its gradient.
        targets: edges whose gradients are wanted; with them only the part of the tape
            that leads there is walked. None walks all and fills every leaf.
        accumulate_leaves: whether leaves among the targets (or all) get their `.grad`.
    Returns:
        The gradients of `targets`, None where none arrived.
    """
    previous = state.grad
    state.grad = create_graph
    try:
        return _walk(roots, retain_graph, create_graph, targets, accumulate_leaves)
    finally:
        state.grad = previous


def _walk(
    roots: Sequence[tuple[Edge, Tracked]],
    retain_graph: bool,
    create_graph: bool,
    targets: Sequence[Edge] | None,
    accumulate_leaves: bool,
) -> list[Tracked | None]:
    nodes = _reachable(roots)
    found: dict[tuple[Any, int], Tracked] = {}
    wanted: set[tuple[Any, int]] = set()
    if targets is not None:
        wanted = {edge for edge in targets if edge is not None}
        useful = _leading_to(nodes, {edge[0] for edge in wanted})
        nodes = [node for node in nodes if node in useful]
    else:
        useful = None
    gradients: dict[Any, list[Tracked | None]] = {}
    for edge, tracked in roots:
        if edge is not None:
            _add(gradients, edge, tracked, create_graph)
    current = epoch = state.recording.number
    cuts: set[int] | None = None
    for node in nodes:
        given = gradients.pop(node, None)
        if given is None:
            continue
        if node.hooks is not None:
            _run_hooks(node, given)
        if wanted:
            for k, tracked in enumerate(given):
                if tracked is not None and (node, k) in wanted:
                    found[(node, k)] = tracked
        if type(node) is Leaf:
            if given[0] is not None and (accumulate_leaves or targets is None):
                if targets is None or (node, 0) in wanted:
                    node.accumulate(given[0], create_graph)
            continue
        if useful is not None and not any(
            edge is not None and edge[0] in useful for edge in node.parents
        ):
            continue
        if node.epoch != epoch:
            epoch = node.epoch
            if cuts is None:
                cuts = _cuts(nodes, current)
            if epoch in cuts:
                cuts.discard(epoch)
                state.recording.separate()
        pulled = node.pull(given, create_graph)
        if not retain_graph:
            node.release()
        for edge, tracked in zip(node.parents, pulled, strict=True):
            if edge is not None and tracked is not None:
                if useful is None or edge[0] in useful:
                    _add(gradients, edge, tracked, create_graph)
    return [found.get(edge) if edge is not None else None for edge in targets or ()]


def _reachable(roots: Sequence[tuple[Edge, Any]]) -> list[Any]:
    """Every node below the roots, newest first."""
    stack = [edge[0] for edge, _ in roots if edge is not None]
    seen = set(stack)
    while stack:
        for edge in stack.pop().parents:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    return sorted(seen, key=_by_number, reverse=True)


def _leading_to(nodes: list[Any], targets: set[Any]) -> set[Any]:
    """The nodes from which a target can be reached."""
    useful = set()
    for node in reversed(nodes):
        beyond = getattr(node, "beyond", None)
        if beyond is not None and not targets.isdisjoint(_reachable([(beyond, None)])):
            node.refuse()
        if node in targets or any(edge is not None and edge[0] in useful for edge in node.parents):
            useful.add(node)
    return useful


def _add(
    gradients: dict[Any, list[Tracked | None]], edge: tuple[Any, int], tracked: Tracked,
    create_graph: bool,
) -> None:  # fmt: skip
    node, k = edge
    slots = gradients.get(node)
    if slots is None:
        slots = gradients[node] = [None] * len(node.outputs())
    before = slots[k]
    slots[k] = tracked if before is None else accumulate(before, tracked, create_graph)


def _run_hooks(node: Any, given: list[Tracked | None]) -> None:
    for k, hooks in node.hooks.items():
        for hook in tuple(hooks):
            if given[k] is not None:
                given[k] = hook(given[k])


# Equal pieces of one program each that are small are run so many together.
TOGETHER, SMALL = 8, 64


def _cuts(nodes: list[Any], current: int) -> set[int]:
    """The programs before whose nodes what was recorded is run.

    A backward over many runs of one forward program then becomes many runs of one backward
    program, and not one unrolled program of its own for each number of runs. Small pieces of the
    same operations go together, `TOGETHER` at a time, and those left over one by one.
    """
    pieces: dict[int, list[tuple[Any, int]]] = {}
    for node in nodes:
        if isinstance(node, Node):
            # A captured function counts its calls.
            call = node.backward, getattr(node.signature, "size", 1)
        else:
            call = type(node), SMALL + 1  # the user's own, of any size
        if type(node) is not Leaf and node.epoch != current:
            pieces.setdefault(node.epoch, []).append(call)
    cuts = set()
    for calls, run in itertools.groupby(pieces, pieces.__getitem__):
        epochs = list(run)
        small = sum(size for _, size in calls) <= SMALL
        whole = len(epochs) // TOGETHER * TOGETHER if small else 0
        cuts.update(one for k, one in enumerate(epochs) if k >= whole or k % TOGETHER == 0)
        if next(iter(pieces)) == epochs[0] and not whole:
            cuts.discard(epochs[0])  # goes with the nodes of this recording
    return cuts
