"""What a later call of a jitted function does: read cells, record one call, write back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.tape import Edge, Leaf, apply_tracked
from ..capture.function import Captured
from ..changes import Changes
from ..engine.interrupts import uninterrupted
from ..engine.recording import record, state, synchronize
from ..engine.value import Value
from ..ops.random import key_on
from ..random import Stream
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor, wrap
from .found import Found, Released
from .look import Look
from .places import ARGUMENT, CELL, GRADIENT, KEY, gradient_of, resolved, storage_of
from .straight import TRUSTED, Straight
from .trace import Trace


class Plan:
    """A traced function, ready to be called again.

    It holds storages and tensors, but no Values: what a call overwrites is held by nobody.
    """

    def __init__(self, found: Found, tensors: Sequence[Tensor], views: dict[int, int]):
        """After the trace gave every cell back what it held.

        Args:
            views: leaf -> the argument, for arguments that are views.
        """
        trace, captured = found.trace, found.captured
        self.signature = captured.signature
        self.avals = [trace.leaf_avals[leaf] for leaf in captured.leaves]
        self.ended = trace.ended
        self.key = captured.key
        self.calls = [trace.entries[index][0] for index in captured.entries]
        self.call_lines = [trace.lines[index] for index in captured.entries]
        gradients = {
            id(one._storage): found.named(tensor)
            for tensor, one in trace.first_grads.values()
            if one is not None
        }
        arguments = {id(one._storage): k for k, one in enumerate(tensors) if one._steps is None}

        def place(storage: Storage) -> tuple[int, Any]:
            if id(storage) in arguments:
                return ARGUMENT, arguments[id(storage)]
            if id(storage) in gradients:
                return GRADIENT, gradients[id(storage)]
            return CELL, storage

        nothing = Storage(Value())
        self.cells: list[Storage] = []
        self.places: list[tuple[int, Any]] = []
        self.views: list[tuple[int, int]] = []
        self.keys: list[tuple[int, Stream]] = []
        for slot, leaf in enumerate(captured.leaves):
            storage = trace.sources.get(leaf)
            if leaf in views:
                self.views.append((slot, views[leaf]))
                place_ = (ARGUMENT, views[leaf])
            elif storage is None:
                value = captured.values[slot]
                if id(value) not in trace.constants:
                    trace.refuse("a value from outside was used that belongs to no tensor")
                place_ = (CELL, Storage(value))
            elif (stream := _stream_of(trace, storage)) is not None:
                self.keys.append((slot, stream))
                place_ = (KEY, stream)
            else:
                place_ = place(storage)
            self.places.append(place_)
            self.cells.append(place_[1] if isinstance(place_[1], Storage) else nothing)
        # Inputs that are arrays made inside from Python data.
        self.constant = [
            kind == CELL and id(what) in trace.born_storages for kind, what in self.places
        ]
        self.moving = [
            (slot, kind, what)
            for slot, (kind, what) in enumerate(self.places)
            if kind in (ARGUMENT, GRADIENT) and (slot, what) not in self.views
        ]
        owners = [None if edge is None else trace.owners[edge] for edge in captured.edges]
        for one in owners:
            if one is not None and one._steps is not None and id(one) not in found.argument_of:
                trace.refuse(
                    "gradients flow from its results to a leaf that is a view of other memory, as "
                    "nn.Parameter(x.t()) is. Give it its own: nn.Parameter(x.t().clone())"
                )
        self.edges = [
            (slot, found.named(one)) for slot, one in enumerate(owners) if one is not None
        ]
        self.targets = [(*place(storage), output) for storage, output in found.written]
        # (Arguments and gradients are others at the next call.)
        passing = {id(one) for kept in (trace.first_grads, trace.grads) for _, one in kept.values()}
        passing.update(found.argument_of)
        flags = [pair for key, pair in trace.flags.items() if key not in passing]
        self.flag_tensors = [one for one, _ in flags]
        self.flags = [flag for _, flag in flags]
        # Tensors with their storages and how they look at them, and hooks, when `changes` was so.
        self.holders = [
            (tensor, storage, tensor._steps)
            for key, (tensor, storage) in trace.holders.items()
            if key not in passing
        ]
        self.hooks = [_hooks(one) for one in self.flag_tensors]
        self.changes = Changes.count
        self.grad_owners = [found.named(one) for one, _ in trace.first_grads.values()]
        self.grads_of_arguments = int in map(type, self.grad_owners)
        self.grad_flags = [_grad_flag(one) for _, one in trace.first_grads.values()]
        self.no_grads = {*self.grad_flags} == {None}
        # Arguments that are views, and how they lie: (argument, whether where they begin counts).
        self.layouts = [(found.argument_of[one], whole) for one, whole in trace.layouts.items()]
        self.laid_out = self._laid_out(tensors)
        self._numbers(trace, captured)
        self.results = found.results
        self.leaves, self.tree = found.leaves, found.tree
        made = [pair for pair in found.results if type(pair[1]) is int]
        self.single = made == [(0, 0)] and _is_leaf(found.tree)
        self.released = found.released
        self.gradients, self.placed = found.gradients, found.placed
        # How a call that runs alone goes straight to its program, once there was one.
        self.straight: Straight | None = None
        # The last one, while a call is recorded to see whether it still runs alone.
        self.doubted: Straight | None = None
        self.trusted = TRUSTED

    def _numbers(self, trace: Trace, captured: Captured) -> None:
        """Which numbers are read again, from what, and what else happens at each call."""
        self.numbers = list(captured.numbers)
        self.constants = tuple(self.numbers)
        # What was read at the last call, and the numbers with it: mostly the same ones.
        self.read_last: list[tuple[int, Sequence[float]]] = []
        self.numbers_last = self.constants
        self.lines: list[tuple[str, str]] = []
        streams: dict[Stream, list[int]] = {}
        for counter in sorted(trace.draws):
            streams.setdefault(trace.draws[counter], []).append(counter)
        self.streams = [(stream, len(counters)) for stream, counters in streams.items()]
        offsets = {
            counter: (number, offset)
            for number, counters in enumerate(streams.values())
            for offset, counter in enumerate(counters)
        }
        # (position, number of the stream, offset)
        self.drawn: list[tuple[int, int, int]] = []
        self.fixed: list[int] = []
        reads: list[tuple[tuple[int, int], int, Any, Any]] = []
        for index in captured.entries:
            signature, _, numbers = trace.entries[index][:3]
            begin = len(self.lines)
            self.lines += [(signature.name, trace.lines[index])] * len(numbers)
            if index in trace.rereads:
                again, _, key = trace.rereads[index]
                reads.append(((index, 1), begin, again, key))
                continue
            for offset, number in enumerate(numbers):
                if number in offsets and type(number) is int:
                    self.drawn.append((begin + offset, *offsets[number]))
                else:
                    self.fixed.append(begin + offset)
        actions: list[Any] = [*reads]
        actions += [((entries, 0), -1, run, None) for entries, run, _ in trace.effects]
        self.actions = [one[1:] for one in sorted(actions, key=lambda one: one[0])]
        first = next((k for k, one in enumerate(self.actions) if one[0] < 0), len(self.actions))
        # Those that have to be asked for their key before anything happens.
        self.late = [one for one in self.actions[first:] if one[0] >= 0]

    # ------------------------------------------------------------ calling

    def accepts(self, tensors: Sequence[Tensor]) -> bool:
        """Whether the state outside is what the plan was made for."""
        if self.flags and [one._edge is not None for one in self.flag_tensors] != self.flags:
            return False
        if self.changes != Changes.count and not self._follows():
            return False
        if self.layouts and self._laid_out(tensors) != self.laid_out:
            return False
        if self.grad_owners:
            owners: list[Tensor] = self.grad_owners
            if self.grads_of_arguments:
                owners = [resolved(one, tensors) for one in owners]
            if self.no_grads:
                return not any([one._grad is not None for one in owners])
            return [_grad_flag(one._grad) for one in owners] == self.grad_flags
        return True

    def _follows(self) -> bool:
        """Whether tensors that were given other memory can be followed there; hooks cannot."""
        count = Changes.count
        if [_hooks(one) for one in self.flag_tensors] != self.hooks:
            return False
        moved: dict[int, Storage] = {}
        for tensor, before, steps in self.holders:
            now = tensor._storage
            if tensor._steps is not steps or moved.setdefault(id(before), now) is not now:
                return False
            other = now.value.aval is not before.value.aval
            if now is not before and (other or steps is not None):
                return False
        # Those that shared memory still do, and no others.
        if len({*map(id, moved.values())}) < len(moved):
            return False
        self.holders = [(one, moved[id(before)], steps) for one, before, steps in self.holders]
        self.cells = [moved.get(id(one), one) for one in self.cells]
        self.places = [_moved(moved, *one) for one in self.places]
        self.targets = [(*_moved(moved, *one[:2]), one[2]) for one in self.targets]
        self.straight = self.doubted = None
        self.changes = count
        return True

    def _laid_out(self, tensors: Sequence[Tensor]) -> list[tuple]:
        """How the views among the arguments lie in memory, as far as that counts."""
        return [
            (tensors[k].stride(), whole and tensors[k].storage_offset())
            for k, whole in self.layouts
        ]

    def read(self, tensors: Sequence[Tensor]) -> list[Value] | None:
        """The inputs' Values; None if one has another type than the plan was made for."""
        cells = self.cells.copy()
        for slot, kind, what in self.moving:
            cells[slot] = tensors[what]._storage if kind == ARGUMENT else gradient_of(what, tensors)
        for slot, stream in self.keys:
            words, _ = stream.take(0)
            cells[slot] = key_on(words.tobytes(), self.signature.device)._storage
        values = [one.value for one in cells]
        for slot, k in self.views:
            values[slot] = tensors[k]._value()
        return values if [one.aval for one in values] == self.avals else None

    def write_out(self, look: Look) -> list[str]:
        """Writes what `accepts` asks and `read` gets, of `tensors`; what the Values are called."""
        for tensor, flag in zip(self.flag_tensors, self.flags, strict=True):
            look.unless(f"{look.name(tensor)}._edge is {'not ' if flag else ''}None")
        if self.layouts:
            look.unless(f"{look.name(self._laid_out)}(tensors) == {look.name(self.laid_out)}")
        for owner, flag in zip(self.grad_owners, self.grad_flags, strict=True):
            gradient = f"{_source(look, owner)}._grad"
            known = f"{look.name(_grad_flag)}({gradient}) is {flag}"
            look.unless(f"{gradient} is None" if flag is None else known)
        streams, viewed = dict(self.keys), dict(self.views)
        names = []
        for slot, ((kind, what), aval) in enumerate(zip(self.places, self.avals, strict=True)):
            name = f"value_{slot}"
            names.append(name)
            if slot in viewed:
                look.let(name, f"tensors[{viewed[slot]}]._value()")
            elif slot in streams:
                words, _ = streams[slot].take(0)
                look.unless(f"{look.name(streams[slot])}.words is {look.name(words)}")
                key = key_on(words.tobytes(), self.signature.device)
                look.let(name, f"{look.name(key._storage)}.value")
            elif kind == CELL:
                look.let(name, f"{look.name(what)}.value")
            elif kind == ARGUMENT:
                look.let(name, f"tensors[{what}]._storage.value")
            else:
                look.let(name, f"{_source(look, what)}._grad._storage.value")
            look.unless(f"{name}.aval is {look.name(aval)}")
        return names

    def numbers_now(self) -> tuple | None:
        """The numbers, read again; None if an optimizer's options ask for another computation."""
        if not self.actions and not self.streams:
            # The same tuple each time, which need not be packed again.
            return self.constants
        if not self.actions:
            numbers = self.numbers.copy()
            self._draw(numbers)
            return tuple(numbers)
        for _, again, key in self.late:
            if again()[1] != key:
                return None
        read = []
        for begin, action, key in self.actions:
            if begin < 0:
                action()
                continue
            found, now = action()
            if now != key:
                return None
            read.append((begin, found))
        if not self.streams and len(read) == len(self.read_last) and all(
            one is other for (_, one), (_, other) in zip(read, self.read_last, strict=True)
        ):  # fmt: skip
            return self.numbers_last
        numbers = self.numbers.copy()
        for begin, found in read:
            numbers[begin : begin + len(found)] = found
        self._draw(numbers)
        self.read_last, self.numbers_last = read, tuple(numbers)
        return self.numbers_last

    def _draw(self, numbers: list) -> None:
        firsts = [stream.take(count)[1] for stream, count in self.streams]
        for position, number, offset in self.drawn:
            numbers[position] = firsts[number] + offset

    def write_numbers(self, look: Look) -> tuple[list[str], list[str]]:
        """Writes the numbers of a plan without actions: lines that draw, and each number."""
        lines = [
            f"first_{k} = {look.name(stream.take)}({count})[1]"
            for k, (stream, count) in enumerate(self.streams)
        ]
        numbers = [*map(look.name, self.numbers)]
        for position, k, offset in self.drawn:
            numbers[position] = f"first_{k} + {offset}"
        return lines, numbers

    def first_numbers(self) -> tuple:
        """The numbers of the call that was traced."""
        numbers = self.numbers.copy()
        self._draw(numbers)
        return tuple(numbers)

    def call(
        self, values: list[Value], numbers: tuple, tensors: Sequence[Tensor], leaks: Sequence = ()
    ) -> Any:
        """Records the call, writes back, and returns the results. Empties `values`.

        If the function ends the unit of work, that runs.

        Args:
            leaks: (tensor made inside that somebody holds, its output).
        """
        if not self.targets and not self.ended:
            return self._record(values, numbers, tensors, leaks)
        with uninterrupted():
            result = self._record(values, numbers, tensors, leaks)
            if self.ended:
                synchronize(wait=False)
        return result

    def _record(
        self, values: list[Value], numbers: tuple, tensors: Sequence[Tensor], leaks: Sequence
    ) -> Any:
        for named, leaf, output in self.placed:
            tensor = resolved(named, tensors)
            if leaf:
                tensor.requires_grad = True
            elif output is None:
                tensor._edge = None
        node = None
        if self.edges and state.grad:
            edges: list[Edge] = [None] * len(values)
            for slot, named in self.edges:
                tensor = resolved(named, tensors)
                edges[slot] = tensor._current_edge()
            made, node = apply_tracked(self.signature, values, numbers, edges)
        else:
            made = record(self.signature, values, numbers)
        values.clear()
        outputs = (made,) if self.signature.single else made
        del made
        self.write(self.targets, outputs, tensors)
        return self.finish(outputs, tensors, node, leaks)

    def write(
        self, targets: Sequence[tuple], outputs: Sequence[Value], tensors: Sequence[Tensor]
    ) -> None:
        """Writes back what a call computes."""
        for kind, what, output in targets:
            storage = storage_of(kind, what, tensors)
            value = outputs[output]
            if value.array is None:
                before = storage.value
                value.fallback = before.array if before.array is not None else before.fallback
            storage.value = value
            storage.version += 1

    def finish(
        self, outputs: Sequence[Value], tensors: Sequence[Tensor], node: Any, leaks: Sequence = ()
    ) -> Any:
        """Puts gradients and edges where they belong, and returns the results."""
        for named, given in self.gradients:
            tensor = resolved(named, tensors)
            tensor._grad = self._tensor(given, tensors, outputs, node)
        for named, _, output in self.placed:
            if output is not None:
                tensor = resolved(named, tensors)
                tensor._edge = self._edge(node, output, outputs)
        for tensor, output in leaks:
            if tensor._steps is None:
                tensor._storage.value = outputs[output]
            else:
                tensor._storage, tensor._steps = Storage(outputs[output]), None
            tensor._edge = self._edge(node, output, outputs)
        return self.returned(outputs, tensors, node)

    def returned(self, outputs: Sequence[Value], tensors: Sequence[Tensor], node: Any) -> Any:
        """The results."""
        if self.single:
            return wrap(outputs[0], self._edge(node, 0, outputs))
        leaves = self.leaves.copy()
        # (A tensor may be a result twice.)
        made: dict[int, Tensor] = {}
        for place, given in self.results:
            one = made.get(given) if type(given) is int else None
            if one is None:
                one = self._tensor(given, tensors, outputs, node)
                if type(given) is int:
                    made[given] = one
            leaves[place] = one
        return self.tree.unflatten(leaves)

    def _tensor(
        self, given: Any, tensors: Sequence[Tensor], outputs: Sequence[Value], node: Any
    ) -> Any:
        if type(given) is not int:
            return given
        if given < 0:
            return tensors[-1 - given]
        return wrap(outputs[given], self._edge(node, given, outputs))

    def _edge(self, node: Any, output: int, outputs: Sequence[Value]) -> Edge:
        if output in self.released:
            return Released((outputs[output].aval,)), 0
        if node is not None and self.signature.inexact[output]:
            return node, output
        return None

    # ------------------------------------------------------------ comparing two traces

    def same_state(self, other: Plan) -> bool:
        """Whether nothing that plans are told apart by was another when the other was made."""
        if self.changes != Changes.count and not self._follows():
            return False
        if self.layouts == other.layouts and self.laid_out != other.laid_out:
            return False
        return all(
            theirs.get(one, flag) == flag
            for mine, theirs in zip(_flags(self), _flags(other), strict=True)
            for one, flag in mine.items()
        )


