"""Classification losses, and what all losses share; each function is one op.

All take `reduction="mean" | "sum" | "none"`. The old `size_average` and `reduce` are accepted
and mapped to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..core.define import op
from ..core.errors import fail
from ..core.op import Array
from ..core.ops.elementwise import wide
from ..core.ops.indexing import outside
from ..core.tensor.tensor import Tensor, known_host

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


def _same_shape(operation: str, input: Array, target: Array) -> None:
    if input.shape != target.shape:
        fail(
            operation,
            got=f"input {list(input.shape)} and target {list(target.shape)}",
            expected="input and target of the same shape",
            kind=ValueError,
        )


# ------------------------------------------------------------------------ classification


def _other_batch(expected: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """PyTorch's kinds of errors: the batch is a matter of values, all else of shapes."""
    return len(shape) == len(expected) and shape[:1] != expected[:1]


def _class_targets(operation: str, input: Array, target: Array, weight: Array | None):
    """Checks class-index targets; the class dimension of `input`."""
    if input.ndim == 0:
        fail(operation, got="a scalar input", expected="(C), (N, C) or (N, C, d1, ...)")
    axis = 1 if input.ndim > 1 else 0
    expected = input.shape[:axis] + input.shape[axis + 1 :]
    if target.shape != expected:
        batch = _other_batch(expected, target.shape)
        fail(
            operation,
            got=f"input {list(input.shape)} and target {list(target.shape)}",
            expected=f"a target of shape {list(expected)}",
            fix="Class indices have the input's shape without its class dimension, "
            "class probabilities its shape and a floating-point type.",
            kind=ValueError if batch else RuntimeError,
        )
    _long(operation, target, jnp.uint8)
    _check_weight(operation, weight, input, axis)
    _one_dtype(operation, weight, input)
    return axis


def _one_dtype(operation: str, weight: Array | None, input: Array) -> None:
    if weight is not None and weight.dtype != input.dtype:
        fail(
            operation,
            got=f"weight of {weight.dtype} with an input of {input.dtype}",
            expected="one dtype",
            fix="Use weight.to(input.dtype).",
        )


def _long(operation: str, target: Array, *others: Any) -> None:
    """Checks the dtype of class indices: int64, or another that the loss takes."""
    if target.dtype not in (jnp.int64, *others):
        fail(
            operation,
            got=f"a target of {target.dtype}",
            expected="integer class indices in "
            + " or ".join(jnp.dtype(one).name for one in (jnp.int64, *others)),
            fix="Use target.long().",
        )


def _check_weight(operation: str, weight: Array | None, input: Array, axis: int) -> None:
    classes = input.shape[axis]
    if weight is not None and weight.shape != (classes,):
        fail(
            operation,
            got=f"weight {list(weight.shape)} for {classes} classes",
            expected=f"weight of shape [{classes}]",
        )


def _classes_known(
    kind: type[Exception], lowest: int = 0, ignoring: bool = False
) -> Callable[..., None]:
    """A check for targets that are no classes, where they are known already; else they give NaN.

    Args:
        lowest: the smallest target that counts.
        ignoring: whether the loss has a target to ignore.
    """

    def check(
        input: Any, target: Any = None, weight: Any = None, size_average: Any = None,
        ignore_index: Any = -100, *_: Any, **named: Any,
    ) -> None:  # fmt: skip
        if not isinstance(target, Tensor) or not isinstance(input, Tensor) or not input.ndim:
            return
        classes = input.shape[1 if input.ndim > 1 else 0]
        indices = not (target.dtype.is_floating_point or target.dtype.is_complex)
        if not indices or outside(target, lowest, classes) is None:
            return
        host = known_host(target)
        assert host is not None
        wrong = host[(host < lowest) | (host >= classes)]
        if ignoring:
            wrong = wrong[wrong != ignore_index]
        if wrong.size:
            raise kind(
                f"Target {wrong[0]} is out of bounds: expected classes within [{lowest}, {classes})"
            )

    return check


