"""Which products of matrices the kernel computes, and the call that does it.

Microseconds on 2 cores with AVX-512; `x.T` stands for a left factor whose rows lie along the sum,
as in the gradient of a weight:

| matrices (rows, columns, terms) | kernel here | XLA (YNNPACK) | PyTorch |
| --- | --- | --- | --- |
| 32 of 64, 64, 32 | 27 | 54 | 46 |
| 32 of 64, 64, 32, x.T | 33 | 90 | 47 |
| 32, 512, 128 | 18 | 28 | 27 |
| 64, 128, 784 | 39 | 43 | 67 |
| 512, 384, 128 | 120 | 156 | 228 |
| 512, 128, 512 | 165 | 156 (left to XLA) | 309 |
| 512, 128, 512, x.T | 180 | 360 | 335 |
| 1024, 192, 768, x.T | 786 | 1513 | 1488 |
| 512, 512, 512 | 579 | 553 (left to XLA) | 1194 |
| 512, 512, 512, x.T | 601 | 729 | 1230 |
| 2048, 768, 768 | 5795 | 5073 (left to XLA) | 11170 |
| 2048, 768, 768, x.T | 6034 | 6592 | 11297 |
| 2048, 3072, 768, x.T | 25675 | 22091 (left to XLA) | 45948 |
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .build import ready

# Additions and multiplications: fewer are not worth a call. More than MOST, or MOST_TRANSPOSED with
# a transposed left factor, are XLA's, which has more levels of blocks.
LEAST, MOST, MOST_TRANSPOSED = 1 << 17, 60_000_000, 5_000_000_000
# Elements of a right factor, of which the kernel makes a copy.
LARGEST = 1 << 24
_AXES = 3
Axes = tuple[Sequence[int], Sequence[int]]


def product(params: dict[str, Any], left: Any, right: Any, numbers: tuple[Axes, Axes]) -> Any:
    """The function of two arrays that computes a `dot_general`, or None.

    Args:
        params: of the equation.
        left, right: the factors, or their types.
        numbers: the dimension numbers, ((summed of left, of right), (batch of left, of right)).
    """
    wanted = params["preferred_element_type"]
    if any(one not in (None, jnp.float32) for one in (left.dtype, right.dtype, wanted)):
        return None
    (left_sum, right_sum), (left_batch, right_batch) = numbers
    terms = _merged(left, left_sum), _merged(right, right_sum)
    row, column = (
        _merged(one, [axis for axis in range(one.ndim) if axis not in (*summed, *batch)])
        for one, summed, batch in ((left, left_sum, left_batch), (right, right_sum, right_batch))
    )
    if None in (*terms, row, column):
        return None
    batch = [left.shape[axis] for axis in left_batch]
    sizes = (row[0], column[0], terms[0][0])
    work = 2 * prod(batch) * prod(sizes)
    if len(batch) > _AXES or min(sizes) < 2 or work < LEAST or right.size > LARGEST:
        return None
    most = MOST if terms[0][1] == 1 else MOST_TRANSPOSED
    if work > most * prod(batch) or not ready():
        return None
    missing = [1] * (_AXES - len(batch))
    apart = [
        [0] * len(missing) + [_strides(one)[axis] for axis in axes]
        for one, axes in ((left, left_batch), (right, right_batch))
    ]
    told = (
        *missing, *batch, *apart[0], *apart[1], row[1], terms[0][1], terms[1][1], column[1], *sizes
    )  # fmt: skip
    given = np.array(told, np.int64)
    free = [
        [one.shape[axis] for axis in range(one.ndim) if axis not in (*summed, *batch_axes)]
        for one, summed, batch_axes in
        ((left, left_sum, left_batch), (right, right_sum, right_batch))
    ]  # fmt: skip
    made = jax.ShapeDtypeStruct((*batch, *free[0], *free[1]), jnp.float32)
    return lambda *arrays: jax.ffi.ffi_call("neurarust_product", made)(*arrays, numbers=given)


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
