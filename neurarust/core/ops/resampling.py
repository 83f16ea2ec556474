"""Interpolation to another size: along one axis after the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor
from .adaptive_pooling import _adaptive_avg_pool
from .elementwise import wide
from .patches import per_axis

FUNCTIONAL = "nn.functional"
# Name of a mode -> (numbers of dimensions it is for, its filter).
MODES = {
    "nearest": ((3, 4, 5), "nearest"),
    "nearest-exact": ((3, 4, 5), "nearest-exact"),
    "area": ((3, 4, 5), "area"),
    "linear": ((3,), "linear"),
    "bilinear": ((4,), "linear"),
    "trilinear": ((5,), "linear"),
    "bicubic": ((4,), "cubic"),
    "lanczos": ((4,), "lanczos"),
}
ALIGNING = ("linear", "cubic", "lanczos")
# Up to this size an axis is resampled by a product with its matrix, beyond it by its few taps.
_SHORT = 128


def cubic(x: Any, a: float, module: Any = np) -> Any:
    """Keys' cubic convolution kernel at distances x; support 2."""
    x = module.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return module.where(x < 1, near, module.where(x < 2, far, 0))


# Filter -> (support, kernel) of anti-aliased resampling; the cubic one is Pillow's.
_SMOOTH = {
    "linear": (1, lambda x: np.maximum(1 - np.abs(x), 0)),
    "cubic": (2, lambda x: cubic(x, -0.5)),
    "lanczos": (3, lambda x: np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)),
}


def _ratio(size: int, count: int, scale: float | None, align: bool) -> float:
    """Input cells per output cell."""
    if align:
        return (size - 1) / (count - 1) if count > 1 else 0.0
    return 1 / scale if scale else size / count


def _nearest(size: int, count: int, scale: float | None, exact: bool) -> np.ndarray:
    """The cell each output takes; in float32, as PyTorch rounds."""
    ratio = np.float32(1 / scale if scale else size / count)
    place = np.arange(count, dtype=np.float32) + np.float32(0.5 if exact else 0)
    return np.minimum(np.floor(place * ratio), size - 1).astype(np.int64)


def _taps(size: int, count: int, scale: float | None, kind: str, align: bool):
    """(taps, count) cells and weights of linear or cubic interpolation."""
    ratio, place = _ratio(size, count, scale, align), np.arange(count)
    source = place * ratio if align else (place + 0.5) * ratio - 0.5
    if kind == "linear":
        source = np.maximum(source, 0)
        first = np.minimum(np.floor(source), size - 1)
        share = np.clip(source - first, 0, 1)
        cells, weights = np.stack([first, first + 1]), np.stack([1 - share, share])
    else:
        cells = np.floor(source) + np.arange(-1, 3)[:, None]
        weights = cubic(source - cells, -0.75)
    return np.clip(cells, 0, size - 1).astype(np.int64), weights


