"""Programs: recordings compiled once by `jax.jit` and kept under their key."""

from __future__ import annotations

import threading
import time
import warnings
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import jax

from .. import device as devices
from ..errors import RecompilationWarning
from ..settings import are_deterministic_algorithms_enabled
from . import compiling, disk_cache, drafts, early, mappings, scratch, waiting
from .numbers import EQUAL, Numbers, Packing
from .signature import Signature, user_line
from .value import Value, export

CAPACITY = 512
# Runs of a large program before which memory goes back that other threads keep: the second, since
# the first one often had another thread, and ever more rarely.
TRIMMED = frozenset({0, *(8**power for power in range(1, 10))})
# From so many programs and seconds of compiling on, it is worth a warning.
MANY, LONG = 32, 60.0
Call = tuple[Signature, tuple[int, ...]]


class Program:
    """A compiled recording.

    Calling it with the packed numbers and the leaf arrays gives the arrays of `live`, the
    references of the outputs that somebody held.
    """

    __slots__ = (
        "calls", "live", "donated", "packing", "positions", "function", "hits", "seconds",
        "reason", "forwarded", "number", "device", "smallest", "scalars", "looked_at", "split",
        "leaves", "large", "order", "arranged", "draft", "waiting", "__weakref__",
    )  # fmt: skip

    def __init__(
        self, device: devices.device, calls: tuple[Call, ...], live: tuple[int, ...],
        donated: tuple[int, ...], leaves: list[Value], packing: Packing,
        replaced: Mapping[int, int] | None = None,
    ):  # fmt: skip
        self.device = device
        self.calls = calls
        self.packing = packing
        self.live = live
        self.donated = _usable(calls, live, donated, leaves)
        # In which order the function gives the outputs, and what puts them into that of `live`.
        self.order = _order(calls, live, self.donated, leaves, replaced or {})
        places = sorted(range(len(live)), key=self.order.__getitem__)
        in_order = places == [*range(len(live))]
        self.arranged = None if in_order else itemgetter(*places)
        self.leaves = len(leaves)
        # The packed numbers come first.
        self.positions = tuple(len(packing.kinds) + k for k in self.donated)
        self.function = self._replayed()
        # All results are there when one is: the smallest is kept to wait for.
        sizes = [calls[one >> 16][0].outputs[one & 0xFFFF].size for one in live]
        self.smallest = sizes.index(min(sizes)) if sizes else 0
        # Results of one element: what loops look at, and whether somebody did after the last run.
        self.scalars = [k for k, size in enumerate(sizes) if size == 1]
        self.looked_at = False
        # Whether its scratch memory is: then one runs after the other.
        self.large = False
        # What runs instead while somebody looks at every run.
        self.split: early.Split | None = None
        self.hits = 0
        self.seconds = 0.0
        self.reason = ""
        self.number = 0
        # For how many runs it is compiled in a hurry; 0: for speed.
        self.draft = 0
        self.waiting = waiting.Waiting()
        # Outputs that JAX hands through from the inputs: their arrays have two owners.
        self.forwarded: tuple[int, ...] | None = None

    def __call__(self, vectors: tuple, leaves: list[Any]) -> list:
        if self.forwarded is None:
            return self._first(vectors, leaves)
        with jax.enable_x64(True):
            return self.again(vectors, leaves)

    def again(self, vectors: Sequence, leaves: list[Any]) -> list:
        """A call that is not the first, in 64-bit mode.

        A compiled function needs no mode for arrays that are on the device.
        """
        if self.large or state.large:
            self._settle()
            if self.large and self.hits in TRIMMED:
                scratch.give_back()
        arrays = self._run(vectors, leaves)
        self.hits += 1
        for k in self.forwarded or ():
            export(arrays[k])
        return arrays

    def _run(self, vectors: Sequence, leaves: list[Any]) -> list:
        """Runs, and notes what to wait for until that is done."""
        arrays = self.function(*vectors, *leaves)
        if self.arranged is not None:
            arrays = list(self.arranged(arrays))
        state.last = arrays[self.smallest] if arrays else None
        state.large = self.large
        # (XLA's thread has to go to sleep before it gets another large one: see `scratch`.)
        waiting.last.waiting = None if self.large else self.waiting
        return arrays

    def _settle(self) -> None:
        """Waits for the last program if that or this one is large (see `scratch`)."""
        if self.large or state.large:
            wait()
            scratch.let_finish()

    def _first(self, vectors: tuple, leaves: list[Any]) -> list:
        started = time.perf_counter()
        with jax.enable_x64(True):
            if not any(isinstance(one, jax.Array) and _is_spread(one) for one in leaves):
                self.function = self._loaded() or self._compiled(vectors, leaves)
                if self.device.type == "cpu":
                    computed = (one for call in self.calls for one in call[0].outputs)
                    self.large = scratch.keep(self.function, computed)
                _tell_of_many(self, time.perf_counter() - started)
            else:
                # JAX compiles it, for speed.
                self.draft = 0
            self._settle()
            arrays = self._run(vectors, leaves)
        self.seconds = time.perf_counter() - started
        given = {id(one) for one in leaves}
        seen: set[int] = set()
        forwarded = []
        for k, array in enumerate(arrays):
            if id(array) in given or id(array) in seen:
                forwarded.append(k)
            seen.add(id(array))
        self.forwarded = tuple(forwarded)
        for k in self.forwarded:
            export(arrays[k])
        return arrays

    def is_outgrown(self) -> bool:
        """Whether it is a draft that ran as often as it should."""
        return self.draft > 0 and self.forwarded is not None and self.hits + 1 >= self.draft

    def operations(self) -> int:
        """How many there are in the calls."""
        return sum(getattr(call[0], "size", 1) for call in self.calls)

    def _loaded(self) -> Any:
        """The program that an earlier process compiled, or None."""
        found = disk_cache.load(self._name_on_disk())
        if found is None:
            return None
        packed, self.draft = found
        with scratch.given_back(self.operations()):
            return disk_cache.unpack(packed)

    def _compiled(self, vectors: tuple, leaves: list[Any]) -> Any:
        started = time.perf_counter()
        operations, inputs = self.operations(), (*vectors, *leaves)
        with scratch.given_back(operations), scratch.no_search(operations), self._on_device(inputs):
            traced = self.function.trace(*inputs)
            if self.draft:
                self.draft = drafts.runs(traced.jaxpr)
                found = None if self.draft else self._loaded()
                if found is not None:
                    return found
            arguments = inputs, self.positions, self.device, self.draft > 0
            lowered, compiled = compiling.compiled(traced, *arguments)
        key = self._name_on_disk()
        if key is not None and time.perf_counter() - started >= disk_cache.LEAST_SECONDS:
            packed = disk_cache.pack(lowered, compiled)
            if packed is not None:
                entries: dict[str, Any] = {}
                for signature in {call[0] for call in self.calls}:
                    entries.update(signature.entries())
                disk_cache.save(entries | {key: (packed, self.draft)})
        return compiled

    def for_speed(self, inputs: Sequence) -> Any:
        """The program compiled anew, and not as a draft."""
        with self._on_device(inputs):
            traced = self._replayed().trace(*inputs)
            return compiling.compiled(traced, inputs, self.positions, self.device, False)[1]

    def _replayed(self) -> Any:
        replay = _replay(self.calls, tuple([self.live[k] for k in self.order]), self.packing)
        return jax.jit(replay, donate_argnums=self.positions)

    def _on_device(self, inputs: Sequence) -> Any:
        # Without inputs on the device nothing but the default says where to compute.
        placed = any(isinstance(one, jax.Array) for one in inputs)
        return jax.default_device(None if placed else self.device.jax())

    def _name_on_disk(self) -> str | None:
        """What the program is called on disk; None if an op of the user's own is in it."""
        if disk_cache.folder() is None:
            return None
        names = [signature.key for signature, _ in self.calls]
        if None in names:
            return None
        references = [one for _, one in self.calls]
        settings = f"{are_deterministic_algorithms_enabled()} {self.draft > 0}"
        inputs = f"{self.leaves} {self.donated} {self.packing.sharing} {self.order}"
        return f"{names} {references} {self.live} {inputs} {self.device} {settings}"


