"""Which convolutions the kernels compute, and the calls that do it.

GFLOP/s of a convolution, and of the gradient of its kernel, on 2 cores with AVX-512:

| pictures, channels, kernel | kernels here | XLA (Eigen, channels last) | PyTorch |
| --- | --- | --- | --- |
| 32 x 32 x 32, 3 to 32, 3 x 3 | 405, 320 | 83, 174 | 60, 260 |
| 32 x 32 x 32, 16, 3 x 3 | 415, 390 | 190, 135 | 280, 350 |
| 32 x 32 x 32, 32, 3 x 3 | 490, 450 | 300, 130 | 400, 410 |
| 32 x 16 x 16, 64, 3 x 3 | 500, 455 | 390, 285 | 460, 430 |
| 8 x 56 x 56, 64, 3 x 3 | 430, 440 | 200, 285 | 425, 220 |
| 8 x 28 x 28, 32 to 64, 5 x 5 | 470, 470 | 200, 310 | 510, 470 |
| 4 x 224 x 224, 3 to 64, 7 x 7 / 2 | 400, 420 | 260, 70 | 57, 290 |
| 8 x 28 x 28, 64 in 4 groups, 3 x 3 | 365, 290 | - | 370, 355 |
| 8 x 14 x 14, 512, 3 x 3 | 440, 370 | - | - |
"""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .build import ready


def convolution(params: dict[str, Any], first: Any, second: Any, result: Any) -> Any:
    """The function of arrays that computes an equation, or None.

    Args:
        params: of the equation.
        first, second, result: the types of its operands and of its result, in the program's order.

    Returns:
        A function of the pictures (batch, height, width, channels) and of the kernel as the program
        has it, which gives pictures; or one of the pictures and the cotangent, both with channels
        last, which gives the kernel's gradient as the program has it.
    """
    if first.ndim != 4 or any(one.dtype != jnp.float32 for one in (first, second, result)):
        return None
    if 0 in (*first.shape, *second.shape, *result.shape):
        return None
    numbers, spread = params["dimension_numbers"], params["lhs_dilation"]
    features, batches = params["feature_group_count"], params["batch_group_count"]
    # Between spread pixels there are no steps.
    steps = {*params["window_strides"], *params["rhs_dilation"]}
    if numbers.lhs_spec == (0, 1, 2, 3) == numbers.out_spec:
        outputs, inputs, *axes = numbers.rhs_spec
        if axes == [2, 3] and batches == 1 and (max(spread) == 1 or steps == {1}) and ready():
            return _forward(params, first, second, result, (outputs, inputs))
    # The gradient of a kernel: channels are its batch, and pictures its channels.
    elif numbers.lhs_spec == (1, 0, 2, 3) == numbers.rhs_spec and numbers.out_spec[2:] == (2, 3):
        if max(spread) == 1 and 1 in (features, batches) and ready():
            return _of_kernel(params, first, second, result)
    return None


def _forward(params: dict, picture: Any, kernel: Any, result: Any, axes: tuple[int, int]) -> Any:
    batch, channels, *sizes = picture.shape
    groups = params["feature_group_count"]
    pixels = (channels, prod(sizes) * channels, channels // groups)
    given = _numbers(
        (batch, *sizes, channels // groups, result.shape[1] // groups, groups), result.shape[2:],
        kernel.shape, axes, params["window_strides"], params["rhs_dilation"],
        params["lhs_dilation"], params["padding"], pixels,
    )  # fmt: skip
    made = jax.ShapeDtypeStruct((batch, *result.shape[2:], result.shape[1]), jnp.float32)
    return lambda *arrays: jax.ffi.ffi_call("neurarust_convolution", made)(*arrays, numbers=given)


def _of_kernel(params: dict, picture: Any, cotangent: Any, result: Any) -> Any:
    features, batches = params["feature_group_count"], params["batch_group_count"]
    groups = features * batches
    batch, channels = picture.shape[0] // features, picture.shape[1] // batches
    whole = prod(picture.shape[1:])
    # With groups of features (a `vmap` over pictures and kernels), a group has pictures of its own.
    apart = channels if features == 1 else batch * whole
    inputs, outputs = params["dimension_numbers"].out_spec[:2]
    given = _numbers(
        (batch, *picture.shape[2:], channels, cotangent.shape[1] // groups, groups),
        cotangent.shape[2:], result.shape, (outputs, inputs), params["rhs_dilation"],
        params["window_strides"], (1, 1), params["padding"], (picture.shape[1], whole, apart),
    )  # fmt: skip
    made = jax.ShapeDtypeStruct(result.shape, jnp.float32)
    target = "neurarust_convolution_kernel"
    return lambda *arrays: jax.ffi.ffi_call(target, made)(*arrays, numbers=given)


def _numbers(
    sizes: tuple, results: tuple, kernel: tuple, axes: tuple[int, int], stride: tuple,
    dilation: tuple, spread: tuple, padding: tuple, pixels: tuple,
) -> np.ndarray:  # fmt: skip
    """What the C code is told, in the order of its `enum`."""
    apart = [prod(kernel[axis + 1 :]) for axis in (*axes, 2, 3)]
    before = [low for low, _ in padding]
    told = (*sizes, *results, *kernel[2:], *apart, *stride, *dilation, *spread, *before, *pixels)
    return np.array(told, np.int64)
