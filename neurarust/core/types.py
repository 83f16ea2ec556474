"""Questions about dtypes: `finfo`, `iinfo`, `result_type`, defaults."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from . import dtype as dtypes
from .engine.recording import synchronize
from .tensor.tensor import Tensor


class finfo:
    """Limits of a floating-point dtype: bits, eps, max, min, tiny, resolution."""

    def __init__(self, type: dtypes.dtype | None = None):
        kind = dtypes.default_dtype() if type is None else dtypes.of(type)
        if kind.category < dtypes.FLOATING:
            raise TypeError(f"finfo() requires a floating point input type, not {kind}. Use iinfo")
        info = jnp.finfo(kind.to_real().dtype)
        self.bits = int(info.bits)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(info.resolution)
        self.dtype = kind.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.tiny:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer dtype: bits, max, min."""

    def __init__(self, type: dtypes.dtype):
        kind = dtypes.of(type)
        if kind.category != dtypes.INTEGER:
            raise TypeError(f"iinfo() requires an integer input type, not {kind}. Use finfo")
        info = jnp.iinfo(kind.dtype)
        self.bits, self.max, self.min = int(info.bits), int(info.max), int(info.min)
        self.dtype = kind.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype of an arithmetic result of two tensors or numbers."""
    given = (tensor1, tensor2)
    tensors = [one for one in given if isinstance(one, Tensor)]
    return dtypes.promote(
        [one.dtype for one in tensors if one.ndim],
        [one.dtype for one in tensors if not one.ndim],
        [dtypes.of_number(one) for one in given if not isinstance(one, Tensor)],
    )


def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> bool:
    """Whether an in-place operation may write one dtype into the other."""
    return dtypes.can_cast(from_, to)


def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The smallest dtype that holds both."""
    return dtypes.promote_types(dtypes.of(type1), dtypes.of(type2))


def get_default_dtype() -> dtypes.dtype:
    """The dtype of new floating-point tensors."""
    return dtypes.default_dtype()


def set_default_dtype(d: dtypes.dtype) -> None:
    """Sets the dtype of new floating-point tensors."""
    kind = dtypes.of(d)
    if not kind.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, not {kind}")
    synchronize(wait=False)
    dtypes.Defaults.floating = kind


def is_tensor(obj: Any) -> bool:
    """Whether an object is a Tensor."""
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are real floating-point numbers."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers."""
    return input.is_complex()


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()
