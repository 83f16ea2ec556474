"""Running sums, products and extremes along one dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy

from ..define import op
from ..errors import dimension
from ..op import Array
from .elementwise import narrow, wide
from .extremes import of_memory
from .reduce import with_sum_dtype

BLOCK = 32


def triangular_sum(input: Array) -> Array:
    """Running sum along the last axis of finite numbers, by products with a triangle of ones.

    Blocks of 32 are summed by one product each, and the sums of whole blocks likewise.
    On a CPU 4 to 10 times faster than jnp.cumsum.
    """
    size = input.shape[-1]
    if size <= 2 * BLOCK:
        return input @ jnp.triu(jnp.ones((size, size), input.dtype))
    blocks = -(-size // BLOCK)
    padding = [(0, 0)] * (input.ndim - 1) + [(0, blocks * BLOCK - size)]
    input = jnp.pad(input, padding).reshape(*input.shape[:-1], blocks, BLOCK)
    inside = input @ jnp.triu(jnp.ones((BLOCK, BLOCK), input.dtype))
    before = triangular_sum(inside[..., -1]) - inside[..., -1]
    result = inside + before[..., None]
    return result.reshape(*input.shape[:-2], blocks * BLOCK)[..., :size]


def by_steps(operation: Callable, start: float, input: Array, axis: int) -> Array:
    """A running result, one step after the other: on a CPU up to three times as fast as XLA's."""
    rows = jnp.moveaxis(input, axis, 0)

    def step(before, row):
        now = operation(before, row)
        return now, now

    _, results = jax.lax.scan(step, jnp.full(rows.shape[1:], start, rows.dtype), rows)
    return jnp.moveaxis(results, 0, axis)


def running_sum(input: Array, axis: int) -> Array:
    """jnp.cumsum, by ways that are faster on a CPU."""

    def plain(input):
        return jnp.cumsum(input, axis)

    def last(input):
        # A product would spread a NaN or an infinity to the left.
        finite = jnp.isfinite(jnp.sum(input))
        return jax.lax.cond(finite, triangular_sum, plain, input)

    def rows(input):
        return by_steps(jnp.add, 0, input, axis)

    if input.ndim == 0 or input.size == 0:
        return input
    if axis < input.ndim - 1:
        return jax.lax.platform_dependent(input, cpu=rows, default=plain)
    if input.dtype in (jnp.float32, jnp.float64):
        return jax.lax.platform_dependent(input, cpu=last, default=plain)
    return plain(input)


@op(inplace=True)
def cumsum(input: Array, dim: int, *, dtype=None):
    """Running sum along `dim`; of integers and bools in int64."""
    input = with_sum_dtype(input, dtype)
    return running_sum(input, dimension("cumsum", dim, input.ndim))


@op(inplace=True)
def cumprod(input: Array, dim: int, *, dtype=None):
    """Running product along `dim`; of integers and bools in int64."""
    input = with_sum_dtype(input, dtype)
    axis = dimension("cumprod", dim, input.ndim)
    if input.ndim == 0 or input.size == 0:
        return input

    def steps(input):
        return by_steps(jnp.multiply, 1, input, axis)

    def plain(input):
        return jnp.cumprod(input, axis)

    return narrow(jax.lax.platform_dependent(wide(input), cpu=steps, default=plain), input)


@op(promote="float", out="same dtype")
def logcumsumexp(input: Array, dim: int):
    """`log(cumsum(e^x))` along `dim` without overflow."""
    axis = dimension("logcumsumexp", dim, input.ndim)
    return jax.lax.cumlogsumexp(input, axis) if input.ndim else input


class CummaxResult(NamedTuple):
    """The result of `cummax`."""

    values: Array
    indices: Array


class CumminResult(NamedTuple):
    """The result of `cummin`."""

    values: Array
    indices: Array


def running_extreme(accumulate, operation: str, input: Array, dim: int):
    """`accumulate` (lax.cummax or cummin) along `dim`, and where each number stands."""
    axis = dimension(operation, dim, input.ndim)
    if input.ndim == 0:
        return input, jnp.zeros((), jnp.int64)
    if input.dtype == jnp.bool_:
        best, index = running_extreme(accumulate, operation, input.astype(jnp.int8), dim)
        return best.astype(jnp.bool_), index

    def found(input: Array) -> tuple[Array, Array]:
        best = accumulate(input, axis)
        steps = jax.lax.broadcasted_iota(jnp.int64, input.shape, axis)
        last = jnp.where((input == best) | jnp.isnan(input), steps, 0)
        return best, jax.lax.cummax(last, axis)

    @jax.custom_jvp
    def accumulated(input) -> tuple[Array, Any]:
        return of_memory(found, input)

    @accumulated.defjvp
    def accumulated_jvp(primals, tangents):
        best, index = accumulated(*primals)
        tangent = jnp.take_along_axis(tangents[0], index, axis)
        return (best, index), (tangent, numpy.zeros(index.shape, jax.dtypes.float0))

    return accumulated(input)


@op(refuses="complex", out="same dtype")
def cummax(input: Array, dim: int):
    """Running maximum along `dim` and its indices; the last of a tie is taken."""
    return CummaxResult(*running_extreme(jax.lax.cummax, "cummax", input, dim))


@op(refuses="complex", out="same dtype")
def cummin(input: Array, dim: int):
    """Running minimum along `dim` and its indices; the last of a tie is taken."""
    return CumminResult(*running_extreme(jax.lax.cummin, "cummin", input, dim))