def _is_spread(array: jax.Array) -> bool:
    """Whether an array lies on several devices."""
    return len(array.sharding.device_set) > 1


def _replay(
    calls: tuple[Call, ...], live: tuple[int, ...], packing: Packing
) -> Callable[..., list]:
    """The function that performs the calls; those that no output needs are left out."""
    needed = {reference >> 16 for reference in live}
    for index in range(len(calls) - 1, -1, -1):
        if index in needed:
            needed.update(one >> 16 for one in calls[index][1] if one >= 0)

    kinds, places = packing.kinds, packing.places

    def neurarust_program(*arrays: Any) -> list:
        vectors, leaves = dict(zip(kinds, arrays, strict=False)), arrays[len(kinds) :]
        results: list[Any] = []
        for index, (signature, references) in enumerate(calls):
            if index in needed:
                inputs = [
                    leaves[-1 - one] if one < 0 else results[one >> 16][one & 0xFFFF]
                    for one in references
                ]
                given = [vectors[code][place] for code, place in places[index]]
                results.append(signature.function(*inputs, *given))
            else:
                results.append(None)
        return [results[one >> 16][one & 0xFFFF] for one in live]

    return neurarust_program


def _usable(
    calls: tuple[Call, ...], live: tuple[int, ...], donated: tuple[int, ...], leaves: list[Value]
) -> tuple[int, ...]:
    """The donated leaves whose memory an output of the same type and shape can take."""
    wanted = Counter(calls[one >> 16][0].outputs[one & 0xFFFF] for one in live)
    found = []
    for k in donated:
        aval = leaves[k].aval
        if wanted[aval] > 0:
            wanted[aval] -= 1
            found.append(k)
    return tuple(found)


