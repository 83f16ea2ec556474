"""Paddings: modules that add elements at the ends of the last dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.ops.movement import pad
from ..core.tensor.tensor import Tensor
from .module import Module

Widths = int | Sequence[int]


class _Padding(Module):
    """Padding of the last `rank` dimensions; (before, after) from the last dimension on."""

    rank: int
    mode: str

    def __init__(self, padding: Widths):
        super().__init__()
        both = (padding,) * (2 * self.rank) if isinstance(padding, int) else tuple(padding)
        if len(both) != 2 * self.rank:
            raise ValueError(
                f"{type(self).__name__}: expected padding as one or {2 * self.rank} integers, "
                f"but got {padding}"
            )
        self.padding = both

    def forward(self, input: Tensor) -> Tensor:
        if not self.rank + 1 <= input.ndim <= self.rank + 2:
            raise ValueError(
                f"{type(self).__name__}: expected {self.rank + 1}D or {self.rank + 2}D input "
                f"(got {input.ndim}D input)"
            )
        return pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return str(self.padding)


class _ConstantPadding(_Padding):
    """Padding with one value; the input may have any number of dimensions."""

    def __init__(self, padding: Widths, value: float):
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadding):
    """Adds elements of one value. Shape: (N, C, W), or without N."""

    rank = 1


class ConstantPad2d(_ConstantPadding):
    """Adds elements of one value. Shape: (N, C, H, W), or without N."""

    rank = 2


class ConstantPad3d(_ConstantPadding):
    """Adds elements of one value. Shape: (N, C, D, H, W), or without N."""

    rank = 3


class _ZeroPadding(_ConstantPadding):
    """Padding with zeros."""

    def __init__(self, padding: Widths):
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return str(self.padding)


class ZeroPad1d(_ZeroPadding):
    """Adds zeros. Shape: (N, C, W), or without N."""

    rank = 1


class ZeroPad2d(_ZeroPadding):
    """Adds zeros. Shape: (N, C, H, W), or without N."""

    rank = 2


class ZeroPad3d(_ZeroPadding):
    """Adds zeros. Shape: (N, C, D, H, W), or without N."""

    rank = 3


class ReflectionPad1d(_Padding):
    """Continues the input mirrored at its ends. Shape: (N, C, W), or without N."""

    rank, mode = 1, "reflect"


class ReflectionPad2d(_Padding):
    """Continues the input mirrored at its ends. Shape: (N, C, H, W), or without N."""

    rank, mode = 2, "reflect"


class ReflectionPad3d(_Padding):
    """Continues the input mirrored at its ends. Shape: (N, C, D, H, W), or without N."""

    rank, mode = 3, "reflect"


class ReplicationPad1d(_Padding):
    """Repeats the input's ends. Shape: (N, C, W), or without N."""

    rank, mode = 1, "replicate"


class ReplicationPad2d(_Padding):
    """Repeats the input's ends. Shape: (N, C, H, W), or without N."""

    rank, mode = 2, "replicate"


class ReplicationPad3d(_Padding):
    """Repeats the input's ends. Shape: (N, C, D, H, W), or without N."""

    rank, mode = 3, "replicate"


class CircularPad1d(_Padding):
    """Continues the input with its other end. Shape: (N, C, W), or without N."""

    rank, mode = 1, "circular"


class CircularPad2d(_Padding):
    """Continues the input with its other end. Shape: (N, C, H, W), or without N."""

    rank, mode = 2, "circular"


class CircularPad3d(_Padding):
    """Continues the input with its other end. Shape: (N, C, D, H, W), or without N."""

    rank, mode = 3, "circular"