def _pick(scores: Array, target: Array, axis: int) -> Array:
    """`scores` at the target class; NaN where the target is no class.

    A gather: on CPU, forward and backward, faster than comparing with all class numbers
    (512x10: 0.08 against 0.13 ms, 4096x65: 0.63 / 0.80, 256x50257: 43 / 53).
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


@op(namespace=("nn.functional",), method=False, check=_classes_known(IndexError, ignoring=True))
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

    A target that is no class raises an error where it is known at the call; one that is still to
    be computed, or an argument under `nr.jit`, gives NaN.
    """
    reduction = _reduction("cross_entropy", reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        fail(
            "cross_entropy",
            got=f"label_smoothing={label_smoothing}",
            expected="label_smoothing between 0 and 1",
        )
    dtype, scores = input.dtype, wide(input)
    by_class = jnp.issubdtype(target.dtype, jnp.integer)
    if by_class:
        axis = _class_targets("cross_entropy", input, target, weight)
    else:
        if target.shape != input.shape:
            fail(
                "cross_entropy",
                got=f"input {list(input.shape)} and target {target.dtype}{list(target.shape)}",
                expected="class probabilities of the input's shape, or integer class indices",
                kind=ValueError if _other_batch(input.shape, target.shape) else RuntimeError,
            )
        if ignore_index >= 0:
            fail(
                "cross_entropy",
                got=f"ignore_index={ignore_index} with class probabilities",
                expected="ignore_index with class indices only",
            )
        axis = 1 if input.ndim > 1 else 0
        _check_weight("cross_entropy", weight, input, axis)
    classes = scores.shape[axis]
    largest = jax.lax.stop_gradient(jnp.max(scores, axis, keepdims=True))
    scores = scores - jnp.where(jnp.isfinite(largest), largest, 0)
    total = jnp.log(jnp.sum(jnp.exp(scores), axis))
    spread = [1] * scores.ndim
    spread[axis] = classes
    factors = None if weight is None else weight.astype(scores.dtype).reshape(spread)

    if not by_class:
        share = wide(target).astype(scores.dtype)
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


@op(namespace=("nn.functional",), method=False, check=_classes_known(IndexError, ignoring=True))
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

    A target that is no class raises an error where it is known at the call; one that is still to
    be computed, or an argument under `nr.jit`, gives NaN.
    """
    reduction = _reduction("nll_loss", reduction, size_average, reduce)
    axis = _class_targets("nll_loss", input, target, weight)
    picked = _pick(wide(input), target, axis)
    return _nll(picked, target, weight, ignore_index, reduction).astype(input.dtype)


def _probabilities_known(input: Any, target: Any = None, *_: Any, **named: Any) -> None:
    """A check for elements outside [0, 1], where they are known already; else they give NaN."""
    for one, name in ((input, "input"), (target, "target")):
        host = known_host(one) if isinstance(one, Tensor) and one.numel() else None
        if host is not None and not ((host >= 0) & (host <= 1)).all():
            fail("binary_cross_entropy", f"{name} outside of [0, 1]", "probabilities")


@op(namespace=("nn.functional",), method=False, promote="same", check=_probabilities_known)
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`-weight * (y log p + (1 - y) log(1 - p))` of probabilities; logarithms stop at -100.

    Elements outside [0, 1] raise an error where they are known at the call; an input still to be
    computed gives NaN there.
    """
    reduction = _reduction("binary_cross_entropy", reduction, size_average, reduce)
    _same_shape("binary_cross_entropy", input, target)
    input = jnp.where((input >= 0) & (input <= 1), input, jnp.nan)
    loss = _binary_entropy(input, target)
    return _reduced(loss if weight is None else loss * weight, reduction)


def _floored_log(x: Array) -> Array:
    return jnp.maximum(jnp.log(x), -100)


@jax.custom_jvp
def _binary_entropy(p: Array, y: Array) -> Array:
    return -(y * _floored_log(p) + (1 - y) * _floored_log(1 - p))


@_binary_entropy.defjvp
def _binary_entropy_jvp(primals, tangents):
    # PyTorch divides by at least 1e-12, so that the gradient stays finite at 0 and 1.
    (p, y), (dp, dy) = primals, tangents
    slope = (p - y) / jnp.maximum(p * (1 - p), 1e-12)
    return _binary_entropy(p, y), slope * dp + (_floored_log(1 - p) - _floored_log(p)) * dy


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
        # A negative probability has no logarithm: NaN.
        zero = target == 0
        entropy = jnp.where(zero, 0, target * jnp.log(jnp.where(zero, 1, target)))
        loss = entropy - target * input
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


@op(namespace=("nn.functional",), method=False, check=_classes_known(RuntimeError))
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

    Shape: input (N, C) or (C); target (N) or (), checked as in `cross_entropy`.
    """
    reduction = _reduction("multi_margin_loss", reduction, size_average, reduce)
    if p not in (1, 2):
        fail("multi_margin_loss", got=f"p={p}", expected="p of 1 or 2", kind=ValueError)
    if weight is not None and weight.ndim != 1:
        fail("multi_margin_loss", f"weight {list(weight.shape)}", "one dimension", kind=ValueError)
    _long("multi_margin_loss", target)
    if input.ndim > 2 or 0 in input.shape[-1:]:
        fail(
            "multi_margin_loss",
            got=f"input {list(input.shape)}",
            expected="(N, C) or (C) with at least one class",
        )
    if not input.ndim:
        input = input[None]
    _check_weight("multi_margin_loss", weight, input, input.ndim - 1)
    _one_dtype("multi_margin_loss", weight, input)
    if target.size != math.prod(input.shape[:-1]):
        fail(
            "multi_margin_loss",
            got=f"input {list(input.shape)} and target {list(target.shape)}",
            expected="one class index for each row",
        )
    classes = input.shape[-1]
    target = target.reshape(input.shape[:-1])
    chosen = jnp.arange(classes) == target[..., None]
    right = _pick(input, target, input.ndim - 1)[..., None]
    gap = jax.nn.relu(margin - right + input) ** p
    if weight is not None:
        gap = gap * weight[jnp.clip(target, 0, classes - 1)][..., None]
    return _reduced(jnp.sum(jnp.where(chosen, 0, gap), -1) / classes, reduction)


@op(namespace=("nn.functional",), method=False, check=_classes_known(RuntimeError, lowest=-1))
def multilabel_margin_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`sum over labels y and classes i that are no label of max(0, 1 - x[y] + x[i]) / C`.

    Shape: input and target (N, C) or (C); a row's labels end at its first -1,
    and are checked as in `cross_entropy`.
    """
    reduction = _reduction("multilabel_margin_loss", reduction, size_average, reduce)
    _long("multilabel_margin_loss", target)
    if (
        input.ndim > 2
        or 0 in input.shape[-1:]
        or (
            target.shape != input.shape
            and (input.ndim > 1 or target.ndim > 1 or input.size != target.size)
        )
    ):
        fail(
            "multilabel_margin_loss",
            got=f"input {list(input.shape)} and target {list(target.shape)}",
            expected="input and target of the same shape, (N, C) or (C) with at least one class",
        )
    if not input.ndim:
        input = input[None]
    target = target.reshape(input.shape)
    classes = input.shape[-1]
    listed = jnp.cumprod(target >= 0, axis=-1, dtype=jnp.int32) > 0
    chosen = (target[..., None] == jnp.arange(classes)) & listed[..., None]
    is_label = jnp.any(chosen, -2)
    right = jnp.sum(jnp.where(chosen, input[..., None, :], 0), -1)
    gap = jax.nn.relu(1 - right[..., None] + input[..., None, :])
    counted = listed[..., None] & ~is_label[..., None, :]
    return _reduced(jnp.sum(jnp.where(counted, gap, 0), (-2, -1)) / classes, reduction)
