"""Where an input of a plan comes from, and where a result goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..tensor.storage import Storage
from ..tensor.tensor import Tensor

# A storage, the argument k, the `.grad` of a tensor, a stream's key.
CELL, ARGUMENT, GRADIENT, KEY = range(4)


def resolved(named: Any, tensors: Sequence[Tensor]) -> Tensor:
    """A tensor from outside: itself, or the argument of that number."""
    return tensors[named] if type(named) is int else named


def storage_of(kind: int, named: Any, tensors: Sequence[Tensor]) -> Storage:
    """The storage of a place."""
    if kind == CELL:
        return named
    if kind == ARGUMENT:
        return tensors[named]._storage
    return gradient_of(named, tensors)


def gradient_of(named: Any, tensors: Sequence[Tensor]) -> Storage:
    """The storage of a tensor's gradient."""
    gradient = resolved(named, tensors)._grad
    assert gradient is not None
    return gradient._storage
