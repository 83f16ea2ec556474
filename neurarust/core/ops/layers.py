"""Functions of layers in the argument order of PyTorch's top level, which is not that of nn."""

from __future__ import annotations

from typing import Any

from ..define import function
from ..tensor.tensor import Tensor
from . import embedding as embeddings
from . import normalization


@function(method=False)
def batch_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None,
    running_var: Tensor | None, training: bool, momentum: float, eps: float,
    cudnn_enabled: bool = True,
) -> Tensor:  # fmt: skip
    """`nn.functional.batch_norm` with the weights before the running statistics."""
    return normalization.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


@function(method=False)
def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:  # fmt: skip
    """`nn.functional.embedding` with the weights first; a `padding_idx` of -1 is none."""
    padding = None if padding_idx == -1 else padding_idx
    return embeddings.embedding(
        indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )
