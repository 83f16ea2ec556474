"""Names of `torch.nn.modules` and `torch.nn.parallel` that are not public ones of `nn`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any

from .. import nn
from ..nn import conv, dropout, hooks, init, normalization, state_dict, transformer
from ..nn.module import Module
from .refusal import all_refused, refused


class _Stands(type):
    """The type of a base class of PyTorch's whose subclasses here have other bases."""

    _others: tuple[type, ...] = ()

    def __subclasscheck__(cls, subclass: type) -> bool:
        others = vars(cls).get("_others", ())
        return super().__subclasscheck__(subclass) or issubclass(subclass, others)

    def __instancecheck__(cls, instance: Any) -> bool:
        return cls.__subclasscheck__(type(instance))


class _Loss(Module, metaclass=_Stands):
    """The base of losses; the losses of `nn` pass for subclasses."""

    _others = tuple(
        one for name, one in vars(nn).items() if name.endswith("Loss") and "Adaptive" not in name
    )

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ):
        super().__init__()
        if size_average is not None or reduce is not None:
            averaged = "sum" if size_average is False else "mean"
            reduction = "none" if reduce is False else averaged
        self.reduction = reduction


class _WeightedLoss(_Loss):
    """The base of losses with one weight per class, a buffer."""

    _others = tuple(
        getattr(nn, name)
        for name in ("BCELoss", "CrossEntropyLoss", "LinearCrossEntropyLoss", "NLLLoss",
                     "MultiLabelSoftMarginLoss", "MultiMarginLoss")
    )  # fmt: skip

    def __init__(
        self, weight: Any = None, size_average: bool | None = None, reduce: bool | None = None,
        reduction: str = "mean",
    ):  # fmt: skip
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class _ConvNd(conv._Convolution, metaclass=_Stands):
    """The base of convolutions with PyTorch's constructor; those of `nn` pass for subclasses."""

    _others = (conv._Convolution,)

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: tuple[int, ...],
        stride: tuple[int, ...], padding: tuple[int, ...] | str, dilation: tuple[int, ...],
        transposed: bool, output_padding: tuple[int, ...], groups: int, bias: bool,
        padding_mode: str, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.rank, self.transposed = len(kernel_size), transposed
        self._build(in_channels, out_channels, kernel_size, stride, padding, dilation,
                    output_padding, groups, bias, padding_mode, device, dtype)  # fmt: skip
        ends = [0] * self.rank if isinstance(padding, str) else self.padding
        if padding == "same":
            spans = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
            twice = [x for span in reversed(spans) for x in (span // 2, span - span // 2)]
        else:
            twice = _reverse_repeat_tuple(tuple(ends), 2)
        self._reversed_padding_repeated_twice = twice


def _kind(name: str, *members: str) -> type:
    """A base class for `isinstance` alone."""
    found = {"_others": tuple(getattr(nn, one) for one in members), "__module__": __name__}
    found["__new__"] = refused(f"torch.nn.modules.{name}", "subclass torch.nn.Module").__new__
    return _Stands(name, (), found)


def _dimensions(name: str) -> tuple[str, ...]:
    return tuple(f"{name}{rank}d" for rank in (1, 2, 3))


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple]:
    """A function that makes `n` equal numbers of one, and a tuple of an iterable."""

    def parse(x: Any) -> tuple:
        return tuple(x) if isinstance(x, Iterable) else tuple(repeat(x, n))

    parse.__name__ = name
    return parse


def _reverse_repeat_tuple(t: tuple, n: int) -> tuple:
    """The elements from last to first, each `n` times."""
    return tuple(x for x in reversed(t) for _ in range(n))


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Takes a prefix (`module.`) from the names of a state dict, in place."""
    for key in list(state_dict.keys()):
        if key.startswith(prefix):
            state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata: Any = getattr(state_dict, "_metadata", {})
    for key in list(metadata):
        if key == prefix.replace(".", "") or key.startswith(prefix):
            metadata[key[len(prefix) :]] = metadata.pop(key)


def _addindent(s_: str, numSpaces: int) -> str:
    """The text with all lines but the first moved to the right."""
    return s_.replace("\n", "\n" + numSpaces * " ")


def _calculate_correct_fan(tensor: Any, mode: str) -> int:
    """How many inputs (`fan_in`) or outputs (`fan_out`) a weight has."""
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return init.fans(tensor)[mode.lower() == "fan_out"]


# With the names of before 0.4, whose functions wrote in place as today's do.
INIT = {
    "_calculate_fan_in_and_fan_out": init.fans, "_calculate_correct_fan": _calculate_correct_fan,
} | {
    name: getattr(init, f"{name}_")
    for name in ("constant", "dirac", "eye", "kaiming_normal", "kaiming_uniform", "normal",
                 "orthogonal", "sparse", "uniform", "xavier_normal", "xavier_uniform")
}  # fmt: skip


class DataParallel(Module):
    """`module`, run as it is on the device where its input is.

    Differs from PyTorch: the batch is not split, so that BatchNorm sees the whole of it.
    """

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ):
        super().__init__()
        if device_ids is not None and len(device_ids) > 1:
            raise NotImplementedError(
                f"torch.nn.DataParallel: device_ids={list(device_ids)} is not supported, since a "
                f"model runs on one device. Give one device, or leave device_ids out"
            )
        self.module = module
        self.device_ids, self.output_device, self.dim = device_ids or [], output_device, dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)


PARALLEL = {"DataParallel": DataParallel} | all_refused(
    "torch.nn.parallel", "a model runs on one device here; call the module itself",
    "DistributedDataParallel data_parallel gather parallel_apply replicate scatter scatter_kwargs",
)  # fmt: skip

MODULES = {
    "_Loss": _Loss, "_WeightedLoss": _WeightedLoss, "_ConvNd": _ConvNd,
    "_ConvTransposeNd": conv._Transposed, "_BatchNorm": normalization._BatchNorm,
    "_InstanceNorm": normalization._InstanceNorm, "_NormBase": normalization._Statistics,
    "_DropoutNd": dropout._Dropout, "NonDynamicallyQuantizableLinear": nn.Linear,
    "_MaxPoolNd": _kind("_MaxPoolNd", *_dimensions("MaxPool")),
    "_AvgPoolNd": _kind("_AvgPoolNd", *_dimensions("AvgPool")),
    "_AdaptiveAvgPoolNd": _kind("_AdaptiveAvgPoolNd", *_dimensions("AdaptiveAvgPool")),
    "_AdaptiveMaxPoolNd": _kind("_AdaptiveMaxPoolNd", *_dimensions("AdaptiveMaxPool")),
    "_ntuple": _ntuple, "_single": _ntuple(1, "_single"), "_pair": _ntuple(2, "_pair"),
    "_triple": _ntuple(3, "_triple"), "_quadruple": _ntuple(4, "_quadruple"),
    "_reverse_repeat_tuple": _reverse_repeat_tuple, "_addindent": _addindent,
    "consume_prefix_in_state_dict_if_present": consume_prefix_in_state_dict_if_present,
    "_EXTRA_STATE_KEY_SUFFIX": "_extra_state", "_get_clones": transformer._copies,
    "_get_activation_fn": transformer._activation, "_IncompatibleKeys": state_dict.IncompatibleKeys,
} | {
    name: one for name, one in vars(hooks).items() if name.startswith("register_module_")
}  # fmt: skip