def _smooth(size: int, count: int, scale: float | None, kind: str, align: bool) -> np.ndarray:
    """(count, size) weights of anti-aliased interpolation: the kernel widened when shrinking."""
    ratio = _ratio(size, count, scale, align)
    support, kernel = _SMOOTH[kind]
    widening = max(ratio, 1.0)
    centre = (ratio * (np.arange(count) + 0.5))[:, None]
    cell = np.arange(size)
    first = np.maximum(np.trunc(centre - support * widening + 0.5), 0)
    last = np.minimum(np.trunc(centre + support * widening + 0.5), size)
    weights = kernel((cell - centre + 0.5) / widening) * ((cell >= first) & (cell < last))
    total = weights.sum(1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def _matrix(size: int, count: int, scale, kind: str, align: bool, antialias: bool) -> np.ndarray:
    """(count, size) weights."""
    if antialias:
        return _smooth(size, count, scale, kind, align)
    matrix = np.zeros((count, size))
    for cell, weight in zip(*_taps(size, count, scale, kind, align), strict=True):
        np.add.at(matrix, (np.arange(count), cell), weight)
    return matrix


def _of_bytes(x: Array, sizes: tuple, scales: tuple, kind: str, align: bool, antialias: bool):
    """A picture of bytes resampled as Pillow and PyTorch do: along the rows, then the columns,
    in whole numbers with weights of 16 bits, each time rounded to bytes."""
    for axis in (3, 2):
        size, count, scale = x.shape[axis], sizes[axis - 2], scales[axis - 2]
        if size == count and scale in (None, 1.0):
            continue
        matrix = _matrix(size, count, scale, kind, align, antialias)
        bits = next(n for n in range(22) if n == 21 or int(matrix.max() * 2 ** (n + 1) + 0.5) >> 15)
        whole = np.trunc(matrix * 2**bits + np.copysign(0.5, matrix)).astype(np.int32)
        total = jnp.tensordot(x.astype(jnp.int32), jnp.asarray(whole), ((axis,), (1,)))
        x = jnp.clip((total + (1 << bits - 1)) >> bits, 0, 255).astype(jnp.uint8)
        x = jnp.moveaxis(x, -1, axis)
    return x


def _along(x: Array, axis: int, count: int, scale, kind: str, align: bool, antialias: bool):
    """`x` resampled along one axis."""
    size = x.shape[axis]
    if not antialias:
        cells, weights = _taps(size, count, scale, kind, align)
        if size > _SHORT:
            shape = [1] * x.ndim
            shape[axis] = count
            parts = [
                jnp.take(x, cell, axis) * jnp.asarray(weight, x.dtype).reshape(shape)
                for cell, weight in zip(cells, weights, strict=True)
            ]
            return sum(parts[1:], parts[0])
    matrix = _matrix(size, count, scale, kind, align, antialias)
    product = jnp.tensordot(
        x, jnp.asarray(matrix, x.dtype), ((axis,), (1,)), precision=lax.Precision.HIGHEST
    )
    return jnp.moveaxis(product, -1, axis)


@op(name="_resample", namespace=(), method=False)
def _resample(
    input: Array, sizes: tuple, scales: tuple, kind: str, align: bool, antialias: bool
):  # fmt: skip
    rank = input.ndim - 2
    if kind == "area":
        return _adaptive_avg_pool("interpolate", input, sizes, rank)
    x = input
    if input.dtype == jnp.uint8 and rank == 2 and not kind.startswith("nearest"):
        return _of_bytes(x, sizes, scales, kind, align, antialias)
    whole = jnp.issubdtype(input.dtype, jnp.integer)
    if not kind.startswith("nearest"):
        x = x.astype(jnp.float32) if whole else wide(x)
    for axis, (count, scale) in enumerate(zip(sizes, scales, strict=True), 2):
        size = x.shape[axis]
        if size == count and scale in (None, 1.0):
            continue
        if kind.startswith("nearest"):
            cells = _nearest(size, count, scale, kind == "nearest-exact")
            even = count % size == 0 and np.array_equal(cells, np.arange(count) // (count // size))
            x = jnp.repeat(x, count // size, axis) if even else jnp.take(x, cells, axis)
        else:
            x = _along(x, axis, count, scale, kind, align, antialias)
    if whole and x.dtype != input.dtype:
        limits = jnp.iinfo(input.dtype)
        x = jnp.clip(jnp.round(x), limits.min, limits.max)
    return x.astype(input.dtype)


@function(method=False, namespace=FUNCTIONAL)
def interpolate(
    input: Tensor, size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None, mode: str = "nearest",
    align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:  # fmt: skip
    """`input` at another size. Shape: (N, C, L), (N, C, H, W) or (N, C, D, H, W).

    Args:
        size: the new sizes; or
        scale_factor: what the sizes are multiplied by (rounded down).
        mode: "nearest", "nearest-exact", "area", "linear" (3-D input), "bilinear" and
            "bicubic" and "lanczos" (4-D), "trilinear" (5-D).
        align_corners: corners of both images lie on each other, instead of their edges.
        recompute_scale_factor: interpolate by the ratio of the sizes, not by scale_factor.
        antialias: widen the kernel when shrinking, as Pillow does ("bilinear", "bicubic").
    """
    if mode not in MODES:
        fail(
            "interpolate", f"mode={mode!r}", f"one of {', '.join(MODES)}", kind=NotImplementedError
        )
    ranks, kind = MODES[mode]
    shape = list(input.shape)
    if input.ndim not in (3, 4, 5):
        fail("interpolate", f"input {shape}", "3-D, 4-D or 5-D input", kind=NotImplementedError)
    if input.ndim not in ranks:
        wanted = " or ".join(f"{rank}-D" for rank in ranks)
        fail("interpolate", f"input {shape}", f"{wanted} input for mode={mode!r}",
             kind=NotImplementedError)  # fmt: skip
    if align_corners is not None and kind not in ALIGNING:
        fail("interpolate", f"align_corners={align_corners} with mode={mode!r}",
             "align_corners with linear, bilinear, bicubic and trilinear only",
             kind=ValueError)  # fmt: skip
    if antialias and (kind not in _SMOOTH or input.ndim != 4):
        fail("interpolate", f"antialias=True with mode={mode!r}", "bilinear, bicubic or lanczos",
             kind=ValueError)  # fmt: skip
    if kind == "lanczos" and not antialias:
        fail("interpolate", "mode='lanczos' without antialias", "antialias=True", kind=ValueError)
    sizes, scales = _wanted(shape[2:], size, scale_factor, recompute_scale_factor)
    if kind == "area" or align_corners:
        scales = (None,) * len(sizes)
    if min([*shape[1:], *sizes], default=1) < 1:
        fail("interpolate", f"input {shape} and output sizes {list(sizes)}",
             "input and output sizes greater than 0")  # fmt: skip
    return _resample(input, sizes, scales, kind, bool(align_corners), antialias)


def _wanted(spatial: list[int], size, factor, recompute) -> tuple[tuple, tuple]:
    """The output sizes, and the scales the user fixed (None where the sizes decide)."""
    rank = len(spatial)
    if (size is None) == (factor is None):
        fail("interpolate", f"size={size} and scale_factor={factor}", "exactly one of them",
             kind=ValueError)  # fmt: skip
    name, given = ("size", size) if factor is None else ("scale_factor", factor)
    each = tuple(given) if isinstance(given, Sequence) else (given,) * rank
    if len(each) != rank:
        fail("interpolate", f"{name} {list(each)} for the spatial dimensions {spatial}",
             f"one number or {rank}", kind=ValueError)  # fmt: skip
    if factor is None:
        if recompute:
            fail("interpolate", "recompute_scale_factor with size", "scale_factor with it",
                 kind=ValueError)  # fmt: skip
        return tuple(int(one) for one in each), (None,) * rank
    sizes = tuple(math.floor(n * float(one)) for n, one in zip(spatial, each, strict=True))
    return sizes, (None,) * rank if recompute else tuple(float(one) for one in each)


@function(method=False, namespace=FUNCTIONAL)
def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:  # fmt: skip
    """The older name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


@function(method=False, namespace=FUNCTIONAL)
def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode="nearest"."""
    return interpolate(input, size, scale_factor, "nearest")


@function(method=False, namespace=FUNCTIONAL)
def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode="bilinear" and aligned corners."""
    return interpolate(input, size, scale_factor, "bilinear", True)


# ------------------------------------------------------------------ pixels as channels

PIXELS = ("neurarust", FUNCTIONAL)


@op(namespace=PIXELS, method=False)
def pixel_shuffle(input: Array, upscale_factor: int):
    """Channels as pixels: (..., C r^2, H, W) to (..., C, r H, r W).

    Source: Shi et al., "Real-time single image and video super-resolution using an efficient
    sub-pixel convolutional neural network", CVPR 2016.
    """
    r = upscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-3] % (r * r):
        fail("pixel_shuffle", f"input {list(input.shape)} and upscale_factor={r}",
             "at least 3 dimensions, and channels divisible by upscale_factor^2")  # fmt: skip
    *lead, channels, height, width = input.shape
    x = input.reshape(math.prod(lead), channels // (r * r), r, r, height, width)
    x = x.transpose(0, 1, 4, 2, 5, 3)  # (batch, C, H, r, W, r)
    return x.reshape(*lead, channels // (r * r), height * r, width * r)


@op(namespace=PIXELS, method=False)
def pixel_unshuffle(input: Array, downscale_factor: int):
    """Pixels as channels, undoing `pixel_shuffle`: (..., C, r H, r W) to (..., C r^2, H, W)."""
    r = downscale_factor
    if input.ndim < 3 or r < 1 or input.shape[-1] % r or input.shape[-2] % r:
        fail("pixel_unshuffle", f"input {list(input.shape)} and downscale_factor={r}",
             "at least 3 dimensions, height and width divisible by downscale_factor")  # fmt: skip
    *lead, channels, height, width = input.shape
    x = input.reshape(math.prod(lead), channels, height // r, r, width // r, r)
    x = x.transpose(0, 1, 3, 5, 2, 4)  # (batch, C, r, r, H, W)
    return x.reshape(*lead, channels * r * r, height // r, width // r)


@op(namespace=PIXELS, method=False)
def channel_shuffle(input: Array, groups: int):
    """Channels of `groups` groups dealt out in turn. Shape: (N, C, ...).

    Source: Zhang et al., "ShuffleNet", CVPR 2018.
    """
    if input.ndim < 3 or groups < 1 or input.shape[1] % groups:
        fail("channel_shuffle", f"input {list(input.shape)} and groups={groups}",
             "at least 3 dimensions, and channels divisible by groups")  # fmt: skip
    batch, channels, *rest = input.shape
    x = input.reshape(batch, groups, channels // groups, *rest)
    return jnp.swapaxes(x, 1, 2).reshape(input.shape)


def _line(count: int, kind: Any) -> np.ndarray:
    """Even places from -1 to 1, to the last bit of PyTorch's.

    Under the identity they are pixels' centres, where the derivative of `grid_sample` jumps: with
    another last bit it is the other side's.
    """
    if count < 2:
        return np.zeros(count, kind)
    step, places = float(kind(2) / kind(count - 1)), np.arange(count)
    ends = np.where(places < count // 2, step * places - 1, 1 - step * (count - 1 - places))
    return ends.astype(kind)


@op(name="_affine_grid", namespace=(), method=False)
def _affine_grid(theta: Array, size: tuple, align: bool):
    kind = np.dtype(np.float32 if theta.dtype.itemsize <= 4 else np.float64).type
    places = []
    for count in size:
        line = _line(count, kind)
        places.append(line if align else line * kind(count - 1) / kind(max(count, 1)))
    grid = np.meshgrid(*places, indexing="ij")
    # (points, rank + 1): x first, and 1 for the shift.
    points = np.stack([*grid[::-1], np.ones(size)], -1).reshape(-1, len(size) + 1)
    product = jnp.einsum(
        "pk,nrk->npr", jnp.asarray(points, theta.dtype), theta, precision=lax.Precision.HIGHEST
    )
    return product.reshape(theta.shape[0], *size, len(size))


@function(method=False, namespace=FUNCTIONAL)
def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Where an affine map sends each pixel of an image, for `grid_sample`.

    Shape: theta (N, 2, 3) with size (N, C, H, W) to (N, H, W, 2), or (N, 3, 4) with
    (N, C, D, H, W) to (N, D, H, W, 3).
    """
    size = per_axis("affine_grid", "size", tuple(size), len(size))
    rank = len(size) - 2
    if not theta.is_floating_point():
        fail("affine_grid", f"theta of {theta.dtype}", "a floating-point theta", kind=ValueError)
    if rank not in (2, 3):
        fail("affine_grid", f"size {list(size)}", "4 or 5 sizes (N, C, [D,] H, W)",
             kind=NotImplementedError)  # fmt: skip
    if tuple(theta.shape) != (size[0], rank, rank + 1):
        fail("affine_grid", f"theta {list(theta.shape)} for size {list(size)}",
             f"a batch of affine matrices [{size[0]}, {rank}, {rank + 1}]",
             kind=ValueError)  # fmt: skip
    if min(size) <= 0:
        fail("affine_grid", f"size {list(size)}", "sizes greater than 0", kind=ValueError)
    return _affine_grid(theta, size[2:], bool(align_corners))
