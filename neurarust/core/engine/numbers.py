"""Python numbers of a recording: data of its program, packed by kind into arrays.

A call and its backward take one tuple of numbers, and calls that take one tuple share its places,
so that XLA finds what a backward computes anew in the forward. Equal numbers of other calls are
never shared: which are equal may change from step to step, and each change would compile again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

# Kinds of numbers: their codes in signatures, and what they are in programs.
SCALAR_DTYPES = {"f": np.float64, "i": np.int64, "c": np.complex128}
SCALAR_CODES = {float: "f", int: "i", bool: "i", complex: "c"}

# For each call with numbers, in order, the number of its tuple; None if each has its own.
Sharing = tuple[int, ...] | None


class Numbers(NamedTuple):
    """What a program takes: an array for each kind of number that its calls have."""

    vectors: tuple[np.ndarray, ...]
    sharing: Sharing


def packed(entries: Sequence[Any]) -> Numbers:
    """The numbers of calls `(signature, references, numbers, ...)`."""
    if len(entries) != 1:
        return _packed(entries)
    # A jitted function is one call, often with the same tuple of numbers as before.
    signature, _, numbers = entries[0][:3]
    if signature.packed is None or signature.packed[0] is not numbers:
        signature.packed = numbers, _packed(entries)
    return signature.packed[1]


def _packed(entries: Sequence[Any]) -> Numbers:
    given = [(entry[0].numbers, entry[2]) for entry in entries if entry[2]]
    # Beside the id, for a tuple that calls take as numbers of other kinds.
    places = [(id(numbers), codes) for codes, numbers in given]
    unique = dict(zip(places, given, strict=True))
    sharing = None
    if len(unique) < len(places):
        order = dict(zip(unique, range(len(unique)), strict=True))
        sharing = tuple([order[one] for one in places])
    floats: list[float] = []
    others: dict[str, list] = {}
    for codes, numbers in unique.values():
        if codes.count("f") == len(codes):
            floats += numbers
            continue
        for code, number in zip(codes, numbers, strict=True):
            (floats if code == "f" else others.setdefault(code, [])).append(number)
    vectors = [np.array(floats, np.float64)] if floats else []
    for code in ("i", "c") if others else ():
        if code in others:
            vectors.append(np.array(others[code], SCALAR_DTYPES[code]))
    return Numbers(tuple(vectors), sharing)


def kinds(signatures: Sequence[Any]) -> str:
    """The codes of the kinds of numbers that these calls have, in the order of the arrays."""
    found = {code for one in signatures for code in one.numbers}
    return "".join(code for code in SCALAR_DTYPES if code in found)


def places(signatures: Sequence[Any], sharing: Sharing) -> list[list[tuple[str, int]]]:
    """For each call, where its numbers are: kinds and places."""
    used = dict.fromkeys(SCALAR_DTYPES, 0)
    tuples: list[list[tuple[str, int]]] = []
    found: list[list[tuple[str, int]]] = []
    order = iter(sharing or ())
    for signature in signatures:
        if not signature.numbers:
            found.append([])
            continue
        number = next(order, len(tuples))
        if number == len(tuples):
            tuples.append([])
            for code in signature.numbers:
                tuples[-1].append((code, used[code]))
                used[code] += 1
        found.append(tuples[number])
    return found


def scalars(signature: Any, numbers: Sequence[Any]) -> list[np.generic]:
    """One call's numbers as scalars of the types that they have in programs."""
    pairs = zip(signature.numbers, numbers, strict=True)
    return [SCALAR_DTYPES[code](number) for code, number in pairs]
