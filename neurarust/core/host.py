"""Tensors made and filled on the host, without a program.

What runs once (the first values of parameters, the order of a data set) is drawn by NumPy:
a program for it would have to be compiled, and would be compiled for one run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import device as devices
from . import dtype as dtypes
from .autograd.modes import no_grad
from .ops.random import default_generator
from .random import Stream
from .tensor.dispatch import write
from .tensor.tensor import Tensor, from_host, wrap


def numpy_generator(generator: Stream | None = None) -> np.random.Generator:
    """NumPy's generator that belongs to the next number of a stream (default: the default one)."""
    stream = default_generator if generator is None else generator
    _, counter = stream.next()
    return np.random.default_rng((stream.initial_seed(), counter))


def empty(shape: Sequence[int] | int, dtype: Any = None, device: Any = None) -> Tensor:
    """A tensor of the given shape that is there at once; its elements mean nothing."""
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    sizes = shape if isinstance(shape, Sequence) and not isinstance(shape, str) else (shape,)
    if not all([hasattr(size, "__index__") for size in sizes]):
        raise TypeError(f"expected whole numbers as the sizes of a tensor, but got {tuple(sizes)}")
    if np.size(shape) and np.min(shape) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension: {shape}")
    return wrap(from_host(np.zeros(shape, kind.dtype), devices.of(device)), None)


def overwrite(tensor: Tensor, array: np.ndarray) -> Tensor:
    """Writes an array of the tensor's shape into it, off the tape."""
    array = np.ascontiguousarray(array, tensor.dtype.dtype).reshape(tensor.shape)
    with no_grad():
        write(tensor, wrap(from_host(array, tensor.device), None))
    return tensor


def take_over(tensor: Tensor, source: Tensor) -> Tensor:
    """Writes a source of the tensor's shape into it, off the tape; converts dtype and device.

    The elements are not copied: values are immutable, so both tensors hold the same one until
    either is written.
    """
    with no_grad():
        write(tensor, source.detach().to(tensor.device, tensor.dtype))
    return tensor


def on_device(array: np.ndarray, device: Any = None) -> Tensor:
    """A tensor of an array that nobody else writes, without a copy where possible."""
    return wrap(from_host(array, devices.of(device)), None)
