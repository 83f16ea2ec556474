"""The patches of a picture that a kernel sees: for convolutions and pooling; unfold, fold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
from jax import lax

from ..define import op
from ..errors import fail
from ..op import Array


def per_axis(operation: str, name: str, value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """`value` once per spatial axis; a single number stands for all."""
    values = tuple(value) if isinstance(value, Sequence) else (value,)
    if not all([hasattr(one, "__index__") for one in values]):
        fail(operation, f"{name}={value!r}", f"{name} as one or {rank} integers", kind=TypeError)
    if len(values) == 1:
        values = values * rank
    if len(values) != rank:
        fail(operation, got=f"{name}={value}", expected=f"{name} as one or {rank} integers")
    return values


def windows(
    x: Array,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    first: int,
) -> Iterator[Array]:
    """For each kernel position the values it meets: strided slices of the axes from `first`."""
    rank = len(kernel)
    sizes = x.shape[first : first + rank]
    counts = [
        (size - d * (k - 1) - 1) // s + 1
        for size, k, s, d in zip(sizes, kernel, stride, dilation, strict=True)
    ]
    for offsets in itertools.product(*map(range, kernel)):
        start, stop, step = [0] * x.ndim, list(x.shape), [1] * x.ndim
        for axis, (offset, d, s, count) in enumerate(
            zip(offsets, dilation, stride, counts, strict=True), first
        ):
            start[axis] = offset * d
            stop[axis] = offset * d + (count - 1) * s + 1
            step[axis] = s
        yield lax.slice(x, start, stop, step)


def pad(x: Array, padding: Sequence[tuple[int, int]]) -> Array:
    return jnp.pad(x, ((0, 0), (0, 0), *padding)) if any(map(any, padding)) else x


def _unfold(x: Array, kernel, dilation, padding, stride) -> Array:
    """(N, C, H, W) -> (N, C kH kW, positions)."""
    x = pad(x, [(p, p) for p in padding])
    taps = jnp.stack(list(windows(x, kernel, stride, dilation, 2)), 2)
    return taps.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(taps.shape[3:]))


@op(namespace=("nn.functional",), method=False)
def unfold(
    input: Array,
    kernel_size: int | tuple,
    dilation: int | tuple = 1,
    padding: int | tuple = 0,
    stride: int | tuple = 1,
):
    """The patches a 2-D convolution sees, one per column.

    Shape: (N, C, H, W) or (C, H, W) -> (N, C kH kW, L) or (C kH kW, L), L the positions.
    """
    if input.ndim not in (3, 4):
        fail("unfold", got=f"input {list(input.shape)}", expected="(N, C, H, W) or (C, H, W)")
    names = ("kernel_size", "dilation", "padding", "stride")
    values = (kernel_size, dilation, padding, stride)
    kernel, dilation, padding, stride = (
        per_axis("unfold", name, value, 2) for name, value in zip(names, values, strict=True)
    )
    for size, k, d, p in zip(input.shape[-2:], kernel, dilation, padding, strict=True):
        if size + 2 * p < d * (k - 1) + 1:
            fail(
                "unfold",
                got=f"input {list(input.shape)} and kernel_size={kernel}",
                expected="a kernel that fits into the padded input",
            )
    x = input if input.ndim == 4 else input[None]
    y = _unfold(x, kernel, dilation, padding, stride)
    return y if input.ndim == 4 else y[0]


@op(namespace=("nn.functional",), method=False)
def fold(
    input: Array,
    output_size: int | tuple,
    kernel_size: int | tuple,
    dilation: int | tuple = 1,
    padding: int | tuple = 0,
    stride: int | tuple = 1,
):
    """The transpose of `unfold`: adds the columns into an image where their patches lie.

    Shape: (N, C kH kW, L) or (C kH kW, L) -> (N, C, H, W) or (C, H, W).
    """
    if input.ndim not in (2, 3):
        fail("fold", got=f"input {list(input.shape)}", expected="(N, C kH kW, L) or (C kH kW, L)")
    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    values = (output_size, kernel_size, dilation, padding, stride)
    size, kernel, dilation, padding, stride = (
        per_axis("fold", name, value, 2) for name, value in zip(names, values, strict=True)
    )
    x = input if input.ndim == 3 else input[None]
    positions = math.prod(
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    if x.shape[1] % math.prod(kernel) or x.shape[2] != positions:
        fail(
            "fold",
            got=f"input {list(input.shape)}",
            expected=f"rows in multiples of {math.prod(kernel)} and {positions} columns",
        )
    channels = x.shape[1] // math.prod(kernel)
    # Bools have no transpose; where patches overlap they are joined by `or`.
    kind = jnp.int32 if x.dtype == jnp.bool_ else x.dtype
    image = jax.ShapeDtypeStruct((x.shape[0], channels, *size), kind)
    back = jax.linear_transpose(lambda y: _unfold(y, kernel, dilation, padding, stride), image)
    y = back(x.astype(kind))[0].astype(x.dtype)
    return y if input.ndim == 3 else y[0]