def _grad_flag(grad: Any) -> bool | None:
    """Whether a gradient requires grad; None if there is none."""
    return None if grad is None else getattr(grad, "_edge", None) is not None


def _hooks(tensor: Tensor) -> list:
    """The hooks on a tensor's gradient."""
    if tensor._edge is None or type(tensor._edge[0]) is not Leaf:
        return []
    leaf = tensor._edge[0]
    return [*leaf.post_hooks, *[one for hooks in (leaf.hooks or {}).values() for one in hooks]]


def _source(look: Look, named: Any) -> str:
    """What a tensor from outside is called: itself, or the argument of that number."""
    return f"tensors[{named}]" if type(named) is int else look.name(named)


def _moved(moved: dict[int, Storage], kind: int, what: Any) -> tuple[int, Any]:
    """A place, where storages moved."""
    return kind, moved.get(id(what), what) if kind == CELL else what


def _flags(plan: Plan) -> tuple[dict, dict]:
    """Which tensors require grad, and which have a gradient, of those that were asked."""
    return (
        {id(one): flag for one, flag in zip(plan.flag_tensors, plan.flags, strict=True)},
        {
            one if type(one) is int else id(one): flag
            for one, flag in zip(plan.grad_owners, plan.grad_flags, strict=True)
        },
    )


def _is_leaf(tree: Any) -> bool:
    return tree.num_nodes == 1 and tree.num_leaves == 1


def _stream_of(trace: Trace, storage: Storage) -> Stream | None:
    """The stream whose key a storage stands for."""
    value = storage.value
    if id(value) not in trace.constants or value.aval.dtype.name != "uint32":
        return None
    return trace.words.get(np.asarray(value.array).tobytes())
