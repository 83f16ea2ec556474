"""Memory mappings of the process, of which Linux allows so many.

XLA takes three for each kernel of a program (code, constants, data), hundreds for a large one.
Where there are no more, XLA cannot compile ("LLVM compilation error: Cannot allocate memory") and
the process ends. So programs that were not used for long are forgotten before that.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_LIMIT, _MAPPED = Path("/proc/sys/vm/max_map_count"), Path("/proc/self/maps")
# Operations that are compiled between two counts, which take 10 ms each.
_OPERATIONS = 4096


class _Counted:
    """What was compiled since the last count."""

    operations = 0


def crowded(operations: int) -> bool:
    """Whether more than half of what the process may have is taken.

    Args:
        operations: how many more are about to be compiled.
    """
    limit = allowed()
    _Counted.operations += operations
    if limit is None or _Counted.operations < _OPERATIONS:
        return False
    _Counted.operations = 0
    return count() > limit // 2


def count() -> int:
    """How many mappings the process has."""
    with _MAPPED.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 16), b""))


@cache
def allowed() -> int | None:
    """How many it may have; None where nothing says so."""
    try:
        return int(_LIMIT.read_text()) if _MAPPED.exists() else None
    except (OSError, ValueError):
        return None
