"""The capture of a function for jit: it also learns which cells a later call has to read."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd.tape import Edge, Leaf
from ..capture.recording import Capture
from ..engine.signature import user_line
from ..engine.value import Aval, Value
from ..errors import CaptureError
from ..random import Stream, taps
from ..tensor.storage import Storage
from ..tensor.tensor import Tensor
from . import watch

# Stand for the numbers of a stream's counter; no stream gets there.
_counters = itertools.count(2**61)


class Boundary:
    """The end of the tape inside, for a tensor computed outside."""

    __slots__ = ("beyond", "number", "hooks", "trace", "__weakref__")

    parents: tuple[Edge, ...] = ()
    epoch = 0

    def __init__(self, edge: Any, trace: Trace):
        # Where the tape goes on outside.
        self.beyond, self.trace = edge, trace
        self.number = trace.start
        self.hooks = None

    def outputs(self) -> tuple[Aval, ...]:
        return tuple(self.beyond[0].outputs())

    def name(self) -> str:
        return str(self.beyond[0].name())

    def pull(self, cotangents: list, create_graph: bool) -> list:
        self.refuse()
        return []

    def refuse(self) -> None:
        """A backward came here."""
        self.trace.refuse("a backward inside goes on through what was computed outside")

    def release(self) -> None:
        """Nothing is saved."""


class Trace(Capture):
    """A capture that notes every cell it reads or writes.

    Attributes:
        sources: leaf -> the storage that it was read from.
        owners: edge -> the tensor from outside that had it.
        holders: tensors from outside with the storages that they look at.
        flags: tensors whose `requires_grad` was asked for, with the answer.
        first_grads: tensors whose `.grad` was read before it was set, with what it was.
        words: the stand-in for a stream's key -> (stream, first stand-in for its counter).
        rereads: entry -> the function that gives its numbers.
        effects: what happens outside of the computation: (number of entries then, run, undo).
        argument_views: arguments that are views, by their id.
        layouts: those whose steps in memory were asked for, and whether where they begin was.
    """

    __slots__ = (
        "sources", "holders", "views", "born", "born_storages", "boundaries", "owners", "flags",
        "first_grads", "words", "draws", "rereads", "effects", "argument_views", "layouts",
        "in_effect",
    )  # fmt: skip

    def __init__(self, what: str):
        super().__init__(what)
        self.sources: dict[int, Storage] = {}
        self.holders: dict[int, tuple[Tensor, Storage]] = {}
        self.views: dict[int, tuple[Tensor, Any, int]] = {}
        self.born: dict[int, weakref.ref] = {}
        self.born_storages: set[int] = set()
        self.boundaries: dict[Any, Boundary] = {}
        self.owners: dict[Any, Tensor] = {}
        self.flags: dict[int, tuple[Tensor, bool]] = {}
        self.first_grads: dict[int, tuple[Tensor, Tensor | None]] = {}
        self.words: dict[bytes, Stream] = {}
        self.draws: dict[int, Stream] = {}
        self.rereads: dict[int, tuple[Callable, Sequence[float], Any]] = {}
        self.effects: list[tuple[int, Callable, Callable]] = []
        self.argument_views: dict[int, Tensor] = {}
        self.layouts: dict[int, bool] = {}
        self.in_effect = False

    def refuse(self, reason: str) -> None:
        """Ends the trace: this function cannot be one computation."""
        self.failure = CaptureError(f"{reason}, at {user_line()}")
        raise self.failure

    # ------------------------------------------------------------ what the watch tells

    def on_value(self, storage: Storage, value: Value) -> Value:
        if isinstance(value.recording, Capture):
            return value
        self.on_write(storage)
        stand_in = self.standing_for(value)
        self.sources[-1 - stand_in.ref] = storage
        watch.set_value(storage, stand_in)
        return stand_in

    def on_write(self, storage: Storage) -> None:
        try:
            before = watch.read_value(storage)
        except AttributeError:
            self.born_storages.add(id(storage))
            return
        if id(storage) not in self.storages and not isinstance(before.recording, Capture):
            self.storages[id(storage)] = (storage, before, storage.version)

    def on_edge(self, tensor: Tensor, edge: Any) -> Any:
        if id(tensor) in self.born:
            return edge
        self.flags.setdefault(id(tensor), (tensor, edge is not None))
        if edge is None or edge[0].number > self.start:
            return edge
        if type(edge[0]) is not Leaf and type(edge[0]) is not Boundary:
            boundary = self.boundaries.get(edge[0])
            if boundary is None:
                boundary = self.boundaries[edge[0]] = Boundary(edge, self)
            edge = (boundary, edge[1])
        self.owners.setdefault(edge, tensor)
        return edge

    def on_set_edge(self, tensor: Tensor) -> None:
        if id(tensor) not in self.born and id(tensor) not in self.edges:
            try:
                self.edges[id(tensor)] = (tensor, watch.read["_edge"](tensor))
            except AttributeError:
                pass

    def on_grad(self, tensor: Tensor, gradient: Tensor | None) -> Tensor | None:
        if id(tensor) not in self.born and id(tensor) not in self.grads:
            self.first_grads.setdefault(id(tensor), (tensor, gradient))
        return gradient

    def on_set_grad(self, tensor: Tensor) -> None:
        if id(tensor) not in self.born and id(tensor) not in self.grads:
            try:
                self.grads[id(tensor)] = (tensor, watch.read["_grad"](tensor))
            except AttributeError:
                pass

    def on_cache(self, tensor: Tensor, value: Value) -> Value:
        if isinstance(value.recording, Capture) or id(tensor) in self.born:
            return value
        tensor._look()
        return watch.read["_cache"](tensor)

    def on_set_cache(self, tensor: Tensor) -> None:
        if id(tensor) in self.argument_views:
            self.refuse("the memory of an argument that is a view was written")
        if id(tensor) not in self.born and id(tensor) not in self.views:
            before = watch.read["_cache"](tensor)
            self.views[id(tensor)] = (tensor, before, tensor._seen)

    def on_storage(self, tensor: Tensor, storage: Storage) -> Storage:
        if id(tensor) not in self.born:
            self.holders.setdefault(id(tensor), (tensor, storage))
        return storage

    def on_set_storage(self, tensor: Tensor) -> None:
        try:
            watch.read["_storage"](tensor)
        except AttributeError:
            self.born[id(tensor)] = weakref.ref(tensor)
            return
        if id(tensor) not in self.born:
            self.refuse("a tensor from outside was given other memory (.data = ..., set_)")

    # ------------------------------------------------------------ what Capture notes itself

    def wrote(self, tensor: Tensor) -> None:
        if id(tensor) in self.argument_views:
            self.refuse("an argument that is a view was written in place")

    def gave(self, tensor: Tensor) -> None:
        """The watch sees it."""

    def asked(self, tensor: Tensor, offset: bool = False) -> None:
        for key, argument in self.argument_views.items():
            # A view of the argument lies where that does.
            if argument._storage is tensor._storage:
                self.layouts[key] = self.layouts.get(key, False) or offset

    def effect(self, run: Callable[[], None], undo: Callable[[], None]) -> None:
        if self.in_effect:
            run()
            return
        self.effects.append((len(self.entries), run, undo))
        self.in_effect = True
        try:
            run()
        finally:
            self.in_effect = False

    def reread(self, numbers: Callable[[], tuple[Sequence[float], Any]]) -> None:
        self.rereads[len(self.entries)] = (numbers, *numbers())

    def draw(self, stream: Stream) -> tuple[np.ndarray, int]:
        """A stand-in for a stream's key and the next number of its counter."""
        counter = next(_counters)
        self.draws[counter] = stream
        for words, known in self.words.items():
            if known is stream:
                return np.frombuffer(words, np.uint32), counter
        words = np.array([counter >> 32, counter & 0xFFFFFFFF], np.uint32)
        self.words[words.tobytes()] = stream
        return words, counter

    def seed(self) -> None:
        """A stream is seeded, or made, inside."""
        self.refuse("it seeds a stream of random numbers. Do so outside of it")

    def leaves_of(self, edges: Sequence[Any]) -> dict[Any, int]:
        leaf_of = {id(storage): leaf for leaf, storage in self.sources.items()}
        owned = {edge: self.owners[edge] for edge in edges if edge in self.owners}
        return {
            edge: leaf_of[id(tensor._storage)]
            for edge, tensor in owned.items()
            if tensor._steps is None and id(tensor._storage) in leaf_of
        }

    # ------------------------------------------------------------ as a context

    def __enter__(self) -> Trace:
        super().__enter__()
        taps.draw, taps.seed = self.draw, self.seed
        return self

    def __exit__(self, *_: object) -> None:
        taps.draw = taps.seed = None
        super().__exit__()

    def restore(self) -> None:
        """Gives every cell back what it held."""
        for storage, value, version in self.storages.values():
            watch.set_value(storage, value)
            storage.version = version
        for tensor, value, version in self.views.values():
            watch.put["_cache"](tensor, value)
            tensor._seen = version
        for tensor, edge in self.edges.values():
            watch.put["_edge"](tensor, edge)
        for tensor, gradient in self.grads.values():
            watch.put["_grad"](tensor, gradient)

    def undo(self) -> None:
        """Takes back what happened outside of the computation."""
        for _, _, undo in reversed(self.effects):
            undo()

    def forget(self) -> None:
        """Lets go of every Value from outside, so that their memory can be used again."""
        self.storages.clear()
        self.views.clear()
        self.grads.clear()
        self.first_grads.clear()
        self.constants.clear()
        self.leaf_values = [None] * len(self.leaf_values)
        self.leaves.clear()

    # ------------------------------------------------------------ the end

    def leaked(self) -> list[Tensor]:
        """Tensors made inside that someone still holds, without being results or gradients."""
        if not self._leaked():
            return []
        gc.collect()
        return self._leaked()

    def _leaked(self) -> list[Tensor]:
        kept = {id(tensor._grad) for tensor, _ in self.grads.values()}
        found = []
        for one in [reference() for reference in self.born.values()]:
            if one is None or id(one) in kept:
                continue
            if id(one._storage) in self.storages:
                # Gets back what it held; a view of it looks again.
                one._seen = -1
            # (What a transform inside made is its own; a view of that must not look again.)
            elif one._storage.value.recording is self and one._value().recording is self:
                found.append(one)
        return found

    def alive(self, storage: Storage) -> bool:
        """Whether a storage is anything to a later call; a local one made inside is not."""
        if id(storage) not in self.born_storages:
            return True
        return any(
            tensor is not None and tensor._storage is storage
            for tensor in [reference() for reference in self.born.values()]
        )
