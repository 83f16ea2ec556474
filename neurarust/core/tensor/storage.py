"""Storages, and the steps by which a view looks at one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.value import Value
from ..op import Op

_addresses = itertools.count(1)


class Storage:
    """A mutable cell: the current Value of a base tensor, and how often it was written."""

    __slots__ = ("value", "version", "address")

    def __init__(self, value: Value):
        self.value = value
        self.version = 0

    def identity(self) -> int:
        """A number that stands for the memory's address: equal for views of one storage."""
        if not hasattr(self, "address"):
            self.address = next(_addresses) << 40
        return self.address


class View:
    """A view op: how to look, how to write back, and what NumPy would do to the strides.

    Args:
        op: array -> the looked-at part.
        write: op (array, new part, *arguments) -> the array with the part replaced.
        layout: the same view taken of a NumPy array (raises ValueError where NumPy
            would need a copy); shapes, strides and offsets are read off its result.
        overlaps: whether several elements may be one in memory.
        recodes: whether elements are other numbers than those in memory.
    """

    __slots__ = ("op", "write", "layout", "overlaps", "recodes")

    def __init__(
        self, op: Op, write: Op | None, layout: Callable[..., Any], overlaps: bool = False,
        recodes: bool = False,
    ):  # fmt: skip
        self.op, self.write, self.layout = op, write, layout
        self.overlaps, self.recodes = overlaps, recodes


class Step:
    """One view op with its arguments."""

    __slots__ = ("view", "args", "kwargs")

    def __init__(self, view: View, args: tuple, kwargs: dict[str, Any]):
        self.view, self.args, self.kwargs = view, args, kwargs


def places_of(shape: tuple[int, ...], steps: tuple[Step, ...]) -> np.ndarray:
    """Where the elements of a view are in the flat array of this shape that it is taken of."""
    array = np.arange(math.prod(shape)).reshape(shape)
    for one in steps:
        array = one.view.layout(array, *one.args, **one.kwargs)
    return np.ascontiguousarray(array)


def layout_of(aval: Any, steps: tuple[Step, ...]) -> tuple[np.ndarray, int]:
    """A NumPy array without contents, laid out as a view of a storage, and its offset in bytes.

    Its shape and strides and the offset are what PyTorch would answer.
    """
    dtype = like_numpy(aval.dtype.dtype)
    dummy = np.empty(1, dtype)
    strides = []
    step = dtype.itemsize
    for length in reversed(aval.shape):
        strides.append(step)
        step *= max(length, 1)
    array = np.lib.stride_tricks.as_strided(dummy, aval.shape, tuple(reversed(strides)))
    for one in steps:
        array = one.view.layout(array, *one.args, **one.kwargs)
    return array, address(array) - address(dummy)


def like_numpy(dtype: Any) -> np.dtype:
    """One of NumPy's own dtypes with elements of the same size: complex, or whole numbers."""
    dtype = np.dtype(dtype)
    return dtype if dtype.kind == "c" else np.dtype(f"i{dtype.itemsize}")


def address(array: Any) -> int:
    return array.__array_interface__["data"][0]
