"""Sorting, selection by rank, and search in sorted numbers."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..define import op
from ..errors import dimension, fail
from ..op import Array, Operand
from .elementwise import is_complex, is_float
from .extremes import of_memory
from .reduce import nonempty

# Up to so many boundaries, comparing with all of them beats a binary search.
FEW_BOUNDARIES = 64


class SortResult(NamedTuple):
    """The result of `sort`."""

    values: Array
    indices: Array


class TopkResult(NamedTuple):
    """The result of `topk`."""

    values: Array
    indices: Array


class KthvalueResult(NamedTuple):
    """The result of `kthvalue`."""

    values: Array
    indices: Array


class MedianResult(NamedTuple):
    """The result of `median` along a dimension."""

    values: Array
    indices: Array


class NanmedianResult(NamedTuple):
    """The result of `nanmedian` along a dimension."""

    values: Array
    indices: Array


def sortable(input: Array) -> Array:
    """Integers of 32 bits in the same order as `input`; NaN is the largest, -0 equals 0."""
    if not is_float(input):
        return input.astype(jnp.int32)
    number = jnp.where(input == 0, 0, input).astype(jnp.float32)
    bits = jax.lax.bitcast_convert_type(number, jnp.int32)
    bits = jnp.where(jnp.isnan(input), jnp.int32(0x7FFFFFFF), bits)
    return jnp.where(bits < 0, bits ^ jnp.int32(0x7FFFFFFF), bits)


def fits(input: Array) -> bool:
    """Whether `sortable` has all numbers of this type."""
    return input.dtype.itemsize <= 4 and input.dtype != jnp.uint32


def order(input: Array, descending: bool) -> Array:
    """Indices that sort the last axis, stably.

    A key of 32 bits and its index are sorted as one integer: on a CPU five times
    faster than a sort of pairs.
    """
    if is_complex(input):
        fail("sort", str(input.dtype), "real numbers")
    steps = jax.lax.broadcasted_iota(jnp.int64, input.shape, input.ndim - 1)
    if fits(input):
        key = sortable(input)
        key = ~key if descending else key
        packed = jnp.sort((key.astype(jnp.int64) << 32) | steps, axis=-1, stable=False)
        return packed & 0xFFFFFFFF
    # Turning the input over before and after keeps the order of ties.
    if descending:
        return input.shape[-1] - 1 - jnp.flip(order(jnp.flip(input, -1), False), -1)
    return jax.lax.sort((input, steps), num_keys=1, is_stable=True)[1]


def sorted_along(input: Array, axis: int, descending: bool = False) -> tuple[Array, Array]:
    """Sorted numbers and their indices; the gradient follows the indices."""
    if input.ndim == 0:
        return input, jnp.zeros((), jnp.int64)
    moved = jnp.moveaxis(input, axis, -1)
    index = order(jax.lax.stop_gradient(moved), descending)
    values = jnp.take_along_axis(moved, index, -1, mode="promise_in_bounds")
    return jnp.moveaxis(values, -1, axis), jnp.moveaxis(index, -1, axis)


@op(residuals=True, out="same dtype")
def sort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False):
    """Numbers in order along `dim`, and their indices; always stable, NaN is the largest."""
    axis = dimension("sort", dim, input.ndim)
    return SortResult(*sorted_along(input, axis, descending))


@op(differentiable=False)
def argsort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False):
    """Indices that put `dim` in order; always stable."""
    return sorted_along(input, dimension("argsort", dim, input.ndim), descending)[1]


@op(residuals=True, out="same dtype")
def msort(input: Array):
    """Numbers in order along the first dimension."""
    return sorted_along(input, 0)[0]


@op(residuals=True, refuses="bool complex", out="same dtype")
def topk(input: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True):
    """The `k` largest (or smallest) numbers along `dim`, in order, and their indices."""
    axis = dimension("topk", dim, input.ndim)
    count = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= count:
        fail("topk", f"k={k}", f"k between 0 and the size {count} of dimension {axis}")
    if input.ndim == 0:
        return TopkResult(input, jnp.zeros((), jnp.int64))
    moved = jnp.moveaxis(input, axis, -1)
    key = jax.lax.stop_gradient(moved)
    if is_float(key):
        # A NaN ties with infinity, where PyTorch has it above.
        key = jnp.where(jnp.isnan(key), jnp.inf, key)
    if not largest:
        key = -key if is_float(key) else ~key
    index = jax.lax.top_k(key, k)[1].astype(jnp.int64)
    values = jnp.take_along_axis(moved, index, -1, mode="promise_in_bounds")
    return TopkResult(jnp.moveaxis(values, -1, axis), jnp.moveaxis(index, -1, axis))


def ranked(input: Array, rank: Array | int, axis: int, keepdim: bool):
    """The number of a rank (from 0) along `axis`, and its index.

    Its 32 bits are found one after the other, each by counting what is smaller: on a CPU five times
    as fast as sorting.
    """
    if input.ndim == 0:
        return input, jnp.zeros((), jnp.int64)
    shape = [1 if d == axis else n for d, n in enumerate(input.shape)]
    rank = jnp.broadcast_to(jnp.asarray(rank, jnp.int64), shape)
    if fits(input):
        key = sortable(jax.lax.stop_gradient(input))
        index = of_memory(functools.partial(_place, axis=axis), key, rank)
    else:
        index = jnp.take_along_axis(sorted_along(input, axis)[1], rank, axis)
    found = jnp.take_along_axis(input, index, axis), index
    return found if keepdim else [a.squeeze(axis) for a in found]


def _place(key: Array, rank: Array, axis: int) -> Array:
    """Where the key of a rank stands, equal ones in their order."""
    rank = rank.astype(jnp.int32)

    def counted(true: Array) -> Array:
        return jnp.sum(true, axis, keepdims=True, dtype=jnp.int32)

    def largest(start: Array, bits: int, smaller: Callable, rank: Array) -> Array:
        """The largest number of so many bits than which not more than `rank` are smaller."""

        def step(k, found):
            larger = found | jnp.left_shift(jnp.int32(1), bits - 1 - k.astype(jnp.int32))
            return jnp.where(counted(smaller(larger)) <= rank, larger, found)

        return jax.lax.fori_loop(0, bits, step, start)

    nothing = jnp.zeros_like(rank)
    start = jnp.where(counted(key < 0) <= rank, nothing, jnp.iinfo(jnp.int32).min)
    found = largest(start, 31, lambda bound: key < bound, rank)
    same, rank = key == found, rank - counted(key < found)
    steps = jax.lax.broadcasted_iota(jnp.int32, key.shape, axis)
    bits = key.shape[axis].bit_length()
    place = largest(nothing, bits, lambda bound: same & (steps < bound), rank)
    return place.astype(jnp.int64)


@op(residuals=True, refuses="bool complex", out="same dtype, apart")
def kthvalue(input: Array, k: int, dim: int = -1, keepdim: bool = False):
    """The `k`-th smallest number along `dim`, counted from 1, and its index."""
    axis = dimension("kthvalue", dim, input.ndim)
    count = input.shape[axis] if input.ndim else 1
    if not 1 <= k <= count:
        fail("kthvalue", f"k={k}", f"k between 1 and the size {count} of dimension {axis}")
    return KthvalueResult(*ranked(input, k - 1, axis, keepdim))


def middle(operation: str, input: Array, dim: int, keepdim: bool, skip_nan: bool):
    """The lower of the two middle numbers along `dim`, and its index."""
    axis = dimension(operation, dim, input.ndim)
    if input.ndim:
        nonempty(operation, input, (axis,))
    missing = jnp.isnan(input)
    count = input.shape[axis] if input.ndim else 1
    present = count - jnp.sum(missing, axis if input.ndim else None, keepdims=True)
    rank = jnp.maximum(present - 1, 0) // 2
    if not skip_nan:
        # The first NaN stands behind the numbers, and there is none after the last one.
        rank = jnp.where(present < count, present, rank)
    return ranked(input, rank, axis, keepdim)


def median_of(operation, result, input, dim, keepdim, skip_nan):
    """Body shared by `median` and `nanmedian`."""
    if dim is not None:
        return result(*middle(operation, input, dim, keepdim, skip_nan))
    if input.size == 0:
        return jnp.full((), jnp.nan if is_float(input) else 0, input.dtype)
    return of_all(input.reshape(-1), operation, skip_nan)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1, 2))
def of_all(input: Array, operation: str, skip_nan: bool) -> Array:
    """The middle of a vector; all numbers equal to it share the gradient."""
    return middle(operation, input, 0, False, skip_nan)[0]


@of_all.defjvp
def of_all_jvp(operation, skip_nan, primals, tangents):
    (input,), (tangent,) = primals, tangents

    def with_shares(input: Array) -> tuple[Array, Array]:
        result = of_all(input, operation, skip_nan)
        same = (input == result) | (jnp.isnan(input) & jnp.isnan(result))
        return result, same / jnp.sum(same).astype(input.dtype)

    result, share = of_memory(with_shares, input)
    return result, jnp.sum(tangent * share)


@op(residuals=True, refuses="bool complex")
def median(input: Array, dim: int | None = None, keepdim: bool = False):
    """The lower median; along `dim`, the named tuple `(values, indices)`. NaN if any is NaN."""
    return median_of("median", MedianResult, input, dim, keepdim, False)


@op(residuals=True, refuses="bool complex")
def nanmedian(input: Array, dim: int | None = None, keepdim: bool = False):
    """The lower median of the numbers that are not NaN."""
    return median_of("nanmedian", NanmedianResult, input, dim, keepdim, True)


def quantiles(operation, quantile, input, q, dim, keepdim, interpolation):
    """`quantile` (jnp's quantile or nanquantile) with PyTorch's checks."""
    if not is_float(input):
        fail(operation, str(input.dtype), "float or double numbers")
    if interpolation not in ("linear", "lower", "higher", "midpoint", "nearest"):
        fail(
            operation,
            f"interpolation={interpolation!r}",
            "'linear', 'lower', 'higher', 'midpoint' or 'nearest'",
        )
    axis = None if dim is None else dimension(operation, dim, input.ndim)
    if input.ndim == 0:
        return jnp.broadcast_to(input, jnp.shape(q))
    q = jnp.asarray(q).astype(input.dtype)
    return quantile(input, q, axis, method=interpolation, keepdims=keepdim)


@op(residuals=True, refuses="complex")
def quantile(
    input: Array,
    q: Operand,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
):
    """The numbers below which the fractions `q` of the elements along `dim` lie.

    Shape: `q.shape` followed by the reduced shape.
    """
    return quantiles("quantile", jnp.quantile, input, q, dim, keepdim, interpolation)


@op(residuals=True, refuses="complex")
def nanquantile(
    input: Array,
    q: Operand,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
):
    """`quantile` of the numbers that are not NaN."""
    return quantiles("nanquantile", jnp.nanquantile, input, q, dim, keepdim, interpolation)


def search(boundaries: Array, values: Array, right: bool) -> Array:
    """Where `values` would stand in the sorted vector `boundaries`, as int64."""
    method = "compare_all" if boundaries.shape[0] <= FEW_BOUNDARIES else "scan"
    side = "right" if right else "left"
    return jnp.searchsorted(boundaries, values, side=side, method=method).astype(jnp.int64)


@op(
    method=False,
    promote="same",
    promoted=("sorted_sequence", "input"),
    differentiable=False,
    refuses="complex",
)
def searchsorted(
    sorted_sequence: Array,
    input: Operand,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Array | None = None,
):
    """Indices at which `input` would be inserted to keep the last dimension in order.

    Args:
        right: whether to go behind equal numbers (also `side="right"`).
        sorter: indices that put `sorted_sequence` in order, as from `argsort`.
    Shape: a vector and any input, or `(*, n)` and `(*, m)` with the same `*`.
    """
    if sorter is not None:
        sorted_sequence = jnp.take_along_axis(sorted_sequence, sorter, -1)
    right = right or side == "right"
    rows = sorted_sequence.shape[:-1]
    if not rows:
        result = search(sorted_sequence, input, right)
    elif rows != input.shape[:-1]:
        fail(
            "searchsorted",
            f"shapes {sorted_sequence.shape} and {input.shape}",
            "the same dimensions before the last",
        )
    else:
        pairs = [a.reshape(math.prod(rows), a.shape[-1]) for a in (sorted_sequence, input)]
        result = jax.vmap(lambda row, values: search(row, values, right))(*pairs)
        result = result.reshape(input.shape)
    return result.astype(jnp.int32) if out_int32 else result


@op(method=False, promote="same", differentiable=False, refuses="complex")
def bucketize(input: Operand, boundaries: Array, *, out_int32: bool = False, right: bool = False):
    """Index of the interval between `boundaries` that holds each number.

    Args:
        right: whether an interval holds its left end, and not its right one.
    """
    result = search(boundaries, input, right)
    return result.astype(jnp.int32) if out_int32 else result


@op(method=False, promote="same", differentiable=False, refuses="bool complex")
def isin(
    elements: Operand, test_elements: Operand, *, assume_unique: bool = False, invert: bool = False
):
    """Whether each element is among `test_elements`."""
    return jnp.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)
