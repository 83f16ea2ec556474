"""Questions about a tensor's memory and place, and elementwise Python functions on the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..define import function
from ..errors import fail
from ..tensor.dispatch import check_writable, write
from ..tensor.tensor import Tensor, alias, from_host, new_object, wrap


@function(namespace=())
def get_device(input: Tensor) -> int:
    """The number of the tensor's device; -1 on the CPU."""
    return -1 if input.device.type == "cpu" else input.device.index or 0


@function(namespace=())
def dim_order(input: Tensor, ambiguity_check: Any = False) -> tuple[int, ...]:
    """The dimensions from the one with the largest stride to the one with the smallest.

    Args:
        ambiguity_check: raise where strides are equal, so that there is more than one order.
    """
    strides = input.stride()
    if ambiguity_check and len(set(strides)) < len(strides):
        fail("dim_order", f"strides {strides}", "strides that differ")
    return tuple(sorted(range(input.ndim), key=lambda k: -strides[k]))


@function(namespace=())
def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both look at the same memory in the same way: storage, offset, shape, strides."""
    return (
        input._storage is tensor._storage
        and input.storage_offset() == tensor.storage_offset()
        and input.shape == tensor.shape
        and input.stride() == tensor.stride()
    )


@function(namespace=())
def is_pinned(input: Tensor, device: Any = None) -> bool:
    """False: transfers need no pinned memory here."""
    return False


@function(namespace=())
def is_shared(input: Tensor) -> bool:
    """False: JAX's arrays belong to one process."""
    return False


@function(namespace=())
def as_subclass(input: Tensor, cls: type) -> Tensor:
    """The same memory as an object of a subclass of Tensor, with the gradient's way to it.

    Raises:
        TypeError: if `cls` is no subclass of Tensor.
    """
    if not (isinstance(cls, type) and issubclass(cls, Tensor)):
        raise TypeError(f"as_subclass: cls must be a subclass of Tensor, but got {cls!r}")
    made = alias(new_object(cls), input)
    made._base = input._base
    made._edge = input._current_edge()
    return made


@function(namespace=())
def module_load(input: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What `load_state_dict` puts in this tensor's place: `other`, or this with its elements."""
    return other.detach() if assign else input.detach().copy_(other)


@function(namespace=())
def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Replaces each element by a Python function of it, one by one on the host."""
    return _replaced("apply_", input, callable, input)


@function(namespace=())
def map_(input: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Replaces each element a by `callable(a, b)`, b from a tensor that is broadcast."""
    return _replaced("map_", input, callable, input, tensor.expand(input.shape))


def _replaced(name: str, input: Tensor, callable: Callable, *tensors: Tensor) -> Tensor:
    if input.requires_grad:
        raise RuntimeError(
            f"{name}: a tensor that requires grad cannot go through a Python function; use "
            f"tensor.detach().{name}(...)"
        )
    check_writable(name, input)
    elements = zip(*(one._host().ravel().tolist() for one in tensors), strict=True)
    made = np.array([callable(*one) for one in elements], input.dtype.dtype).reshape(input.shape)
    write(input, wrap(from_host(made, input.device), None))
    return input
