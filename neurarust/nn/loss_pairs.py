"""Distances, and the losses that compare pairs and triplets or align sequences."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..core.define import function, op
from ..core.errors import dimension, fail
from ..core.op import Array
from ..core.ops.create import as_tensor
from ..core.ops.elementwise import wide
from ..core.ops.reduce import p_norm
from ..core.tensor.tensor import Tensor
from .loss import _reduced, _reduction


def _norm(difference: Array, p: float, keepdim: bool = False) -> Array:
    """p-norm over the last dimension, with gradient 0 where the norm is 0."""
    return p_norm(difference, p, (difference.ndim - 1,), keepdim)


@op(namespace=("nn.functional", "neurarust"), method=False, promote="same")
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8):
    """Cosine `x1 . x2 / (max(|x1|, eps) max(|x2|, eps))` along `dim`, broadcasting."""
    x1, x2 = jnp.broadcast_arrays(x1, x2)
    axis = dimension("cosine_similarity", dim, x1.ndim)
    if not x1.ndim:
        x1, x2 = x1[None], x2[None]
    kind = x1.dtype
    x1, x2 = wide(x1), wide(x2)  # squares of half precision overflow
    lengths = []
    for x in (x1, x2):
        square = jnp.sum(x * x, axis, keepdims=True)
        # A floor that hides the value and keeps the gradient finite, 0 for a zero vector.
        lengths.append(jnp.sqrt(jnp.where(square > eps * eps, square, eps * eps)))
    return jnp.sum(x1 / lengths[0] * (x2 / lengths[1]), axis).astype(kind)


@op(namespace=("nn.functional", "neurarust"), method=False, promote="float")
def pairwise_distance(
    x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
):
    """p-norm of `x1 - x2 + eps` over the last dimension."""
    return _norm(x1 - x2 + eps, p, keepdim)


@op(namespace=("nn.functional", "neurarust"), method=False)
def pdist(input: Array, p: float = 2.0):
    """p-norm distances of all pairs of rows, the first row's first: (N, D) to (N (N - 1) / 2)."""
    if input.ndim != 2 or not jnp.issubdtype(input.dtype, jnp.floating) or p < 0:
        fail(
            "pdist",
            got=f"input {input.dtype}{list(input.shape)} and p={p}",
            expected="a floating-point input (N, D) and a p of at least 0",
        )
    one, other = np.triu_indices(input.shape[0], 1)
    return _norm(input[one] - input[other], p)


@op(namespace=("nn.functional",), method=False, promote="float", promoted=("input1", "input2"))
def cosine_embedding_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`1 - cos` for pairs with target 1, `max(0, cos - margin)` for target -1.

    Shape: inputs (N, D) and target (N), or (D) and ().
    """
    reduction = _reduction("cosine_embedding_loss", reduction, size_average, reduce)
    if input1.ndim not in (1, 2) or target.ndim != input1.ndim - 1:
        fail(
            "cosine_embedding_loss",
            got=f"inputs {list(input1.shape)}, {list(input2.shape)} and target "
            f"{list(target.shape)}",
            expected="inputs (N, D) with target (N), or (D) with ()",
        )
    product = jnp.sum(input1 * input2, -1)
    # As PyTorch: a small constant keeps zero vectors' lengths away from 0.
    first = jnp.sum(input1 * input1, -1) + 1e-12
    second = jnp.sum(input2 * input2, -1) + 1e-12
    cosine = product / jnp.sqrt(first * second)
    apart = jax.nn.relu(cosine - margin)
    loss = jnp.where(target == 1, 1 - cosine, jnp.where(target == -1, apart, 0))
    return _reduced(loss, reduction)


@op(namespace=("nn.functional",), method=False, promote="same", promoted=("input", "target"))
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """Distances `x` where the target is 1, `max(0, margin - x)` where it is -1."""
    reduction = _reduction("hinge_embedding_loss", reduction, size_average, reduce)
    near = jnp.where(target != -1, input, 0)
    far = jnp.where(target != 1, jnp.maximum(margin - input, 0), 0)
    return _reduced(near + far, reduction)


@op(namespace=("nn.functional",), method=False, promote="float")
def margin_ranking_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`max(0, -y (x1 - x2) + margin)`: y = 1 asks for x1 above x2, y = -1 for the reverse."""
    reduction = _reduction("margin_ranking_loss", reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        fail(
            "margin_ranking_loss",
            got=f"{list(input1.shape)}, {list(input2.shape)} and {list(target.shape)}",
            expected="input1, input2 and target with the same number of dimensions",
        )
    return _reduced(jax.nn.relu(-target * (input1 - input2) + margin), reduction)


@op(namespace=("nn.functional",), method=False, promote="float")
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
):
    """`max(0, d(anchor, positive) - d(anchor, negative) + margin)`, d the p-norm distance.

    Args:
        swap: uses d(positive, negative) instead where that is smaller.

    Source: Balntas et al., "Learning shallow convolutional feature descriptors with triplet
    losses", BMVC 2016.
    """
    reduction = _reduction("triplet_margin_loss", reduction, size_average, reduce)
    if margin <= 0:
        fail(
            "triplet_margin_loss",
            got=f"margin={margin}",
            expected="a margin greater than 0",
            kind=ValueError,
        )
    near = _norm(anchor - positive + eps, p)
    far = _norm(anchor - negative + eps, p)
    if swap:
        far = jnp.minimum(far, _norm(positive - negative + eps, p))
    return _reduced(jax.nn.relu(near - far + margin), reduction)


