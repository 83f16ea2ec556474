"""Rows of a table by index: embedding and embedding_bag."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..autograd.modes import no_grad
from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor
from .elementwise import is_float
from .indexing import outside


def _check(operation: str, input: Array, weight: Array, padding_idx: int | None) -> int | None:
    """Checks a table and indices into it; the padding index in [0, rows) or None."""
    if input.dtype not in (jnp.int64, jnp.int32):
        fail(
            operation,
            got=f"indices of {input.dtype.name}",
            expected="int64 or int32 indices",
            fix="Use input.long().",
        )
    if weight.ndim != 2:
        fail(operation, got=f"weight {list(weight.shape)}", expected="weight as (rows, features)")
    if padding_idx is None:
        return None
    rows = weight.shape[0]
    if not -rows <= padding_idx < rows:
        fail(
            operation,
            got=f"padding_idx={padding_idx}",
            expected=f"padding_idx within the table's {rows} rows",
        )
    return padding_idx % rows


def _check_known(operation: str, input: Any, weight: Any, kind: type[Exception]) -> None:
    """Raises for an index outside the table, if the indices are known already."""
    if isinstance(input, Tensor) and isinstance(weight, Tensor) and weight.ndim:
        rows = weight.shape[0]
        worst = outside(input, 0, rows)
        if worst is not None:
            fail(operation, f"index {worst}", f"indices within the table's {rows} rows", kind=kind)


def _rows(input: Array, weight: Array) -> Array:
    """`weight[input]`; NaN (0 for integers) outside the table, which also gets no gradient."""
    last = weight.shape[0] - 1
    nothing = jnp.asarray(jnp.nan if is_float(weight) else 0, weight.dtype)
    if last < 0:
        return jnp.full((*input.shape, weight.shape[1]), nothing)
    valid = (input >= 0) & (input <= last)
    rows = weight.at[jnp.clip(input, 0, last)].get(mode="promise_in_bounds")
    return jnp.where(valid[..., None], rows, nothing)


def _by_frequency(input: Array, rows: Array, count: int) -> Array:
    """The same rows; their gradient is divided by how often each index occurs."""
    inside = jnp.clip(input, 0, count - 1)
    often = jnp.bincount(inside.reshape(-1), length=count)[inside]
    fixed = jax.lax.stop_gradient(rows)
    return fixed + (rows - fixed) / often[..., None].astype(rows.dtype)


@op(name="embedding_rows", namespace=(), method=False)
def embedding_rows(
    input: Array, weight: Array, padding_idx: int | None = None, scale_grad_by_freq: bool = False
):
    """`weight[input]`, with the gradient rules of `embedding`."""
    padding = _check("embedding", input, weight, padding_idx)
    rows = _rows(input, weight)
    if scale_grad_by_freq:
        rows = _by_frequency(input, rows, weight.shape[0])
    if padding is not None:
        skipped = (input == padding)[..., None]
        rows = jnp.where(skipped, jax.lax.stop_gradient(rows), rows)
    return rows


@function(namespace=("nn.functional",), method=False)
def embedding(
    input,
    weight,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
):
    """`weight[input]`: a row of the table for each index.

    Args:
        padding_idx: this row gets no gradient.
        max_norm: first shortens, in place, the rows used to this norm of order `norm_type`.
        scale_grad_by_freq: divides a row's gradient by how often it was used.
        sparse: accepted; gradients are dense.

    Shape: (...) -> (..., features).

    An index outside the table raises an error where it is known at the call; one that is
    still to be computed gives a row of NaN, never another row.
    """
    _check_known("embedding", input, weight, IndexError)
    if max_norm is not None:
        with no_grad():
            weight.copy_(shortened_rows(input, weight, float(max_norm), float(norm_type)))
    return embedding_rows(input, weight, padding_idx, scale_grad_by_freq)


@op(namespace=(), method=False)
def shortened_rows(input: Array, weight: Array, max_norm: float, norm_type: float):
    """The table with its used rows shortened to at most `max_norm`."""
    used = jnp.zeros(weight.shape[0], bool).at[input.reshape(-1)].set(True, mode="drop")
    length = jnp.linalg.norm(weight, norm_type, axis=1)
    factor = jnp.where(used & (length > max_norm), max_norm / (length + 1e-7), 1)
    return weight * factor[:, None].astype(weight.dtype)


@op(name="embedding_bags", namespace=(), method=False)
def embedding_bags(
    input: Array,
    weight: Array,
    offsets: Array | None = None,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    per_sample_weights: Array | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
):
    """Rows of a table reduced bag by bag: see `embedding_bag`."""
    padding = _check("embedding_bag", input, weight, padding_idx)
    if mode not in ("sum", "mean", "max"):
        fail(
            "embedding_bag",
            got=f"mode={mode!r}",
            expected="'sum', 'mean' or 'max'",
            kind=ValueError,
        )
    if per_sample_weights is not None and mode != "sum":
        fail("embedding_bag", got=f"mode={mode!r}", expected="mode='sum' with per_sample_weights")
    if (input.ndim == 1) == (offsets is None) or input.ndim not in (1, 2):
        fail(
            "embedding_bag",
            got=f"input {list(input.shape)} with{'out' if offsets is None else ''} offsets",
            expected="a 1-D input with offsets or a 2-D input without",
            kind=ValueError,
        )
    if offsets is None:
        bags = input.shape[0]
        bag = jnp.repeat(jnp.arange(bags), input.shape[1])
    else:
        bags = offsets.shape[0] - include_last_offset
        bag = jnp.searchsorted(offsets[:bags], jnp.arange(input.size), side="right") - 1
        if include_last_offset:
            # What lies behind the last offset belongs to no bag.
            bag = jnp.where(jnp.arange(input.size) < offsets[-1], bag, bags)
    flat = input.reshape(-1)
    rows = _rows(flat, weight)
    if scale_grad_by_freq:
        rows = _by_frequency(flat, rows, weight.shape[0])
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    if padding is not None:
        bag = jnp.where(flat == padding, bags, bag)
    count = jax.ops.segment_sum(jnp.ones_like(bag), bag, bags)[:, None]
    if mode == "max":
        return jnp.where(count > 0, jax.ops.segment_max(rows, bag, bags), 0)
    total = jax.ops.segment_sum(rows, bag, bags)
    return total / jnp.maximum(count, 1).astype(rows.dtype) if mode == "mean" else total


@function(namespace=("nn.functional",), method=False)
def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights=None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
):
    """Sum, mean or maximum of the rows of each bag of indices, without keeping the rows.

    Args:
        offsets: where each bag starts in a 1-D input.
        per_sample_weights: one factor per index, for mode "sum".
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: indices that count for nothing.

    Shape: input (bags, length), or (indices) with offsets (bags); result (bags, features).
    Empty bags give zeros. Other arguments as `embedding`.

    Differs from PyTorch: scale_grad_by_freq divides by each row's own frequency; PyTorch 2.13 on
    CPU divides by another row's.
    """
    _check_known("embedding_bag", input, weight, RuntimeError)
    if max_norm is not None:
        with no_grad():
            weight.copy_(shortened_rows(input, weight, float(max_norm), float(norm_type)))
    return embedding_bags(
        input, weight, offsets, scale_grad_by_freq, mode, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip
