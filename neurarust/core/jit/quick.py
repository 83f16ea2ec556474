"""Arguments like those of the last call, which go to its plan without being sorted.

Where that runs as a program by itself (see `straight`), such a call is soon written out as Python,
from what its arguments are like to its result: each condition is one line there, which takes a
third of what loops over them take.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from operator import call
from typing import Any

from .. import device as devices
from ..capture import MODES
from ..dtype import Defaults
from ..engine.recording import state
from ..tensor.tensor import Tensor
from .guards import MISSING, PLAIN
from .look import Look
from .straight import Straight
from .variant import MISSED, Variant

_apply: Callable[..., Any] = call
# Calls in a row after which they are written out: twice as many after each that was not like it.
FIRST, LONGEST = 4, 1024


class Quick:
    """The arguments of a call, to be found again.

    Attributes:
        names: of the last ones, which were given by name.
        written: a call with arguments like those of the last one, written out; `MISSED` where it
            is not like it, or not written yet.
    """

    __slots__ = (
        "variant", "names", "modes", "count", "places", "plain", "objects", "written",
        "_straight", "_calls", "_patience",
    )  # fmt: skip

    def __init__(self, variant: Variant, args: tuple, names: tuple[str, ...]):
        self.variant = variant
        self.names = names
        self.modes = modes()
        self.count = len(args)
        # (place, type, what it is like)
        self.places = [
            (k, type(one), one._aval()) for k, one in enumerate(args) if isinstance(one, Tensor)
        ]
        others = [(k, one) for k, one in enumerate(args) if not isinstance(one, Tensor)]
        self.plain = [(k, one) for k, one in others if type(one) in PLAIN]
        # (place, what gives the object that counts as itself)
        self.objects = [(k, held(one)) for k, one in others if type(one) not in PLAIN]
        self._unwritten()
        self._patience = FIRST

    def call(self, args: tuple) -> Any:
        """What `written` does, by loops, for which equal numbers and strings are like the same."""
        if modes() != self.modes or len(args) != self.count:
            return MISSED
        tensors = []
        for place, kind, aval in self.places:
            one = args[place]
            if type(one) is not kind or one._steps is not None or one._edge is not None:
                return MISSED
            if one._storage.value.aval is not aval or one.__dict__:
                return MISSED
            tensors.append(one)
        for place, other in self.plain:
            one = args[place]
            if one is not other and not _same(one, other):
                return MISSED
        for place, known in self.objects:
            if args[place] is not known():
                return MISSED
        self._count(tensors)
        return self.variant.call(tensors)

    def _count(self, tensors: Sequence[Tensor]) -> None:
        """Counts calls by loops: after so many one is written out, or anew."""
        straight = self.variant.plan.straight
        # One that only looks whether a call still runs alone says nothing.
        if straight is None or straight.left == 0:
            return
        if self._straight is not None:
            self._unwritten()
            self._patience = min(2 * self._patience, LONGEST)
        self._calls += 1
        if self._calls >= self._patience and self.variant.is_as_it_was(tensors):
            self.written, self._straight = self._written(straight) or _missed, straight

    def _unwritten(self) -> None:
        self.written: Callable[[tuple], Any] = _missed
        self._straight: Straight | None = None
        self._calls = 0

    def _written(self, straight: Straight) -> Callable[[tuple], Any] | None:
        """A call, written out; None if that is too much."""
        look, name = Look("args", MISSED), "a{}, ".format
        look.unless(f"len(args) == {self.count}")
        look.let("".join(map(name, range(self.count))) or "()", "args")
        now = f"{look.name(state)}.grad", f"{look.name(state)}.inference"
        now += f"{look.name(Defaults)}.floating", f"{look.name(devices.default_device)}()"
        for one, known in zip(now, self.modes, strict=False):
            look.unless(f"{one} is {look.name(known)}")
        for mode, known in zip(MODES, self.modes[len(now) :], strict=True):
            look.unless(f"{look.name(mode)}() == {look.name(known)}")
        for k, kind, aval in self.places:
            look.unless(f"type(a{k}) is {look.name(kind)} and a{k}._steps is None")
            look.unless(f"a{k}._edge is None and not a{k}.__dict__")
            look.unless(f"a{k}._storage.value.aval is {look.name(aval)}")
        for k, other in self.plain:
            known = look.name(other)
            look.unless(f"a{k} is {known} or {look.name(_same)}(a{k}, {known})")
        for k, known in self.objects:
            look.unless(f"a{k} is {look.name(known)}()")
        look.let("tensors", "(" + "".join([name(k) for k, _, _ in self.places]) + ")")
        values = self.variant.write_out(look)
        return None if values is None else look.written(straight.write_out(look, values), MISSING)


def _missed(args: tuple) -> Any:
    """A call that is not written out."""
    return MISSED


def held(one: Any) -> Callable[[], Any]:
    """What gives an object, without keeping it alive if that can be."""
    try:
        return weakref.ref(one)
    except TypeError:
        return lambda: one


def modes() -> list[Any]:
    """In which modes a call is made."""
    device = devices.default_device()
    return [state.grad, state.inference, Defaults.floating, device, *map(_apply, MODES)]


def quick(
    variant: Variant, args: tuple, names: tuple[str, ...], objects: Sequence[Any]
) -> Quick | None:
    """For the calls that follow one like this; None if their arguments must be looked through.

    Args:
        names: of the last ones, which were given by name.
        objects: those that count as themselves. Other ones but Tensors and plain values hold some.
    """
    known = [*map(id, objects)]
    for one in args:
        if isinstance(one, Tensor):
            if one._steps is not None or one._edge is not None or vars(one):
                return None
        elif type(one) not in PLAIN and id(one) not in known:
            return None
    return Quick(variant, args, names)


def _same(one: Any, other: Any) -> bool:
    # (Zeros have signs.)
    return type(one) is type(other) and type(one) in PLAIN and one == other and bool(one)
