"""Early results: a look waits for what it looks at, and not for the rest of the program.

A loop that reads its loss after every `optimizer.step()` would wait for the whole step. A program
that somebody looks at after its first runs is split in two: up to where nothing but results that
somebody holds is passed on (in a training step the gradients, before the optimizer), and the
rest, which the device does while Python records what comes next. It runs so as long as every
run is looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

Calls = Sequence[tuple[Any, tuple[int, ...]]]

# Elements that the second part must write to be worth a call of its own.
LEAST = 1 << 17


class Part(NamedTuple):
    """Some of a program's calls, as a program of its own."""

    calls: tuple
    live: tuple[int, ...]
    donated: tuple[int, ...]
    # Where its inputs come from: references of the whole program.
    inputs: tuple[int, ...]


class Split(NamedTuple):
    """A program in two parts; the second begins at call `at`."""

    at: int
    first: Part
    second: Part


def split(
    calls: Calls, live: tuple[int, ...], donated: tuple[int, ...], looked: int
) -> Split | None:
    """The program in two parts, the first with call `looked`, if that is worth it."""
    at = _place(calls, live, looked)
    if at is None:
        return None
    second = _part(calls, live, donated, at, len(calls))
    # What both take is the second's to write over.
    alone = set(donated).difference(-1 - one for one in second.inputs)
    first = _part(calls, live, alone, 0, at)
    return Split(at, first, second)


def _place(calls: Calls, live: tuple[int, ...], looked: int) -> int | None:
    """The first call after `looked` to which only held results come from before."""
    held = set(live)
    # For each call, the first one that it takes something from that nobody holds.
    since = [
        min((one >> 16 for one in references if one >= 0 and one not in held), default=index)
        for index, (_, references) in enumerate(calls)
    ]
    written = [0] * len(calls)
    for one in live:
        written[one >> 16] += calls[one >> 16][0].outputs[one & 0xFFFF].size
    found, earliest, total = None, len(calls), 0
    for index in range(len(calls) - 1, looked, -1):
        earliest = min(earliest, since[index])
        total += written[index]
        if earliest >= index and total >= LEAST:
            found = index
    return found


def _part(
    calls: Calls, live: Sequence[int], donated: Collection[int], first: int, last: int
) -> Part:
    """The calls from `first` to `last`."""
    inputs: dict[int, int] = {}
    moved = []
    for signature, references in calls[first:last]:
        own = tuple(
            [
                one - (first << 16)
                if one >= 0 and one >> 16 >= first
                else -1 - inputs.setdefault(one, len(inputs))
                for one in references
            ]
        )
        moved.append((signature, own))
    return Part(
        tuple(moved),
        tuple(one - (first << 16) for one in live if first <= one >> 16 < last),
        tuple(k for k, one in enumerate(inputs) if one < 0 and -1 - one in donated),
        tuple(inputs),
    )
