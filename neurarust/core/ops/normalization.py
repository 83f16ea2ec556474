"""Normalizations: batch, layer, group, instance, root mean square, local response.

Statistics are computed in two passes (mean, then mean of squared distances), which keeps their
precision where one pass over sums and squares loses it, and in float32 for half precision.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import native
from ..autograd.modes import no_grad
from ..define import function, op
from ..errors import fail
from ..op import Array
from .elementwise import wide
from .reduce import total


def _standardized(x: Array, axes: tuple[int, ...], eps: float) -> tuple[Array, Array, Array]:
    """`(x - mean) / sqrt(variance + eps)`, the mean and the (biased) variance."""
    mean = jnp.mean(x, axes, keepdims=True)
    centred = x - mean
    variance = jnp.mean(jnp.square(centred), axes, keepdims=True)
    return centred * lax.rsqrt(variance + eps), mean, variance


def _by_channel(vector: Array, rank: int) -> Array:
    """(C) -> (1, C, 1, ...)"""
    return vector.reshape(1, -1, *(1,) * (rank - 2))


def _affine(x: Array, weight: Array | None, bias: Array | None) -> Array:
    if weight is not None:
        x = x * weight
    return x if bias is None else x + bias


def _check_channels(operation: str, input: Array, **vectors: Array | None) -> None:
    if input.ndim < 2:
        fail(operation, got=f"input {list(input.shape)}", expected="an input (N, C, ...)")
    for name, vector in vectors.items():
        if vector is not None and vector.shape != (input.shape[1],):
            fail(
                operation,
                got=f"{name} {list(vector.shape)} and input {list(input.shape)}",
                expected=f"{name} of shape [{input.shape[1]}], one number per channel",
            )


def _channel_affine(x: Array, weight: Array | None, bias: Array | None) -> Array:
    rank = x.ndim
    weight = None if weight is None else _by_channel(weight, rank)
    return _affine(x, weight, None if bias is None else _by_channel(bias, rank))


# --------------------------------------------------------------------------------- batch


def _batch_norm_gradient(
    given: tuple[Array, Array, Array], input: Array, weight=None, bias=None, eps=1e-5
):
    """One pass over the pictures for two sums, one for the gradient: `a given + b centred + c`."""
    by_mean, by_variance = (_by_channel(one, input.ndim) for one in given[1:])
    axes, count = (0, *range(2, input.ndim)), input.size // max(input.shape[1], 1)
    x, cotangent = wide(input), wide(given[0])
    centred = x - jnp.mean(x, axes, keepdims=True)
    scale = lax.rsqrt(jnp.mean(jnp.square(centred), axes, keepdims=True) + eps)
    along = jnp.sum(cotangent * centred, axes, keepdims=True)
    sums = jnp.sum(cotangent, axes, keepdims=True)
    a = scale if weight is None else scale * _by_channel(wide(weight), x.ndim)
    b = 2 / (count - 1) * by_variance - a * jnp.square(scale) * along / count
    c = (by_mean - a * sums) / count
    gradients = [(a * cotangent + b * centred + c).astype(input.dtype)]
    if weight is not None:
        gradients.append((along * scale).astype(weight.dtype).reshape(weight.shape))
    if bias is not None:
        gradients.append(sums.astype(bias.dtype).reshape(bias.shape))
    return tuple(gradients)


@op(namespace=(), method=False, gradient=_batch_norm_gradient)
def batch_norm_train(
    input: Array, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
):
    """Batch normalization by the batch's own statistics; also its mean and unbiased variance."""
    _check_channels("batch_norm", input, weight=weight, bias=bias)
    count = input.size // max(input.shape[1], 1)
    if count == 1:
        fail(
            "batch_norm",
            got=f"input {list(input.shape)}",
            expected="more than 1 value per channel when training",
            kind=ValueError,
        )
    axes = (0, *range(2, input.ndim))
    x, mean, variance = _standardized(wide(input), axes, eps)
    y = _channel_affine(x, weight, bias).astype(input.dtype)
    return y, mean.reshape(-1), variance.reshape(-1) * (count / (count - 1))


@op(namespace=(), method=False)
def batch_norm_inference(
    input: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
):
    """Batch normalization by given statistics: one factor and one shift per channel."""
    _check_channels(
        "batch_norm", input, running_mean=running_mean, running_var=running_var,
        weight=weight, bias=bias,
    )  # fmt: skip
    mean, variance = wide(running_mean), wide(running_var)
    factor = lax.rsqrt(variance + eps)
    if weight is not None:
        factor = factor * weight
    shift = -mean * factor if bias is None else bias - mean * factor
    x = wide(input)
    y = x * _by_channel(factor, x.ndim) + _by_channel(shift, x.ndim)
    return y.astype(input.dtype)


