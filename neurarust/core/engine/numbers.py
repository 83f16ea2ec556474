"""Python numbers of a recording: data of its program, packed by kind into arrays.

Numbers that are one share a place, so that XLA finds what is computed twice and compiles a kernel
once for all calls like one another (a ResNet's 15 batch norms have 45 momenta and counters, each of
which would be a kernel of its own). Which are equal may change from step to step, so a program
begins with those that are equal and have the same part in the same operation; when they differ
later, it is compiled once more for a call and its backward alone to share theirs, and at last for
none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from .value import USES, uploaded

# Kinds of numbers: their codes in signatures, and what they are in programs.
SCALAR_DTYPES = {"f": np.float64, "i": np.int64, "c": np.complex128}
SCALAR_CODES = {float: "f", int: "i", bool: "i", complex: "c"}

# Which numbers share a place.
EQUAL, ONE_TUPLE, NONE = range(3)


class Numbers(NamedTuple):
    """The numbers of some calls: a tuple for each, and all in order."""

    tuples: list[tuple]
    flat: tuple


def numbers_of(entries: Sequence[Any]) -> Numbers:
    """The numbers of calls `(signature, references, numbers, ...)`."""
    tuples = [entry[2] for entry in entries]
    # A jitted function is one call, often with the same tuple as before.
    return Numbers(tuples, tuples[0] if len(tuples) == 1 else tuple(chain.from_iterable(tuples)))


class Packing:
    """Where a program has the numbers of its calls.

    Attributes:
        level: which of them share a place.
        sharing: for each number the first one in its place; None if each has its own.
        kinds: the codes of the kinds of numbers, in the order of the arrays.
    """

    __slots__ = (
        "level", "sharing", "kinds", "places", "_device", "_firsts", "_taken", "_last", "_uses",
    )  # fmt: skip

    def __init__(self, signatures: Sequence[Any], tuples: Sequence[tuple], level: int = EQUAL):
        codes = "".join([one.numbers for one in signatures])
        sharing = tuple(_sharing(signatures, tuples, level))
        unique = [k for k, first in enumerate(sharing) if first == k]
        alone = len(unique) == len(codes)
        self.level, self.sharing = level, None if alone else sharing
        self.kinds = "".join(code for code in SCALAR_DTYPES if code in codes)
        chosen = {kind: [k for k in unique if codes[k] == kind] for kind in self.kinds}
        place = {k: (kind, n) for kind, those in chosen.items() for n, k in enumerate(those)}
        flat = iter([place[first] for first in sharing])
        # For each call, where its numbers are: kinds and places.
        self.places = [[next(flat) for _ in one.numbers] for one in signatures]
        self._firsts = _taking(sharing)
        self._taken = [(_taking(those), SCALAR_DTYPES[kind]) for kind, those in chosen.items()]
        self._device: Any = signatures[0].device if signatures else None
        # The numbers of the last call with their arrays, and how many calls in a row had them.
        self._last: tuple[tuple, tuple] = ((), ())
        self._uses = 0

    def vectors(self, numbers: tuple) -> tuple | None:
        """An array for each kind of number; None if numbers that share a place differ.

        Those that come again and again stay on the device, which saves 8 us a call.
        """
        known, made = self._last
        if made and _same(known, numbers):
            self._uses += 1
            if self._uses == USES:
                made = tuple([uploaded(one, self._device) for one in made])
                self._last = numbers, made
            return made
        if self.sharing is not None and not _same(self._firsts(numbers), numbers):
            return None
        made = tuple([np.array(taken(numbers), dtype) for taken, dtype in self._taken])
        self._last, self._uses = (numbers, made), 0
        return made

    def write_out(self, look: Any, numbers: Sequence[str]) -> str | None:
        """Writes `vectors` for numbers that are others at each call; None if some share a place."""
        if self.sharing is not None:
            return None
        made = []
        for taken, dtype in self._taken:
            those = "".join([f"{one}, " for one in taken(tuple(numbers))])
            made.append(f"{look.name(np.array)}(({those}), {look.name(dtype)}), ")
        return f"({''.join(made)})"


def _taking(places: Sequence[int]) -> Callable[[tuple], tuple]:
    """The function that takes these of a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda numbers: tuple([numbers[k] for k in places])


def _same(one: tuple, other: tuple) -> bool:
    """Whether these are the same numbers: zeros of two signs are equal, and not the same."""
    if one is other or one != other:
        return one is other
    told = 0 in one or any(map(_is_complex, one))
    return not told or [*map(_signs, one)] == [*map(_signs, other)]


def _is_complex(number: Any) -> bool:
    return type(number) is complex


def _signs(number: Any) -> str:
    """What tells numbers that are equal from one another."""
    return str(complex(number)) if number == 0 or _is_complex(number) else ""


def _sharing(signatures: Sequence[Any], tuples: Sequence[tuple], level: int) -> list[int]:
    """For each number the first one in its place."""
    found: list[int] = []
    alike: dict[tuple, int] = {}
    # Beside the id, for a tuple that calls take as numbers of other kinds.
    begins: dict[tuple[int, str], int] = {}
    for signature, numbers in zip(signatures, tuples, strict=True):
        begin = begins.setdefault((id(numbers), signature.numbers), len(found))
        if begin < len(found) and level < NONE:
            found += found[begin : begin + len(numbers)]
            continue
        for k, number in enumerate(numbers):
            place = len(found)
            if level == EQUAL:
                place = alike.setdefault((*signature.parts(k), number, _signs(number)), place)
            found.append(place)
    return found


def scalars(signature: Any, numbers: Sequence[Any]) -> list[np.generic]:
    """One call's numbers as scalars of the types that they have in programs."""
    pairs = zip(signature.numbers, numbers, strict=True)
    return [SCALAR_DTYPES[code](number) for code, number in pairs]
