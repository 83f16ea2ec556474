"""Losses. Functions first, then their modules; each function is one op.

All take `reduction="mean" | "sum" | "none"`. The old `size_average` and `reduce` are accepted
and mapped to it.
"""

from __future__ import annotations

import math
import warnings

import jax
import jax.numpy as jnp

from ..core.define import op
from ..core.errors import fail
from ..core.op import Array, Operand

# ------------------------------------------------------------------------------- helpers


def _reduction(operation: str, reduction: str, size_average: bool | None, reduce: bool | None):
    """The reduction meant by the current argument and the two older ones."""
    if size_average is not None or reduce is not None:
        if reduce is False:
            return "none"
        return "sum" if size_average is False else "mean"
    if reduction not in ("mean", "sum", "none"):
        fail(
            operation,
            got=f"reduction={reduction!r}, which is not a valid value for reduction",
            expected="'mean', 'sum' or 'none'",
            kind=ValueError,
        )
    return reduction


def _reduced(loss: Array, reduction: str) -> Array:
    if reduction == "mean":
        return jnp.mean(loss)
    return jnp.sum(loss) if reduction == "sum" else loss


def _wide(array: Array) -> Array:
    """Half precision as float32: sums over classes and batches are kept in single precision."""
    return array.astype(jnp.float32) if array.dtype in (jnp.float16, jnp.bfloat16) else array


def _same_shape(operation: str, input: Array, target: Array) -> None:
    if input.shape != target.shape:
        fail(
            operation,
            got=f"input {list(input.shape)} and target {list(target.shape)}",
            expected="input and target of the same shape",
            kind=ValueError,
        )


def _warn_broadcast(operation: str, input: Array, target: Array) -> None:
    if input.shape != target.shape:
        warnings.warn(
            f"{operation}: using a target size {tuple(target.shape)} that is different to the "
            f"input size {tuple(input.shape)}: broadcasting is likely to give a wrong loss. "
            "Make them the same size.",
            UserWarning,
            stacklevel=3,
        )


# ------------------------------------------------------------------------ classification


def _class_targets(operation: str, input: Array, target: Array, weight: Array | None):
    """Checks class-index targets; the class dimension of `input`."""
    if input.ndim == 0:
        fail(operation, got="a scalar input", expected="(C), (N, C) or (N, C, d1, ...)")
    axis = 1 if input.ndim > 1 else 0
    expected = input.shape[:axis] + input.shape[axis + 1 :]
    if target.shape != expected:
        fail(
            operation,
            got=f"input {list(input.shape)} and target {list(target.shape)}",
            expected=f"a target of shape {list(expected)}",
            fix="Class indices have the input's shape without its class dimension.",
            kind=ValueError,
        )
    if not jnp.issubdtype(target.dtype, jnp.integer):
        fail(
            operation,
            got=f"a target of {target.dtype}",
            expected="integer class indices",
            fix="Use target.long().",
        )
    _check_weight(operation, weight, input.shape[axis])
    return axis


def _check_weight(operation: str, weight: Array | None, classes: int) -> None:
    if weight is not None and weight.shape != (classes,):
        fail(
            operation,
            got=f"weight {list(weight.shape)} for {classes} classes",
            expected=f"weight of shape [{classes}]",
        )


def _pick(scores: Array, target: Array, axis: int) -> Array:
    """`scores` at the target class; NaN where the target is no class.

    A gather: on CPU, forward and backward, faster than comparing with all class numbers
    (512x10: 0.08 against 0.13 ms, 4096x65: 0.63 / 0.80, 256x50257: 43 / 53; PyTorch 62).
    """
    classes = scores.shape[axis]
    valid = (target >= 0) & (target < classes)
    inside = jnp.expand_dims(jnp.clip(target, 0, classes - 1), axis)
    picked = jnp.take_along_axis(scores, inside, axis, mode="promise_in_bounds")
    return jnp.where(valid, jnp.squeeze(picked, axis), jnp.nan)


def _nll(
    picked: Array,
    target: Array,
    weight: Array | None,
    ignore_index: int,
    reduction: str,
    smooth: Array | None = None,
    smoothing: float = 0.0,
) -> Array:
    """Weighted, masked and reduced negative log likelihood from the picked log probabilities."""
    keep = target != ignore_index
    share = keep.astype(picked.dtype)
    if weight is not None:
        inside = jnp.clip(target, 0, weight.shape[0] - 1)
        share = jnp.where(keep, weight.astype(picked.dtype)[inside], 0)
    loss = jnp.where(keep, -picked, 0) * share
    if smooth is not None:
        loss = (1 - smoothing) * loss + smoothing * jnp.where(keep, smooth, 0)
    if reduction == "mean":
        return jnp.sum(loss) / jnp.sum(share)
    return jnp.sum(loss) if reduction == "sum" else loss


