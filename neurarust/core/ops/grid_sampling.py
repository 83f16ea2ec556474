"""Images read at the points of a grid (spatial transformers, optical flow)."""

from __future__ import annotations

import itertools
import math

import jax.numpy as jnp

from ..define import op
from ..errors import fail
from ..op import Array
from .activation import strict_clamp
from .elementwise import wide
from .resampling import cubic

PADDING = ("zeros", "border", "reflection")


def _reflected(place: Array, size: int, align: bool) -> Array:
    """Places mirrored at the ends of an axis until they lie inside."""
    low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
    if not span:
        return jnp.zeros_like(place)
    distance = jnp.abs(place - low)
    extra = distance - jnp.floor(distance / span) * span
    odd = jnp.floor(distance / span) % 2 == 1
    return jnp.where(odd, span - extra, extra) + low


def _kept(place: Array, size: int, padding_mode: str, align: bool) -> Array:
    """Places brought into the image as the padding mode says."""
    if padding_mode == "zeros":
        return place
    if padding_mode == "reflection":
        place = _reflected(place, size, align)
    return strict_clamp(place, 0, size - 1)


def _read(x: Array, cells: list[Array], sizes: tuple[int, ...]) -> Array:
    """The values at whole places, 0 outside. Shape: x (N, C, cells), places (N, points)."""
    inside = jnp.ones(cells[0].shape, bool)
    flat = jnp.zeros(cells[0].shape, jnp.int32)
    for cell, size in zip(cells, sizes, strict=True):
        inside &= (cell >= 0) & (cell <= size - 1)
        # NaN counts as the first cell.
        flat = flat * size + jnp.clip(jnp.nan_to_num(cell), 0, size - 1).astype(jnp.int32)
    values = jnp.take_along_axis(x, flat[:, None], 2, mode="clip")
    return jnp.where(inside[:, None], values, 0)


@op(namespace=("nn.functional",), method=False)
def grid_sample(
    input: Array, grid: Array, mode: str = "bilinear", padding_mode: str = "zeros",
    align_corners: bool | None = None,
):  # fmt: skip
    """Values of `input` at the places of `grid`, whose last dimension is (x, y) or (x, y, z).

    -1 and 1 are the ends of an axis: the centres of the corner pixels with `align_corners`,
    their outer edges without.

    Args:
        mode: "bilinear" (trilinear for volumes), "nearest" or "bicubic" (images only).
        padding_mode: outside lies 0 ("zeros"), the nearest pixel of the "border", or the
            image mirrored ("reflection").

    Shape: input (N, C, H, W), grid (N, h, w, 2) to (N, C, h, w); or (N, C, D, H, W) and
    (N, d, h, w, 3) to (N, C, d, h, w).

    Source: Jaderberg et al., "Spatial transformer networks", NIPS 2015.
    """
    rank = input.ndim - 2
    for name, got, known in (
        ("mode", mode, ("bilinear", "nearest", "bicubic")), ("padding_mode", padding_mode, PADDING),
    ):  # fmt: skip
        if got not in known:
            fail("grid_sample", f"{name}={got!r}", f"one of {known}", kind=ValueError)
    shapes = f"input {list(input.shape)} and grid {list(grid.shape)}"
    if rank not in (2, 3) or grid.ndim != input.ndim or grid.shape[-1] != rank:
        fail("grid_sample", shapes, "(N, C, H, W) with (N, h, w, 2), or (N, C, D, H, W) with "
             "(N, d, h, w, 3)")  # fmt: skip
    if grid.shape[0] != input.shape[0] or grid.dtype != input.dtype:
        fail("grid_sample", f"{shapes} of {input.dtype} and {grid.dtype}",
             "input and grid with the same batch size and dtype")  # fmt: skip
    if mode == "bicubic" and rank != 2:
        fail("grid_sample", shapes, "4-D input for mode='bicubic'")
    if min(input.shape[2:]) == 0:
        fail("grid_sample", shapes, "spatial sizes greater than 0")
    align = bool(align_corners)
    sizes = input.shape[2:]
    batch, points = grid.shape[0], math.prod(grid.shape[1:-1])
    channels = input.shape[1]
    x = input.reshape(batch, channels, math.prod(sizes))
    # As many places as axes, the first axis first: (batch, points).
    given = wide(grid).reshape(batch, points, rank)
    places = []
    for axis, size in enumerate(sizes):
        place = given[..., rank - 1 - axis]
        place = (place + 1) / 2 * (size - 1) if align else ((place + 1) * size - 1) / 2
        if mode != "bicubic":
            place = _kept(place, size, padding_mode, align)
        places.append(place)

    if mode == "nearest":
        result = _read(x, [jnp.round(one) for one in places], sizes)
        return result.reshape(batch, channels, *grid.shape[1:-1])
    # Along each axis the cells that count, with their weights.
    taps = []
    for place, size in zip(places, sizes, strict=True):
        first = jnp.floor(place)
        share = place - first
        if mode == "bilinear":
            taps.append([(first, 1 - share), (first + 1, share)])
        else:
            taps.append(
                [
                    (
                        _kept(first + step, size, padding_mode, align),
                        cubic(share - step, -0.75, jnp),
                    )
                    for step in range(-1, 3)
                ]
            )
    result = jnp.zeros((), given.dtype)
    for corner in itertools.product(*taps):
        weight = math.prod([share for _, share in corner[1:]], start=corner[0][1])
        result = result + _read(x, [cell for cell, _ in corner], sizes) * weight[:, None]
    return result.astype(input.dtype).reshape(batch, channels, *grid.shape[1:-1])
