"""From a list of items to a batch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.host import on_device
from ..core.ops.create import tensor
from ..core.ops.movement import stack
from ..core.tensor.tensor import Tensor


def default_convert(data: Any) -> Any:
    """NumPy arrays inside `data` as tensors; all else as it is."""
    if isinstance(data, Tensor):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in "SUO" else tensor(data)
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(one) for key, one in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(one) for one in data]
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like(data, [default_convert(one) for one in data])
    return data


def default_collate(batch: Sequence[Any]) -> Any:
    """Stacks items: tensors, arrays and numbers become tensors with a first dimension more.

    Mappings and sequences are collated member by member, tuples to a list; strings stay as
    they are, a list or tuple. Tensors in host memory are stacked by NumPy, so that no program is
    recorded for the data.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        if any(one.device.type != "cpu" or one.requires_grad for one in batch):
            return stack(list(batch))
        _check_shapes([one.shape for one in batch])
        return on_device(np.stack([one.numpy() for one in batch]))
    if isinstance(first, np.ndarray | np.generic) and first.dtype.kind not in "SUO":
        _check_shapes([np.shape(one) for one in batch])
        return on_device(np.stack(batch))
    if isinstance(first, bool | int):
        return tensor(list(batch))
    if isinstance(first, float):
        return tensor(list(batch), dtype=dtypes.float64)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return _like(first, {key: default_collate([one[key] for one in batch]) for key in first})
    if isinstance(first, Sequence):
        if any(len(one) != len(first) for one in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        members = [default_collate(part) for part in zip(*batch, strict=True)]
        if isinstance(first, tuple):
            return type(first)(*members) if hasattr(first, "_fields") else members
        return _like(first, members)
    raise TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; "
        f"found {type(first)}. Give collate_fn= for other kinds"
    )


def _like(example: Any, members: Any) -> Any:
    """The members in a mapping or sequence of the example's class, or as they are if it refuses."""
    try:
        if not isinstance(example, MutableMapping | MutableSequence):
            return type(example)(members)
        made: Any = copy.copy(example)
        for key, one in members.items() if isinstance(members, dict) else enumerate(members):
            made[key] = one
        return made
    except TypeError:
        return members


def _check_shapes(shapes: list[Any]) -> None:
    for k, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shapes[0])} at "
                f"entry 0 and {list(shape)} at entry {k}"
            )