@op(namespace=("nn.functional",), method=False)
def cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
):
    """Cross entropy of logits: `-weight[y] * log_softmax(input)[y]`, or `-sum(p * log_softmax)`.

    Args:
        target: class indices, or class probabilities (floating, of the input's shape).
        weight: one factor per class; the mean over indices divides by the factors' sum.
        label_smoothing: share of the target spread evenly over the classes.

    Shape: input (C), (N, C) or (N, C, d1, ...); target the same without C, or the same.

    An index that is no class gives NaN; PyTorch raises an error.
    """
    reduction = _reduction("cross_entropy", reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        fail(
            "cross_entropy",
            got=f"label_smoothing={label_smoothing}",
            expected="label_smoothing between 0 and 1",
        )
    dtype, scores = input.dtype, _wide(input)
    by_class = jnp.issubdtype(target.dtype, jnp.integer)
    if by_class:
        axis = _class_targets("cross_entropy", input, target, weight)
    else:
        _same_shape("cross_entropy", input, target)
        axis = 1 if input.ndim > 1 else 0
        _check_weight("cross_entropy", weight, input.shape[axis])
    classes = scores.shape[axis]
    largest = jax.lax.stop_gradient(jnp.max(scores, axis, keepdims=True))
    scores = scores - jnp.where(jnp.isfinite(largest), largest, 0)
    total = jnp.log(jnp.sum(jnp.exp(scores), axis))
    spread = [1] * scores.ndim
    spread[axis] = classes
    factors = None if weight is None else weight.astype(scores.dtype).reshape(spread)

    if not by_class:
        share = _wide(target).astype(scores.dtype)
        if label_smoothing:
            share = share * (1 - label_smoothing) + label_smoothing / classes
        if factors is not None:
            share = share * factors
        loss = jnp.sum(share * (jnp.expand_dims(total, axis) - scores), axis)
        if input.ndim == 1 and reduction == "mean":
            return loss.astype(dtype)
        return _reduced(loss, reduction).astype(dtype)

    smooth = None
    if label_smoothing:
        gap = jnp.expand_dims(total, axis) - scores
        smooth = jnp.sum(gap if factors is None else gap * factors, axis) / classes
    picked = _pick(scores, target, axis) - total
    loss = _nll(picked, target, weight, ignore_index, reduction, smooth, label_smoothing)
    return loss.astype(dtype)


@op(namespace=("nn.functional",), method=False)
def nll_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """Negative log likelihood `-weight[y] * input[y]` of log probabilities `input`.

    Shape: input (C), (N, C) or (N, C, d1, ...); target the same without C.

    An index that is no class gives NaN; PyTorch raises an error.
    """
    reduction = _reduction("nll_loss", reduction, size_average, reduce)
    axis = _class_targets("nll_loss", input, target, weight)
    picked = _pick(_wide(input), target, axis)
    return _nll(picked, target, weight, ignore_index, reduction).astype(input.dtype)


@op(namespace=("nn.functional",), method=False, promote="same")
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`-weight * (y log p + (1 - y) log(1 - p))` of probabilities; logarithms stop at -100.

    Probabilities outside [0, 1] give NaN; PyTorch raises an error.
    """
    reduction = _reduction("binary_cross_entropy", reduction, size_average, reduce)
    _same_shape("binary_cross_entropy", input, target)
    input = jnp.where((input >= 0) & (input <= 1), input, jnp.nan)
    loss = -(target * _floored_log(input) + (1 - target) * _floored_log(1 - input))
    return _reduced(loss if weight is None else loss * weight, reduction)


@jax.custom_jvp
def _floored_log(x: Array) -> Array:
    return jnp.maximum(jnp.log(x), -100)


@_floored_log.defjvp
def _floored_log_jvp(primals, tangents):
    # PyTorch divides by at least 1e-12, so that the gradient stays finite at 0 and 1.
    (x,), (dx,) = primals, tangents
    return _floored_log(x), dx / jnp.maximum(x, 1e-12)


@op(namespace=("nn.functional",), method=False, promote="same")
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Array | None = None,
):
    """`-weight * (pos_weight * y log s(x) + (1 - y) log(1 - s(x)))`, s the logistic function."""
    name = "binary_cross_entropy_with_logits"
    reduction = _reduction(name, reduction, size_average, reduce)
    _same_shape(name, input, target)
    miss = jax.nn.softplus(-input)  # -log s(x)
    positive = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    loss = (1 - target) * input + positive * miss
    return _reduced(loss if weight is None else loss * weight, reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
def kl_div(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
):
    """Kullback-Leibler divergence `y * (log y - input)`, input and perhaps target in logs.

    Args:
        reduction: also "batchmean", the sum divided by the first dimension: the divergence
            as mathematics defines it, where "mean" divides by all elements.
    """
    batchmean = reduction == "batchmean"
    how = _reduction("kl_div", "sum" if batchmean else reduction, size_average, reduce)
    if log_target:
        loss = jnp.exp(target) * (target - input)
    else:
        positive = target > 0
        entropy = jnp.where(positive, target * jnp.log(jnp.where(positive, target, 1)), 0)
        # A negative probability has no logarithm.
        loss = jnp.where(target < 0, jnp.nan, entropy) - target * input
    loss = _reduced(loss, how)
    return loss / input.shape[0] if batchmean and input.ndim else loss


@op(namespace=("nn.functional",), method=False, promote="same", promoted=("input", "target"))
def soft_margin_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`log(1 + exp(-y * x))` for targets y of -1 or 1."""
    reduction = _reduction("soft_margin_loss", reduction, size_average, reduce)
    return _reduced(jax.nn.softplus(-target * input), reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """Mean over the classes of the binary cross entropy of logits.

    Shape: input and target (N, C) or (C).
    """
    reduction = _reduction("multilabel_soft_margin_loss", reduction, size_average, reduce)
    loss = jax.nn.softplus(-input) + (1 - target) * input
    return _reduced(jnp.mean(loss if weight is None else loss * weight, -1), reduction)


@op(namespace=("nn.functional",), method=False)
def multi_margin_loss(
    input: Array,
    target: Array,
    p: int = 1,
    margin: float = 1.0,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`sum over i != y of weight[y] * max(0, margin - x[y] + x[i])^p / C`.

    Shape: input (N, C) or (C); target (N) or ().
    """
    reduction = _reduction("multi_margin_loss", reduction, size_average, reduce)
    if p not in (1, 2):
        fail("multi_margin_loss", got=f"p={p}", expected="p of 1 or 2", kind=ValueError)
    classes = input.shape[-1]
    target = target.reshape(input.shape[:-1])
    chosen = jnp.arange(classes) == target[..., None]
    right = _pick(input, target, input.ndim - 1)[..., None]
    gap = jax.nn.relu(margin - right + input) ** p
    if weight is not None:
        gap = gap * weight[jnp.clip(target, 0, classes - 1)][..., None]
    return _reduced(jnp.sum(jnp.where(chosen, 0, gap), -1) / classes, reduction)


@op(namespace=("nn.functional",), method=False)
def multilabel_margin_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`sum over labels y and classes i that are no label of max(0, 1 - x[y] + x[i]) / C`.

    Shape: input and target (N, C) or (C); a row's labels end at its first -1.
    """
    reduction = _reduction("multilabel_margin_loss", reduction, size_average, reduce)
    _same_shape("multilabel_margin_loss", input, target)
    classes = input.shape[-1]
    listed = jnp.cumprod(target >= 0, axis=-1, dtype=jnp.int32) > 0
    chosen = (target[..., None] == jnp.arange(classes)) & listed[..., None]
    is_label = jnp.any(chosen, -2)
    right = jnp.sum(jnp.where(chosen, input[..., None, :], 0), -1)
    gap = jax.nn.relu(1 - right[..., None] + input[..., None, :])
    counted = listed[..., None] & ~is_label[..., None, :]
    return _reduced(jnp.sum(jnp.where(counted, gap, 0), (-2, -1)) / classes, reduction)


# ---------------------------------------------------------------------------- regression


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
    return _weighted("mse_loss", jnp.square(input - target), weight, reduction)


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
    _warn_broadcast("huber_loss", input, target)
    if delta <= 0:
        fail("huber_loss", got=f"delta={delta}", expected="a delta greater than 0")
    distance = jnp.abs(input - target)
    far = delta * (distance - delta / 2)
    loss = jnp.where(distance <= delta, distance * distance / 2, far)
    # The mean stays a plain one, as in PyTorch.
    return _reduced(loss * weight, reduction) if weight is not None else _reduced(loss, reduction)


@op(namespace=("nn.functional",), method=False, promote="same")
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
            or with 1 there. Negative values give NaN; PyTorch raises an error.
        full: adds the constant `log(2 pi) / 2`.
    """
    reduction = _reduction("gaussian_nll_loss", reduction, None, None)
    var = jnp.asarray(var, input.dtype)
    if var.ndim and var.shape != input.shape:
        if var.shape == input.shape[:-1]:
            var = var[..., None]
        elif input.ndim != var.ndim or var.shape[:-1] != input.shape[:-1] or var.shape[-1] != 1:
            fail(
                "gaussian_nll_loss",
                got=f"var {list(var.shape)} and input {list(input.shape)}",
                expected="a var of the input's shape, or without its last dimension",
                kind=ValueError,
            )
    # PyTorch clamps outside autograd: the floor hides the value, not its gradient.
    floored = var + jax.lax.stop_gradient(jnp.maximum(var, eps) - var)
    floored = jnp.where(var < 0, jnp.nan, floored)
    loss = 0.5 * (jnp.log(floored) + jnp.square(input - target) / floored)
    return _reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)
