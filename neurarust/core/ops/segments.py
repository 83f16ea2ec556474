"""Reductions over segments of a dimension, of lengths that a tensor gives."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor
from .movement import cat
from .scattering import multiply_at

_REDUCTIONS = ("sum", "mean", "max", "min", "prod")


def _reduced(data: Array, offsets: Array, reduce: str, initial: float | None) -> Array:
    """Segments of the first dimension; `offsets` has their beginnings, and the end of the last."""
    count = offsets.shape[0] - 1
    steps = jnp.arange(data.shape[0])
    places = jnp.searchsorted(offsets[1:], steps, side="right", method="compare_all")
    lengths = jnp.diff(offsets).reshape(-1, *[1] * (data.ndim - 1)).astype(data.dtype)
    if reduce in ("sum", "mean"):
        found = jax.ops.segment_sum(data, places, count)
        found = found if initial is None else found + initial
        if reduce == "sum":
            return found
        empty = jnp.nan if initial is None else initial
        return jnp.where(lengths > 0, found / jnp.maximum(lengths, 1), empty)
    if reduce == "prod":
        start = jnp.full((count, *data.shape[1:]), 1 if initial is None else initial, data.dtype)
        return multiply_at(start, (places,), data)
    extreme = jax.ops.segment_max if reduce == "max" else jax.ops.segment_min
    found = jax.lax.stop_gradient(extreme(data, places, count))
    # The gradient goes to all elements that are the extreme, in equal parts.
    chosen = (data == found[places]) | jnp.isnan(data)
    shares = jax.ops.segment_sum(chosen.astype(data.dtype), places, count)
    parts = jnp.where(chosen, data, 0) / jnp.maximum(shares, 1)[places]
    parts = jnp.where(jnp.isinf(parts), 0, parts)
    smooth = jax.ops.segment_sum(parts, places, count)
    found = jnp.where(jnp.isinf(found), found, found + smooth - jax.lax.stop_gradient(smooth))
    if initial is None:
        return found
    return (jnp.maximum if reduce == "max" else jnp.minimum)(found, initial)


@op(namespace=(), method=False)
def _segment_reduce(data: Array, offsets: Array, reduce: str, axis: int, initial: float | None):
    reduced: Callable[..., Array] = partial(_reduced, reduce=reduce, initial=initial)
    for _ in range(axis):
        reduced = jax.vmap(reduced)
    return reduced(data, offsets)


@function(method=False)
def segment_reduce(
    data: Tensor, reduce: str, *, lengths: Tensor | None = None, indices: Tensor | None = None,
    offsets: Tensor | None = None, axis: int = 0, unsafe: bool = False,
    initial: float | None = None,
) -> Tensor:  # fmt: skip
    """The sum, mean, max, min or prod of each of the segments that a dimension is cut into.

    Args:
        lengths: how long the segments are, `(*data.shape[:axis], segments)`.
        offsets: instead of `lengths`, where they begin and the last one ends,
            `(*data.shape[:axis], segments + 1)`.
        unsafe: do not look at the lengths; they must be right.
        initial: what each reduction starts from, and the result for empty segments; left out, these
            are 0, nan, -inf, inf and 1.

    Shape: `(*data.shape[:axis], segments, *data.shape[axis + 1:])`.

    Raises:
        RuntimeError: for an unknown reduction, neither or both of lengths and offsets, or segments
            that do not fill the dimension.
    """
    if reduce not in _REDUCTIONS:
        fail("segment_reduce", f"reduce={reduce!r}", f"one of {', '.join(_REDUCTIONS)}")
    if indices is not None:
        fail("segment_reduce", "indices", "lengths or offsets", "indices are not supported")
    if (lengths is None) == (offsets is None):
        fail("segment_reduce", "both or neither", "either lengths or offsets")
    given = lengths if offsets is None else offsets
    if not isinstance(given, Tensor):
        fail("segment_reduce", f"{given!r}", "lengths or offsets as a Tensor", kind=TypeError)
    axis = axis + data.ndim if axis < 0 else axis
    if given.ndim != axis + 1 or given.shape[:axis] != data.shape[:axis]:
        fail(
            "segment_reduce", f"data {list(data.shape)} and segments {list(given.shape)}",
            f"segments of shape {[*data.shape[:axis], 'segments']} with axis={axis}",
        )  # fmt: skip
    if lengths is not None:
        if not unsafe:
            _check(lengths, data.shape[axis])
        ends = lengths.cumsum(-1)
        offsets = cat((ends[..., :1] * 0, ends), -1)
    return _segment_reduce(data, offsets, reduce, axis, initial)


def _check(lengths: Tensor, size: int) -> None:
    rows = lengths._host()
    if (rows < 0).any() or (rows.sum(-1) != size).any():
        fail(
            "segment_reduce", f"lengths of sum {rows.sum(-1).tolist()}",
            f"positive ones that fill the dimension of size {size}",
        )  # fmt: skip
