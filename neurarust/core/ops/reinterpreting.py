"""Views of the same memory as other numbers: complex numbers' parts, and bits in another dtype."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import dtype as dtypes
from ..define import function, view
from ..errors import fail
from ..op import Array
from ..tensor.storage import like_numpy
from ..tensor.tensor import Tensor

# ------------------------------------------------------------------ complex numbers


def _with_real(input: Array, part: Array) -> Array:
    return lax.complex(part, jnp.imag(input))


@view(layout=lambda array: array.real, write=_with_real, name="real", recodes=True)
def _real(input: Array):
    return jnp.real(input)


def _with_imag(input: Array, part: Array) -> Array:
    return lax.complex(jnp.real(input), part)


@view(layout=lambda array: array.imag, write=_with_imag, name="imag", recodes=True)
def _imag(input: Array):
    return jnp.imag(input)


def _conjugate(input: Array, part: Array) -> Array:
    return jnp.conj(part)


@view(layout=lambda array: array, write=_conjugate, name="conj", recodes=True)
def _conj(input: Array):
    return jnp.conj(input)


def _paired(array: Array) -> Array:
    return jnp.stack([jnp.real(array), jnp.imag(array)], -1)


def _joined(array: Array) -> Array:
    return lax.complex(array[..., 0], array[..., 1])


def _pairs_of(array: Any) -> np.ndarray:
    return array[..., None].view(array.real.dtype)


def _from_pairs(input: Array, part: Array) -> Array:
    return _joined(part)


@view(layout=_pairs_of, write=_from_pairs, name="view_as_real", recodes=True)
def _as_real(input: Array):
    return _paired(input)


def _numbers_of(array: np.ndarray) -> np.ndarray:
    return array.view(np.dtype(f"c{2 * array.itemsize}"))[..., 0]


def _from_numbers(input: Array, part: Array) -> Array:
    return _paired(part)


@view(layout=_numbers_of, write=_from_numbers, name="view_as_complex", recodes=True)
def _as_complex(input: Array):
    return _joined(input)


@function()
def real(input: Tensor) -> Tensor:
    """The real part, a view; of real numbers the tensor itself."""
    return _real(input) if input.is_complex() else input


@function()
def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view."""
    if not input.is_complex():
        fail("imag", str(input.dtype), "complex numbers")
    return _imag(input)


@function()
def conj(input: Tensor) -> Tensor:
    """The complex conjugate, a view; of real numbers the tensor itself."""
    return _conj(input) if input.is_complex() else input


@function()
def is_conj(input: Tensor) -> bool:
    """Whether a tensor shows the conjugate of what its storage holds."""
    return sum(step.view is _conj.view for step in input._steps or ()) % 2 == 1


@function()
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or a copy if it shows the conjugate of what its storage holds."""
    return input.clone() if is_conj(input) else input


@function(method=False)
def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs `(real, imaginary)`, a view. Shape: `(*)` to `(*, 2)`."""
    if not input.is_complex():
        fail("view_as_real", str(input.dtype), "complex numbers")
    return _as_real(input)


@function(method=False)
def view_as_complex(input: Tensor) -> Tensor:
    """Pairs `(real, imaginary)` as complex numbers, a view. Shape: `(*, 2)` to `(*)`.

    Raises:
        RuntimeError: where pairs do not lie side by side in memory (use `.contiguous()`).
    """
    if input.dtype not in (dtypes.float32, dtypes.float64):
        fail("view_as_complex", str(input.dtype), "float32 or float64")
    if input.ndim == 0 or input.shape[-1] != 2:
        fail("view_as_complex", f"shape {tuple(input.shape)}", "a last dimension of size 2")
    problem = _unfitting(input, 2)
    if problem is not None:
        fail("view_as_complex", *problem, fix="Use .contiguous().")
    return _as_complex(input)


# ------------------------------------------------------------------ bits


def _seen_as(array: Array, dtype: Any) -> Array:
    """The bits of an array in another dtype (JAX's `view` loses the sign of a zero on the way)."""
    whole = not array.ndim
    if jnp.iscomplexobj(array):
        array = _paired(array).reshape(*array.shape[:-1], -1)
    if np.dtype(dtype).kind != "c":
        array = array.view(dtype)
    else:
        array = array.view(np.zeros(0, dtype).real.dtype)
        array = _joined(array.reshape(*array.shape[:-1], -1, 2))
    return array.reshape(()) if whole else array


def _bits_of(array: np.ndarray, dtype: Any) -> np.ndarray:
    return array.view(like_numpy(dtype))


def _from_bits(input: Array, part: Array, dtype) -> Array:
    return _seen_as(part, input.dtype)


@view(layout=_bits_of, write=_from_bits, name="view_dtype", recodes=True)
def _bits(input: Array, dtype):
    return _seen_as(input, dtype)


def in_dtype(input: Tensor, dtype: Any) -> Tensor:
    """The same memory read as another dtype, a view off the tape.

    The last dimension is as many times longer or shorter as the dtype is smaller or larger.

    Raises:
        RuntimeError: where that does not work out, or elements of the last dimension do not lie
            side by side.
    """
    wanted = dtypes.of(dtype)
    read = input.detach()
    if wanted is input.dtype:
        return read
    old, new = input.dtype.itemsize, wanted.itemsize
    if old != new:
        operation = f"view of {input.dtype} as {wanted}"
        if not input.ndim:
            fail(operation, "a tensor without dimensions", "one dimension or more")
        times = max(new // old, 1)
        if input.shape[-1] % times:
            expected = f"a last dimension divisible by {times}"
            fail(operation, f"shape {tuple(input.shape)}", expected)
        problem = _unfitting(input, times)
        if problem is not None:
            fail(operation, *problem, fix="Use .contiguous().")
    return _bits(read, dtype=wanted.dtype)


def _unfitting(input: Tensor, times: int) -> tuple[str, str] | None:
    """How a tensor lies and should, to be read `times` elements a number; None if it fits."""
    *others, last = input.stride()
    steps = [step for length, step in zip(input.shape, others, strict=False) if length > 1]
    if last == 1 and not any(one % times for one in (*steps, input.storage_offset())):
        return None
    places = f"strides {input.stride()} and offset {input.storage_offset()}"
    return places, f"a last stride of 1, and other strides and an offset divisible by {times}"
