"""What is in a traced program that decides how it is compiled for CPU."""

from __future__ import annotations

import math
from typing import Any

from .. import native
from .jaxprs import equations, executions

# Pictures of so many pixels are multiplied as they lie, one by one.
PIXELS = 256


def convolves(jaxpr: Any) -> bool:
    """Whether there is a convolution in it that `layout.channels_last` reaches."""
    return any(one.primitive.name == "conv_general_dilated" for one in equations(jaxpr))


def multiplies_pictures(jaxpr: Any) -> bool:
    """Whether there is a product of pictures' channels in it, as of a 1 x 1 convolution."""
    return any(map(_multiplies_pictures, equations(jaxpr)))


def calls_kernels(jaxpr: Any) -> bool:
    """Whether there is a product or a formula in it, or in its loops, that a kernel computes."""
    return any(native.multiplies(one) or native.is_formula(one) for one, _ in executions(jaxpr))


def transposes(jaxpr: Any) -> bool:
    """Whether there is a transpose in it that a kernel performs, and not a product takes in."""
    found = [*equations(jaxpr)]
    products = [one for one in found if one.primitive.name == "dot_general"]
    factors = {id(one) for product in products for one in product.invars}
    return any(native.transposes(one) and id(one.outvars[0]) not in factors for one in found)


def _multiplies_pictures(equation: Any) -> bool:
    """Whether it is a product of plain pictures' channels with a matrix: a 1 x 1 convolution."""
    if equation.primitive.name != "dot_general":
        return False
    (picture, matrix), params = (one.aval for one in equation.invars), equation.params
    ((axes, _), (batch, _)) = params["dimension_numbers"]
    return (
        picture.ndim > 2 and matrix.ndim == 2 and tuple(axes) == (1,) and not batch
        and math.prod(picture.shape[2:]) >= PIXELS
    )  # fmt: skip
