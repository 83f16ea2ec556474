"""Losses that hold the linear map to the classes too: large vocabularies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..core.define import function
from ..core.errors import fail
from ..core.ops import activation
from ..core.ops.contraction import linear
from ..core.ops.create import zeros
from ..core.ops.movement import cat
from ..core.tensor.tensor import Tensor
from .containers import ModuleList, Sequential
from .linear import Linear
from .loss import cross_entropy
from .module import Module


@dataclass(frozen=True)
class LinearCrossEntropyOptions:
    """How PyTorch cuts the batch into chunks. Taken and kept, but without effect here: XLA
    decides how the product and the loss are computed."""

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None


@function(method=False, namespace="nn.functional")
def linear_cross_entropy(
    input: Tensor, linear_weight: Tensor, target: Tensor, *, linear_bias: Tensor | None = None,
    weight: Tensor | None = None, reduction: str = "mean", ignore_index: int | None = None,
    label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None,
) -> Tensor:  # fmt: skip
    """Cross entropy of the logits `input @ linear_weight^T + linear_bias`.

    Shape: input (N, features) or (features); linear_weight (C, features), or
    (C, d1, ..., features) for logits (N, C, d1, ...); linear_bias as linear_weight without
    its last dimension; target as in `cross_entropy`.
    """
    shapes = f"input {list(input.shape)} and linear_weight {list(linear_weight.shape)}"
    classes = tuple(linear_weight.shape[:-1])
    if input.ndim not in (1, 2) or linear_weight.ndim < 2:
        fail("linear_cross_entropy", shapes, "input (N, features) or (features), and a weight of "
             "at least 2 dimensions")  # fmt: skip
    if input.shape[-1] != linear_weight.shape[-1]:
        fail("linear_cross_entropy", shapes, "equal last dimensions (in_features)")
    if linear_bias is not None and tuple(linear_bias.shape) != classes:
        fail("linear_cross_entropy", f"linear_bias {list(linear_bias.shape)}", f"{list(classes)}")
    if len(classes) > 1 and input.ndim == 1:
        fail("linear_cross_entropy", shapes, "batched input for a weight of several dimensions")
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = linear(input, linear_weight.reshape(-1, linear_weight.shape[-1]), bias)
    logits = logits.reshape(*input.shape[:-1], *classes)
    if ignore_index is not None and target.shape == logits.shape:
        fail("linear_cross_entropy", f"ignore_index={ignore_index} with class probabilities",
             "ignore_index with class indices only")  # fmt: skip
    return cross_entropy(
        logits, target, weight, ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction, label_smoothing=label_smoothing,
    )  # fmt: skip


class LinearCrossEntropyLoss(Module):
    """A linear map to classes and its cross entropy. Shape: (N, in_features) and targets (N).

    Args:
        out_features: (d1, ...) for logits (N, num_classes, d1, ...).
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (),
        bias: bool = False, device: Any = None, dtype: Any = None, reduction: str = "mean",
        weight: Tensor | None = None, ignore_index: int | None = None,
        label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None,
    ):  # fmt: skip
        super().__init__()
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(
                f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}"
            )
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(
                f"expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        self.register_buffer("weight", weight)
        self.reduction, self.ignore_index = reduction, ignore_index
        self.label_smoothing, self.options = label_smoothing, options
        self.num_classes, self.out_features = num_classes, out_features
        rows = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, rows, bias, device, dtype)

    def extra_repr(self) -> str:
        names = ("out_features", "bias", "reduction", "ignore_index", "label_smoothing", "options")
        settings = {name: getattr(self, name, None) for name in names}
        settings["bias"] = self.linear.bias is not None
        shown = ", ".join(f"{name}={one}" for name, one in settings.items())
        return f"in_features={self.linear.in_features}, num_classes={self.num_classes}, {shown}"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return linear_cross_entropy(
            input, self.linear.weight.reshape(*shape, -1), target,
            linear_bias=None if bias is None else bias.reshape(shape), weight=self.weight,
            reduction=self.reduction, ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing, options=self.options,
        )  # fmt: skip


class AdaptiveLoss(NamedTuple):
    """Log probability of each target, and the mean loss."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax over many classes, rare ones in clusters with smaller features.

    Args:
        cutoffs: where the clusters begin; classes are ordered by falling frequency.
        div_value: cluster k works with `in_features / div_value^k` features.

    Shape: (N, in_features) and targets (N), or (in_features) and ().
    Source: Grave et al., "Efficient softmax approximation for GPUs", ICML 2017.
    Differs from PyTorch: every cluster is computed for every row, so that no shape depends on the
    targets.
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0,
        head_bias: bool = False, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        ends = list(cutoffs)
        if not ends:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            ends != sorted(set(ends)) or min(ends) <= 0 or max(ends) > n_classes - 1
            or any(int(one) != one for one in ends)
        ):  # fmt: skip
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an "
                "increasing order, where each value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*ends, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = self.cutoffs[0], len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for k in range(self.n_clusters):
            width = int(in_features // div_value ** (k + 1))
            size = self.cutoffs[k + 1] - self.cutoffs[k]
            self.tail.append(
                Sequential(
                    Linear(in_features, width, False, device, dtype),
                    Linear(width, size, False, device, dtype),
                )
            )

    def reset_parameters(self) -> None:
        for layer in (self.head, *[one for cluster in self.tail for one in cluster]):
            layer.reset_parameters()

    def log_prob(self, input: Tensor) -> Tensor:
        """Log probabilities of all classes. Shape: (N, in_features) to (N, n_classes)."""
        head = activation.log_softmax(self.head(input), -1)
        parts = [head[..., : self.shortlist_size]]
        for k, cluster in enumerate(self.tail):
            of_cluster = head[..., self.shortlist_size + k, None]
            parts.append(activation.log_softmax(cluster(input), -1) + of_cluster)
        return cat(parts, -1)

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class of each row."""
        return self.log_prob(input).argmax(-1)

    def forward(self, input_: Tensor, target_: Tensor) -> AdaptiveLoss:
        shapes = f"input {list(input_.shape)} and target {list(target_.shape)}"
        if target_.ndim == 1 and input_.ndim != 2 or target_.ndim == 0 and input_.ndim != 1:
            raise RuntimeError(
                f"{type(self).__name__}: expected input (N, {self.in_features}) with target (N), "
                f"or ({self.in_features}) with (), but got {shapes}"
            )
        if target_.ndim > 1 or tuple(input_.shape[:-1]) != tuple(target_.shape):
            raise RuntimeError(
                f"{type(self).__name__}: Input and target should have the same size in the batch "
                f"dimension, but got {shapes}"
            )
        if not target_.numel():
            return AdaptiveLoss(zeros(0, dtype=input_.dtype), zeros((), dtype=input_.dtype))
        output = self.log_prob(input_).gather(-1, target_.unsqueeze(-1)).squeeze(-1)
        return AdaptiveLoss(output, -output.mean())
