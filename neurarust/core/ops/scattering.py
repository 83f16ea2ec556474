"""Scattering: elements written, added or reduced into places that index tensors name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from .. import dtype as dtypes
from ..define import function, op
from ..errors import dimension, fail
from ..op import Array, Operand
from ..tensor.tensor import Tensor
from .conversion import clone, copy_
from .elementwise import HALF, is_float, wide
from .extremes import of_memory
from .gathering import flat_in_bounds, in_bounds, lifted, positions, slices_in_bounds, within
from .indexing import getitem, select
from .views import as_strided, diagonal

# ------------------------------------------------------------------ ways to combine


def put_at(input: Array, places: tuple, src: Array) -> Array:
    """Elements replaced; the last of several for one place is kept."""
    return input.at[places].set(src)


def add_at(input: Array, places: tuple, src: Array) -> Array:
    """Elements added; the sum of bools is `or`, that of half precision is rounded once."""
    if input.dtype in HALF:
        return add_at(wide(input), places, wide(src)).astype(input.dtype)
    change = input.at[places]
    return change.max(src) if input.dtype == jnp.bool_ else change.add(src)


@jax.custom_jvp
def multiply_at(input: Array, places: tuple, src: Array) -> Array:
    """Elements multiplied, with the gradient where factors are 0."""
    return input.at[places].mul(src)


@multiply_at.defjvp
def multiply_at_jvp(primals, tangents):
    """Of a factor, the product of the others: by division, or where it is the only 0."""
    input, places, src = primals
    change, _, changes = tangents
    zeros = add_at((input == 0).astype(jnp.int32), places, (src == 0).astype(jnp.int32))
    rest = multiply_at(jnp.where(input == 0, 1, input), places, jnp.where(src == 0, 1, src))

    def rate(factor, tangent, zeros):
        alone = jnp.where(factor == 0, tangent, 0)
        return jnp.where(zeros == 0, tangent / jnp.where(factor == 0, 1, factor), alone)

    rates = add_at(rate(input, change, zeros), places, rate(src, changes, zeros[places]))
    return multiply_at(input, places, src), jnp.where(zeros > 1, 0, rest * rates)


def extreme_at(name: str) -> Callable:
    """Largest or smallest elements; those that are equal share the gradient."""

    @jax.custom_jvp
    def combined(input, places, src):
        return getattr(input.at[places], name)(src)

    @combined.defjvp
    def combined_jvp(primals, tangents):
        input, places, src = primals
        change, _, changes = tangents

        def with_ties(input: Array, src: Array) -> tuple[Array, ...]:
            result = combined(input, places, src)
            mine, theirs = input == result, src == result[places]
            count = add_at(mine.astype(src.dtype), places, theirs.astype(src.dtype))
            return result, mine, theirs, jnp.maximum(count, 1)

        result, mine, theirs, count = of_memory(with_ties, input, src)
        rates = add_at(jnp.where(mine, change, 0), places, jnp.where(theirs, changes, 0))
        return result, rates / count

    return combined


max_at, min_at = extreme_at("max"), extreme_at("min")


def limits(dtype: Any) -> tuple[Any, Any]:
    """The smallest and the largest number of a dtype."""
    if jnp.issubdtype(dtype, jnp.inexact):
        return -jnp.inf, jnp.inf
    if dtype == jnp.bool_:
        return False, True
    info = jnp.iinfo(dtype)
    return info.min, info.max


def reduced(
    operation: str, input: Array, places: tuple, src: Array, reduce: str, include_self: bool
) -> Array:
    """`src` combined into places of the input; without `include_self` those start anew."""
    low, high = limits(input.dtype)
    ways: dict[str, tuple[Callable, Any]] = {
        "sum": (add_at, 0), "mean": (add_at, 0), "prod": (multiply_at, 1), "amax": (max_at, low),
        "amin": (min_at, high),
    }  # fmt: skip
    if reduce not in ways:
        fail(operation, f"reduce={reduce!r}", f"one of {', '.join(ways)}")
    combine, neutral = ways[reduce]
    start = input if include_self else input.at[places].set(neutral)
    if input.dtype == jnp.bool_ and reduce == "prod":
        combine = min_at
    result = combine(start, places, src)
    if reduce != "mean":
        return result
    counts = jnp.full(input.shape, int(include_self), jnp.int32)
    counts = jnp.maximum(counts.at[places].add(jnp.ones(src.shape, jnp.int32)), 1)
    if is_float(input):
        return result / counts.astype(jnp.real(input).dtype)
    return jnp.floor_divide(result, counts.astype(input.dtype))


# ------------------------------------------------------------------ by an index of every element


def _along(index: Array, dim: int) -> tuple:
    places = list(jnp.meshgrid(*[jnp.arange(n) for n in index.shape], indexing="ij"))
    places[dim] = index
    return tuple(places)


def scattered(
    operation: str, input: Array, dim: int, index: Array, src: Any,
    combine: Callable[[Array, tuple, Array], Array],
) -> Array:  # fmt: skip
    """`combine(input, places, src)` for the places that `index` names along `dim`."""
    rows, at = lifted(operation, input, dim)
    within(operation, index, at, input=input)
    if not index.size:
        return input
    index = index if index.ndim else index.reshape(1)
    if src.ndim or not input.ndim:
        within(operation, index, None, src=src)
        src = src.reshape(src.shape or (1,))[tuple(slice(0, length) for length in index.shape)]
    src = jnp.broadcast_to(src.astype(input.dtype), index.shape)
    return combine(rows, _along(index, at), src).reshape(input.shape)


def one_dtype(operation: str, input: Array, src: Array) -> None:
    """Raises unless what is written has the dtype it is written into."""
    if src.dtype != input.dtype:
        fail(operation, f"a source of {src.dtype}", f"{input.dtype}, as the input")


@op(name="_scatter_set", inplace=True, method=False, namespace=(), check=in_bounds)
def _scatter_set(input: Array, dim, index: Array, src: Operand):
    return scattered("scatter", input, dim, index, src, put_at)


@op(name="_scatter_mul", inplace=True, method=False, namespace=(), check=in_bounds)
def _scatter_mul(input: Array, dim, index: Array, src: Operand):
    return scattered("scatter", input, dim, index, src, multiply_at)


@function(inplace=True, out="same dtype")
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
            reduce: str | None = None) -> Tensor:  # fmt: skip
    """`out[index[i][j]][j] = src[i][j]` for dim 0, and so on; `src` may be one number.

    Args:
        reduce: None, "add" or "multiply", to combine with what is there.
    """
    given = src if value is None else value
    if given is None:
        raise TypeError("scatter: needs src or value")
    if isinstance(given, Tensor) and given.dtype is not input.dtype:
        fail("scatter", f"src of {given.dtype}", f"{input.dtype}, as the input")
    ways = {None: _scatter_set, "add": scatter_add, "multiply": _scatter_mul}
    if reduce not in ways:
        fail("scatter", f"reduce={reduce!r}", "None, 'add' or 'multiply'")
    return ways[reduce](input, dim, index, given)


@op(inplace=True, check=in_bounds, out="same dtype")
def scatter_add(input: Array, dim, index: Array, src: Operand):
    """`out[index[i][j]][j] += src[i][j]` for dim 0, and so on."""
    if src.ndim:
        one_dtype("scatter_add", input, src)
    return scattered("scatter_add", input, dim, index, src, add_at)


@op(inplace=True, check=in_bounds, out="same dtype")
def scatter_reduce(
    input: Array, dim: int, index: Array, src: Array, reduce: str, *, include_self: bool = True
):
    """`scatter` that combines all elements of one place.

    Args:
        reduce: "sum", "prod", "mean", "amax" or "amin".
        include_self: whether what was there takes part.
    """
    one_dtype("scatter_reduce", input, src)

    def combine(input, places, src):
        return reduced("scatter_reduce", input, places, src, reduce, include_self)

    return scattered("scatter_reduce", input, dim, index, src, combine)


# ------------------------------------------------------------------ by an index of slices


def placed(
    operation: str, input: Array, dim: int, index: Array, source: Array,
    combine: Callable[[Array, tuple, Array], Array],
) -> Array:  # fmt: skip
    """`combine` for slices of a dimension, at the positions of a 1-D index."""
    rows, at = lifted(operation, input, dim)
    given, _ = lifted(operation, source, dim if source.ndim else 0)
    if given.ndim != rows.ndim:
        fail(operation, f"{source.ndim} dimensions in the source", f"{input.ndim}, as in the input")
    places = positions(operation, index, given.shape[at])
    wanted = [places.size if k == at else size for k, size in enumerate(rows.shape)]
    if list(given.shape) != wanted:
        fail(operation, f"a source of shape {tuple(source.shape)}", f"{tuple(wanted)}")
    result = combine(jnp.moveaxis(rows, at, 0), (places,), jnp.moveaxis(given, at, 0))
    return jnp.moveaxis(result, 0, at).reshape(input.shape)


@op(inplace=True, check=slices_in_bounds)
def index_add(input: Array, dim, index: Array, source: Array, *, alpha: Operand = 1):
    """Adds `alpha * source` to the entries of a dimension at the positions in `index`."""
    one_dtype("index_add", input, source)
    added = source if input.dtype == jnp.bool_ else (alpha * source).astype(input.dtype)
    return placed("index_add", input, dim, index, added, add_at)


@op(inplace=True, check=slices_in_bounds, out="same dtype")
def index_copy(input: Array, dim, index: Array, source: Array):
    """Puts `source` into the entries of a dimension at the positions in `index`."""
    one_dtype("index_copy", input, source)
    return placed("index_copy", input, dim, index, source, put_at)


@op(inplace=True, check=slices_in_bounds, out="same dtype")
def index_reduce(
    input: Array, dim: int, index: Array, source: Array, reduce: str, *, include_self: bool = True
):
    """Combines `source` with the entries of a dimension at the positions in `index`.

    Args:
        reduce: "prod", "mean", "amax" or "amin".
        include_self: whether what was there takes part.
    """
    one_dtype("index_reduce", input, source)

    def combine(input, places, src):
        return reduced("index_reduce", input, places, src, reduce, include_self)

    return placed("index_reduce", input, dim, index, source, combine)


def _fits_in(input: Any, dim: Any = None, index: Any = None, value: Any = None) -> None:
    slices_in_bounds(input, dim, index)
    if isinstance(input, Tensor):
        dtypes.check_holds(input.dtype, value)


@op(inplace=True, check=_fits_in)
def index_fill(input: Array, dim, index: Array, value: Operand):
    """Puts one number into the entries of a dimension at the positions in `index`."""
    rows, at = lifted("index_fill", input, dim)
    if value.ndim:
        fail("index_fill", f"a value of shape {tuple(value.shape)}", "one number")
    places = positions("index_fill", index)
    moved = jnp.moveaxis(rows, at, 0).at[places].set(jnp.asarray(value).astype(input.dtype))
    return jnp.moveaxis(moved, 0, at).reshape(input.shape)


@op(inplace=True, out=False, check=flat_in_bounds)
def put(input: Array, index: Array, source: Array, accumulate: bool = False):
    """`source` at the positions `index` of the flat input, or added to what is there."""
    one_dtype("put", input, source)
    if index.dtype != jnp.int64:
        fail("put", f"an index of {index.dtype}", "int64")
    if index.size != source.size:
        fail("put", f"{index.size} positions and {source.size} elements", "as many")
    combine = add_at if accumulate else put_at
    result = combine(input.reshape(-1), (index.reshape(-1),), source.reshape(-1))
    return result.reshape(input.shape)


@op(inplace=True)
def masked_scatter(input: Array, mask: Array, source: Array):
    """The elements of `source`, in order, where the mask holds."""
    if mask.dtype != jnp.bool_:
        fail("masked_scatter", f"a mask of {mask.dtype}", "a bool mask")
    one_dtype("masked_scatter", input, source)
    input, mask = jnp.broadcast_arrays(input, mask)
    if not source.size:
        return input
    flat = mask.reshape(-1)
    place = jnp.clip(jnp.cumsum(flat) - 1, 0, source.size - 1)
    taken = source.reshape(-1)[place].reshape(input.shape)
    return jnp.where(mask, taken, input)


# ------------------------------------------------------------------ into views


def _with_part(name: str, made: Tensor, part: Tensor, src: Tensor) -> Tensor:
    """A copy with one of its views overwritten."""
    if tuple(part.shape) != tuple(src.shape):
        fail(name, f"src of shape {tuple(src.shape)}", f"{tuple(part.shape)}, as the view has")
    copy_(part, src)
    return made


@function(out=True)
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with `src` in the place of `select(input, dim, index)`."""
    made = clone(input)
    return _with_part("select_scatter", made, select(made, dim, index), src)


@function(out=True)
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None,
    step: int = 1,
) -> Tensor:  # fmt: skip
    """A copy with `src` in the place of `input[start:end:step]` along a dimension."""
    made = clone(input)
    at = dimension("slice_scatter", dim, input.ndim)
    part = getitem(made, (slice(None),) * at + (slice(start, end, step),))
    return _with_part("slice_scatter", made, part, src)


@function(out=True)
def diagonal_scatter(
    input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
) -> Tensor:
    """A copy with `src` in the place of `diagonal(input, offset, dim1, dim2)`."""
    made = clone(input)
    return _with_part("diagonal_scatter", made, diagonal(made, offset, dim1, dim2), src)


@function(out=True)
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int],
    storage_offset: int | None = None,
) -> Tensor:  # fmt: skip
    """A copy with `src` in the place of `as_strided(input, size, stride, storage_offset)`."""
    made = clone(input)
    part = as_strided(made, size, stride, storage_offset)
    return _with_part("as_strided_scatter", made, part, src)
