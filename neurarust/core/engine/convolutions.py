"""Convolutions on CPU by minimal filtering, which takes fewer multiplications.

For a kernel of 3 x 3, F(2 x 2, 3 x 3) has 16 multiplications where the definition has 36 (Winograd,
"Arithmetic complexity of computations", 1980; Lavin and Gray, "Fast algorithms for convolutional
neural networks", 2016). Each tile of 4 x 4 pixels, two apart, and the kernel are turned into 16
numbers, by sums; these are multiplied and summed over the channels, 16 products of (tiles,
channels); and sums turn them into 2 x 2 results. Errors are those of the definition, 1e-6 of the
largest result, but a tile with an infinity or a NaN becomes NaN as a whole.

`picture` and `cotangent` are (batch, height, width, channels) here, kernels have their axes as the
program does. Milliseconds on 2 cores, forward and gradient of the kernel:

| pictures, channels | XLA's convolution | filtered |
| --- | --- | --- |
| 32 x 16 x 16, 64 | 3.5, 4.2 | 2.6, 4.1 |
| 32 x 8 x 8, 128 | 3.1, 3.3 | 3.0, 2.1 |
| 32 x 8 x 8, 256 | 11.9, 12.2 | 6.8, 8.7 |
| 8 x 28 x 28, 128 | 9.2, 10.0 | 6.5, 7.7 |
| 8 x 14 x 14, 512 | 35.3, 35.6 | 20.1, 24.9 |
| 1 x 56 x 56, 64 | 1.3, 6.6 | 1.3, 1.4 |
| 32 x 16 x 16, 32 | 0.9, 1.2 | 1.0, 1.4 (not used) |
| 8 x 56 x 56, 64 | 10.7, 12.9 | 8.9, 27.0 (not used) |

To compile one takes 0.15 s, and XLA's convolution 0.05.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

# A kernel's rows to four numbers, and their sum to what two results get from them.
_OF_KERNEL = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float32)
_OF_KERNELS = np.einsum("ia,jb->ijab", _OF_KERNEL, _OF_KERNEL).reshape(16, 9)
# Where filtering pays: from so many channels on either side and so many multiplications of the
# definition on, and up to so many bytes for all tiles, which have to stay in the cache.
CHANNELS, WORK, TILES = 64, 100_000_000, 16 << 20


def _is_plain(params: dict[str, Any]) -> bool:
    """Whether the axes of pixels are in one order, with no steps, gaps, or channels in groups."""
    specs = (one[2:] == (2, 3) for one in params["dimension_numbers"])
    steps = (params[name] or () for name in ("window_strides", "lhs_dilation", "rhs_dilation"))
    groups = params["feature_group_count"], params["batch_group_count"]
    return all(specs) and {1}.issuperset((*groups, *itertools.chain(*steps)))


def _kept(params: dict[str, Any]) -> dict[str, Any]:
    """What a product takes over from its convolution."""
    return {name: params[name] for name in ("precision", "preferred_element_type")}


def _padded(array: Any, axes: Sequence[int], margins: Sequence) -> Any:
    config = [(0, 0, 0)] * array.ndim
    for axis, (low, high) in zip(axes, margins, strict=True):
        config[axis] = (low, high, 0)
    if all(one == (0, 0, 0) for one in config):
        return array
    return lax.pad(array, jnp.zeros((), array.dtype), config)


def _filters(params: dict[str, Any], picture: Any, other: Any, kernel: tuple, sizes: tuple) -> bool:
    """Whether filtering computes a convolution, and pays.

    Args:
        picture, other: shapes (batch, height, width, channels).
        kernel, sizes: of the kernel, and of the pictures that it makes.
    """
    margins = [one for pair in params["padding"] for one in pair]
    if kernel != (3, 3) or min(margins) < 0 or 0 in picture or not _is_plain(params):
        return False
    tiles = picture[0] * prod(-(-size // 2) for size in sizes)
    channels = (picture[-1], other)
    return (
        min(channels) >= CHANNELS and 36 * tiles * prod(channels) >= WORK
        and 64 * tiles * max(channels) <= TILES
    )  # fmt: skip


def filters(params: dict[str, Any], picture: Any, kernel: Any, result: Any) -> bool:
    """Whether `filtered` is to compute a convolution."""
    if picture.ndim != 4 or picture.dtype != jnp.float32 or kernel.dtype != jnp.float32:
        return False
    batch, channels, height, width = picture.shape
    return _filters(
        params, (batch, height, width, channels), result.shape[1], kernel.shape[2:],
        result.shape[2:],
    )  # fmt: skip


def filters_gradient(params: dict[str, Any], picture: Any, cotangent: Any, result: Any) -> bool:
    """Whether `filtered_gradient` is to compute the gradient of a kernel."""
    if picture.ndim != 4 or picture.dtype != jnp.float32 or cotangent.dtype != jnp.float32:
        return False
    batch, channels, height, width = picture.shape
    return _filters(
        params, (batch, height, width, channels), cotangent.shape[1], result.shape[2:],
        cotangent.shape[2:],
    )  # fmt: skip


def filtered(params: dict[str, Any], picture: Any, kernel: Any) -> Any:
    """A convolution with a kernel of 3 x 3: (batch, height, width, channels)."""
    inner = params["dimension_numbers"].rhs_spec[1]
    tiles, (rows, columns) = _tiles(picture, params["padding"])
    matrix = jnp.asarray(_OF_KERNELS)
    flat = kernel.reshape(-1, 9)
    kernels = lax.dot_general(matrix, flat, (((1,), (1,)), ((), ())))
    kernels = kernels.reshape(16, *kernel.shape[:2])
    numbers = (((2,), (1 + inner,)), ((0,), (0,)))
    products = lax.dot_general(tiles, kernels, numbers, **_kept(params))
    batch, height, width, _ = picture.shape
    (above, below), (before, after) = params["padding"]
    products = products.reshape(4, 4, batch, rows, columns, -1)
    wide = jnp.stack(_two(*(products[:, k] for k in range(4))), 4)
    wide = wide.reshape(4, batch, rows, 2 * columns, -1)
    high = jnp.stack(_two(*wide), 2).reshape(batch, 2 * rows, 2 * columns, -1)
    return high[:, : height + above + below - 2, : width + before + after - 2]


def filtered_gradient(params: dict[str, Any], picture: Any, cotangent: Any) -> Any:
    """The gradient of a kernel of 3 x 3, with its axes as the program has them."""
    tiles, (rows, columns) = _tiles(picture, params["padding"])
    batch, height, width, _ = cotangent.shape
    margins = ((0, 2 * rows - height), (0, 2 * columns - width))
    given = _padded(cotangent, (1, 2), margins).reshape(batch, rows, 2, 2 * columns, -1)
    high = jnp.stack(_four_of(given[:, :, 0], given[:, :, 1]))
    high = high.reshape(4, batch, rows, columns, 2, -1)
    wide = jnp.stack(_four_of(high[:, :, :, :, 0], high[:, :, :, :, 1]), 1)
    wide = wide.reshape(16, batch * rows * columns, -1)
    first, second = wide, tiles
    if params["dimension_numbers"].out_spec[0] == 0:
        first, second = second, first
    products = lax.dot_general(first, second, (((1,), (1,)), ((0,), (0,))), **_kept(params))
    matrix = jnp.asarray(_OF_KERNELS)
    flat = products.reshape(16, -1)
    result = lax.dot_general(flat, matrix, (((0,), (0,)), ((), ())))
    return result.reshape(*products.shape[1:], 3, 3)


def _tiles(picture: Any, padding: Sequence) -> tuple[Any, tuple[int, int]]:
    """The 16 numbers of every tile: (16, tiles, channels), and how many tiles there are."""
    batch, *sizes, channels = picture.shape
    counts = [-(-(size + sum(one) - 2) // 2) for size, one in zip(sizes, padding, strict=True)]
    margins = [
        (one[0], 2 * count + 2 - size - one[0])
        for size, one, count in zip(sizes, padding, counts, strict=True)
    ]
    rows, columns = counts
    padded = _padded(picture, (1, 2), margins)
    pairs = padded.reshape(batch, rows + 1, 2, 2 * columns + 2, channels)
    high = jnp.stack(_four(pairs[:, :-1, 0], pairs[:, :-1, 1], pairs[:, 1:, 0], pairs[:, 1:, 1]))
    pairs = high.reshape(4, batch, rows, columns + 1, 2, channels)
    wide = _four(
        pairs[:, :, :, :-1, 0], pairs[:, :, :, :-1, 1], pairs[:, :, :, 1:, 0], pairs[:, :, :, 1:, 1]
    )
    return jnp.stack(wide, 1).reshape(16, batch * rows * columns, channels), (rows, columns)


def _four(a: Any, b: Any, c: Any, d: Any) -> list:
    """Four pixels in a row to four numbers."""
    return [a - c, b + c, c - b, b - d]


def _two(a: Any, b: Any, c: Any, d: Any) -> list:
    """Four products to two results."""
    return [a + b + c, b - c - d]


def _four_of(a: Any, b: Any) -> list:
    """The transpose of `_two`: two results to the four products that make them."""
    return [a, a + b, a - b, -b]
