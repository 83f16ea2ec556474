"""Poolings: a class is its function with the settings kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.ops import adaptive_pooling, fractional_pooling, pooling
from ..core.tensor.tensor import Tensor
from .factory import module_of
from .module import Module

_MAX = ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode")
_MAX_SHOWN = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")


@module_of(pooling.max_pool1d, settings=_MAX, shown=_MAX_SHOWN)
class MaxPool1d(Module):
    """Maximum of each window. Shape: (N, C, L), or without N.

    Args:
        stride: kernel_size if left out.
        return_indices: also return where in the (flattened) input each maximum stood.
    """


@module_of(pooling.max_pool2d, settings=_MAX, shown=_MAX_SHOWN)
class MaxPool2d(Module):
    """Maximum of each window. Shape: (N, C, H, W), or without N.

    Args:
        stride: kernel_size if left out.
        return_indices: also return where in the (flattened) input each maximum stood.
    """


@module_of(pooling.max_pool3d, settings=_MAX, shown=_MAX_SHOWN)
class MaxPool3d(Module):
    """Maximum of each window. Shape: (N, C, D, H, W), or without N.

    Args:
        stride: kernel_size if left out.
        return_indices: also return where in the (flattened) input each maximum stood.
    """


@module_of(pooling.avg_pool1d, shown=("kernel_size", "stride", "padding"))
class AvgPool1d(Module):
    """Mean of each window. Shape: (N, C, L), or without N."""


@module_of(pooling.avg_pool2d, shown=("kernel_size", "stride", "padding"))
class AvgPool2d(Module):
    """Mean of each window. Shape: (N, C, H, W), or without N."""


@module_of(pooling.avg_pool3d, shown=("kernel_size", "stride", "padding"))
class AvgPool3d(Module):
    """Mean of each window. Shape: (N, C, D, H, W), or without N."""


@module_of(pooling.lp_pool1d)
class LPPool1d(Module):
    """p-norm of each window. Shape: (N, C, L), or without N."""


@module_of(pooling.lp_pool2d)
class LPPool2d(Module):
    """p-norm of each window. Shape: (N, C, H, W), or without N."""


@module_of(pooling.lp_pool3d)
class LPPool3d(Module):
    """p-norm of each window. Shape: (N, C, D, H, W), or without N."""


@module_of(adaptive_pooling.adaptive_avg_pool1d)
class AdaptiveAvgPool1d(Module):
    """Mean over windows that give the wanted size. Shape: (N, C, L), or without N."""


@module_of(adaptive_pooling.adaptive_avg_pool2d)
class AdaptiveAvgPool2d(Module):
    """Mean over windows that give the wanted size. Shape: (N, C, H, W), or without N."""


@module_of(adaptive_pooling.adaptive_avg_pool3d)
class AdaptiveAvgPool3d(Module):
    """Mean over windows that give the wanted size. Shape: (N, C, D, H, W), or without N."""


@module_of(
    adaptive_pooling.adaptive_max_pool1d, settings=("output_size", "return_indices"),
    shown=("output_size",),
)  # fmt: skip
class AdaptiveMaxPool1d(Module):
    """Maximum over windows that give the wanted size. Shape: (N, C, L), or without N."""


@module_of(
    adaptive_pooling.adaptive_max_pool2d, settings=("output_size", "return_indices"),
    shown=("output_size",),
)  # fmt: skip
class AdaptiveMaxPool2d(Module):
    """Maximum over windows that give the wanted size. Shape: (N, C, H, W), or without N."""


@module_of(
    adaptive_pooling.adaptive_max_pool3d, settings=("output_size", "return_indices"),
    shown=("output_size",),
)  # fmt: skip
class AdaptiveMaxPool3d(Module):
    """Maximum over windows that give the wanted size. Shape: (N, C, D, H, W), or without N."""


class _Unpool(Module):
    """Values put back to where max pooling found them, zeros elsewhere."""

    rank: int
    function: Any

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        stride = kernel_size if stride is None else stride
        self.kernel_size, self.stride, self.padding = (
            (one,) * self.rank if isinstance(one, int) else tuple(one)
            for one in (kernel_size, stride, padding)
        )

    def forward(
        self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None
    ) -> Tensor:
        size = None if output_size is None else tuple(output_size)
        return self.function(input, indices, self.kernel_size, self.stride, self.padding, size)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_Unpool):
    """Inverse of MaxPool1d with return_indices. Shape: (N, C, L), or without N."""

    rank, function = 1, staticmethod(pooling.max_unpool1d)


class MaxUnpool2d(_Unpool):
    """Inverse of MaxPool2d with return_indices. Shape: (N, C, H, W), or without N."""

    rank, function = 2, staticmethod(pooling.max_unpool2d)


class MaxUnpool3d(_Unpool):
    """Inverse of MaxPool3d with return_indices. Shape: (N, C, D, H, W), or without N."""

    rank, function = 3, staticmethod(pooling.max_unpool3d)


class _Fractional(Module):
    """Constructor and forward of both fractional poolings (arXiv:1412.6071)."""

    rank: int
    function: Any

    def __init__(
        self, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ):  # fmt: skip
        super().__init__()
        if (output_size is None) == (output_ratio is None):
            raise ValueError(
                f"{type(self).__name__} requires exactly one of output_size and output_ratio"
            )
        each = [one if isinstance(one, Sequence) or one is None else (one,) * self.rank
                for one in (kernel_size, output_size, output_ratio)]  # fmt: skip
        self.kernel_size, self.output_size, self.output_ratio = each
        if self.output_ratio is not None and not all(0 < one < 1 for one in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)

    def forward(self, input: Tensor) -> Any:
        return self.function(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(_Fractional):
    """Maxima over windows of random places. Shape: (N, C, H, W), or without N.

    Args:
        output_size: the wanted size; or
        output_ratio: a share of the input's, between 0 and 1.
    """

    rank, function = 2, staticmethod(fractional_pooling.fractional_max_pool2d)


class FractionalMaxPool3d(_Fractional):
    """FractionalMaxPool2d for volumes. Shape: (N, C, D, H, W), or without N."""

    rank, function = 3, staticmethod(fractional_pooling.fractional_max_pool3d)
