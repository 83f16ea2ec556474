"""Discrete Fourier transforms: one mechanism, eighteen rows.

A transform over several dimensions is a *real* step along the last of them, for the kinds that
have one, and complex steps along the others. `hfft` and `ihfft` are `irfft` and `rfft` of
conjugates, with the opposite normalization.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from .. import dtype as dtypes
from ..define import function, op
from ..errors import dimensions, fail
from ..op import Array
from ..tensor.tensor import Tensor
from .create import arange, finished
from .elementwise import HALF, is_complex
from .movement import roll

FFT = ("fft",)
# jax.numpy transforms at most so many dimensions at once.
AT_ONCE = 3
# The normalization of the transform in the other direction.
OPPOSITE = {"forward": "backward", "backward": "forward", "ortho": "ortho"}


def prepared(operation: str, input: Array, real: bool) -> Array:
    """The input as floating-point numbers; raises for those that have no transform."""
    if input.dtype in HALF:
        fail(operation, str(input.dtype), "float32, float64 or complex numbers")
    if real and is_complex(input):
        fail(operation, f"a complex input ({input.dtype})", "a real input")
    if jnp.issubdtype(input.dtype, jnp.inexact):
        return input
    return input.astype(dtypes.default_dtype().dtype)


def resized(input: Array, length: int, axis: int) -> Array:
    """A dimension cut or filled with zeros to `length`."""
    size = input.shape[axis]
    if length <= size:
        return input[(slice(None),) * axis + (slice(0, length),)]
    return jnp.pad(input, [(0, length - size if d == axis else 0) for d in range(input.ndim)])


def lengths_and_axes(operation: str, input: Array, s: Any, dim: Any, real_output: bool):
    """The length of the signal along every transformed dimension, and the dimensions."""
    if s is not None and dim is not None and len(s) != len(dim):
        fail(operation, f"s={s} and dim={dim}", "as many sizes as dimensions")
    if s is not None and len(s) > input.ndim:
        fail(operation, f"s={s} for {input.ndim} dimensions", "at most one size a dimension")
    if dim is None:
        first = 0 if s is None else input.ndim - len(s)
        axes = tuple(range(first, input.ndim))
    else:
        if not input.ndim:
            raise IndexError(f"{operation}: dim={dim}, but the tensor has no dimensions")
        axes = dimensions(operation, tuple(dim), input.ndim)
    lengths = [input.shape[axis] for axis in axes]
    if real_output and lengths:
        lengths[-1] = 2 * (lengths[-1] - 1)
    lengths = [
        n if given in (None, -1) else given
        for n, given in zip(lengths, s or [None] * len(axes), strict=True)
    ]
    if any(n < 1 for n in lengths):
        fail(operation, f"signals of lengths {lengths}", "at least one data point each")
    return lengths, axes


def scale_of(operation: str, norm: str | None, inverse: bool, lengths: Sequence[int]) -> float:
    """What the sums of a transform are multiplied by."""
    norm = norm or "backward"
    if norm not in OPPOSITE:
        fail(operation, f"norm={norm!r}", "'forward', 'backward' or 'ortho'")
    count = math.prod(lengths)
    if norm == "ortho":
        return 1 / math.sqrt(count)
    return 1 / count if (norm == "backward") == inverse else 1.0


def complex_steps(input: Array, axes: tuple[int, ...], inverse: bool) -> Array:
    """Unnormalized complex transforms along several axes."""
    transform, norm = (jnp.fft.ifftn, "forward") if inverse else (jnp.fft.fftn, "backward")
    for first in range(0, len(axes), AT_ONCE):
        input = transform(input, axes=axes[first : first + AT_ONCE], norm=norm)
    return input


def transformed(operation: str, kind: str, input: Array, s: Any, dim: Any, norm: Any) -> Array:
    """The transform of a kind: "fft", "ifft", "rfft", "irfft", "hfft" or "ihfft"."""
    s = (s,) if isinstance(s, int) else s
    dim = (dim,) if isinstance(dim, int) else dim
    if kind in ("hfft", "ihfft"):
        norm = OPPOSITE.get(norm or "backward", norm)
        if kind == "hfft":
            return transformed(operation, "irfft", jnp.conj(input), s, dim, norm)
        return jnp.conj(transformed(operation, "rfft", input, s, dim, norm))
    inverse = kind in ("ifft", "irfft")
    input = prepared(operation, input, real=kind == "rfft")
    lengths, axes = lengths_and_axes(operation, input, s, dim, kind == "irfft")
    scale = scale_of(operation, norm, inverse, lengths)
    if kind in ("rfft", "irfft") and not axes:
        fail(operation, "no dimension", "at least one dimension to transform")
    for length, axis in zip(lengths, axes, strict=True):
        halved = kind == "irfft" and axis == axes[-1]
        input = resized(input, length // 2 + 1 if halved else length, axis)
    if kind == "rfft":
        result = complex_steps(jnp.fft.rfft(input, axis=axes[-1]), axes[:-1], inverse)
    elif kind == "irfft":
        result = complex_steps(input, axes[:-1], inverse)
        result = jnp.fft.irfft(result, lengths[-1], axes[-1], norm="forward")
    else:
        wide = jnp.complex128 if input.dtype.itemsize > 8 or input.dtype == jnp.float64 else None
        result = complex_steps(input.astype(wide or jnp.complex64), axes, inverse)
    return result if scale == 1.0 else result * scale


SUMMARIES = {
    "fft": "Fourier transform `sum over t of x[t] e^(-2 pi i k t / n)`",
    "ifft": "Inverse Fourier transform `1/n sum over k of x[k] e^(2 pi i k t / n)`",
    "rfft": "Fourier transform of real numbers, of which only half, `n/2 + 1`, are returned",
    "irfft": "Inverse of `rfft`: real numbers from half a spectrum",
    "hfft": "Fourier transform of half a Hermitian signal, which is real",
    "ihfft": "Inverse of `hfft`: half a Hermitian signal from a real spectrum",
}
ARGUMENTS = """

    Args:
        {sizes}
        norm: "backward" (the inverse is divided by the count), "forward" (the other one is) or
            "ortho" (both by its root).
    """


def described(transform: Callable, kind: str, where: str, sizes: str) -> Any:
    """The finished operation, with its name and docstring."""
    transform.__doc__ = f"{SUMMARIES[kind]}{where}.{ARGUMENTS.format(sizes=sizes)}"
    transform.__qualname__ = transform.__name__
    return op(name=transform.__name__, namespace=FFT, method=False)(transform)


def along_one(kind: str) -> Any:
    """The transform along one dimension."""

    def transform(input: Array, n: int | None = None, dim: int = -1, norm: str | None = None):
        return transformed(kind, kind, input, n, dim, norm)

    transform.__name__ = kind
    return described(transform, kind, " along `dim`", "n: length of the signal, cut or padded.")


def along_two(kind: str) -> Any:
    """The transform along two dimensions."""
    name = f"{kind}2"

    def transform(
        input: Array, s: tuple | None = None, dim: tuple = (-2, -1), norm: str | None = None
    ):
        return transformed(name, kind, input, s, dim, norm)

    transform.__name__ = name
    return described(
        transform, kind, " along two dimensions", "s: lengths of the signal, cut or padded."
    )


def along_many(kind: str) -> Any:
    """The transform along any dimensions."""
    name = f"{kind}n"

    def transform(
        input: Array, s: tuple | None = None, dim: tuple | None = None, norm: str | None = None
    ):
        return transformed(name, kind, input, s, dim, norm)

    transform.__name__ = name
    return described(
        transform, kind, " along `dim` (all dimensions, or the last `len(s)`)",
        "s: lengths of the signal, cut or padded; -1 keeps one.",
    )  # fmt: skip


fft, ifft, rfft, irfft, hfft, ihfft = map(along_one, SUMMARIES)
fft2, ifft2, rfft2, irfft2, hfft2, ihfft2 = map(along_two, SUMMARIES)
fftn, ifftn, rfftn, irfftn, hfftn, ihfftn = map(along_many, SUMMARIES)


# ------------------------------------------------------------------ frequencies


def _frequencies(first: int, last: int, n: int, d: float, dtype: Any, device: Any) -> Tensor:
    kind = dtypes.default_dtype() if dtype is None else dtype
    return arange(first, last, dtype=kind, device=device) * (1.0 / (n * d))


@function(method=False, namespace=FFT, out=True)
def fftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Frequencies of the `n` results of `fft` for samples at distance `d`: 0 up, then negative."""
    made = _frequencies(-(n // 2), n - n // 2, n, d, dtype, device)
    return finished(ifftshift(made), requires_grad)


@function(method=False, namespace=FFT, out=True)
def rfftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Frequencies of the `n/2 + 1` results of `rfft` for samples at distance `d`."""
    return finished(_frequencies(0, n // 2 + 1, n, d, dtype, device), requires_grad)


def _shifted(name: str, input: Tensor, dim: Any, half: Callable[[int], int]) -> Tensor:
    axes = dimensions(name, dim, input.ndim) if input.ndim else ()
    return roll(input, [half(input.shape[axis]) for axis in axes], axes) if axes else input


@function(method=False, namespace=FFT)
def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The zero frequency moved to the middle of `dim` (of every dimension by default)."""
    return _shifted("fftshift", input, dim, lambda size: size // 2)


@function(method=False, namespace=FFT)
def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`: the zero frequency moved to the start."""
    return _shifted("ifftshift", input, dim, lambda size: -(size // 2))
