"""Pooling: maxima, means and norms over windows."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..define import op
from ..errors import fail
from ..op import Array
from .elementwise import absolute, wide
from .patches import per_axis

# From this kernel size on, a window that overlaps no other is reduced as an axis of its own.
_LONG = 16


class _Axis:
    """How windows lie along one axis."""

    def __init__(self, size, kernel, stride, padding, dilation, ceil_mode):
        span = dilation * (kernel - 1) + 1
        free = size + 2 * padding - span
        count = (-(-free // stride) if ceil_mode else free // stride) + 1
        if ceil_mode and (count - 1) * stride >= size + padding:
            count -= 1  # the last window must start inside the input or its left padding
        self.size, self.kernel, self.stride = size, kernel, stride
        self.padding, self.dilation, self.count = padding, dilation, count
        reach = (count - 1) * stride + span
        self.pads = (padding, max(reach - size - padding, 0))

    def taps(self, x: Array, axis: int) -> list[Array]:
        """For each position in the window, the values there of all windows (x is padded)."""
        return [
            lax.slice_in_dim(
                x,
                tap * self.dilation,
                tap * self.dilation + (self.count - 1) * self.stride + 1,
                self.stride,
                axis,
            )
            for tap in range(self.kernel)
        ]


def _axes(operation, input, rank, kernel_size, stride, padding, dilation, ceil_mode):
    """The windows along each of the last `rank` axes, checked."""
    if input.ndim not in (rank + 1, rank + 2):
        fail(
            operation,
            got=f"input {list(input.shape)}",
            expected=f"{rank + 1} dimensions (channels first) or {rank + 2} (batch first)",
        )
    if 0 in input.shape[1 if input.ndim == rank + 2 else 0 :]:
        fail(
            operation,
            got=f"input {list(input.shape)}",
            expected="dimensions of non-zero size, but for the batch",
        )
    kernel = per_axis(operation, "kernel_size", kernel_size, rank)
    stride = kernel if stride is None or stride == () else stride
    strides = per_axis(operation, "stride", stride, rank)
    paddings = per_axis(operation, "padding", padding, rank)
    dilations = per_axis(operation, "dilation", dilation, rank)
    if min(kernel) < 1 or min(strides) < 1 or min(dilations) < 1:
        fail(
            operation,
            got=f"kernel_size={kernel}, stride={strides}, dilation={dilations}",
            expected="numbers of at least 1",
        )
    for k, p, d in zip(kernel, paddings, dilations, strict=True):
        if p < 0 or p > (d * (k - 1) + 1) // 2:
            fail(
                operation,
                got=f"padding={p} and kernel_size={k}",
                expected="a padding of at least 0 and at most half of the kernel",
            )
    axes = [
        _Axis(*numbers, ceil_mode)
        for numbers in zip(input.shape[-rank:], kernel, strides, paddings, dilations, strict=True)
    ]
    if min(axis.count for axis in axes) < 1:
        fail(
            operation,
            got=f"input {list(input.shape)} and kernel_size={kernel}",
            expected="an input at least as large as the kernel",
        )
    return axes


# -------------------------------------------------------------------------------- maxima
# One axis after the other, the last first, as maxima of strided slices: each window's first
# maximum in memory order wins and gets the gradient, as in PyTorch. Against XLA's
# reduce_window and its select-and-scatter gradient (2 cores, forward and backward, ms):
# 2x2 on 32x32x32x32: 1.7 against 15; 3x3 stride 2 on 32x64x56x56: 65 against 169.


def _lowest(dtype) -> float | int:
    return -math.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min


def _better(new: Array, old: Array) -> Array:
    better = new > old
    return better | jnp.isnan(new) if jnp.issubdtype(new.dtype, jnp.inexact) else better


def _first_maximum(values: list[Array], places: list[Array] | None) -> tuple[Array, Any]:
    """The first of the largest, and its place; without places, None."""
    best: Array = values[0]
    place: Any = places[0] if places else None
    for number in range(1, len(values)):
        better = _better(values[number], best)
        best = jnp.where(better, values[number], best)
        if places:
            place = jnp.where(better, places[number], place)
    return best, place


def _along(x: Array, numbers: Array, axis: int) -> Array:
    """`numbers`, one per index of `axis`, in a shape that broadcasts with x."""
    return numbers.reshape([-1 if one == axis else 1 for one in range(x.ndim)])


def _maxima(x: Array, axes: Sequence[_Axis], indices: bool):
    """Maxima over windows and, if asked, their flat places in the last axes."""
    place, scale = (jnp.zeros((), jnp.int64), 1) if indices else (None, 1)
    for back, window in enumerate(reversed(axes), 1):
        axis = x.ndim - back
        if window.kernel >= _LONG and window.kernel == window.stride and not any(window.pads):
            x, place = _long_maxima(x, window, axis, place, scale)
        else:
            pads = [(0, 0)] * x.ndim
            pads[axis] = window.pads
            if any(window.pads):
                x = jnp.pad(x, pads, constant_values=_lowest(x.dtype))
            places = None
            if place is not None:
                own = jnp.clip(jnp.arange(x.shape[axis]) - window.padding, 0, window.size - 1)
                place = jnp.pad(place, pads) if place.ndim else place
                places = window.taps(
                    jnp.broadcast_to(place + _along(x, own * scale, axis), x.shape), axis
                )
            x, place = _first_maximum(window.taps(x, axis), places)
        scale *= window.size
    return x, place


def _long_maxima(x: Array, window: _Axis, axis: int, place: Array | None, scale: int):
    """Maxima over long windows that lie side by side: one window is one axis."""
    used = window.count * window.kernel
    split = (*x.shape[:axis], window.count, window.kernel, *x.shape[axis + 1 :])
    x = lax.slice_in_dim(x, 0, used, axis=axis).reshape(split)
    best = jnp.argmax(x, axis + 1, keepdims=True)
    chosen = lax.broadcasted_iota(best.dtype, split, axis + 1) == best
    if place is not None:
        before = jnp.arange(used).reshape(window.count, window.kernel) * scale
        before = before.reshape([1] * axis + [*before.shape] + [1] * (x.ndim - axis - 2))
        if place.ndim:
            place = lax.slice_in_dim(place, 0, used, axis=axis).reshape(split)
        place = jnp.sum(jnp.where(chosen, place + before, 0), axis + 1)
    return jnp.sum(jnp.where(chosen, x, 0), axis + 1, dtype=x.dtype), place


def _max_pool(
    operation, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, rank
):
    axes = _axes(operation, input, rank, kernel_size, stride, padding, dilation, ceil_mode)
    values, indices = _maxima(input, axes, return_indices)
    return (values, indices) if return_indices else values


@op(namespace=("nn.functional", "neurarust"), method=False)
def max_pool1d(
    input: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    dilation: int | tuple = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
):
    """Maxima over windows of one axis. See `max_pool2d`."""
    return _max_pool(
        "max_pool1d", input, kernel_size, stride, padding, dilation, ceil_mode,
        return_indices, 1,
    )  # fmt: skip


@op(namespace=("nn.functional", "neurarust"), method=False)
def max_pool2d(
    input: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    dilation: int | tuple = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
):
    """Maxima over windows; of equal values the first gets the gradient.

    Padding counts as minus infinity. Differs from PyTorch: in windows that hold no other
    number it may come first, which drops their gradient; PyTorch gives it to the first real cell.

    Args:
        stride: the kernel's size if left out.
        padding: cells of minus infinity on both sides, at most half of the kernel.
        ceil_mode: also windows that reach over the end.
        return_indices: also where each maximum lies, as a flat index into H x W.

    Shape: (N, C, H, W) or (C, H, W); each output size is
    `(size + 2 padding - dilation (kernel - 1) - 1) / stride + 1`, rounded down (or up).
    """
    return _max_pool(
        "max_pool2d", input, kernel_size, stride, padding, dilation, ceil_mode,
        return_indices, 2,
    )  # fmt: skip


@op(namespace=("nn.functional", "neurarust"), method=False)
def max_pool3d(
    input: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    dilation: int | tuple = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
):
    """Maxima over windows of three axes. See `max_pool2d`."""
    return _max_pool(
        "max_pool3d", input, kernel_size, stride, padding, dilation, ceil_mode,
        return_indices, 3,
    )  # fmt: skip


def _max_unpool(operation, input, indices, kernel_size, stride, padding, output_size, rank):
    kernel = per_axis(operation, "kernel_size", kernel_size, rank)
    stride = kernel if stride is None or stride == () else stride
    strides = per_axis(operation, "stride", stride, rank)
    paddings = per_axis(operation, "padding", padding, rank)
    if output_size is None:
        sizes = tuple(
            (n - 1) * s - 2 * p + k
            for n, k, s, p in zip(input.shape[-rank:], kernel, strides, paddings, strict=True)
        )
    else:
        sizes = tuple(output_size)[-rank:]
    if indices.shape != input.shape:
        fail(
            operation,
            got=f"input {list(input.shape)} and indices {list(indices.shape)}",
            expected="input and indices of the same shape",
        )
    lead = input.shape[:-rank]
    flat = input.reshape(math.prod(lead), -1)
    rows = jnp.arange(flat.shape[0])[:, None]
    empty = jnp.zeros((flat.shape[0], math.prod(sizes)), input.dtype)
    return _put(empty, rows, indices.reshape(flat.shape), flat).reshape(*lead, *sizes)


@jax.custom_vjp
def _put(empty: Array, rows: Array, places: Array, values: Array) -> Array:
    """Values at their places; where several share one, all get its gradient, as in PyTorch."""
    return empty.at[rows, places].set(values)


def _put_forward(empty, rows, places, values):
    return _put(empty, rows, places, values), (rows, places)


def _put_backward(residuals, gradient):
    return None, None, None, gradient[residuals]


_put.defvjp(_put_forward, _put_backward)


@op(namespace=("nn.functional",), method=False)
def max_unpool1d(
    input: Array,
    indices: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    output_size: tuple | None = None,
):
    """Puts maxima back where `indices` say, zeros elsewhere: undoes `max_pool1d`."""
    return _max_unpool("max_unpool1d", input, indices, kernel_size, stride, padding, output_size, 1)


@op(namespace=("nn.functional",), method=False)
def max_unpool2d(
    input: Array,
    indices: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    output_size: tuple | None = None,
):
    """Puts maxima back where `indices` say, zeros elsewhere: undoes `max_pool2d`."""
    return _max_unpool("max_unpool2d", input, indices, kernel_size, stride, padding, output_size, 2)


@op(namespace=("nn.functional",), method=False)
def max_unpool3d(
    input: Array,
    indices: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    output_size: tuple | None = None,
):
    """Puts maxima back where `indices` say, zeros elsewhere: undoes `max_pool3d`."""
    return _max_unpool("max_unpool3d", input, indices, kernel_size, stride, padding, output_size, 3)


# --------------------------------------------------------------------------------- means


def _window_sum(x: Array, window: _Axis, axis: int) -> Array:
    """Sums over the windows of one axis."""
    if window.kernel == window.stride and not any(window.pads):
        used = lax.slice_in_dim(x, 0, window.count * window.kernel, axis=axis)
        split = (*x.shape[:axis], window.count, window.kernel, *x.shape[axis + 1 :])
        return jnp.sum(used.reshape(split), axis + 1)
    pads = [(0, 0)] * x.ndim
    pads[axis] = window.pads
    return functools.reduce(operator.add, window.taps(jnp.pad(x, pads), axis))


def _sums(x: Array, axes: Sequence[_Axis]) -> Array:
    """Sums over windows, one axis after the other."""
    for back, window in enumerate(reversed(axes), 1):
        x = _window_sum(x, window, x.ndim - back)
    return x


def _counts(window: _Axis, with_padding: bool) -> np.ndarray:
    """How many cells each window of an axis counts."""
    start = np.arange(window.count) * window.stride - window.padding
    stop = np.minimum(start + window.kernel, window.size + window.padding)
    if with_padding:
        return stop - start
    return np.minimum(stop, window.size) - np.maximum(start, 0)


def _avg_pool(
    operation, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor, rank
):
    axes = _axes(operation, input, rank, kernel_size, stride, padding, 1, ceil_mode)
    if divisor == 0:
        fail(operation, got="divisor_override=0", expected="a divisor other than 0")
    total = _sums(wide(input), axes)
    if divisor is None:
        divisor = np.ones((), np.int64)
        for window in axes:
            divisor = divisor[..., None] * _counts(window, count_include_pad)
        if (divisor == divisor.flat[0]).all():
            divisor = divisor.flat[0]
    return (total / jnp.asarray(divisor, total.dtype)).astype(input.dtype)


@op(namespace=("nn.functional", "neurarust"), method=False)
def avg_pool1d(
    input: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
):
    """Means over windows of one axis. See `avg_pool2d`."""
    return _avg_pool(
        "avg_pool1d", input, kernel_size, stride, padding, ceil_mode, count_include_pad, None, 1
    )


@op(namespace=("nn.functional",), method=False)
def avg_pool2d(
    input: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
):
    """Means over windows.

    Args:
        count_include_pad: whether padding counts as zeros or not at all.
        divisor_override: divides the windows' sums by this instead.

    Shape: as `max_pool2d`.
    """
    return _avg_pool(
        "avg_pool2d", input, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override, 2,
    )  # fmt: skip


@op(namespace=("nn.functional",), method=False)
def avg_pool3d(
    input: Array,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    padding: int | tuple = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
):
    """Means over windows of three axes. See `avg_pool2d`."""
    return _avg_pool(
        "avg_pool3d", input, kernel_size, stride, padding, ceil_mode, count_include_pad,
        divisor_override, 3,
    )  # fmt: skip


def _lp_pool(operation, input, norm_type, kernel_size, stride, ceil_mode, rank):
    power = float(norm_type)
    if math.isinf(power):
        size = absolute(input) * (1 if power > 0 else -1)
        largest = _max_pool(operation, size, kernel_size, stride, 0, 1, ceil_mode, False, rank)
        return largest * (1 if power > 0 else -1)
    axes = _axes(operation, input, rank, kernel_size, stride, 0, 1, ceil_mode)
    total = _sums(input ** (int(power) if power.is_integer() else power), axes)
    # PyTorch scales a mean by the kernel's size: cells over the end count as the others' mean.
    for back, window in enumerate(reversed(axes), 1):
        counts = _counts(window, with_padding=True)
        share = jnp.asarray(window.kernel / counts, total.dtype)
        total = total * share.reshape(-1, *(1,) * (back - 1))
    zero = total == 0
    return jnp.where(zero, 0, jnp.where(zero, 1, total) ** (1 / power))


@op(promote="float", namespace=("nn.functional",), method=False)
def lp_pool1d(
    input: Array,
    norm_type: float,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    ceil_mode: bool = False,
):
    """`(sum over a window of x^p)^(1 / p)`; sums that are not positive give 0."""
    return _lp_pool("lp_pool1d", input, norm_type, kernel_size, stride, ceil_mode, 1)


@op(promote="float", namespace=("nn.functional",), method=False)
def lp_pool2d(
    input: Array,
    norm_type: float,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    ceil_mode: bool = False,
):
    """`(sum over a window of x^p)^(1 / p)`; sums that are not positive give 0."""
    return _lp_pool("lp_pool2d", input, norm_type, kernel_size, stride, ceil_mode, 2)


@op(promote="float", namespace=("nn.functional",), method=False)
def lp_pool3d(
    input: Array,
    norm_type: float,
    kernel_size: int | tuple,
    stride: int | tuple | None = None,
    ceil_mode: bool = False,
):
    """`(sum over a window of x^p)^(1 / p)`; sums that are not positive give 0."""
    return _lp_pool("lp_pool3d", input, norm_type, kernel_size, stride, ceil_mode, 3)
