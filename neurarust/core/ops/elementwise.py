"""Functions of one tensor, element by element."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np

from ..define import op
from ..errors import fail
from ..op import Array

ROOT = ("neurarust",)
SPECIAL = ("neurarust", "special")
HALF = (jnp.float16, jnp.bfloat16)
NARROW = (np.dtype(np.uint8), np.dtype(np.int8), np.dtype(np.int16))


def is_float(array: Array) -> bool:
    """Whether the elements are real or complex floating-point numbers."""
    return jnp.issubdtype(array.dtype, jnp.inexact)


def is_complex(array: Array) -> bool:
    """Whether the elements are complex numbers."""
    return jnp.issubdtype(array.dtype, jnp.complexfloating)


def wide(array: Array) -> Array:
    """Half precision as float32, in which PyTorch accumulates it."""
    return array.astype(jnp.float32) if array.dtype in HALF else array


def narrow(result: Array, input: Array) -> Array:
    """A result of `wide(input)` in the input's half type, if it has one."""
    return result.astype(input.dtype) if input.dtype in HALF else result


def cast(array: Array, dtype) -> Array:
    """The array in a dtype. Narrow integers keep the low bits of the whole part, as in PyTorch."""
    if jnp.issubdtype(array.dtype, jnp.floating) and np.dtype(dtype) in NARROW:
        array = array.astype(jnp.int64)
    return array.astype(dtype)


def refuse_bool(operation: str, *arrays: Array) -> None:
    """Raises where PyTorch has no rule for truth values."""
    if any(array.dtype == jnp.bool_ for array in arrays):
        fail(operation, "a bool tensor", "numbers", "Use logical_not, ^ or .to(dtype)")


def round_with(rounding, input: Array) -> Array:
    """`rounding(input)` for real floats; integers are whole already."""
    if is_complex(input):
        fail(rounding.__name__, str(input.dtype), "real numbers")
    return rounding(input) if is_float(input) else input


@jax.custom_jvp
def absolute(input: Array) -> Array:
    """jnp.abs with gradient 0 at 0, where JAX has 1."""
    return jnp.abs(input)


@absolute.defjvp
def absolute_jvp(primals, tangents):
    """Only for floats: `sign(x)`, and for complex numbers the part along `x / |x|`."""
    (input,), (tangent,) = primals, tangents
    if not is_complex(input):
        return absolute(input), jnp.sign(input) * tangent
    size = jnp.abs(input)
    direction = input / jnp.where(size == 0, 1, size)
    return size, jnp.real(jnp.conj(direction) * tangent)


@op(inplace=True, aliases=("absolute",), refuses="bool")
def abs(input: Array):
    """Absolute value `|x|`; its gradient at 0 is 0."""
    return absolute(input)


@op(inplace=True, aliases=("negative",))
def neg(input: Array):
    """Negation `-x`."""
    refuse_bool("neg", input)
    return -input


@op()
def positive(input: Array):
    """The input itself, as `+x`."""
    refuse_bool("positive", input)
    return input


