"""Losses as modules: each keeps the settings of its function."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core.tensor.tensor import Tensor
from . import loss, loss_pairs, loss_regression
from .distance import PairwiseDistance
from .factory import module_of
from .module import Module

_two = functools.partial(module_of, inputs=2, shown=())
_three = functools.partial(module_of, inputs=3, shown=())
_OLD = ("size_average", "reduce", "reduction")


@_two(loss.cross_entropy)
class CrossEntropyLoss(Module):
    """Cross entropy of logits with class indices or class probabilities.

    Args:
        weight: one factor per class.
        ignore_index: targets that count for nothing.
        label_smoothing: share of the target spread evenly over the classes.
    """


@_two(loss.nll_loss)
class NLLLoss(Module):
    """Negative log likelihood of log probabilities with class indices."""


@_two(loss.binary_cross_entropy)
class BCELoss(Module):
    """Binary cross entropy of probabilities."""


@_two(loss.binary_cross_entropy_with_logits)
class BCEWithLogitsLoss(Module):
    """Binary cross entropy of logits; `pos_weight` is the weight of positive targets."""


@_two(loss.kl_div)
class KLDivLoss(Module):
    """Kullback-Leibler divergence, the input in logs; use reduction="batchmean"."""


@_two(loss.soft_margin_loss)
class SoftMarginLoss(Module):
    """`log(1 + exp(-y x))` for targets of -1 or 1."""


@_two(loss.multilabel_soft_margin_loss)
class MultiLabelSoftMarginLoss(Module):
    """Mean over the classes of the binary cross entropy of logits."""


@_two(loss.multi_margin_loss)
class MultiMarginLoss(Module):
    """Hinge loss of several classes."""


@_two(loss.multilabel_margin_loss)
class MultiLabelMarginLoss(Module):
    """Hinge loss of several classes with several labels each."""


@_two(loss_regression.mse_loss, settings=_OLD)
class MSELoss(Module):
    """Squared error `(x - y)^2`."""


@_two(loss_regression.l1_loss, settings=_OLD)
class L1Loss(Module):
    """Absolute error `|x - y|`."""


@_two(loss_regression.smooth_l1_loss)
class SmoothL1Loss(Module):
    """Squared error below `beta`, absolute error above."""


class HuberLoss(Module):
    """Squared error below `delta`, delta times the absolute error above."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__()
        if isinstance(delta, bool) or not isinstance(delta, int | float):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        self.reduction, self.delta = reduction, delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return loss_regression.huber_loss(input, target, self.reduction, self.delta)


@_two(loss_regression.poisson_nll_loss)
class PoissonNLLLoss(Module):
    """Negative log likelihood of counts with a (log) rate."""


@_three(loss_regression.gaussian_nll_loss)
class GaussianNLLLoss(Module):
    """Negative log likelihood of a normal distribution with given variances."""


@_three(loss_pairs.cosine_embedding_loss)
class CosineEmbeddingLoss(Module):
    """`1 - cos` for pairs that belong together, `max(0, cos - margin)` for others."""


@_two(loss_pairs.hinge_embedding_loss)
class HingeEmbeddingLoss(Module):
    """The distance for target 1, `max(0, margin - distance)` for target -1."""


@_three(loss_pairs.margin_ranking_loss)
class MarginRankingLoss(Module):
    """`max(0, -y (x1 - x2) + margin)`."""


@_three(loss_pairs.triplet_margin_loss)
class TripletMarginLoss(Module):
    """`max(0, d(anchor, positive) - d(anchor, negative) + margin)`."""


class TripletMarginWithDistanceLoss(Module):
    """TripletMarginLoss with a distance function of your own."""

    def __init__(
        self, *, distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0, swap: bool = False, reduction: str = "mean",
    ):  # fmt: skip
        super().__init__()
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"{reduction} is not a valid value for reduction")
        if margin <= 0:
            raise ValueError(f"margin must be greater than 0, but got {margin}")
        self.distance_function = distance_function or PairwiseDistance()
        self.margin, self.swap, self.reduction = margin, swap, reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return loss_pairs.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function,
            margin=self.margin, swap=self.swap, reduction=self.reduction,
        )  # fmt: skip


class CTCLoss(Module):
    """Connectionist temporal classification (Graves et al. 2006).

    Args:
        blank: the class that stands for no label.
        zero_infinity: impossible alignments give 0 instead of infinity.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__()
        self.blank, self.reduction, self.zero_infinity = blank, reduction, zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        return loss_pairs.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
            self.zero_infinity,
        )  # fmt: skip
