"""Which library computes a program's products and convolutions on CPU.

XLA takes them from one of two, YNNPACK or Eigen, for a whole program at a time. By default
YNNPACK has all of them whose operands lie in its order. Times of Eigen over YNNPACK for x @ w and
x @ w.T, x (rows, inner), float32, on 2 cores:

| weights (inner, outer) | rows 32 | 128 | 512 | 2048 |
| --- | --- | --- | --- | --- |
| 64, 256 | 1.00, 1.67 | 0.83, 1.08 | 0.71, 0.86 | 0.95, 0.98 |
| 128, 128 | 0.96, 1.28 | 0.94, 1.01 | 0.63, 0.68 | 0.83, 0.98 |
| 128, 512 | 1.41, 2.50 | 0.78, 1.40 | 0.85, 0.97 | 0.55, 0.92 |
| 512, 128 | 0.86, 1.31 | 0.71, 1.32 | 0.91, 1.15 | 1.18, 1.14 |
| 256, 256 | 1.42, 2.46 | 1.06, 1.84 | 0.88, 1.06 | 0.82, 0.93 |
| 256, 1024 | 1.39, 3.68 | 1.05, 1.82 | 1.03, 1.30 | 0.75, 0.81 |
| 512, 512 | 1.43, 3.20 | 1.06, 1.64 | 1.04, 1.32 | 0.97, 1.05 |

So Eigen takes over where many rows meet small weights, forward and backward 8 to 12 % faster
over these shapes. Products that sum over the rows (gradients of weights) are Eigen's either way.
For convolutions, Eigen has twice the speed with channels last (`layout`). What the kernels in C
compute (`core.native`) does not count.
"""

from __future__ import annotations

from math import prod
from typing import Any

from .. import native
from .jaxprs import executions

_OPTION = "xla_cpu_experimental_ynn_fusion_type"
_PRODUCTS, _REDUCTIONS = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT", "LIBRARY_FUSION_TYPE_REDUCE"
# Where Eigen is faster: so many rows or more, weights of so many elements or fewer.
MANY_ROWS, SMALL_WEIGHTS = 512, 1 << 16
# The part of a program's multiplications that must be such.
MOST = 0.8


def options(jaxpr: Any, convolves: bool) -> dict[str, Any]:
    """What XLA is told when it compiles a program for CPU."""
    if _has_small_weights(jaxpr):
        return {_OPTION: _REDUCTIONS}
    return {_OPTION: f"{_PRODUCTS},{_REDUCTIONS}"} if convolves else {}


def _has_small_weights(jaxpr: Any) -> bool:
    """Whether most products are of many rows with small weights."""
    such = all_ = 0
    for equation, times in executions(jaxpr):
        if equation.primitive.name != "dot_general":
            continue
        left, right = (one.aval for one in equation.invars)
        (inner, _), (batch, _) = equation.params["dimension_numbers"]
        if left.dtype != "float32" or 0 in (*left.shape, *right.shape):
            continue
        if left.ndim - 1 not in inner:  # sums over the rows: Eigen's in any case
            continue
        if native.multiplies(equation):
            continue
        summed, batches = (prod(left.shape[k] for k in axes) for axes in (inner, batch))
        work = times * left.size * (right.size // (summed * batches))
        all_ += work
        if not batch and left.size // summed >= MANY_ROWS and right.size <= SMALL_WEIGHTS:
            such += work
    return such > 0 and such >= MOST * all_
