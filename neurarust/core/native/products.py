"""Which products of matrices the kernel computes, and the call that does it.

Microseconds on 2 cores with AVX-512; `x.T` stands for a left factor whose rows lie along the sum,
as in the gradient of a weight:

| matrices (rows, columns, terms) | kernel here | XLA (YNNPACK) | PyTorch |
| --- | --- | --- | --- |
| 32 of 64, 64, 32 | 27 | 54 | 46 |
| 32 of 64, 64, 32, x.T | 33 | 90 | 47 |
| 32, 512, 128 | 18 | 28 (left to XLA) | 27 |
| 64, 128, 784 | 39 | 43 (left to XLA) | 67 |
| 512, 384, 128 | 120 | 156 | 228 |
| 512, 128, 512 | 165 | 156 (left to XLA) | 309 |
| 512, 128, 512, x.T | 180 | 360 | 335 |
| 1024, 192, 768, x.T | 786 | 1513 | 1488 |
| 512, 512, 512 | 579 | 553 (left to XLA) | 1194 |
| 512, 512, 512, x.T | 601 | 729 | 1230 |
| 2048, 768, 768 | 5795 | 5073 (left to XLA) | 11170 |
| 2048, 768, 768, x.T | 6034 | 6592 | 11297 |
| 2048, 3072, 768, x.T | 25675 | 22091 (left to XLA) | 45948 |

Of few rows, with a call and a look at the result (6 where there is nothing to compute); `w.T` is
what `Linear` multiplies with:

| matrices (rows, columns, terms) | kernel here | XLA | PyTorch |
| --- | --- | --- | --- |
| 1, 128, 128, w.T | 8 | 12 | 4 |
| 1, 768, 768, w.T | 25 | 60 | 43 |
| 1, 768, 768 | 29 | 63 | 46 |
| 1, 3072, 768, w.T | 73 | 99 | 180 |
| 1, 768, 3072, w.T | 73 | 115 | 168 |
| 1, 4096, 4096, w.T | 1809 | 1766 | 3682 |
| 2, 768, 768, w.T | 38 | 147 | 88 |
| 4, 3072, 768, w.T | 207 | 354 | 519 |
| 4, 3072, 768 | 281 | 225 | 696 |
| 8, 768, 768, w.T | 114 | 133 | 140 |
| 8, 768, 3072, w.T | 383 | 599 | 884 |
| 8, 768, 3072 | 393 | 274 | 507 |
| 12 of 1, 256, 64, w.T | 30 | 42 | 19 |
| 1, 512, 512, w.T, bfloat16 | 31 | 56 to 121 | 41 |
| 4, 512, 512, w.T, bfloat16 | 46 | 97 to 197 | 43 |
| 8, 512, 512, w.T, bfloat16 | 80 | 196 | 48 |
| 1, 2048, 2048, w.T, bfloat16 | 252 | 766 to 1053 | 255 |
| 4, 2048, 2048, w.T, bfloat16 | 272 | 1677 to 2455 | 263 |
| 8, 2048, 2048, w.T, bfloat16 | 555 | 1931 | 347 |
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, prod
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .build import ready

# Additions and multiplications. Fewer than LEAST are not worth a call, during which XLA computes
# nothing else (a step of two small networks: 1.3 ms without, 1.5 with it), unless the matrices are
# many, which XLA multiplies on one core. More than MOST, or MOST_TRANSPOSED with a transposed left
# factor, are XLA's, which has more levels of blocks.
# What has few rows takes as long as to read the other factor once, which XLA does half as fast.
# In a small program there is nothing else to compute, and XLA hands no program over to another
# thread because of what is in a call.
LEAST, LEAST_OF_MANY, LEAST_OF_SMALL, LEAST_OF_FEW = 1 << 24, 1 << 20, 1 << 9, 1 << 15
MOST, MOST_TRANSPOSED = 60_000_000, 5_000_000_000
# Elements of a right factor, of which the kernel makes a copy.
LARGEST = 1 << 24
# Rows that are few, as `product.h` has it.
FEW = 8
_AXES = 3
Axes = tuple[Sequence[int], Sequence[int]]


def product(
    params: dict[str, Any], left: Any, right: Any, numbers: tuple[Axes, Axes], small: bool = False
) -> Any:
    """The function of two arrays that computes a `dot_general`, or None.

    Args:
        params: of the equation.
        left, right: the factors, or their types.
        numbers: the dimension numbers, ((summed of left, of right), (batch of left, of right)).
        small: whether the program is.
    """
    wanted = params["preferred_element_type"]
    # (For NumPy, float64 equals None.)
    result = left.dtype if wanted is None else wanted
    halves = left.dtype == right.dtype == jnp.bfloat16 and result in (jnp.bfloat16, jnp.float32)
    if not halves and any(one != jnp.float32 for one in (left.dtype, right.dtype, result)):
        return None
    (summed, others), (batches, other_batches) = numbers
    first, second = _factor(left, summed, batches), _factor(right, others, other_batches)
    if first is None or second is None:
        return None
    batch = [left.shape[axis] for axis in batches]
    sizes = (first.free[0], second.free[0], first.summed[0])
    work = 2 * prod(batch) * prod(sizes)
    few = _has_few(first, second) or _has_few(second, first)
    if few:
        least, most = LEAST_OF_FEW, inf
    elif halves:
        return None
    else:
        least = LEAST if prod(batch) == 1 else LEAST_OF_MANY
        most = (MOST if first.summed[1] == 1 else MOST_TRANSPOSED) * prod(batch)
    if not (LEAST_OF_SMALL if small else least) <= work <= most or len(batch) > _AXES:
        return None
    if not few and (right.size > LARGEST or min(sizes) < 2 and not small):
        return None
    if not ready():
        return None
    missing = _AXES - len(batch)
    told = (
        *[1] * missing, *batch, *[0] * missing, *first.batch, *[0] * missing, *second.batch,
        first.free[1], first.summed[1], second.summed[1], second.free[1], *sizes,
    )  # fmt: skip
    given = np.array(told, np.int64)
    made = jax.ShapeDtypeStruct((*batch, *first.shape, *second.shape), jnp.float32)
    call = jax.ffi.ffi_call("neurarust_product", made)
    return lambda *arrays: call(*arrays, numbers=given).astype(result)


def multiplies(equation: Any, small: bool = False) -> bool:
    """Whether it is a `dot_general` that the kernel computes, of arrays that lie as they should."""
    if equation.primitive.name != "dot_general":
        return False
    left, right = (one.aval for one in equation.invars)
    numbers = equation.params["dimension_numbers"]
    return product(equation.params, left, right, numbers, small) is not None


class _Factor(NamedTuple):
    """How a factor lies in memory: sizes and strides, and the shape of what is not summed."""

    free: tuple[int, int]
    summed: tuple[int, int]
    batch: list[int]
    shape: list[int]


def _has_few(factor: _Factor, other: _Factor) -> bool:
    """Whether a factor has so few rows that the other one need not be copied, and can be read in
    lines where it lies."""
    return factor.free[0] <= FEW < other.free[0] and 1 in (other.free[1], other.summed[1])


def _factor(array: Any, summed: Sequence[int], batch: Sequence[int]) -> _Factor | None:
    """None if axes that have to be as one do not lie so."""
    free = [axis for axis in range(array.ndim) if axis not in (*summed, *batch)]
    own, shared = _merged(array, free), _merged(array, summed)
    if own is None or shared is None:
        return None
    apart = _strides(array)
    return _Factor(
        own, shared, [apart[axis] for axis in batch], [array.shape[axis] for axis in free]
    )


def _strides(array: Any) -> list[int]:
    return [prod(array.shape[axis + 1 :]) for axis in range(array.ndim)]


def _merged(array: Any, axes: Sequence[int]) -> tuple[int, int] | None:
    """Size and stride of axes as one; None if they do not lie so in memory."""
    strides = _strides(array)
    axes = [axis for axis in axes if array.shape[axis] != 1]
    for one, other in zip(axes, axes[1:], strict=False):
        if strides[one] != strides[other] * array.shape[other]:
            return None
    return prod(array.shape[axis] for axis in axes), strides[axes[-1]] if axes else 1
