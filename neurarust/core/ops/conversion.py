"""Copies, dtypes, devices, and writing a tensor's contents."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from .. import device as devices
from .. import dtype as dtypes
from ..autograd.tape import Leaf
from ..changes import Changes
from ..define import METHODS, function, op
from ..op import Array
from ..tensor.dispatch import call, check_writable, write
from ..tensor.tensor import Tensor, alias
from ..tensor.transfer import transfer
from .elementwise import cast
from .indexing import assign, getitem
from .movement import pad
from .views import detach, reshape, sizes

# ------------------------------------------------------------------ copies and conversions


@op(inplace=False, out=True)
def clone(input: Array, *, memory_format=None):
    """A copy with memory of its own; gradients flow through."""
    return jnp.copy(input)


@function(namespace=())
def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements lie in order, else a copy."""
    return input if input.is_contiguous() else clone(input)


@op(name="_to_dtype", method=False, namespace=())
def _to_dtype(input: Array, dtype):
    if jnp.iscomplexobj(input) and not jnp.issubdtype(dtype, jnp.complexfloating):
        input = input.real
    return cast(input, dtype)


@op(name="_as_written", method=False, namespace=())
def _as_written(input: Array, written: Array, *, name):
    if not dtypes.can_cast(dtypes.of(input.dtype), dtypes.of(written.dtype)):
        raise RuntimeError(
            f"{name}: result type {input.dtype} can't be cast to the desired output type "
            f"{written.dtype}"
        )
    return jnp.broadcast_to(input, written.shape).astype(written.dtype)


def convert(input: Tensor, device: Any = None, dtype: Any = None, copy: bool = False) -> Tensor:
    """The tensor on a device and in a dtype; itself if it is so already and `copy` is False."""
    made = input
    if device is not None and devices.of(device) is not made.device:
        made = transfer(made, devices.of(device))
    if dtype is not None and dtypes.of(dtype) is not made.dtype:
        made = call(_to_dtype.op, (made, dtypes.of(dtype)))
    return clone(made) if copy and made is input else made


@function(namespace=())
def to(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """`to(dtype)`, `to(device)`, `to(device, dtype)` or `to(other)`: the tensor converted.

    Itself, if nothing changes and `copy` is False. `non_blocking` is accepted; transfers
    are always asynchronous where they can be.
    """
    device, dtype = kwargs.pop("device", None), kwargs.pop("dtype", None)
    copy = kwargs.pop("copy", False)
    for name in ("non_blocking", "memory_format"):
        kwargs.pop(name, None)
    if "other" in kwargs:
        args = (kwargs.pop("other"), *args)
    if kwargs:
        raise TypeError(f"to: unexpected arguments {sorted(kwargs)}")
    flags: list[bool] = []
    for one in args:
        if isinstance(one, Tensor):
            device, dtype = one.device, one.dtype
        elif isinstance(one, bool):
            flags.append(one)
        elif isinstance(one, (str, int, devices.device)):
            device = one
        elif one is not None:
            dtype = one
    return convert(input, device, dtype, copy or (len(flags) > 1 and flags[1]))


def _casting(name: str, kind: dtypes.dtype) -> None:
    def cast(input: Tensor, memory_format: Any = None) -> Tensor:
        return convert(input, dtype=kind)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"The tensor as `{kind.name}`."
    METHODS[name] = cast


for _name, _kind in {
    "half": "float16", "bfloat16": "bfloat16", "float": "float32", "double": "float64",
    "cfloat": "complex64", "cdouble": "complex128", "bool": "bool", "byte": "uint8",
    "char": "int8", "short": "int16", "int": "int32", "long": "int64",
}.items():  # fmt: skip
    _casting(_name, dtypes.BY_NAME[_kind])


@function(namespace=())
def type_as(input: Tensor, other: Tensor) -> Tensor:
    """The tensor in the dtype and on the device of another."""
    return convert(input, other.device, other.dtype)


@function(namespace=())
def cpu(input: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor in host memory."""
    return convert(input, devices.CPU)


@function(namespace=())
def cuda(input: Tensor, device: Any = None, non_blocking: bool = False) -> Tensor:
    """The tensor on a CUDA device (the first one by default)."""
    return convert(input, "cuda" if device is None else device)


@function(namespace=())
def copy_(input: Tensor, src: Any, non_blocking: bool = False) -> Tensor:
    """Writes another tensor's elements, broadcast and converted, into this one."""
    check_writable("copy_", input)
    if isinstance(src, Tensor) and src.device is not input.device:
        src = convert(src, input.device)
    write(input, call(assign.op, (input, src)))
    return input


@function(namespace=())
def fill_(input: Tensor, value: Any) -> Tensor:
    """Every element becomes `value`."""
    check_writable("fill_", input)
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} "
            f"dimensions."
        )
    dtypes.check_holds(input.dtype, value)
    write(input, call(assign.op, (input, value)))
    return input


@function(namespace=())
def zero_(input: Tensor) -> Tensor:
    """Every element becomes 0."""
    return fill_(input, 0)


@function(namespace=())
def set_(input: Tensor, source: Tensor) -> Tensor:
    """Makes this tensor look at another's storage."""
    if source._storage is input._storage and source._steps is input._steps:
        return input  # `p.data -= step` assigns what it has written
    edge, grad = input._current_edge(), input._grad
    alias(input, source)
    Changes.count += 1
    input._edge, input._grad = edge, grad
    if edge is not None and type(edge[0]) is Leaf:
        edge[0].aval = input._aval()
    return input


@function(namespace=())
def resize_(input: Tensor, *shape: Any) -> Tensor:
    """Another shape; elements that fit are kept, new ones are zero."""
    target = sizes("resize_", shape)
    check_writable("resize_", input)
    if input._steps is not None:
        raise RuntimeError("resize_: a view cannot be resized. Clone it first")
    count, new = input.numel(), math.prod(target)
    flat = reshape(detach(input), -1)
    flat = getitem(flat, slice(0, new)) if new <= count else pad(flat, (0, new - count))
    input._storage.value = reshape(clone(flat), target)._value()
    input._storage.version += 1
    return input
