"""Regression losses; see `loss` for what they share."""

from __future__ import annotations

import math
import warnings

import jax
import jax.numpy as jnp

from ..core.define import op
from ..core.errors import fail
from ..core.op import Array, Operand
from ..core.ops.elementwise import wide
from .loss import _reduced, _reduction


def _warn_broadcast(operation: str, input: Array, target: Array) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"{operation}: using a target size {tuple(target.shape)} that is different to the "
            f"input size {tuple(input.shape)}: broadcasting is likely to give a wrong loss. "
            "Make them the same size.",
            UserWarning,
            stacklevel=3,
        )


@op(namespace=("nn.functional",), method=False, promote="same")
def mse_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array | None = None,
):
    """Squared error `weight * (input - target)^2`; a weighted mean divides by the weights' sum."""
    reduction = _reduction("mse_loss", reduction, size_average, reduce)
    _warn_broadcast("mse_loss", input, target)
    square = jnp.square(wide(input) - wide(target)).astype(input.dtype)
    return _weighted("mse_loss", square, weight, reduction)


def _weighted(operation: str, loss: Array, weight: Array | None, reduction: str) -> Array:
    if weight is None:
        return _reduced(loss, reduction)
    if weight.shape != loss.shape:
        fail(
            operation,
            got=f"weight {list(weight.shape)} and input {list(loss.shape)}",
            expected="weight and input of the same size",
            kind=ValueError,
        )
    if reduction == "mean":
        return jnp.sum(loss * weight) / jnp.sum(weight)
    return _reduced(loss * weight, reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
def l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array | None = None,
):
    """Absolute error `weight * |input - target|`; a weighted mean divides by the weights' sum."""
    reduction = _reduction("l1_loss", reduction, size_average, reduce)
    _warn_broadcast("l1_loss", input, target)
    return _weighted("l1_loss", jnp.abs(input - target), weight, reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
def smooth_l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
):
    """`d^2 / (2 beta)` where |d| < beta, else `|d| - beta / 2`, with d = input - target."""
    reduction = _reduction("smooth_l1_loss", reduction, size_average, reduce)
    _warn_broadcast("smooth_l1_loss", input, target)
    if beta < 0:
        fail("smooth_l1_loss", got=f"beta={beta}", expected="a beta of at least 0")
    distance = jnp.abs(input - target)
    if beta:
        near = distance < beta
        distance = jnp.where(near, distance * distance / (2 * beta), distance - beta / 2)
    return _reduced(distance, reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
def huber_loss(
    input: Array,
    target: Array,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Array | None = None,
):
    """`d^2 / 2` where |d| <= delta, else `delta (|d| - delta / 2)`, with d = input - target."""
    reduction = _reduction("huber_loss", reduction, None, None)
    if isinstance(delta, bool) or not isinstance(delta, int | float):
        raise TypeError(f"delta must be a float or int, got: {type(delta)}")
    _warn_broadcast("huber_loss", input, target)
    if delta <= 0:
        fail("huber_loss", got=f"delta={delta}", expected="a delta greater than 0")
    distance = jnp.abs(input - target)
    far = delta * (distance - delta / 2)
    loss = jnp.where(distance <= delta, distance * distance / 2, far)
    # The mean stays a plain one, as in PyTorch.
    return _reduced(loss * weight, reduction) if weight is not None else _reduced(loss, reduction)


@op(namespace=("nn.functional",), method=False, promote="float")
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """Negative log likelihood of counts: `exp(x) - y x`, or `x - y log(x + eps)`.

    Args:
        log_input: `input` is the logarithm of the rate.
        full: adds Stirling's `y log y - y + log(2 pi y) / 2` where y > 1.
    """
    reduction = _reduction("poisson_nll_loss", reduction, size_average, reduce)
    if log_input:
        loss = jnp.exp(input) - target * input
    else:
        loss = input - target * jnp.log(input + eps)
    if full:
        count = jnp.where(target > 1, target, 1)
        stirling = count * jnp.log(count) - count + 0.5 * jnp.log(2 * math.pi * count)
        loss = loss + jnp.where(target > 1, stirling, 0)
    return _reduced(loss, reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Operand,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
):
    """`(log v + (input - target)^2 / v) / 2` with v = max(var, eps).

    Args:
        var: a number, or a tensor of the input's shape, perhaps without its last dimension
            or with 1 in one dimension. Differs from PyTorch: negative values give NaN, and no
            error.
        full: adds the constant `log(2 pi) / 2`.
    """
    reduction = _reduction("gaussian_nll_loss", reduction, None, None)
    var = jnp.asarray(var, input.dtype)
    if var.ndim and var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var[..., None]
        elif input.ndim != var.ndim or [
            one for one, other in zip(var.shape, input.shape, strict=True) if one != other
        ] != [1]:
            fail(
                "gaussian_nll_loss",
                got=f"var {list(var.shape)} and input {list(input.shape)}",
                expected="a var of the input's shape, without its last dimension or with one of 1",
                kind=ValueError,
            )
    # PyTorch clamps outside autograd: the floor hides the value, not its gradient.
    floored = var + jax.lax.stop_gradient(jnp.maximum(var, eps) - var)
    floored = jnp.where(var < 0, jnp.nan, floored)
    loss = 0.5 * (jnp.log(floored) + jnp.square(input - target) / floored)
    return _reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)
