"""Error texts: one way to say what an operation got and what it expected."""

from __future__ import annotations

from operator import index
from typing import Any, NoReturn


class NeuraRustError(RuntimeError):
    """Base of errors that have no closer counterpart among Python's own."""


class ProgramError(NeuraRustError):
    """A recorded program failed; raised where one of its values is read."""


class OutOfMemoryError(NeuraRustError):
    """A device has too little memory for a program; tensors keep what they held before it."""


class LinAlgError(RuntimeError):
    """A matrix has no such factor; for scripts that catch it (here results hold NaN instead)."""


class CaptureError(NeuraRustError):
    """A function cannot be described as one computation (see `core.capture`)."""


class JitWarning(UserWarning):
    """A jitted function runs as plain recording; the message says why."""


class RecompilationWarning(UserWarning):
    """A script keeps compiling programs; `nr.explain()` says why."""


def describe(aval: object) -> str:
    """`float32[2, 3]` for anything with a dtype and a shape, else its repr."""
    shape = getattr(aval, "shape", None)
    dtype = getattr(aval, "dtype", None)
    if shape is None or dtype is None:
        return repr(aval)
    name = getattr(dtype, "name", str(dtype))
    return f"{name}[{', '.join(map(str, shape))}]"


def fail(
    operation: str,
    got: str,
    expected: str,
    fix: str = "",
    kind: type[Exception] = RuntimeError,
) -> NoReturn:
    """Raises `kind` with the four parts every message has: who, got, expected, fix."""
    message = f"{operation}: expected {expected}, but got {got}"
    raise kind(f"{message}. {fix}" if fix else message)


def add_place(error: Exception, place: str, ours: bool) -> None:
    """Says where an error arose: in the message if it is `ours`, else in a note of its own."""
    if ours and error.args == (str(error),):
        error.args = (f"{place}: {error}",)
    else:
        error.add_note(place)


def dimension(operation: str, dim: int, rank: int) -> int:
    """`dim` as a number in [0, rank), PyTorch's rule (a scalar has one dimension)."""
    limit = max(rank, 1)
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"{operation}: dim must be an integer, but got {dim!r}")
    dim = index(dim)
    if not -limit <= dim < limit:
        raise IndexError(
            f"{operation}: Dimension out of range (expected to be in range of "
            f"[{-limit}, {limit - 1}], but got {dim})"
        )
    return dim % limit


def dimensions(operation: str, dim: Any, rank: int) -> tuple[int, ...]:
    """`dim` (None for all, an int, or a sequence) as distinct numbers in [0, rank)."""
    if dim is None:
        return tuple(range(rank))
    wanted = dim if isinstance(dim, (tuple, list)) else (dim,)
    found = tuple(dimension(operation, one, rank) for one in wanted)
    if len(set(found)) != len(found):
        raise RuntimeError(f"{operation}: dim {tuple(wanted)} names a dimension more than once")
    return found if rank else ()
