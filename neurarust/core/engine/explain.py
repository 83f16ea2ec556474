"""`nr.explain()`: the programs that were compiled, and why."""

from __future__ import annotations

from . import program as programs


class Explanation:
    """A snapshot of the program cache; prints as a table.

    Attributes:
        programs: those kept, each with `number`, `calls`, `live`, `seconds` (of its first
            call: tracing, compiling, running), `hits`, `reason` and `draft`: for how many runs it
            is compiled in a hurry, 0 if for speed.
        compilations: programs compiled since the process began.
        outgrown: drafts among them that came often, so that they were compiled for speed as well.
        hits: runs that found their program.
    """

    def __init__(self) -> None:
        self.programs = list(programs.state.programs.values())
        self.compilations = programs.state.compilations
        self.outgrown = programs.state.outgrown
        self.hits = programs.state.hits
        self.seconds = sum(one.seconds for one in self.programs)

    def __str__(self) -> str:
        again = f", {self.outgrown} of them twice" if self.outgrown else ""
        head = (
            f"{self.compilations} programs compiled in {self.seconds:.2f} s{again}, found again "
            f"{self.hits} times\n"
            f"{'number':>6} {'ops':>6} {'outputs':>7} {'reused':>6} {'seconds':>8} {'hits':>8}  why"
        )
        rows = [
            f"{one.number:>6} {_size(one):>6} {len(one.live):>7} {len(one.donated):>6} "
            f"{one.seconds:>8.2f} {one.hits:>8}  {'draft; ' if one.draft else ''}{one.reason}"
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
    the user's line. "reused" counts inputs whose memory the outputs took over. A "draft" is a
    program compiled in a hurry: after the first twelve of a process each begins as one, and is
    compiled for speed once it has come often (up to 16 times; NEURARUST_DRAFTS=0: at once).
    """
    return Explanation()
