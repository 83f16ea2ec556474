"""Where time and memory go: recorded programs, replayed call by call.

    with nr.profiler.profile() as measured:
        for x, y in loader:
            step(x, y)
    print(measured)                    # a row for each operation
    print(measured.table("line"))      # a row for each of your lines
    print(measured.peak())             # the tensors that hold most memory at one time

PyTorch's profiler is spelled the same: `profile(activities=..., schedule=..., on_trace_ready=...)`,
`step`, `key_averages().table(sort_by=...)`, `export_chrome_trace`, `record_function`.

XLA fuses the calls of a program, so a call's own time is what it costs alone; `whole` is what
the programs take as they run. `trace` writes what really happened, for Perfetto.
"""

from __future__ import annotations

import enum
import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator
from pathlib import Path
from typing import Any, NamedTuple

import jax

from .core.autograd.anomaly import observed
from .core.engine.numbers import Packing, numbers_of
from .core.engine.program import Program
from .core.engine.program import state as programs
from .core.engine.recording import Recording, synchronize
from .core.engine.signature import Signature

__all__ = [
    "Profile", "ProfilerAction", "ProfilerActivity", "Row", "profile", "record_function",
    "schedule", "supported_activities", "tensorboard_trace_handler", "trace",
]  # fmt: skip

trace = jax.profiler.trace
_MEASURED = 0.01
"""Seconds for which each call is repeated."""


class Row(NamedTuple):
    """What all calls of one operation, or of one line, took."""

    name: str
    calls: int
    milliseconds: float
    share: float

    @property
    def key(self) -> str:
        """PyTorch's name of `name`."""
        return self.name

    @property
    def count(self) -> int:
        """PyTorch's name of `calls` (and not the method of tuples)."""
        return self.calls

    @property
    def cpu_time_total(self) -> float:
        """Microseconds of all calls; so is `self_cpu_time_total`, since no call is in another."""
        return self.milliseconds * 1e3

    self_cpu_time_total = cpu_time_total


class ProfilerActivity(enum.Enum):
    """What PyTorch's profiler would watch, to be named: here, whatever computes."""

    CPU, CUDA, XPU = range(3)


class ProfilerAction(enum.Enum):
    """What is done in a step. Nothing needs warming up: only what is recorded is watched."""

    NONE, WARMUP, RECORD, RECORD_AND_SAVE = range(4)


def supported_activities() -> set[ProfilerActivity]:
    """All of them."""
    return {*ProfilerActivity}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0
) -> Callable[[int], ProfilerAction]:
    """What `profile(schedule=...)` does in which step: `wait` and `warmup` steps not, then `active`
    ones.

    Args:
        repeat: how many such rounds (0: without end).
        skip_first: steps before the first one.
    """
    if wait < 0 or warmup < 0 or active < 1 or repeat < 0 or skip_first < 0:
        raise ValueError(
            f"schedule: expected counts from 0 on and active from 1 on, but got wait={wait}, "
            f"warmup={warmup}, active={active}, repeat={repeat}, skip_first={skip_first}"
        )
    length = wait + warmup + active

    def action(step: int) -> ProfilerAction:
        step -= skip_first
        if step < 0 or repeat and step >= repeat * length:
            return ProfilerAction.NONE
        place = step % length
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place + 1 < length else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[Profile], None]:
    """For `on_trace_ready`: writes a trace into a folder each time, compressed with `use_gzip`."""

    def write(profile: Profile) -> None:
        folder = Path(dir_name)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{worker_name or 'neurarust'}.{time.time_ns()}.pt.trace.json"
        profile.export_chrome_trace(str(folder / (name + ".gz" * use_gzip)))

    return write


class record_function(ContextDecorator):
    """A block or function that bears a name in what `nr.profiler.trace` writes."""

    def __init__(self, name: str, args: str | None = None):
        self.name = name

    def __enter__(self) -> record_function:
        self._annotation = jax.profiler.TraceAnnotation(self.name)
        self._annotation.__enter__()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._annotation.__exit__(*raised)


class _Call(NamedTuple):
    """One call of a program, with what it costs alone."""

    name: str
    line: str
    seconds: float
    outputs: tuple[tuple[str, int], ...]


