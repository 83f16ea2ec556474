"""Dropout: in training, elements or channels set to zero at random."""

from __future__ import annotations

from typing import Any

from ..core.ops import random
from ..core.tensor.tensor import Tensor
from .factory import not_a_tensor
from .module import Module


class _Dropout(Module):
    """Constructor and forward of all dropouts."""

    function: Any

    def __init__(self, p: float = 0.5, inplace: bool = False):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        if not isinstance(input, Tensor):
            not_a_tensor(type(self).__name__, "input", input)
        return self.function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeros with probability `p`, the rest scaled by `1 / (1 - p)` (Hinton et al. 2012)."""

    function = staticmethod(random.dropout)


class Dropout1d(_Dropout):
    """Dropout of whole channels. Shape: (N, C, L) or (C, L)."""

    function = staticmethod(random.dropout1d)


class Dropout2d(_Dropout):
    """Dropout of whole channels. Shape: (N, C, H, W) or (C, H, W)."""

    function = staticmethod(random.dropout2d)


class Dropout3d(_Dropout):
    """Dropout of whole channels. Shape: (N, C, D, H, W) or (C, D, H, W)."""

    function = staticmethod(random.dropout3d)


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance of SELU's outputs (Klambauer et al. 2017)."""

    function = staticmethod(random.alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """AlphaDropout of whole channels. Shape: (N, C, ...)."""

    function = staticmethod(random.feature_alpha_dropout)
