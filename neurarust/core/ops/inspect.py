"""Functions that look at the data: equality, and results whose size depends on it."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor, from_host, wrap
from .arithmetic import where as where_op
from .comparison import isclose
from .indexing import nonzero


@function(method=True)
def equal(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape and elements; looks at the data."""
    if not isinstance(other, Tensor):
        raise TypeError(f"equal: other must be a Tensor, but got {type(other).__name__}")
    return input.shape == other.shape and bool(np.array_equal(input._host(), other._host()))


@function()
def allclose(
    input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> bool:
    """Whether `|input - other| <= atol + rtol * |other|` everywhere; looks at the data."""
    close = isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return bool(close._host().all())


class UniqueResult(NamedTuple):
    """What `unique` returns besides the values, where asked for."""

    output: Tensor
    inverse_indices: Tensor
    counts: Tensor


def _tensor(array: np.ndarray, like: Tensor) -> Tensor:
    return wrap(from_host(np.ascontiguousarray(array), like.device), None)


@function()
def unique(
    input: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: int | None = None,
) -> Any:  # fmt: skip
    """The distinct elements (or slices of a dimension), in ascending order; looks at the data."""
    values, inverse, counts = np.unique(
        input._host(), return_inverse=True, return_counts=True, axis=dim
    )
    inverse = inverse.reshape(input.shape if dim is None else -1).astype(np.int64)
    asked = [
        (True, values), (return_inverse, inverse), (return_counts, counts.astype(np.int64))
    ]  # fmt: skip
    made = tuple(_tensor(array, input) for wanted, array in asked if wanted)
    return made[0] if len(made) == 1 else made


@function()
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Without repetitions of neighbours; looks at the data."""
    array = input._host()
    rows = array.reshape(-1) if dim is None else np.moveaxis(array, dim, 0)
    flat = rows.reshape(len(rows), int(np.prod(rows.shape[1:])))
    changed = np.ones(len(rows), bool)
    changed[1:] = (flat[1:] != flat[:-1]).any(1)
    places = np.nonzero(changed)[0]
    values = rows[places] if dim is None else np.moveaxis(rows[places], 0, dim)
    inverse = (np.cumsum(changed) - 1).astype(np.int64)
    inverse = inverse.reshape(input.shape) if dim is None else inverse
    counts = np.diff(np.append(places, len(rows))).astype(np.int64)
    asked = [(True, values), (return_inverse, inverse), (return_counts, counts)]
    made = tuple(_tensor(one, input) for wanted, one in asked if wanted)
    return made[0] if len(made) == 1 else made


@op(differentiable=False, out="same dtype")
def nonzero_static(input: Array, *, size: int, fill_value: int = -1):
    """The first `size` positions of elements that are not zero, filled up; looks at nothing.

    Shape: (size, ndim)
    """
    if size < 0:
        fail("nonzero_static", f"size={size}", "at least 0")
    if not input.ndim:
        return jnp.zeros((size, 0), jnp.int64)
    places = jnp.nonzero(input, size=size, fill_value=fill_value)
    return jnp.stack(places, 1).astype(jnp.int64)


@function()
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each non-negative integer occurs (or the sum of its weights); looks at the data."""
    given = None if weights is None else weights._host()
    counts = np.bincount(input._host(), given, minlength)
    if given is not None and given.dtype == np.float32:
        counts = counts.astype(np.float32)
    return _tensor(counts, input)


@function(method=False, out="same dtype")
def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition holds, else `other`; the places where it holds without them."""
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    return where_op(condition, input, other)
