"""PyTorch's old constructors: `Tensor(2, 3)`, `LongTensor([1, 2])`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import device as devices
from . import dtype as dtypes
from . import host
from .errors import fail
from .ops.create import tensor
from .tensor.tensor import Size, Tensor
from .types import set_default_dtype


def constructed(name: str, data: tuple, dtype: dtypes.dtype, device: Any) -> Tensor:
    """A tensor of the sizes or of the data that a constructor is given."""
    if not data:
        return host.empty(0, dtype, device)
    if len(data) == 1 and isinstance(data[0], Size):
        return host.empty(data[0], dtype, device)
    if all(isinstance(one, (int, np.integer)) and not isinstance(one, bool) for one in data):
        return host.empty(data, dtype, device)
    if len(data) == 1 and _holds_numbers(data[0]):
        return tensor(data[0], dtype=dtype, device=device)
    kinds = ", ".join(type(one).__name__ for one in data)
    fail(name, f"({kinds})", "sizes (whole numbers), or one sequence, array or Tensor",
         "nr.tensor(data) takes numbers, too", kind=TypeError)  # fmt: skip


def _holds_numbers(one: Any) -> bool:
    return isinstance(one, (Tensor, Sequence, np.ndarray)) and not isinstance(one, (str, bytes))


def _of_default_dtype(data: tuple, device: Any) -> Tensor:
    return constructed("Tensor", data, dtypes.default_dtype(), device)


def _new(self: Tensor, *data: Any, device: Any = None) -> Tensor:
    """A tensor of sizes or data in this one's dtype: an old form of `new_empty`, `new_tensor`."""
    return constructed("new", data, self.dtype, self.device if device is None else device)


# Methods that are bound here, since `create` imports the Tensor.
setattr(Tensor, "new", _new)  # noqa: B010 (the class does not know the name)
Tensor._constructed = staticmethod(_of_default_dtype)  # type: ignore[method-assign]


class OldType(type):
    """A constructor that also answers `isinstance(x, FloatTensor)`."""

    dtype: dtypes.dtype
    device_type: str

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        return constructed(
            cls.__name__, data, cls.dtype, cls.device_type if device is None else device
        )

    def __instancecheck__(cls, one: Any) -> bool:
        fits = isinstance(one, Tensor) and one.dtype is cls.dtype
        return fits and one.device.type == cls.device_type


def old_type(name: str, dtype: dtypes.dtype, device_type: str = "cpu") -> Any:
    """The constructor of tensors of a dtype on a kind of device."""
    text = (
        f"A {dtype.name} tensor on the {device_type} of these sizes, whose elements mean nothing, "
        f"or of a sequence. An old name: write nr.tensor(data, dtype=nr.{dtype.name})."
    )
    members = {"dtype": dtype, "device_type": device_type, "__doc__": text}
    return OldType(name, (), members | {"__module__": "neurarust"})


FloatTensor = old_type("FloatTensor", dtypes.float32)
DoubleTensor = old_type("DoubleTensor", dtypes.float64)
HalfTensor = old_type("HalfTensor", dtypes.float16)
BFloat16Tensor = old_type("BFloat16Tensor", dtypes.bfloat16)
ByteTensor = old_type("ByteTensor", dtypes.uint8)
CharTensor = old_type("CharTensor", dtypes.int8)
ShortTensor = old_type("ShortTensor", dtypes.int16)
IntTensor = old_type("IntTensor", dtypes.int32)
LongTensor = old_type("LongTensor", dtypes.int64)
BoolTensor = old_type("BoolTensor", dtypes.bool_)

_NAMED = {name: one for name, one in globals().items() if isinstance(one, OldType)}


def set_default_tensor_type(t: Any) -> None:
    """Sets the dtype and the device of new tensors; today `set_default_dtype` and
    `set_default_device` do.

    Args:
        t: a type of floating-point tensors or its name, as `nr.DoubleTensor` and
            "torch.cuda.FloatTensor".
    """
    kind, device = t, getattr(t, "device_type", "cpu")
    if isinstance(t, str):
        *path, name = t.split(".")
        kind, device = _NAMED.get(name), "cuda" if "cuda" in path else "cpu"
    if not isinstance(kind, OldType):
        raise TypeError(
            f"set_default_tensor_type: invalid type object {t!r}: expected one of {[*_NAMED]}"
        )
    set_default_dtype(kind.dtype)
    devices.set_default_device(None if device == "cpu" else device)
