"""Convolutions and their transposes; Fold and Unfold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..core.ops import convolution, patches
from ..core.ops.movement import pad
from ..core.tensor.tensor import Tensor
from . import init
from .factory import module_of
from .linear import fill_bias
from .module import Module
from .parameter import made

Sizes = int | Sequence[int]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What all convolutions share; `rank` spatial axes, `transposed` or not.

    Weight and bias start uniform in (-k, k), k = 1 / sqrt(inputs of one output).
    """

    rank: int
    transposed = False

    def _build(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes,
        padding: Sizes | str, dilation: Sizes, output_padding: Sizes, groups: int, bias: bool,
        padding_mode: str, device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        for name, channels in (("in_channels", in_channels), ("out_channels", out_channels)):
            if channels % groups:
                raise ValueError(
                    f"{name} must be divisible by groups, but got {name}={channels} and "
                    f"groups={groups}"
                )
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = self._per_axis("kernel_size", kernel_size)
        if min(self.kernel_size) <= 0:
            raise ValueError(f"kernel_size must be above 0, but got {self.kernel_size}")
        self.stride = self._per_axis("stride", stride)
        self.dilation = self._per_axis("dilation", dilation)
        whole = isinstance(padding, str)
        self.padding = padding if whole else self._per_axis("padding", padding)
        self.output_padding = self._per_axis("output_padding", output_padding)
        self._check_padding(padding_mode)
        self.padding_mode = padding_mode
        ends = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = made(
            ends[0], ends[1] // groups, *self.kernel_size, dtype=dtype, device=device
        )
        self.register_parameter(
            "bias", made(out_channels, dtype=dtype, device=device) if bias else None
        )
        self.reset_parameters()

    def _per_axis(self, name: str, value: Sizes) -> tuple[int, ...]:
        return patches.per_axis(type(self).__name__, name, value, self.rank)

    def _check_padding(self, padding_mode: str) -> None:
        if padding_mode not in PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {PADDING_MODES}, but got padding_mode="
                f"'{padding_mode}'"
            )
        if self.transposed and padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'"
                )
            if self.padding == "same" and any(step != 1 for step in self.stride):
                raise ValueError("padding='same' is not supported for strided convolutions")

    def reset_parameters(self) -> None:
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fill_bias(self.weight, self.bias)

    def _padded(self, input: Tensor) -> tuple[Tensor, Any]:
        """The input padded as `padding_mode` says, and the padding left to the convolution."""
        if self.padding_mode == "zeros":
            return input, self.padding
        widths = []
        for axis in reversed(range(self.rank)):
            if self.padding == "same":
                total = self.dilation[axis] * (self.kernel_size[axis] - 1)
                widths += [total // 2, total - total // 2]
            else:
                widths += [0 if self.padding == "valid" else self.padding[axis]] * 2
        return pad(input, widths, self.padding_mode), 0

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}", f"kernel_size={self.kernel_size}"]
        parts.append(f"stride={self.stride}")
        for name, default in (
            ("padding", (0,) * self.rank), ("dilation", (1,) * self.rank),
            ("output_padding", (0,) * self.rank), ("groups", 1),
        ):  # fmt: skip
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class _Forward(_Convolution):
    """A convolution: constructor and forward."""

    function: Any

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
        padding: Sizes | str = 0, dilation: Sizes = 1, groups: int = 1, bias: bool = True,
        padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, dilation, 0, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor) -> Tensor:
        input, padding = self._padded(input)
        return self.function(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


class Conv1d(_Forward):
    """Convolution over sequences. Shape: (N, C_in, L) to (N, C_out, L'), or without N."""

    rank, function = 1, staticmethod(convolution.conv1d)


class Conv2d(_Forward):
    """Convolution over images. Shape: (N, C_in, H, W) to (N, C_out, H', W'), or without N.

    Args:
        padding: numbers, "valid" or "same".
        groups: channels are split into this many groups, each with its own kernels.
        padding_mode: "zeros", "reflect", "replicate" or "circular".
    """

    rank, function = 2, staticmethod(convolution.conv2d)


class Conv3d(_Forward):
    """Convolution over volumes. Shape: (N, C_in, D, H, W) to (N, C_out, D', H', W')."""

    rank, function = 3, staticmethod(convolution.conv3d)


class _Transposed(_Convolution):
    """A transposed convolution: constructor and forward."""

    transposed = True
    function: Any

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1,
        padding: Sizes = 0, output_padding: Sizes = 0, groups: int = 1, bias: bool = True,
        dilation: Sizes = 1, padding_mode: str = "zeros", device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self._build(
            in_channels, out_channels, kernel_size, stride, padding, dilation, output_padding,
            groups, bias, padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return self.function(
            input, self.weight, self.bias, self.stride, self.padding,
            self._output_padding(input, output_size), self.groups, self.dilation,
        )  # fmt: skip

    def _output_padding(self, input: Tensor, output_size: Sequence[int] | None) -> Any:
        """What has to be added at the end to reach the wanted size."""
        if output_size is None:
            return self.output_padding
        wanted = tuple(output_size)[-self.rank :]
        extra = []
        for axis, size in enumerate(input.shape[-self.rank :]):
            least = (size - 1) * self.stride[axis] - 2 * self.padding[axis]
            least += self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
            if not least <= wanted[axis] < least + self.stride[axis]:
                raise ValueError(
                    f"requested an output size of {list(wanted)}, but size {wanted[axis]} must "
                    f"lie between {least} and {least + self.stride[axis] - 1}"
                )
            extra.append(wanted[axis] - least)
        return tuple(extra)


class ConvTranspose1d(_Transposed):
    """The gradient of Conv1d as a layer. Shape: (N, C_in, L) to (N, C_out, L')."""

    rank, function = 1, staticmethod(convolution.conv_transpose1d)


class ConvTranspose2d(_Transposed):
    """The gradient of Conv2d as a layer. Shape: (N, C_in, H, W) to (N, C_out, H', W').

    Args:
        output_padding: size added to one side of the result, where stride leaves a choice.
    """

    rank, function = 2, staticmethod(convolution.conv_transpose2d)


class ConvTranspose3d(_Transposed):
    """The gradient of Conv3d as a layer. Shape: (N, C_in, D, H, W) to (N, C_out, D', H', W')."""

    rank, function = 3, staticmethod(convolution.conv_transpose3d)


@module_of(patches.unfold)
class Unfold(Module):
    """The patches a convolution sees. Shape: (N, C, H, W) to (N, C * kernel, patches)."""


@module_of(patches.fold)
class Fold(Module):
    """Sums patches back into images. Shape: (N, C * kernel, patches) to (N, C, H, W)."""
