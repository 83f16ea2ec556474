"""Fractional max pooling, and the poolings that always give indices."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor
from . import adaptive_pooling, pooling
from .patches import per_axis
from .random import rand

FUNCTIONAL = "nn.functional"


def _starts(samples: Array, size: int, count: int, kernel: int) -> Array:
    """Where the windows of one axis begin: a random walk of steps of two lengths. (N, C, count)"""
    last = jnp.full((*samples.shape, 1), size - kernel, jnp.int32)
    if count == 1:
        return last
    step = jnp.asarray((size - kernel) / (count - 1), samples.dtype)
    place = jnp.arange(count - 1, dtype=samples.dtype) + samples[..., None]
    first = jnp.trunc(samples * step).astype(jnp.int32)[..., None]
    return jnp.concatenate([jnp.trunc(place * step).astype(jnp.int32) - first, last], -1)


@op(name="_fractional_max_pool", namespace=(), method=False)
def _fractional_max_pool(input: Array, samples: Array, kernel: tuple, sizes: tuple):
    rank = len(sizes)
    lead = input.shape[:-rank]
    x = input.reshape((1,) * (rank + 2 - input.ndim) + input.shape)
    spatial = x.shape[2:]
    # The flat index of each cell of each window: (N, C, *sizes, *kernel).
    flat = jnp.zeros((), jnp.int32)
    for axis, (size, count, width) in enumerate(zip(spatial, sizes, kernel, strict=True)):
        # PyTorch's order of the random numbers: (width, height), but (depth, height, width).
        number = samples[..., 1 - axis if rank == 2 else axis]
        cell = _starts(number, size, count, width)[..., None]
        cell = cell + jnp.arange(width, dtype=jnp.int32)
        shape = [*x.shape[:2], *(1,) * (2 * rank)]
        shape[2 + axis], shape[2 + rank + axis] = count, width
        flat = flat * size + cell.reshape(shape)
    flat = flat.reshape(*x.shape[:2], math.prod(flat.shape[2:]))
    windows = jnp.take_along_axis(x.reshape(*x.shape[:2], math.prod(spatial)), flat, 2)
    windows = windows.reshape(*x.shape[:2], *sizes, math.prod(kernel))
    best = jnp.argmax(windows, -1)[..., None]
    indices = jnp.take_along_axis(flat.reshape(windows.shape), best, -1)[..., 0]
    values = jnp.take_along_axis(windows, best, -1)[..., 0]
    shape = (*lead, *sizes)
    return values.reshape(shape), indices.astype(jnp.int64).reshape(shape)


def _fractional(rank: int) -> Callable[..., Any]:
    name = f"fractional_max_pool{rank}d"

    def pool(
        input: Tensor, kernel_size: int | Sequence[int],
        output_size: int | Sequence[int] | None = None,
        output_ratio: float | Sequence[float] | None = None, return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> Any:  # fmt: skip
        if input.ndim not in (rank + 1, rank + 2):
            fail(name, f"input {list(input.shape)}", f"a {rank + 1}-D or {rank + 2}-D input")
        kernel = per_axis(name, "kernel_size", kernel_size, rank)
        spatial = tuple(input.shape[-rank:])
        if (output_size is None) == (output_ratio is None):
            fail(name, f"output_size={output_size} and output_ratio={output_ratio}",
                 "exactly one of them", kind=ValueError)  # fmt: skip
        if output_ratio is not None:
            ratios = output_ratio if isinstance(output_ratio, Sequence) else (output_ratio,) * rank
            sizes = tuple(int(n * share) for n, share in zip(spatial, ratios, strict=True))
        else:
            # One of the two is given: that was checked.
            sizes = per_axis(name, "output_size", output_size, rank)  # type: ignore[arg-type]
        if any(n + k - 1 > size for n, k, size in zip(sizes, kernel, spatial, strict=True)):
            fail(name, f"input {list(input.shape)}, kernel_size={kernel} and output_size={sizes}",
                 "output_size + kernel_size - 1 of at most the input's size")  # fmt: skip
        lead = (1, *input.shape[:-rank])[-2:]
        samples = _random_samples
        if samples is None:
            samples = rand(*lead, rank, dtype=input.dtype, device=input.device)
        elif samples.ndim == 3 and tuple(samples.shape[1:]) == (lead[1], rank):
            samples = samples[: lead[0]]
        if tuple(samples.shape) != (*lead, rank):
            fail(name, f"_random_samples {list(samples.shape)}", f"{[*lead, rank]}")
        values, indices = _fractional_max_pool(input, samples, kernel, sizes)
        return (values, indices) if return_indices else values

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = f"""Maxima over windows of random places that give the wanted size; {rank} axes.

    Args:
        output_size: the wanted size; or
        output_ratio: the share of the input's size, between 0 and 1.
        return_indices: also where each maximum lies, as a flat index.

    Source: Graham, "Fractional max-pooling", 2014.
    """
    return function(method=False, namespace=FUNCTIONAL)(pool)


fractional_max_pool2d, fractional_max_pool3d = _fractional(2), _fractional(3)


def _with_indices(pool: Callable[..., Any], place: int) -> None:
    """Registers the form of a pooling that gives the indices whatever it is asked."""
    name = f"{pool.__name__}_with_indices"

    @functools.wraps(pool)
    def both(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        kwargs.pop("return_indices", None)
        # The older order of arguments may give it by position.
        return pool(*args[:place], *args[place + 1 :], **kwargs, return_indices=True)

    both.__name__ = both.__qualname__ = name
    both.__doc__ = f"`{pool.__name__}` with its indices."
    function(name=name, method=False, namespace=FUNCTIONAL)(both)


for _rank in (1, 2, 3):
    _with_indices(getattr(pooling, f"max_pool{_rank}d"), 6)
    _with_indices(getattr(adaptive_pooling, f"adaptive_max_pool{_rank}d"), 2)
for _pool in (fractional_max_pool2d, fractional_max_pool3d):
    _with_indices(_pool, 4)
