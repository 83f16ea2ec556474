"""`nr.explain()`: the programs that were compiled, and why."""

from __future__ import annotations

from . import program as programs


class Explanation:
    """A snapshot of the program cache; prints as a table.

    Attributes:
        programs: those kept, each with `number`, `calls`, `live`, `seconds` (of its first
            call: tracing, compiling, running), `hits` and `reason`.
        compilations: programs compiled since the process began.
        hits: runs that found their program.
    """

    def __init__(self) -> None:
        self.programs = list(programs.state.programs.values())
        self.compilations = programs.state.compilations
        self.hits = programs.state.hits
        self.seconds = sum(one.seconds for one in self.programs)

    def __str__(self) -> str:
        head = (
            f"{self.compilations} programs compiled in {self.seconds:.2f} s, found again "
            f"{self.hits} times\n"
            f"{'number':>6} {'ops':>6} {'outputs':>7} {'reused':>6} {'seconds':>8} {'hits':>8}  why"
        )
        rows = [
            f"{one.number:>6} {_size(one):>6} {len(one.live):>7} {len(one.donated):>6} "
            f"{one.seconds:>8.2f} {one.hits:>8}  {one.reason}"
            for one in self.programs
        ]
        return "\n".join([head, *rows])

    __repr__ = __str__


def _size(program: programs.Program) -> int:
    """How many operations a program has, those inside jitted functions counted."""
    return sum(getattr(signature, "size", 1) for signature, _ in program.calls)


def explain() -> Explanation:
    """The programs so far: size, compile seconds, hits, and why each was compiled.

    "Why" names the first place where a recording differs from the nearest known one, with
    the user's line. "reused" counts inputs whose memory the outputs took over.
    """
    return Explanation()