@op(promote="float", inplace=True)
def exp(input: Array):
    """Exponential `e^x`."""
    return jnp.exp(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def exp2(input: Array):
    """Power of two `2^x`."""
    return jnp.exp2(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def expm1(input: Array):
    """`e^x - 1`, exact near 0."""
    return jnp.expm1(input)


@op(promote="float", inplace=True)
def log(input: Array):
    """Natural logarithm."""
    return jnp.log(input)


@op(promote="float", inplace=True)
def log2(input: Array):
    """Logarithm to the base 2."""
    return jnp.log2(input)


@op(promote="float", inplace=True)
def log10(input: Array):
    """Logarithm to the base 10."""
    return jnp.log10(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def log1p(input: Array):
    """`log(1 + x)`, exact near 0."""
    return jnp.log1p(input)


@op(promote="float", inplace=True)
def sqrt(input: Array):
    """Square root; NaN below 0."""
    return jnp.sqrt(input)


@op(promote="float", inplace=True)
def rsqrt(input: Array):
    """`1 / sqrt(x)`."""
    return jax.lax.rsqrt(input)


@op(inplace=True)
def square(input: Array):
    """`x * x`; truth values count as integers."""
    if input.dtype == jnp.bool_:
        input = input.astype(jnp.int64)
    return input * input


@op(promote="float", inplace=True)
def reciprocal(input: Array):
    """`1 / x`."""
    return 1 / input


@op(promote="float", inplace=True)
def sin(input: Array):
    """Sine of an angle in radians."""
    return jnp.sin(input)


@op(promote="float", inplace=True)
def cos(input: Array):
    """Cosine of an angle in radians."""
    return jnp.cos(input)


@op(promote="float", inplace=True)
def tan(input: Array):
    """Tangent of an angle in radians."""
    return jnp.tan(input)


@op(promote="float", inplace=True, aliases=("arcsin",))
def asin(input: Array):
    """Inverse sine, in `[-pi/2, pi/2]`."""
    return jnp.arcsin(input)


@op(promote="float", inplace=True, aliases=("arccos",))
def acos(input: Array):
    """Inverse cosine, in `[0, pi]`."""
    return jnp.arccos(input)


@op(promote="float", inplace=True, aliases=("arctan",))
def atan(input: Array):
    """Inverse tangent, in `[-pi/2, pi/2]`."""
    return jnp.arctan(input)


@op(promote="float", inplace=True)
def sinh(input: Array):
    """Hyperbolic sine."""
    return jnp.sinh(input)


@op(promote="float", inplace=True)
def cosh(input: Array):
    """Hyperbolic cosine."""
    return jnp.cosh(input)


@op(promote="float", inplace=True, namespace=("neurarust", "nn.functional"))
def tanh(input: Array):
    """Hyperbolic tangent."""
    return jnp.tanh(input)


@op(promote="float", inplace=True, aliases=("arcsinh",))
def asinh(input: Array):
    """Inverse hyperbolic sine."""
    return jnp.arcsinh(input)


@op(promote="float", inplace=True, aliases=("arccosh",))
def acosh(input: Array):
    """Inverse hyperbolic cosine; NaN for real numbers below 1."""
    if is_complex(input):
        # JAX's gradient has the wrong sign on half of the plane.
        return jnp.log(input + jnp.sqrt(input + 1) * jnp.sqrt(input - 1))
    return jnp.arccosh(input)


@op(promote="float", inplace=True, aliases=("arctanh",))
def atanh(input: Array):
    """Inverse hyperbolic tangent; NaN outside `[-1, 1]`."""
    return jnp.arctanh(input)


@op(promote="float", inplace=True, namespace=("neurarust", "nn.functional"))
def sigmoid(input: Array):
    """Logistic function `1 / (1 + e^-x)`."""
    return jax.lax.logistic(input)


@op(promote="float", inplace=True, namespace=SPECIAL, refuses="complex")
def logit(input: Array, eps: float | None = None):
    """`log(x / (1 - x))`, the inverse of the sigmoid.

    Args:
        eps: if given, the input is first clamped to `[eps, 1 - eps]`.
    """
    if eps is not None:
        input = jnp.where(input < eps, eps, jnp.where(input > 1 - eps, 1 - eps, input))
    return jnp.log(input) - jnp.log1p(-input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def erf(input: Array):
    """Error function `2 / sqrt(pi) * integral of e^(-t^2) from 0 to x`."""
    return jax.lax.erf(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def erfc(input: Array):
    """`1 - erf(x)`, exact for large x."""
    return jax.lax.erfc(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def erfinv(input: Array):
    """Inverse of the error function, on `[-1, 1]`."""
    return jax.lax.erf_inv(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def sinc(input: Array):
    """`sin(pi x) / (pi x)`, and 1 at 0."""
    return jnp.sinc(input)


@op(inplace=True, refuses="bool complex")
def floor(input: Array):
    """Largest whole number that is not above x."""
    return round_with(jnp.floor, input)


@op(inplace=True, refuses="bool complex")
def ceil(input: Array):
    """Smallest whole number that is not below x."""
    return round_with(jnp.ceil, input)


@op(inplace=True, aliases=("fix",), refuses="bool complex")
def trunc(input: Array):
    """The whole part of x: rounds towards 0."""
    return round_with(jnp.trunc, input)


@op(inplace=True, namespace=SPECIAL, refuses="bool complex")
def round(input: Array, *, decimals: int = 0):
    """Nearest whole number, halves to the even one.

    Args:
        decimals: digits kept after the point; negative rounds to tens, hundreds...
    """
    if decimals == 0 or not is_float(input):
        return round_with(jnp.round, input)
    scale = 10.0 ** math.fabs(decimals)
    return jnp.round(input * scale) / scale if decimals > 0 else jnp.round(input / scale) * scale


@op(inplace=True)
def frac(input: Array):
    """`x - trunc(x)`, with the sign of x."""
    if not is_float(input):
        fail("frac", str(input.dtype), "floating-point numbers")
    return input - jnp.trunc(input)


@op(inplace=True)
def sign(input: Array):
    """-1, 0 or 1, as x is below, at or above 0."""
    if is_complex(input):
        fail("sign", str(input.dtype), "real numbers", "Use sgn for complex ones")
    if input.dtype == jnp.bool_:
        return input
    # jnp.sign keeps a NaN, for which PyTorch has 0.
    return jnp.where(jnp.isnan(input), jnp.zeros_like(input), jnp.sign(input))


@op(inplace=True)
def sgn(input: Array):
    """`x / |x|`, and 0 at 0: the sign, for complex numbers too."""
    if input.dtype == jnp.bool_:
        return input
    if not is_complex(input):
        return jnp.where(jnp.isnan(input), jnp.zeros_like(input), jnp.sign(input))
    size = jnp.abs(input)
    return jnp.where(size == 0, 0, input / jnp.where(size == 0, 1, size))


@op(promote="float", inplace=True, refuses="complex")
def deg2rad(input: Array):
    """Degrees to radians: `x * pi / 180`."""
    return input * (math.pi / 180)


@op(promote="float", inplace=True, refuses="complex")
def rad2deg(input: Array):
    """Radians to degrees: `x * 180 / pi`."""
    return input * (180 / math.pi)


@op(inplace=True, out="same dtype")
def nan_to_num(
    input: Array, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
):
    """Puts finite numbers where the input has none.

    Args:
        posinf, neginf: by default the largest and the smallest number of the dtype.
    """
    if not is_float(input):
        return input
    if is_complex(input):
        parts = (jnp.real(input), jnp.imag(input))
        return jax.lax.complex(
            *(jnp.nan_to_num(p, nan=nan, posinf=posinf, neginf=neginf) for p in parts)
        )
    return jnp.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


@op(differentiable=False)
def isnan(input: Array):
    """Whether each element is not a number."""
    return jnp.isnan(input)


@op(differentiable=False)
def isinf(input: Array):
    """Whether each element is infinite, with either sign."""
    return jnp.isinf(input)


@op(differentiable=False)
def isfinite(input: Array):
    """Whether each element is neither infinite nor NaN."""
    return jnp.isfinite(input)


@op(differentiable=False)
def isposinf(input: Array):
    """Whether each element is plus infinity."""
    return jnp.isposinf(input)


@op(differentiable=False)
def isneginf(input: Array):
    """Whether each element is minus infinity."""
    return jnp.isneginf(input)


@op(differentiable=False)
def signbit(input: Array):
    """Whether the sign of each element is set, that of -0.0 too."""
    return jnp.signbit(input) if is_float(input) else input < 0


@op(differentiable=False)
def isreal(input: Array):
    """Whether the imaginary part of each element is 0."""
    return jnp.isreal(input)


@op(inplace=True)
def conj_physical(input: Array):
    """Complex conjugate, as a copy."""
    return jnp.conj(input)


@op(promote="float")
def angle(input: Array):
    """Argument in radians: for a real number 0, or pi below 0."""
    if is_complex(input):
        return jnp.angle(input)
    return jnp.where(jnp.isnan(input), input, jnp.where(input < 0, math.pi, 0).astype(input.dtype))
