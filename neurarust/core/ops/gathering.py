"""Gathering and scattering by index tensors along a dimension."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from ..define import function, op
from ..errors import dimension
from ..op import Array, Operand
from ..tensor.tensor import Tensor


@op(out=True)
def index_select(input: Array, dim, index: Array):
    """The entries of a dimension at the positions in a 1-D index tensor."""
    at = dimension("index_select", dim, input.ndim)
    fill = jnp.nan if jnp.issubdtype(input.dtype, jnp.inexact) else None
    return jnp.take(input, index.reshape(-1), axis=at, mode="fill", fill_value=fill)


@op()
def gather(input: Array, dim, index: Array, *, sparse_grad=False):
    """`out[i][j] = input[index[i][j]][j]` for dim 0, and so on; shaped like `index`."""
    at = dimension("gather", dim, input.ndim)
    if not input.ndim:
        return jnp.broadcast_to(input, index.shape)
    cut = tuple(
        slice(None) if k == at else slice(0, length) for k, length in enumerate(index.shape)
    )
    return jnp.take_along_axis(input[cut], index, axis=at)


def _along(input: Array, index: Array, dim: int) -> tuple:
    places = list(jnp.meshgrid(*[jnp.arange(n) for n in index.shape], indexing="ij"))
    places[dim] = index
    return tuple(places)


def _scattering(name: str, write: Any) -> Any:
    def scattering(input: Array, dim, index: Array, src: Operand):
        at = dimension(name, dim, input.ndim)
        if not input.ndim:
            return write(input, (), jnp.reshape(src, ()).astype(input.dtype))
        if src.ndim:
            src = src[tuple(slice(0, length) for length in index.shape)]
        return write(input, _along(input, index, at), src.astype(input.dtype))

    return scattering


def _set(input: Array, places: tuple, src: Array) -> Array:
    return input.at[places].set(src)


def _add(input: Array, places: tuple, src: Array) -> Array:
    # The sum of bools is `or`.
    change = input.at[places]
    return change.max(src) if input.dtype == jnp.bool_ else change.add(src)


_scatter_set = op(name="_scatter_set", inplace=True, method=False, namespace=())(
    _scattering("scatter", _set)
)


@function(inplace=True)
def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None,
            reduce: str | None = None) -> Tensor:  # fmt: skip
    """`out[index[i][j]][j] = src[i][j]` for dim 0, and so on; `src` may be one number."""
    given = src if value is None else value
    if given is None:
        raise TypeError("scatter: needs src or value")
    if reduce == "add":
        return scatter_add(input, dim, index, given)
    if reduce is not None:
        raise RuntimeError(f"scatter: reduce must be None or 'add', got {reduce!r}")
    return _scatter_set(input, dim, index, given)


@op(inplace=True)
def scatter_add(input: Array, dim, index: Array, src: Operand):
    """`out[index[i][j]][j] += src[i][j]` for dim 0, and so on."""
    return _scattering("scatter_add", _add)(input, dim, index, src)


@op(inplace=True)
def index_add(input: Array, dim, index: Array, source: Array, *, alpha: Operand = 1):
    """Adds `alpha * source` to the entries of a dimension at the positions in `index`."""
    at = dimension("index_add", dim, input.ndim)
    moved = jnp.moveaxis(input, at, 0)
    added = (alpha * jnp.moveaxis(source, at, 0)).astype(input.dtype)
    return jnp.moveaxis(_add(moved, (index,), added), 0, at)


@op(inplace=True)
def index_copy(input: Array, dim, index: Array, source: Array):
    """Puts `source` into the entries of a dimension at the positions in `index`."""
    at = dimension("index_copy", dim, input.ndim)
    moved = jnp.moveaxis(input, at, 0)
    return jnp.moveaxis(moved.at[index].set(jnp.moveaxis(source, at, 0)), 0, at)


@op(inplace=True)
def index_fill(input: Array, dim, index: Array, value: Operand):
    """Puts one number into the entries of a dimension at the positions in `index`."""
    at = dimension("index_fill", dim, input.ndim)
    moved = jnp.moveaxis(input, at, 0)
    return jnp.moveaxis(moved.at[index].set(jnp.asarray(value).astype(input.dtype)), 0, at)


@op()
def take_along_dim(input: Array, indices: Array, dim=None):
    """The elements at `indices` along a dimension (of the flat input for None)."""
    if dim is None:
        return input.reshape(-1)[indices.reshape(-1)]
    at = dimension("take_along_dim", dim, input.ndim)
    return jnp.take_along_axis(input, indices, axis=at)


@op()
def take(input: Array, index: Array):
    """The elements of the flat input at `index`, shaped like it."""
    fill = jnp.nan if jnp.issubdtype(input.dtype, jnp.inexact) else None
    return jnp.take(input.reshape(-1), index, mode="fill", fill_value=fill)