class _Run:
    """A program that ran while we watched, with the inputs of its first run."""

    def __init__(self, recording: Recording, entries: list, program: Program):
        # Without the Values, which would keep memory.
        self.calls = [entry[:3] for entry in entries]
        self.lines = list(recording.lines or [])
        self.vectors = program.packing.vectors(numbers_of(entries).flat) or ()
        self.leaves, self.program = list(recording.leaf_arrays), program
        self.count = 0

    def measure(self) -> tuple[float, list[_Call]]:
        """Seconds of the whole program, and its calls."""
        with jax.enable_x64(True):
            given = (*self.vectors, *self.leaves)
            program = self.program.for_speed(given) if self.program.draft else self.program.function
            whole = _seconds(lambda: program(*given))
            return whole, self._measured_calls()

    def _measured_calls(self) -> list[_Call]:
        results: list[list] = []
        measured = []
        compiled: dict[tuple[Signature, Any], Callable] = {}
        for position, call in enumerate(self.calls):
            signature, references, numbers = call
            arrays = [
                self.leaves[-1 - one] if one < 0 else results[one >> 16][one & 0xFFFF]
                for one in references
            ]
            packing = Packing([signature], [numbers])
            given = (*(packing.vectors(numbers) or ()), *arrays)
            key = signature, packing.sharing
            if key not in compiled:
                compiled[key] = _alone(signature, packing).for_speed(given)
            alone = compiled[key]
            results.append(alone(*given))
            seconds = _seconds(lambda f=alone, given=given: f(*given))
            line = self.lines[position] if position < len(self.lines) else signature.line
            outputs = tuple((repr(one), one.size * one.dtype.itemsize) for one in signature.outputs)
            measured.append(_Call(signature.name, line, seconds, outputs))
        return measured


def _alone(signature: Signature, packing: Packing) -> Program:
    """The program of one call, compiled as all programs are."""
    inputs = tuple(-1 - k for k in range(len(signature.inputs)))
    outputs = tuple(range(len(signature.outputs)))
    return Program(signature.device, ((signature, inputs),), outputs, (), [], packing)


def _seconds(run: Callable[[], Any]) -> float:
    """The fastest of several runs, and never more than a few."""
    jax.block_until_ready(run())
    best, end = float("inf"), time.perf_counter() + _MEASURED
    while True:
        start = time.perf_counter()
        jax.block_until_ready(run())
        now = time.perf_counter()
        best = min(best, now - start)
        if now > end:
            return best


class Profile:
    """What was measured; prints as a table of operations.

    Attributes:
        whole: milliseconds of all programs as they run, fused.
        runs: how many programs ran.
    """

    def __init__(
        self, actions: Callable[[int], ProfilerAction] | None = None,
        ready: Callable[[Profile], object] | None = None,
    ):  # fmt: skip
        self._runs: dict[int, _Run] = {}
        self._measured: list[tuple[_Run, float, list[_Call]]] = []
        self._actions = actions or (lambda step: ProfilerAction.RECORD)
        self._ready = ready
        self.step_num = 0

    def step(self) -> None:
        """The next step begins: what happens in it is up to the schedule."""
        synchronize(wait=False)
        if self._actions(self.step_num) is ProfilerAction.RECORD_AND_SAVE:
            self._finish()
        self.step_num += 1

    def _watch(self, recording: Recording, entries: list, _: list) -> None:
        if self._actions(self.step_num) in (ProfilerAction.NONE, ProfilerAction.WARMUP):
            return
        program = next(reversed(programs.programs.values()))
        run = self._runs.get(id(program))
        if run is None:
            run = self._runs[id(program)] = _Run(recording, entries, program)
        run.count += 1

    def _finish(self) -> None:
        self._measured = [(run, *run.measure()) for run in self._runs.values()]
        for run in self._runs.values():
            run.leaves = []
        self._runs = {}
        if self._ready is not None:
            self._ready(self)

    @property
    def whole(self) -> float:
        return sum(run.count * seconds for run, seconds, _ in self._measured) * 1e3

    @property
    def runs(self) -> int:
        return sum(run.count for run, _, _ in self._measured)

    def rows(self, by: str = "op") -> list[Row]:
        """Calls summed by "op" or by "line", the costliest first; `share` is of their sum."""
        if by not in ("op", "line"):
            raise ValueError(f"Profile.rows: by must be 'op' or 'line', but got {by!r}")
        counts: dict[str, int] = {}
        seconds: dict[str, float] = {}
        for run, _, calls in self._measured:
            for call in calls:
                name = call.name if by == "op" else call.line
                counts[name] = counts.get(name, 0) + run.count
                seconds[name] = seconds.get(name, 0.0) + run.count * call.seconds
        total = sum(seconds.values()) or 1.0
        rows = [Row(name, counts[name], one * 1e3, one / total) for name, one in seconds.items()]
        return sorted(rows, key=lambda row: -row.milliseconds)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows())

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0
    ) -> Profile:
        """PyTorch's name of the rows; `table` prints them, and they can be gone through."""
        return self

    def export_chrome_trace(self, path: str) -> None:
        """Writes the calls, each with what it costs alone, for Perfetto or chrome://tracing.

        Args:
            path: of a file; compressed if it ends with ".gz".
        """
        events, begin = [], 0.0
        for run, _, calls in self._measured:
            for call in calls:
                events.append({
                    "name": call.name, "ph": "X", "ts": begin, "dur": call.seconds * 1e6,
                    "pid": 0, "tid": 0, "args": {"line": call.line, "runs": run.count},
                })  # fmt: skip
                begin += call.seconds * 1e6
        text = json.dumps({"traceEvents": events}).encode()
        Path(path).write_bytes(gzip.compress(text) if path.endswith(".gz") else text)

    def table(
        self, by: str = "op", limit: int = 20, *, sort_by: str | None = None,
        row_limit: int | None = None,
    ) -> str:  # fmt: skip
        """The first rows as text, the costliest first.

        Args:
            sort_by: PyTorch's names: those of times all mean the time, "count" the calls.
            row_limit: PyTorch's name of `limit`; -1 for all.
        """
        if sort_by not in (None, "count") and not sort_by.endswith(("_time", "_time_total")):
            raise ValueError(
                f"Profile.table: sort_by must be 'count' or a time, as 'cpu_time_total', but got "
                f"{sort_by!r}"
            )
        head = f"{self.runs} runs of {len(self._measured)} programs, {self.whole:.3f} ms in all"
        lines = [head, f"{'ms':>10} {'share':>6} {'calls':>7}  {by}"]
        rows = self.rows(by)
        if sort_by == "count":
            rows.sort(key=lambda row: -row.calls)
        wanted = limit if row_limit is None else row_limit
        for row in rows[: wanted if wanted >= 0 else None]:
            lines.append(f"{row.milliseconds:>10.3f} {row.share:>6.1%} {row.calls:>7}  {row.name}")
        return "\n".join(lines)

    def peak(self, limit: int = 10) -> str:
        """What is alive when most memory is, if every call's result were kept to its last use."""
        worst: tuple[int, list[tuple[int, str]]] = (0, [])
        for run, _, calls in self._measured:
            worst = max(worst, _peak(run, calls), key=lambda one: one[0])
        rows = [f"{worst[0] / 1e6:.3f} MB at once, beside the programs' inputs"]
        rows += [f"{size / 1e6:>10.3f} MB  {text}" for size, text in sorted(worst[1])[::-1][:limit]]
        return "\n".join(rows)

    def __str__(self) -> str:
        return self.table()

    __repr__ = __str__


