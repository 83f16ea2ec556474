"""Normalizations with learned scale and shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core import dtype as dtypes
from ..core import host
from ..core.ops import normalization as functions
from ..core.tensor.tensor import Tensor
from . import init
from .factory import module_of, not_a_tensor
from .module import Module
from .parameter import Parameter, made


class _Affine(Module):
    """What all normalizations share: a scale that starts as 1 and a shift that starts as 0."""

    weight: Parameter | None
    bias: Parameter | None

    def _add_affine(
        self, shape: Sequence[int], weight: bool, bias: bool, device: Any, dtype: Any
    ) -> None:
        for name, wanted in (("weight", weight), ("bias", bias)):
            one = made(*shape, dtype=dtype, device=device) if wanted else None
            self.register_parameter(name, one)

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class _Statistics(_Affine):
    """What batch and instance normalization share: parameters and running statistics."""

    ranks: tuple[int, ...]

    def _build(
        self, num_features: int, eps: float, momentum: float | None, affine: bool,
        track_running_stats: bool, device: Any, dtype: Any, bias: bool,
    ) -> None:  # fmt: skip
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self._add_affine([num_features], affine, affine and bias, device, dtype)
        for name in ("running_mean", "running_var"):
            one = host.empty(num_features, dtype, device) if track_running_stats else None
            self.register_buffer(name, one)
        count = host.empty((), dtypes.int64, device) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forgets what was seen: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        super().reset_parameters()

    def _check_rank(self, input: Tensor) -> None:
        if not isinstance(input, Tensor):
            not_a_tensor(type(self).__name__, "input", input)
        if input.ndim not in self.ranks:
            wanted = " or ".join(f"{rank}D" for rank in self.ranks)
            raise ValueError(
                f"{type(self).__name__}: expected {wanted} input (got {input.ndim}D input "
                f"{list(input.shape)})"
            )

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *rest: Any) -> None:
        # Files of old PyTorch versions do not have the count.
        key = f"{prefix}num_batches_tracked"
        if self.num_batches_tracked is not None and f"{prefix}running_mean" in state_dict:
            state_dict.setdefault(key, self.num_batches_tracked.detach())
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Statistics):
    """Batch normalization (Ioffe and Szegedy 2015)."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool = True, track_running_stats: bool = True, device: Any = None,
        dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        self._build(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_rank(input)
        if self.eps <= 0:
            raise ValueError(f"{type(self).__name__}: eps must be positive, but got {self.eps}")
        momentum = self.momentum
        tracking = self.training and self.track_running_stats
        if tracking:
            self.num_batches_tracked.add_(1)
            if momentum is None:
                # The mean of all batches, by a tensor, since nobody should have to wait.
                momentum = 1.0 / self.num_batches_tracked.double()
        own = self.training or self.running_mean is None
        keep = not self.training or self.track_running_stats
        return functions.batch_norm(
            input, self.running_mean if keep else None, self.running_var if keep else None,
            self.weight, self.bias, own, 0.0 if momentum is None else momentum, self.eps,
        )  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the batch. Shape: (N, C) or (N, C, L).

    Args:
        momentum: how far the running statistics move to a batch's; None averages over all.
        track_running_stats: without them, a batch's own statistics are used in eval too.
    """

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """BatchNorm1d for images. Shape: (N, C, H, W)."""

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """BatchNorm1d for volumes. Shape: (N, C, D, H, W)."""

    ranks = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization over the whole batch, wherever its parts lie. Shape: (N, C, ...).

    A batch that is sharded over devices is one tensor here, so its statistics are always those
    of the whole: this is `BatchNorm` for any rank. `process_group` is kept and not used.
    """

    ranks = (2, 3, 4, 5)

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
        affine: bool = True, track_running_stats: bool = True, process_group: Any = None,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
        self.process_group = process_group

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """The module with every BatchNorm below it as a SyncBatchNorm of the same tensors."""
        if isinstance(module, _BatchNorm) and not isinstance(module, SyncBatchNorm):
            made = cls(
                module.num_features, module.eps, module.momentum, module.affine,
                module.track_running_stats, process_group,
            )  # fmt: skip
            made._parameters.update(module._parameters)
            made._buffers.update(module._buffers)
            return made.train(module.training)
        for name, child in module.named_children():
            module._modules[name] = cls.convert_sync_batchnorm(child, process_group)
        return module


class _InstanceNorm(_Statistics):
    """Instance normalization (Ulyanov et al. 2016)."""

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *,
        bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        self._build(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_rank(input)
        single = input.ndim == self.ranks[0]
        channels = input.shape[0 if single else 1]
        if channels != self.num_features and self.affine:
            raise ValueError(
                f"{type(self).__name__}: expected input's size at dim={0 if single else 1} to "
                f"match num_features ({self.num_features}), but got: {channels} of input "
                f"{list(input.shape)}"
            )
        output = functions.instance_norm(
            input.unsqueeze(0) if single else input, self.running_mean, self.running_var,
            self.weight, self.bias, self.training or not self.track_running_stats,
            self.momentum, self.eps,
        )  # fmt: skip
        return output.squeeze(0) if single else output


class InstanceNorm1d(_InstanceNorm):
    """Normalization of each channel of each item by itself. Shape: (N, C, L) or (C, L)."""

    ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """InstanceNorm1d for images. Shape: (N, C, H, W) or (C, H, W)."""

    ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """InstanceNorm1d for volumes. Shape: (N, C, D, H, W) or (C, D, H, W)."""

    ranks = (4, 5)


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    whole = isinstance(normalized_shape, int)
    return (normalized_shape,) if whole else tuple(normalized_shape)


class LayerNorm(_Affine):
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the last dimensions.

    Shape: (..., *normalized_shape). Source: Ba et al., "Layer normalization", 2016.
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float = 1e-5,
        elementwise_affine: bool = True, bias: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        affine = elementwise_affine
        self._add_affine(self.normalized_shape, affine, affine and bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functions.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimensions.

    Args:
        eps: the type's machine epsilon if None.

    Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """

    def __init__(
        self, normalized_shape: int | Sequence[int], eps: float | None = None,
        elementwise_affine: bool = True, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        one = made(*self.normalized_shape, dtype=dtype, device=device)
        self.register_parameter("weight", one if elementwise_affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return functions.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(_Affine):
    """`(x - mean) / sqrt(var + eps) * weight + bias` over groups of channels. Shape: (N, C, ...).

    Source: Wu and He, "Group normalization", ECCV 2018.
    """

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
        device: Any = None, dtype: Any = None, *, bias: bool = True,
    ):  # fmt: skip
        super().__init__()
        if num_groups <= 0 or num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups}), "
                f"which must be above 0"
            )
        self.num_groups, self.num_channels = num_groups, num_channels
        self.eps, self.affine = eps, affine
        self._add_affine([num_channels], affine, affine and bias, device, dtype)
        self.reset_parameters()

    def forward(self, input: Tensor) -> Tensor:
        return functions.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


@module_of(functions.local_response_norm)
class LocalResponseNorm(Module):
    """Division by a norm over nearby channels (Krizhevsky et al. 2012). Shape: (N, C, ...)."""

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


@module_of(functions.local_response_norm, k=1)
class CrossMapLRN2d(Module):
    """LocalResponseNorm of images under its older name. Shape: (N, C, H, W)."""

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Makes every batch norm in a Module use its batch's statistics alone, in place.

    Without running statistics it writes nothing, as `vmap` over one copy of them needs.
    """
    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