@function(namespace=("nn.functional",), method=False)
def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
):
    """`(x - mean) / sqrt(var + eps) * weight + bias` per channel.

    Training takes the batch's statistics and moves the running ones towards them in place:
    `running = (1 - momentum) running + momentum batch`, with the unbiased variance.

    Shape: input (N, C, ...); everything else (C).

    Source: Ioffe and Szegedy, "Batch normalization", ICML 2015.
    """
    if not training:
        if running_mean is None or running_var is None:
            fail(
                "batch_norm",
                got="no running statistics",
                expected="running_mean and running_var when not training",
            )
        return batch_norm_inference(input, running_mean, running_var, weight, bias, eps)
    y, mean, variance = batch_norm_train(input, weight, bias, eps)
    if input.numel():
        _move(running_mean, mean, momentum)
        _move(running_var, variance, momentum)
    return y


def _move(running, batch, momentum: Any) -> None:
    """Moves a running statistic towards the batch's, outside the gradient.

    Args:
        momentum: a number, or a 0-dim tensor of one.
    """
    if running is not None:
        with no_grad():
            batch = batch.detach().to(running.dtype)
            if isinstance(momentum, (int, float)):
                running.mul_(1 - momentum).add_(batch, alpha=momentum)
            else:
                running.mul_(1 - momentum).add_(batch * momentum)


# ---------------------------------------------------------------- instance, group, layer


@op(namespace=(), method=False)
def instance_norm_train(
    input: Array, weight: Array | None = None, bias: Array | None = None, eps: float = 1e-5
):
    """Instance normalization; also the batch's mean of the means and unbiased variances."""
    _check_channels("instance_norm", input, weight=weight, bias=bias)
    count = math.prod(input.shape[2:])
    if count <= 1:
        fail(
            "instance_norm",
            got=f"input {list(input.shape)}",
            expected="more than 1 spatial element when training",
            kind=ValueError,
        )
    x, mean, variance = _standardized(wide(input), tuple(range(2, input.ndim)), eps)
    y = _channel_affine(x, weight, bias).astype(input.dtype)
    channels = (input.shape[0], input.shape[1])
    unbiased = variance.reshape(channels) * (count / (count - 1))
    return y, jnp.mean(mean.reshape(channels), 0), jnp.mean(unbiased, 0)


@function(namespace=("nn.functional",), method=False)
def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
):
    """As `batch_norm`, with statistics of each image and channel by itself.

    Shape: input (N, C, ...); everything else (C).

    Source: Ulyanov et al., "Instance normalization", 2016.
    """
    if not use_input_stats:
        if running_mean is None or running_var is None:
            fail(
                "instance_norm",
                got="no running statistics",
                expected="running_mean and running_var when use_input_stats=False",
            )
        return batch_norm_inference(input, running_mean, running_var, weight, bias, eps)
    y, mean, variance = instance_norm_train(input, weight, bias, eps)
    _move(running_mean, mean, momentum)
    _move(running_var, variance, momentum)
    return y


@op(namespace=("nn.functional", "neurarust"), method=False)
def group_norm(
    input: Array,
    num_groups: int,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
):
    """`(x - mean) / sqrt(var + eps) * weight + bias`, statistics over groups of channels.

    Shape: input (N, C, ...); weight and bias (C).

    Source: Wu and He, "Group normalization", ECCV 2018.
    """
    _check_channels("group_norm", input, weight=weight, bias=bias)
    if num_groups < 1 or input.shape[1] % num_groups:
        fail(
            "group_norm",
            got=f"{input.shape[1]} channels and num_groups={num_groups}",
            expected="a number of channels divisible by num_groups",
        )
    each = math.prod(input.shape[1:]) // num_groups
    grouped = wide(input).reshape(input.shape[0], num_groups, each)
    x, _, _ = _standardized(grouped, (2,), eps)
    return _channel_affine(x.reshape(input.shape), weight, bias).astype(input.dtype)