def _peak(run: _Run, calls: list[_Call]) -> tuple[int, list[tuple[int, str]]]:
    """Bytes, and each result that is alive then."""
    last: dict[int, int] = dict.fromkeys(run.program.live, len(calls))
    for position, (_, references, _) in enumerate(run.calls):
        for one in references:
            if one >= 0:
                last[one] = max(position, last.get(one, 0))
    alive: dict[int, tuple[int, str]] = {}
    worst: tuple[int, list[tuple[int, str]]] = (0, [])
    for position, call in enumerate(calls):
        for k, (text, size) in enumerate(call.outputs):
            if (position << 16 | k) in last:
                alive[position << 16 | k] = (size, f"{text} of {call.name}, {call.line}")
        total = sum(size for size, _ in alive.values())
        if total > worst[0]:
            worst = (total, list(alive.values()))
        for one in [one for one in alive if last[one] <= position]:
            del alive[one]
    return worst


class profile(observed):
    """Context: what runs inside is measured, call by call, when it ends.

    Inside it, memory is not reused between steps and jitted functions run as they are written.

    Args:
        activities, record_shapes, profile_memory, with_stack, with_flops, with_modules: accepted;
            lines and memory are always there.
        schedule: step -> what is done in it (see `schedule`); `step()` begins the next one.
        on_trace_ready: called with the profile when a round of the schedule is over, or the block.
    """

    def __init__(
        self, *, activities: Any = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[[Profile], object] | None = None, record_shapes: bool = False,
        profile_memory: bool = False, with_stack: bool = False, with_flops: bool = False,
        with_modules: bool = False,
    ):  # fmt: skip
        self.profile = Profile(schedule, on_trace_ready)
        super().__init__(self.profile._watch)

    def __enter__(self) -> Profile:
        super().__enter__()
        return self.profile

    def __exit__(self, kind: Any, *rest: object) -> None:
        super().__exit__(kind, *rest)
        # (What a round of the schedule found stays, if nothing came after it.)
        if kind is None and (self.profile._runs or not self.profile._measured):
            self.profile._finish()
