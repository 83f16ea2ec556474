"""Moving a module's tensors: to another device or dtype."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from ..core import device as devices
from ..core import dtype as dtypes
from ..core import host
from ..core.autograd.modes import no_grad
from ..core.ops.conversion import set_
from ..core.tensor.tensor import Tensor

Self = TypeVar("Self", bound="Placed")


class Placed:
    """The part of a Module that changes where, and in which type, its tensors are kept."""

    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    children: Callable[[], Iterator[Any]]

    def _apply(self: Self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replaces every parameter, gradient and buffer by what `fn` makes of it."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                before = parameter.detach()
                made = fn(before)
                if made is not before:
                    set_(parameter, made)
                if parameter.grad is not None:
                    parameter.grad = fn(parameter.grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """`to(device)`, `to(dtype)`, `to(device, dtype)`, `to(tensor)`: moves everything.

        A dtype counts for floating-point parameters and buffers only.
        """
        device, dtype = _wanted(args, kwargs)

        def convert(tensor: Tensor) -> Tensor:
            inexact = tensor.dtype.category >= dtypes.FLOATING
            return tensor.to(device, dtype if inexact else None)

        return self._apply(convert)

    def type(self: Self, dst_type: Any) -> Self:
        """Converts all parameters and buffers to a dtype."""
        return self._apply(lambda tensor: tensor.to(dtypes.of(dst_type)))

    def float(self: Self) -> Self:
        """Floating-point parameters and buffers as float32."""
        return self.to(dtypes.float32)

    def double(self: Self) -> Self:
        """Floating-point parameters and buffers as float64."""
        return self.to(dtypes.float64)

    def half(self: Self) -> Self:
        """Floating-point parameters and buffers as float16."""
        return self.to(dtypes.float16)

    def bfloat16(self: Self) -> Self:
        """Floating-point parameters and buffers as bfloat16."""
        return self.to(dtypes.bfloat16)

    def cpu(self: Self) -> Self:
        """Moves everything to host memory."""
        return self.to(devices.CPU)

    def cuda(self: Self, device: Any = None) -> Self:
        """Moves everything to a CUDA device."""
        return self.to(devices.of("cuda" if device is None else device))

    def share_memory(self: Self) -> Self:
        """Does nothing: arrays are immutable, so other processes get copies."""
        return self

    def to_empty(self: Self, *, device: Any, recurse: bool = True) -> Self:
        """Moves to a device without copying: the elements mean nothing afterwards."""
        return self._apply(lambda one: host.empty(one.shape, one.dtype, device), recurse)


def _wanted(args: tuple, kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The device and dtype, either may be None, that `Module.to` was asked for."""
    device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    kwargs.pop("non_blocking", None)
    kwargs.pop("memory_format", None)
    if "tensor" in kwargs:
        args = (kwargs.pop("tensor"), *args)
    if kwargs:
        raise TypeError(f"Module.to: unexpected arguments {sorted(kwargs)}")
    for one in args:
        if isinstance(one, Tensor):
            device, dtype = one.device, one.dtype
        elif isinstance(one, str | int | devices.device) and not isinstance(one, bool):
            device = one
        elif one is not None and not isinstance(one, bool):
            dtype = one
    dtype = None if dtype is None else dtypes.of(dtype)
    if dtype is not None and dtype.category < dtypes.FLOATING:
        raise TypeError(
            f"nn.Module.to only accepts floating point or complex dtypes, but got {dtype}"
        )
    return device, dtype
