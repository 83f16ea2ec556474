"""Other sizes of images: interpolation, and pixels exchanged with channels."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.ops import resampling
from ..core.tensor.tensor import Tensor
from .factory import module_of
from .module import Module

Sizes = int | Sequence[int] | None
Factors = float | Sequence[float] | None


class Upsample(Module):
    """Interpolation to `size`, or to `scale_factor` times the size; see `functional.interpolate`.

    Shape: (N, C, L), (N, C, H, W) or (N, C, D, H, W).
    """

    def __init__(
        self, size: Sizes = None, scale_factor: Factors = None, mode: str = "nearest",
        align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
    ):  # fmt: skip
        super().__init__()
        if isinstance(scale_factor, Sequence):
            scale_factor = tuple(float(one) for one in scale_factor)
        elif scale_factor:
            scale_factor = float(scale_factor)
        self.size, self.scale_factor = size, scale_factor
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return resampling.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners,
            self.recompute_scale_factor,
        )  # fmt: skip

    def extra_repr(self) -> str:
        name = "size" if self.scale_factor is None else "scale_factor"
        return f"{name}={getattr(self, name)!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` of images by the nearest pixel. Shape: (N, C, H, W)."""

    def __init__(self, size: Sizes = None, scale_factor: Factors = None):
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of images between their four neighbours, corners aligned. Shape: (N, C, H, W)."""

    def __init__(self, size: Sizes = None, scale_factor: Factors = None):
        super().__init__(size, scale_factor, "bilinear", True)


@module_of(resampling.pixel_shuffle)
class PixelShuffle(Module):
    """Channels as pixels. Shape: (..., C r^2, H, W) to (..., C, r H, r W) (arXiv:1609.05158)."""


@module_of(resampling.pixel_unshuffle)
class PixelUnshuffle(Module):
    """Pixels as channels, undoing PixelShuffle."""


@module_of(resampling.channel_shuffle)
class ChannelShuffle(Module):
    """Channels of `groups` groups dealt out in turn. Shape: (N, C, ...)."""
