"""Convolutions and their transposes."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from .. import native
from ..define import op
from ..errors import fail
from ..op import Array
from .patches import pad, per_axis, windows

# ------------------------------------------------------------------------------ lowerings
# x: (batch, channels, *sizes), weight: (out, channels / groups, *kernel) in all of them.


def _native(x, weight, stride, padding, dilation, groups):
    return lax.conv_general_dilated(
        x,
        weight,
        window_strides=stride,
        padding=padding,
        rhs_dilation=dilation,
        feature_group_count=groups,
    )


def _pointwise(x, weight, stride, padding, dilation, groups):
    """A kernel of size 1: one product of matrices at every position."""
    (x,) = windows(pad(x, padding), (1,) * len(stride), stride, dilation, 2)
    kernel = weight.reshape(weight.shape[:2])
    y = lax.dot_general(x, kernel, (((1,), (1,)), ((), ())))  # (batch, *sizes, out)
    return jnp.moveaxis(y, -1, 1)


def _depthwise(x, weight, stride, padding, dilation, groups):
    """Channels that never mix: a sum of products, which XLA fuses into one loop."""
    rank = len(stride)
    taps = weight.reshape(groups, -1, *weight.shape[2:])  # (channels, multiplier, *kernel)
    x = pad(x, padding)
    places = itertools.product(*map(range, weight.shape[2:]))
    seen = windows(x, weight.shape[2:], stride, dilation, 2)
    products = (
        window[:, :, None] * taps[(..., *place)].reshape(groups, -1, *(1,) * rank)
        for place, window in zip(places, seen, strict=True)
    )
    y = functools.reduce(operator.add, products)
    return y.reshape(y.shape[0], -1, *y.shape[3:])


def _grouped(x, weight, stride, padding, dilation, groups):
    """Some groups at a time, as one convolution whose kernel is zero from group to group."""
    out, channels = weight.shape[:2]
    # As few groups as make up 32 channels.
    merged = next(n for n in range(1, groups + 1) if groups % n == 0 and n * channels >= 32
                  or n == groups)  # fmt: skip
    parts = groups // merged
    own = jnp.eye(merged, dtype=weight.dtype).reshape(merged, 1, merged, 1, *(1,) * len(stride))
    kernels = weight.reshape(parts, merged, out // groups, 1, *weight.shape[1:])
    kernels = (kernels * own).reshape(parts, out // parts, merged * channels, *weight.shape[2:])
    results = [
        _native(one, kernel, stride, padding, dilation, 1)
        for one, kernel in zip(jnp.split(x, parts, 1), kernels, strict=True)
    ]
    return jnp.concatenate(results, 1)


def _lowering(weight, stride, groups: int):
    """The fastest lowering of a convolution with this kernel.

    On CPU, programs hold pictures with channels last (engine/layout.py), and the kernels in C
    (native/convolutions.py) compute plain and grouped convolutions of two axes. Without them XLA's
    own are at 0.8 to 1.9 times PyTorch's time, forward and backward; but not those for groups
    (8 pictures of 64 channels at 28x28, 3x3, forward and backward: 142 ms for 4 groups, 72 ms
    for 64).
    """
    if jax.default_backend() != "cpu":
        return _native
    channels, *kernel = weight.shape[1:]
    taps = math.prod(kernel)
    if groups > 1:
        outputs = weight.shape[0] // groups
        if _has_kernels(weight) and (min(channels, outputs) >= 4 or channels == outputs):
            return _native
        return _depthwise if channels == 1 and taps <= 64 else _grouped
    # With steps, pixels would be gathered for the product first.
    between = max(stride) > 1 and _has_kernels(weight)
    return _pointwise if taps == 1 and not between else _native


def _has_kernels(weight) -> bool:
    return weight.ndim == 4 and weight.dtype == jnp.float32 and native.available()


# ---------------------------------------------------------------------------- convolution


def _check(operation, input, weight, bias, groups, rank, transposed=False):
    """Checks ranks and channels; the input with a batch dimension."""
    shapes = f"input {list(input.shape)} and weight {list(weight.shape)}"
    kernel = ", ".join("kernel" for _ in range(rank))
    if weight.ndim != rank + 2:
        order = "in, out / groups" if transposed else "out, in / groups"
        fail(operation, got=shapes, expected=f"a weight of shape ({order}, {kernel})")
    if input.ndim not in (rank + 1, rank + 2):
        sizes = ", ".join("size" for _ in range(rank))
        fail(operation, got=shapes, expected=f"an input ([batch,] channels, {sizes})")
    channels = input.shape[-rank - 1]
    wanted = weight.shape[0] if transposed else weight.shape[1] * groups
    if input.dtype != weight.dtype or (bias is not None and bias.dtype != weight.dtype):
        kinds = [one.dtype.name for one in (input, weight, bias) if one is not None]
        fail(
            operation,
            got=f"input, weight and bias of types {', '.join(kinds)}",
            expected="one type (input type, weight type and bias type should be the same)",
        )
    if groups < 1 or weight.shape[0] % groups:
        fail(
            operation,
            got=f"groups={groups} and weight {list(weight.shape)}",
            expected="a number of groups that divides the weight's first dimension",
        )
    if channels != wanted:
        fail(
            operation,
            got=f"{shapes}: {channels} channels",
            expected=f"an input of {wanted} channels for this weight and groups={groups}",
        )
    outputs = weight.shape[1] * groups if transposed else weight.shape[0]
    if bias is not None and bias.shape != (outputs,):
        fail(operation, got=f"bias {list(bias.shape)}", expected=f"bias of shape [{outputs}]")
    return input if input.ndim == rank + 2 else input[None]


def _finish(y: Array, bias: Array | None, batched: bool) -> Array:
    if bias is not None:
        y = y + bias.reshape(-1, *(1,) * (y.ndim - 2))
    return y if batched else y[0]


def _convolution(operation, input, weight, bias, stride, padding, dilation, groups, rank):
    x = _check(operation, input, weight, bias, groups, rank)
    kernel = weight.shape[2:]
    stride = per_axis(operation, "stride", stride, rank)
    dilation = per_axis(operation, "dilation", dilation, rank)
    if min(stride) < 1 or min(dilation) < 1:
        fail(
            operation,
            got=f"stride={stride} and dilation={dilation}",
            expected="a stride and a dilation of at least 1",
        )
    if padding == "same":
        if max(stride) > 1:
            fail(operation, got=f"stride={stride}", expected="a stride of 1 with padding='same'")
        reach = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        pads = [(total // 2, total - total // 2) for total in reach]
    elif padding == "valid":
        pads = [(0, 0)] * rank
    elif isinstance(padding, str):
        fail(operation, got=f"padding={padding!r}", expected="'same', 'valid' or integers")
    else:
        pads = [(p, p) for p in per_axis(operation, "padding", padding, rank)]
        if min(p for p, _ in pads) < 0:
            fail(operation, got=f"padding={padding}", expected="no negative padding")
    sizes = tuple(
        (size + sum(pad) - d * (k - 1) - 1) // s + 1
        for size, pad, k, s, d in zip(x.shape[2:], pads, kernel, stride, dilation, strict=True)
    )
    if min(sizes) < 1:
        fail(
            operation,
            got=f"input {list(input.shape)} and kernel {list(kernel)}, padding {pads}",
            expected="a kernel that fits into the padded input",
        )
    if x.shape[0]:
        lower = _lowering(weight, stride, groups)
        y = lower(x, weight, stride, pads, dilation, groups)
    else:
        y = jnp.zeros((0, weight.shape[0], *sizes), x.dtype)
    return _finish(y, bias, input.ndim == rank + 2)


@op(namespace=("nn.functional", "neurarust"), method=False)
def conv1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple = 1,
    padding: int | tuple | str = 0,
    dilation: int | tuple = 1,
    groups: int = 1,
):
    """Cross-correlation over one axis. See `conv2d`."""
    return _convolution("conv1d", input, weight, bias, stride, padding, dilation, groups, 1)


@op(namespace=("nn.functional", "neurarust"), method=False)
def conv2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple = 1,
    padding: int | tuple | str = 0,
    dilation: int | tuple = 1,
    groups: int = 1,
):
    """Cross-correlation `y[n, o] = bias[o] + sum over c of weight[o, c] * x[n, c]`.

    Args:
        padding: zeros on both sides; "same" keeps the size (stride 1), "valid" adds none.
        groups: parts into which channels are split, each with its own kernels.

    Shape: input (N, C, H, W) or (C, H, W), weight (O, C / groups, kH, kW), bias (O);
    each output size is `(size + 2 padding - dilation (kernel - 1) - 1) // stride + 1`.
    """
    return _convolution("conv2d", input, weight, bias, stride, padding, dilation, groups, 2)


@op(namespace=("nn.functional", "neurarust"), method=False)
def conv3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple = 1,
    padding: int | tuple | str = 0,
    dilation: int | tuple = 1,
    groups: int = 1,
):
    """Cross-correlation over three axes. See `conv2d`."""
    return _convolution("conv3d", input, weight, bias, stride, padding, dilation, groups, 3)


# ------------------------------------------------------------------- transposed convolution


class _Adjoint(NamedTuple):
    """A transposed convolution: the adjoint of `convolve`, a map from images to what it is of."""

    # With a batch axis, and with the positions that paddings of a stride or more add.
    input: Array
    image: jax.ShapeDtypeStruct
    # (image, weight) -> what has the input's shape.
    convolve: Callable[[Array, Array], Array]


def _adjoint(
    operation, input, weight, bias, stride, padding, output_padding, groups, dilation, rank
) -> _Adjoint:  # fmt: skip
    x = _check(operation, input, weight, bias, groups, rank, transposed=True)
    kernel = weight.shape[2:]
    stride = per_axis(operation, "stride", stride, rank)
    dilation = per_axis(operation, "dilation", dilation, rank)
    padding = per_axis(operation, "padding", padding, rank)
    extra = per_axis(operation, "output_padding", output_padding, rank)
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        fail(
            operation,
            got=f"output_padding={extra}",
            expected=f"an output_padding below the stride {stride} or the dilation {dilation}",
        )
    sizes = tuple(
        (size - 1) * s - 2 * p + d * (k - 1) + e + 1
        for size, s, p, d, k, e in zip(
            x.shape[2:], stride, padding, dilation, kernel, extra, strict=True
        )
    )
    if min(sizes) < 1:
        fail(
            operation,
            got=f"input {list(input.shape)}, kernel {list(kernel)} and padding {padding}",
            expected=f"an output of at least one element (this one would be {list(sizes)})",
        )
    # Padding of a stride or more (possible with dilation) is further input positions.
    x = pad(x, [(0, e // s) for e, s in zip(extra, stride, strict=True)])
    image = jax.ShapeDtypeStruct((x.shape[0], weight.shape[1] * groups, *sizes), x.dtype)
    pads = [(p, p) for p in padding]
    lower = _lowering(weight, stride, groups)
    return _Adjoint(x, image, lambda y, w: lower(y, w, stride, pads, dilation, groups))


def _transposed(operation, input, weight, bias, *options):
    if not jnp.issubdtype(input.dtype, jnp.inexact):
        # JAX has no transpose of integer convolutions; in float64 they are exact up to 2^53.
        arrays = [None if one is None else one.astype(jnp.float64) for one in (input, weight, bias)]
        return _transposed(operation, *arrays, *options).astype(input.dtype)
    adjoint = _adjoint(operation, input, weight, bias, *options)
    transposed = jax.linear_transpose(lambda y: adjoint.convolve(y, weight), adjoint.image)
    (y,) = transposed(adjoint.input)
    return _finish(y, bias, input.ndim == options[-1] + 2)


def _transposed_gradient(rank: int) -> Callable[..., tuple]:
    """By the convolution itself; XLA on CPU has no fast form of the gradient of its adjoint."""

    def gradient(
        cotangent, input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1,
        dilation=1,
    ):  # fmt: skip
        options = (stride, padding, output_padding, groups, dilation, rank)
        adjoint = _adjoint("conv_transpose", input, weight, bias, *options)
        given = cotangent.reshape(adjoint.image.shape)
        by_input = adjoint.convolve(given, weight)
        by_input = by_input[tuple(map(slice, (*by_input.shape[:2], *input.shape[-rank:])))]
        transposed = jax.linear_transpose(lambda w: adjoint.convolve(given, w), weight)
        gradients = by_input.reshape(input.shape), *transposed(adjoint.input)
        if bias is None:
            return gradients
        return *gradients, jnp.sum(given, (0, *range(2, given.ndim)))

    return gradient


@op(
    namespace=("nn.functional", "neurarust"), method=False, gradient=_transposed_gradient(1)
)  # fmt: skip
def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple = 1,
    padding: int | tuple = 0,
    output_padding: int | tuple = 0,
    groups: int = 1,
    dilation: int | tuple = 1,
):
    """Transposed convolution over one axis. See `conv_transpose2d`."""
    return _transposed(
        "conv_transpose1d", input, weight, bias, stride, padding, output_padding, groups,
        dilation, 1,
    )  # fmt: skip


@op(
    namespace=("nn.functional", "neurarust"), method=False, gradient=_transposed_gradient(2)
)  # fmt: skip
def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple = 1,
    padding: int | tuple = 0,
    output_padding: int | tuple = 0,
    groups: int = 1,
    dilation: int | tuple = 1,
):
    """Transposed convolution: the gradient of `conv2d` with respect to its input, plus bias.

    Args:
        output_padding: rows added at the end, to choose among the sizes that `conv2d` with
            this stride maps to the input's size.

    Shape: input (N, C, H, W) or (C, H, W), weight (C, O / groups, kH, kW), bias (O); each
    output size is `(size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1`.
    """
    return _transposed(
        "conv_transpose2d", input, weight, bias, stride, padding, output_padding, groups,
        dilation, 2,
    )  # fmt: skip


@op(
    namespace=("nn.functional", "neurarust"), method=False, gradient=_transposed_gradient(3)
)  # fmt: skip
def conv_transpose3d(
    input: Array,
    weight: Array,
    bias: Array | None = None,
    stride: int | tuple = 1,
    padding: int | tuple = 0,
    output_padding: int | tuple = 0,
    groups: int = 1,
    dilation: int | tuple = 1,
):
    """Transposed convolution over three axes. See `conv_transpose2d`."""
    return _transposed(
        "conv_transpose3d", input, weight, bias, stride, padding, output_padding, groups,
        dilation, 3,
    )  # fmt: skip