@function(namespace=("nn.functional",), method=False)
def triplet_margin_with_distance_loss(
    anchor,
    positive,
    negative,
    *,
    distance_function=None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
):
    """Triplet margin loss with any distance between two tensors, by default the Euclidean."""
    reduction = _reduction("triplet_margin_with_distance_loss", reduction, None, None)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, but got {margin}")
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    loss = (near - far + margin).clamp_min(0)
    return getattr(loss, reduction)() if reduction != "none" else loss


# --------------------------------------------------------------------------------- CTC

_NEVER = -1e30  # the logarithm of 0, finite so that differences of it are numbers


@function(namespace=("nn.functional", "neurarust"), method=False)
def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """Connectionist temporal classification: -log of the total probability of all alignments.

    The mean divides each loss by its target length first.

    Args:
        targets: (N, S), or all targets one after the other (sum of target_lengths).
        input_lengths: tensors, or tuples of numbers; target_lengths likewise.
        zero_infinity: targets too long for their input give 0 instead of infinity.

    Shape: log_probs (T, N, C) or (T, C); lengths (N) or ().

    Source: Graves et al., "Connectionist temporal classification", ICML 2006. As in PyTorch the
    gradient takes `log_probs` to be what log_softmax gave: it is `exp(log_probs)` minus the
    share of each label, which sums to 0 over the classes.
    """
    lengths = [as_tensor(one, device=log_probs.device) for one in (input_lengths, target_lengths)]
    return _ctc_loss(log_probs, targets, *lengths, blank, reduction, zero_infinity)


@op(name="_ctc_loss", namespace=(), method=False, residuals=True)
def _ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
):
    reduction = _reduction("ctc_loss", reduction, None, None)
    single = log_probs.ndim == 2
    if single:
        log_probs = log_probs[:, None]
    dtype = log_probs.dtype
    steps, batch, classes = log_probs.shape
    if not 0 <= blank < classes:
        fail("ctc_loss", got=f"blank={blank}", expected=f"blank in [0, {classes})")
    for name, one in (("input_lengths", input_lengths), ("target_lengths", target_lengths)):
        if one.size != batch:
            fail("ctc_loss", f"{name} {list(one.shape)} and log_probs {list(log_probs.shape)}",
                 f"a length for each of {batch} sequences")  # fmt: skip
    input_lengths = jnp.asarray(input_lengths).reshape(batch)
    target_lengths = jnp.asarray(target_lengths).reshape(batch)
    targets = targets.astype(jnp.int32)
    if targets.ndim == 1:
        # (sum of lengths) -> (batch, longest possible)
        starts = jnp.cumsum(target_lengths) - target_lengths
        places = starts[:, None] + jnp.arange(targets.shape[0])
        targets = targets[jnp.clip(places, 0, max(targets.shape[0] - 1, 0))]
    longest = targets.shape[1]

    # Labels with blanks between them: (batch, 2 S + 1).
    labels = jnp.full((batch, 2 * longest + 1), blank, jnp.int32).at[:, 1::2].set(targets)
    before = jnp.pad(labels, ((0, 0), (2, 0)), constant_values=blank)[:, :-2]
    skips = (labels != blank) & (labels != before)
    emitted = jnp.take_along_axis(
        log_probs, jnp.broadcast_to(labels, (steps, *labels.shape)), axis=2
    )
    emitted = jnp.maximum(emitted, _NEVER)
    first = jnp.where(jnp.arange(labels.shape[1]) < 2, emitted[0], _NEVER)

    def advance(alpha, step):
        time, scores = step
        one = jnp.pad(alpha, ((0, 0), (1, 0)), constant_values=_NEVER)[:, :-1]
        two = jnp.pad(alpha, ((0, 0), (2, 0)), constant_values=_NEVER)[:, :-2]
        two = jnp.where(skips, two, _NEVER)
        total = jax.nn.logsumexp(jnp.stack([alpha, one, two]), axis=0) + scores
        running = (time < input_lengths)[:, None]
        return jnp.where(running, jnp.maximum(total, _NEVER), alpha), None

    alpha, _ = jax.lax.scan(advance, first, (jnp.arange(1, steps), emitted[1:]))
    last = 2 * target_lengths[:, None].astype(jnp.int32)
    blank_end = jnp.take_along_axis(alpha, last, 1)[:, 0]
    label_end = jnp.take_along_axis(alpha, jnp.maximum(last - 1, 0), 1)[:, 0]
    label_end = jnp.where(target_lengths > 0, label_end, _NEVER)
    loss = -jnp.logaddexp(blank_end, label_end)
    impossible = loss > -_NEVER / 2
    # Adds 0, whose gradient is exp(log_probs) at the steps that count.
    running = jnp.arange(steps)[:, None] < input_lengths
    mass = jnp.sum(jnp.where(running, jnp.sum(jnp.exp(log_probs), -1), 0), 0)
    loss = loss + (mass - jax.lax.stop_gradient(mass))
    loss = jnp.where(impossible, 0 if zero_infinity else jnp.inf, loss).astype(dtype)
    if reduction == "mean":
        return jnp.mean(loss / jnp.maximum(target_lengths, 1).astype(dtype))
    return jnp.sum(loss) if reduction == "sum" else (loss[0] if single else loss)
