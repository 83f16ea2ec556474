"""Gathering by index tensors along a dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from ..define import op
from ..errors import dimension, fail
from ..op import Array
from ..tensor.tensor import Tensor
from .elementwise import is_complex, is_float
from .indexing import outside


def lifted(operation: str, input: Array, dim: int) -> tuple[Array, int]:
    """The input with at least one dimension, and the number of `dim`."""
    at = dimension(operation, dim, input.ndim)
    return input if input.ndim else input.reshape(1), at


def positions(operation: str, index: Array, length: int | None = None) -> Array:
    """A vector of positions; a single number counts as one."""
    if index.ndim > 1:
        fail(operation, f"an index of shape {tuple(index.shape)}", "one dimension")
    whole_index(operation, index)
    if length is not None and index.size != length:
        fail(operation, f"{index.size} positions for {length} slices", "as many")
    return index.reshape(-1)


def whole_index(operation: str, index: Array) -> None:
    """Raises unless positions are int64, int32 or uint8."""
    if index.dtype not in (jnp.int64, jnp.int32, jnp.uint8):
        fail(operation, f"an index of {index.dtype}", "int64, int32 or uint8")


def within(operation: str, index: Array, dim: int | None, **others: Array) -> None:
    """Raises unless an index has as many dimensions as others, and fits in them beside `dim`."""
    whole_index(operation, index)
    if index.size == 0:
        return
    for name, other in others.items():
        if max(index.ndim, 1) != max(other.ndim, 1) or any(
            one > size
            for k, (one, size) in enumerate(zip(index.shape, other.shape, strict=False))
            if k != dim or name != "input"
        ):
            fail(
                operation,
                f"an index of shape {tuple(index.shape)} and {name} of {tuple(other.shape)}",
                f"an index within {name}" + (f" except in dimension {dim}" * (name == "input")),
            )


def bounds(lowest: int, kind: type[Exception]) -> Callable[..., None]:
    """A check for positions out of bounds, where they are known already; else they give NaN.

    Args:
        lowest: the smallest position, 0 or -1 for the size of the dimension.
    """

    def check(input: Tensor, dim: Any = None, index: Any = None, *_: Any, **named: Any) -> None:
        if isinstance(index, Tensor) and isinstance(dim, int) and -input.ndim <= dim < input.ndim:
            size = input.shape[dim]
            worst = outside(index, lowest * size, size)
            if worst is not None:
                raise kind(f"index {worst} is out of bounds for dimension {dim} with size {size}")

    return check


# PyTorch's kinds of errors; only whole slices may be counted from the end.
in_bounds, slices_in_bounds = bounds(0, RuntimeError), bounds(-1, IndexError)


def flat_in_bounds(input: Tensor, index: Any = None, *_: Any, **named: Any) -> None:
    """`in_bounds` for positions in the flat tensor."""
    size = input.numel()
    if isinstance(index, Tensor) and outside(index, -size, size) is not None:
        raise IndexError(f"out of range: an index lies outside of {size} elements")


def missing(input: Array) -> float | None:
    """What stands for elements out of bounds: NaN, where the dtype has it."""
    return jnp.nan if is_float(input) or is_complex(input) else None


@op(check=slices_in_bounds, out="same dtype, apart")
def index_select(input: Array, dim, index: Array):
    """The entries of a dimension at the positions in a 1-D index tensor."""
    rows, at = lifted("index_select", input, dim)
    places = positions("index_select", index)
    taken = jnp.take(rows, places, axis=at, mode="fill", fill_value=missing(input))
    return taken if input.ndim else taken.reshape(())


@op(check=in_bounds, out="same dtype, apart")
def gather(input: Array, dim, index: Array, *, sparse_grad=False):
    """`out[i][j] = input[index[i][j]][j]` for dim 0, and so on; shaped like `index`."""
    at = dimension("gather", dim, input.ndim)
    within("gather", index, at, input=input)
    if not index.size:
        return jnp.zeros(index.shape, input.dtype)
    if not input.ndim:
        return jnp.broadcast_to(input, index.shape)
    cut = tuple(
        slice(None) if k == at else slice(0, length) for k, length in enumerate(index.shape or (1,))
    )
    taken = jnp.take_along_axis(input[cut], index.reshape(index.shape or (1,)), axis=at)
    return taken.reshape(index.shape)


@op(out="same dtype, apart")
def take_along_dim(input: Array, indices: Array, dim=None):
    """The elements at `indices` along a dimension (of the flat input for None)."""
    if indices.dtype != jnp.int64:
        fail("take_along_dim", f"indices of {indices.dtype}", "int64")
    if dim is None:
        return input.reshape(-1)[indices.reshape(-1)]
    if input.ndim != indices.ndim:
        fail("take_along_dim", f"{input.ndim} and {indices.ndim} dimensions", "as many")
    at = dimension("take_along_dim", dim, input.ndim)
    return jnp.take_along_axis(input, indices, axis=at)


@op(check=flat_in_bounds, out="same dtype, apart")
def take(input: Array, index: Array):
    """The elements of the flat input at `index`, shaped like it."""
    if index.dtype != jnp.int64:
        fail("take", f"an index of {index.dtype}", "int64")
    if not input.size and index.size:
        fail("take", "an empty tensor", "elements to take", kind=IndexError)
    return jnp.take(input.reshape(-1), index, mode="fill", fill_value=missing(input))