def _trailing(operation: str, input: Array, normalized_shape, weight, bias=None):
    """The last axes that `normalized_shape` names, checked."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if not shape or tuple(input.shape[-len(shape) :]) != shape:
        fail(
            operation,
            got=f"input {list(input.shape)} and normalized_shape={list(shape)}",
            expected="an input whose last dimensions are normalized_shape",
        )
    for name, one in (("weight", weight), ("bias", bias)):
        if one is not None and one.shape != shape:
            fail(
                operation,
                got=f"{name} {list(one.shape)} and normalized_shape={list(shape)}",
                expected=f"{name} of the normalized shape",
            )
    return tuple(range(input.ndim - len(shape), input.ndim))


# Elements from which on a kernel's call is worth it.
_LEAST = 1 << 12


def _is_worth(x: tuple, weight: tuple, bias: tuple, eps: tuple) -> bool:
    return x[-1:] == weight == bias and not eps and math.prod(x) >= _LEAST


@native.formula(_is_worth)
def _layer_norm(x: Array, weight: Array, bias: Array, eps: Any):
    """Layer normalization over the last axis."""
    normal, _, _ = _standardized(x, (-1,), eps)
    return normal * weight + bias


@native.formula(lambda given, x, weight, eps: given == x and _is_worth(x, weight, weight, eps))
def _layer_norm_gradient(given: Array, x: Array, weight: Array, eps: Any):
    """Its gradients by the input, the weight and the bias, from that by the result.

    With sums as products, which XLA on CPU does at twice the speed of reductions.
    """
    size = x.shape[-1]
    centred = x - jnp.mean(x, -1, keepdims=True)
    scale = lax.rsqrt(jnp.mean(jnp.square(centred), -1, keepdims=True) + eps)
    normal = lax.optimization_barrier(centred * scale)
    by_weight = lax.optimization_barrier(given * normal)
    mean, along = ((one @ (weight / size))[..., None] for one in (given, by_weight))
    by_input = scale * (given * weight - mean) - (scale * along) * normal
    rows = (math.prod(x.shape[:-1]), size)
    return by_input, *(total(one.reshape(rows), (0,)) for one in (by_weight, given))


def _rows(array: Array, normalized_shape: int | tuple) -> Array:
    """(..., *normalized_shape) with that as one axis, and in full precision.

    The leading dimensions stay: where every layer's result is a reshaped one, XLA moves the
    reshapes behind the sums of a residual network one by one, going through the whole program
    for each (24 blocks of a transformer: 1 of 8 s of compiling).
    """
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
    return wide(array).reshape(*array.shape[: array.ndim - len(shape)], math.prod(shape))


def _layer_norm_backward(
    cotangent: Array, input: Array, normalized_shape, weight=None, bias=None, eps=1e-5
):
    given, x = (_rows(one, normalized_shape) for one in (cotangent, input))
    factor = jnp.ones(x.shape[-1], x.dtype) if weight is None else wide(weight).reshape(-1)
    results = _layer_norm_gradient(given, x, factor, np.asarray(eps, x.dtype))
    wanted = (input, weight, bias)
    return tuple(
        [
            found.reshape(one.shape).astype(one.dtype)
            for found, one in zip(results, wanted, strict=True)
            if one is not None
        ]
    )


@op(
    namespace=("nn.functional", "neurarust"), method=False, gradient=_layer_norm_backward,
    refuses="bool integer",
)  # fmt: skip
def layer_norm(
    input: Array,
    normalized_shape: int | tuple,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
):
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the last dimensions.

    Shape: input (..., *normalized_shape); weight and bias normalized_shape.

    Source: Ba et al., "Layer normalization", 2016.
    """
    axes = _trailing("layer_norm", input, normalized_shape, weight, bias)
    if weight is None or bias is None:
        x, _, _ = _standardized(wide(input), axes, eps)
        return _affine(x, weight, bias).astype(input.dtype)
    x, factor, shift = (_rows(one, normalized_shape) for one in (input, weight, bias))
    y = _layer_norm(x, factor, shift, np.asarray(eps, x.dtype))
    return y.reshape(input.shape).astype(input.dtype)


@op(namespace=("nn.functional", "neurarust"), method=False)
def rms_norm(
    input: Array,
    normalized_shape: int | tuple,
    weight: Array | None = None,
    eps: float | None = None,
):
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimensions.

    Args:
        eps: the input type's machine epsilon if left out.

    Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """
    axes = _trailing("rms_norm", input, normalized_shape, weight)
    eps = float(jnp.finfo(input.dtype).eps) if eps is None else eps
    x = wide(input)
    x = x * lax.rsqrt(jnp.mean(jnp.square(x), axes, keepdims=True) + eps)
    return _affine(x, weight, None).astype(input.dtype)


@op(promote="float", namespace=("nn.functional",), method=False)
def local_response_norm(
    input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
):
    """`x / (k + alpha / size * sum of x^2 over size neighbouring channels)^beta`.

    Shape: (N, C, ...).

    Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural
    networks", NeurIPS 2012.
    """
    if input.ndim < 3:
        fail(
            "local_response_norm",
            got=f"input {list(input.shape)}",
            expected="at least 3 dimensions",
            kind=ValueError,
        )
    square = jnp.square(input)
    pads = [(0, 0)] * input.ndim
    pads[1] = (size // 2, (size - 1) // 2)
    square = jnp.pad(square, pads)
    total = sum(
        lax.slice_in_dim(square, start, start + input.shape[1], axis=1) for start in range(size)
    )
    return input / (k + alpha / size * total) ** beta
