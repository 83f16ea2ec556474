"""Adaptive pooling: as many windows as asked for, of sizes as equal as possible.

Window i of an axis covers `floor(i size / count)` to `ceil((i + 1) size / count)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..define import op
from ..errors import fail
from ..op import Array
from .elementwise import wide
from .pooling import _along, _Axis, _first_maximum, _maxima, _window_sum


def _counts(operation: str, input: Array, output_size, rank: int) -> tuple[int, ...]:
    """The wanted sizes; None keeps the input's."""
    if input.ndim not in (rank + 1, rank + 2):
        fail(
            operation,
            got=f"input {list(input.shape)}",
            expected=f"{rank + 1} dimensions (channels first) or {rank + 2} (batch first)",
            kind=ValueError if rank > 1 and input.ndim <= rank else RuntimeError,
        )
    wanted = output_size if isinstance(output_size, Sequence) else (output_size,) * rank
    if len(wanted) != rank:
        fail(
            operation,
            got=f"output_size={output_size}",
            expected=f"one or {rank} numbers",
        )
    if min(0 if n is None else n for n in wanted) < 0:
        fail(operation, got=f"output_size={output_size}", expected="sizes of at least 0")
    sizes = input.shape[-rank:]
    return tuple(size if n is None else n for n, size in zip(wanted, sizes, strict=True))


def _even(size: int, count: int) -> _Axis | None:
    """Equal windows side by side, where the count divides the size."""
    if count < 1 or size % count:
        return None
    return _Axis(size, size // count, size // count, 0, 1, False)


def _bounds(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.arange(count)
    return numbers * size // count, -(-(numbers + 1) * size // count)


def _adaptive_avg_pool(operation, input, output_size, rank):
    counts = _counts(operation, input, output_size, rank)
    x = wide(input)
    for back, count in enumerate(reversed(counts), 1):
        axis = x.ndim - back
        size = x.shape[axis]
        even = _even(size, count)
        if even is not None:
            x = _window_sum(x, even, axis) / even.kernel
            continue
        start, stop = _bounds(size, count)
        place = np.arange(size)
        inside = (place >= start[:, None]) & (place < stop[:, None])
        share = jnp.asarray(inside / (stop - start)[:, None], x.dtype)
        x = jnp.moveaxis(
            jnp.tensordot(x, share, ((axis,), (1,)), precision=lax.Precision.HIGHEST), -1, axis
        )
    return x.astype(input.dtype)


def _adaptive_max_pool(operation, input, output_size, return_indices, rank):
    counts = _counts(operation, input, output_size, rank)
    axes = [_even(n, count) for n, count in zip(input.shape[-rank:], counts, strict=True)]
    even = [axis for axis in axes if axis is not None]
    if len(even) == rank:
        values, indices = _maxima(input, even, return_indices)
        return (values, indices) if return_indices else values
    x, scale = input, 1
    place = jnp.zeros((), jnp.int64)
    for back, count in enumerate(reversed(counts), 1):
        axis = x.ndim - back
        size = x.shape[axis]
        start, stop = _bounds(size, count)
        # Short windows meet their last cell again, which changes nothing.
        taps = [np.minimum(start + tap, stop - 1) for tap in range((stop - start).max(initial=1))]
        place = jnp.broadcast_to(place + _along(x, jnp.arange(size) * scale, axis), x.shape)
        x, place = _first_maximum(
            [jnp.take(x, tap, axis) for tap in taps], [jnp.take(place, tap, axis) for tap in taps]
        )
        scale *= size
    return (x, place) if return_indices else x


@op(namespace=("nn.functional", "neurarust"), method=False)
def adaptive_avg_pool1d(input: Array, output_size: int | tuple):
    """Means over `output_size` windows. Shape: (N, C, L) or (C, L)."""
    return _adaptive_avg_pool("adaptive_avg_pool1d", input, output_size, 1)


@op(namespace=("nn.functional",), method=False)
def adaptive_avg_pool2d(input: Array, output_size: int | tuple):
    """Means over windows that divide the image into `output_size`; None keeps a size.

    Shape: (N, C, H, W) or (C, H, W).
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", input, output_size, 2)


@op(namespace=("nn.functional",), method=False)
def adaptive_avg_pool3d(input: Array, output_size: int | tuple):
    """Means over windows of three axes. See `adaptive_avg_pool2d`."""
    return _adaptive_avg_pool("adaptive_avg_pool3d", input, output_size, 3)


@op(namespace=("nn.functional",), method=False)
def adaptive_max_pool1d(input: Array, output_size: int | tuple, return_indices: bool = False):
    """Maxima over `output_size` windows. See `adaptive_max_pool2d`."""
    return _adaptive_max_pool("adaptive_max_pool1d", input, output_size, return_indices, 1)


@op(namespace=("nn.functional",), method=False)
def adaptive_max_pool2d(input: Array, output_size: int | tuple, return_indices: bool = False):
    """Maxima over windows that divide the image into `output_size`; None keeps a size.

    Args:
        return_indices: also where each maximum lies, as a flat index into H x W.

    Shape: (N, C, H, W) or (C, H, W).
    """
    return _adaptive_max_pool("adaptive_max_pool2d", input, output_size, return_indices, 2)


@op(namespace=("nn.functional",), method=False)
def adaptive_max_pool3d(input: Array, output_size: int | tuple, return_indices: bool = False):
    """Maxima over windows of three axes. See `adaptive_max_pool2d`."""
    return _adaptive_max_pool("adaptive_max_pool3d", input, output_size, return_indices, 3)