def _order(
    calls: tuple[Call, ...], live: tuple[int, ...], donated: tuple[int, ...], leaves: list[Value],
    replaced: Mapping[int, int],
) -> tuple[int, ...]:  # fmt: skip
    """The outputs in the order of the donated leaves whose memory they take, and then the others.

    In JAX the first output takes the memory of the first donated input of its type, and so on.
    What replaces a leaf shall take that leaf's: else XLA has to copy what a kernel writes over.
    """
    avals = [calls[one >> 16][0].outputs[one & 0xFFFF] for one in live]
    place = {one: k for k, one in enumerate(live)}
    # (A cell may have taken up another type.)
    wanted = {
        k: place[replaced[k]]
        for k in donated
        if k in replaced and avals[place[replaced[k]]] == leaves[k].aval
    }
    taken = {*wanted.values()}
    free: dict[Any, list[int]] = {}
    for k in reversed(range(len(live))):
        if k not in taken:
            free.setdefault(avals[k], []).append(k)
    first = [wanted[k] if k in wanted else free[leaves[k].aval].pop() for k in donated]
    rest = set(range(len(live))).difference(first)
    return (*first, *sorted(rest))


# ------------------------------------------------------------------ the cache


class _State:
    """Every program kept, and what was compiled."""

    def __init__(self) -> None:
        self.programs: OrderedDict[tuple, Program] = OrderedDict()
        self.lock = threading.Lock()
        self.compilations = 0
        self.hits = 0
        # Drafts that were compiled for speed later.
        self.outgrown = 0
        # Sequence of operations -> how often, and for how many seconds, it was compiled.
        self.alike: dict[int, tuple[int, float]] = {}
        self.told = False
        # Something that it made, and whether its scratch memory is large.
        self.last: Any = None
        self.large = False
        # The program that ran last and what it gave of one element, until somebody looks.
        self.unseen: tuple[Program, list[int]] | None = None
        # How often somebody looked since a program that had been looked at was not.
        self.looks = 0


state = _State()


def _tell_of_many(program: Program, seconds: float) -> None:
    """Warns, once, when the same operations are compiled again and again."""
    kind = hash(tuple([call[0].name for call in program.calls]))
    count, before = state.alike.get(kind, (0, 0.0))
    state.alike[kind] = count, seconds = count + 1, before + seconds
    if count >= MANY and seconds >= LONG and not state.told:
        state.told = True
        file, _, line = user_line().rpartition(":")
        warnings.warn_explicit(
            f"the same {len(program.calls)} operations, beginning with "
            f"{program.calls[0][0].name}, were compiled {count} times, which took "
            f"{seconds:.0f} s. The last time because: {program.reason[:200]}. Where shapes change "
            f"from step to step, pad them to a few sizes. nr.explain() lists all programs",
            RecompilationWarning, file, int(line),
        )  # fmt: skip


def parts_of(program: Program) -> early.Split | None:
    """What to run instead of a program: its parts, if somebody looked at its last run."""
    no_more_looks()
    return program.split if program.looked_at else None


def no_more_looks() -> None:
    """Whoever looks from now on looks at what the next program gives."""
    if state.unseen is not None:
        unseen, _ = state.unseen
        if unseen.looked_at:
            state.looks = 0
        unseen.looked_at, state.unseen = False, None


def ran(program: Program, arrays: list) -> None:
    """Notes that a program ran; nobody has looked at its results yet."""
    if program.scalars:
        state.unseen = program, [id(arrays[k]) for k in program.scalars]


def looked(array: Any) -> None:
    """Notes that somebody waits for an array.

    The second look in a row, at one of a program's first two runs, splits it: a loop that tells of
    its first step and then of every tenth does not pay for two more compilations.
    """
    if state.unseen is None or id(array) not in state.unseen[1]:
        return
    (program, known), state.unseen = state.unseen, None
    again = program.looked_at or program.hits == 0
    program.looked_at = True
    state.looks += 1
    if state.looks > 1 and again and program.hits <= 1 and program.split is None:
        call = program.live[program.scalars[known.index(id(array))]] >> 16
        program.split = early.split(program.calls, program.live, program.donated, call)


def find(
    device: devices.device, calls: tuple[Call, ...], live: tuple[int, ...],
    donated: tuple[int, ...], leaves: list[Any], numbers: Numbers,
    replaced: Callable[[], Mapping[int, int]],
) -> tuple[Program, tuple]:  # fmt: skip
    """The program for a recording, compiled when it is first called, and its packed numbers.

    Args:
        replaced: asked for a new program: leaf -> the output that takes its place in its cell.
    """
    # A call that Ctrl-C ended may have left a leaf that no other call reads.
    key = (calls, live, donated, len(leaves))
    program, level = state.programs.get(key), EQUAL
    outgrown: Program | None = None
    if program is not None:
        level, vectors = program.packing.level, program.packing.vectors(numbers.flat)
        if vectors is None:
            level += 1
        elif program.is_outgrown():
            outgrown = program
        elif program.forwarded is not None:
            state.hits += 1
            state.programs.move_to_end(key)
            return program, vectors
    packing = Packing([call[0] for call in calls], numbers.tuples, level)
    program = Program(device, calls, live, donated, leaves, packing, replaced())
    program.reason = outgrown.reason if outgrown else why(calls, live, packing)
    with state.lock:
        if outgrown is not None:
            state.hits += 1
            state.outgrown += 1
            program.number = outgrown.number
        else:
            state.compilations += 1
            program.number = state.compilations
            if drafts.begins_as_one(program.number, device.type):
                program.draft = drafts.MOST
        state.programs[key] = program
        state.programs.move_to_end(key)
        if len(state.programs) > CAPACITY:
            state.programs.popitem(last=False)
        if mappings.crowded(program.operations()):
            for _ in range(len(state.programs) // 2):
                state.programs.popitem(last=False)
    vectors = packing.vectors(numbers.flat)
    assert vectors is not None
    return program, vectors


def why(calls: tuple[Call, ...], live: tuple[int, ...], packing: Packing) -> str:
    """Why no known program served: the first difference from the nearest one."""
    nearest, shared = None, 0
    for program in list(state.programs.values()):
        count = 0
        for one, other in zip(calls, program.calls, strict=False):
            if one != other:
                break
            count += 1
        if nearest is None or count > shared:
            nearest, shared = program, count
    if nearest is None or not shared:
        line = calls[0][0].line if calls else ""
        return f"new: begins with {calls[0][0]} ({line})" if calls else "new"
    if shared == len(calls) == len(nearest.calls):
        if live != nearest.live:
            return (
                f"same {shared} ops as program {nearest.number}, but other results are held: "
                f"{_difference(calls, live, nearest.live)}"
            )
        if packing.sharing != nearest.packing.sharing:
            return f"same as program {nearest.number}, but other Python numbers are equal"
        return f"same as program {nearest.number}, but other inputs may be overwritten"
    if shared == len(calls) or shared == len(nearest.calls):
        longer = calls if len(calls) > shared else nearest.calls
        return (
            f"same as program {nearest.number} up to op {shared}, where "
            f"{'this one goes on' if longer is calls else 'that one goes on'} with "
            f"{longer[shared][0]} ({longer[shared][0].line})"
        )
    new, old = calls[shared], nearest.calls[shared]
    if new[0] is old[0]:
        return f"op {shared}, {new[0]}, takes other inputs than in program {nearest.number}"
    return (
        f"differs from program {nearest.number} at op {shared}: {new[0]} instead of {old[0]} "
        f"({new[0].line})"
    )


def _difference(calls: tuple[Call, ...], live: tuple[int, ...], other: tuple[int, ...]) -> str:
    more, less = set(live) - set(other), set(other) - set(live)
    parts = []
    for sign, references in (("+", more), ("-", less)):
        for one in sorted(references)[:3]:
            parts.append(f"{sign}{calls[one >> 16][0].name}")
    return ", ".join(parts)


def wait() -> None:
    """Blocks until the last program's results are there."""
    array = state.last
    if array is not None and not array.is_deleted():
        array.block_until_ready()


def clear() -> None:
    """Forgets every program (tests, and freeing memory)."""
    state.programs.clear()
