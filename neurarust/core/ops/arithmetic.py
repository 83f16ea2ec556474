"""Functions of two or three tensors, element by element, with broadcasting."""

from __future__ import annotations

from numbers import Number
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import xlogy as jax_xlogy

from .. import dtype as dtypes
from ..define import function, op
from ..errors import fail
from ..op import Array, Exponent, Operand, Scalar
from ..tensor.tensor import Tensor, known_host
from .elementwise import SPECIAL, absolute, is_complex, is_float, refuse_bool


def scaled(array: Array, factor: Scalar) -> Array:
    """`factor * array`; the array itself for the default factor, so that bools stay bools."""
    return array if isinstance(factor, int) and factor == 1 else factor * array


@op(promote="same", inplace=True)
def add(input: Array, other: Operand, *, alpha: Scalar = 1):
    """Sum `input + alpha * other`."""
    return input + scaled(other, alpha)


@op(promote="same", inplace=True, aliases=("subtract",))
def sub(input: Operand, other: Operand, *, alpha: Scalar = 1):
    """Difference `input - alpha * other`."""
    refuse_bool("sub", input, other)
    return input - scaled(other, alpha)


@op(promote="same")
def rsub(input: Array, other: Operand, *, alpha: Scalar = 1):
    """Difference the other way round, `other - alpha * input`."""
    refuse_bool("rsub", input, other)
    return other - scaled(input, alpha)


@op(promote="same", inplace=True, aliases=("multiply",))
def mul(input: Array, other: Operand):
    """Product `input * other`."""
    return input * other


@op(promote="float", inplace=True)
def true_divide(input: Operand, other: Operand):
    """Quotient `input / other`, a floating-point number for integers too."""
    return input / other


def _no_whole_zero(input: Any, other: Any = 1, **named: Any) -> None:
    """Raises for integers divided by a 0, where that is known already."""
    floats = (
        isinstance(one, Tensor) and one.dtype.category > dtypes.INTEGER for one in (input, other)
    )
    if type(input) is float or type(other) is float or any(floats):
        return
    known = known_host(other) if isinstance(other, Tensor) else other
    if known is not None and not np.all(known):
        raise RuntimeError("ZeroDivisionError: integers were divided by 0. Divide by .float()")


@op(promote="same", inplace=True, check=_no_whole_zero)
def floor_divide(input: Operand, other: Operand):
    """Quotient rounded down to a whole number.

    Raises:
        RuntimeError: for integers divided by a 0 that is known at the call. Differs from PyTorch:
            one that is still to be computed gives an unspecified number.
    """
    refuse_bool("floor_divide", input, other)
    if not is_float(input):
        return jnp.floor_divide(input, other)
    input, other = jax.lax.stop_gradient((input, other))
    # jnp rounds inf / x to NaN where other == 0; PyTorch keeps the quotient.
    safe = jnp.where(other == 0, 1, other)
    return jnp.where(other == 0, input / other, jnp.floor_divide(input, safe))


@op(name="trunc_divide", promote="same", namespace=(), method=False, check=_no_whole_zero)
def trunc_divide(input: Operand, other: Operand):
    """Quotient rounded towards 0."""
    if is_float(input):
        return jnp.trunc(input / other)
    return jax.lax.div(*jnp.broadcast_arrays(input, other))


@function(method=True, inplace=True, out=True, aliases=("divide",))
def div(input, other, *, rounding_mode=None):
    """Quotient `input / other`.

    Args:
        rounding_mode: None for the true quotient, "floor" to round down, "trunc" to round to 0.
    """
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode == "trunc":
        return trunc_divide(input, other)
    fail("div", f"rounding_mode={rounding_mode!r}", "None, 'floor' or 'trunc'")


@op(promote="same", inplace=True, refuses="bool complex", check=_no_whole_zero)
def remainder(input: Operand, other: Operand):
    """Remainder of the division rounded down; it has the sign of `other`, as Python's `%`."""
    return jnp.remainder(input, other)


@op(promote="same", inplace=True, refuses="bool complex", check=_no_whole_zero)
def fmod(input: Array, other: Operand):
    """Remainder of the division rounded to 0; it has the sign of `input`, as C's fmod."""
    return jnp.fmod(input, other)


@op(promote="same", inplace=True)
def pow(input: Operand, exponent: Exponent):
    """Power `input ** exponent`.

    A negative Python number cannot be the exponent of integers; one in a tensor gives 0,
    or 1 and -1 for a base of 1 and -1.
    """
    if isinstance(exponent, (int, float)):
        return constant_power(input, exponent)
    if is_float(input):
        # The gradient of 0^0 is 0, where JAX has NaN.
        both_zero = (input == 0) & (exponent == 0)
        return jnp.power(jnp.where(both_zero, 1, input), exponent)
    # |base| > 1 to a negative power rounds to 0; -1 keeps the parity.
    whole = jnp.power(input, jnp.maximum(exponent, 0))
    unit = jnp.where(exponent % 2 == 0, jnp.ones_like(input), input)
    return jnp.where(exponent < 0, jnp.where((input == 1) | (input == -1), unit, 0), whole)


def constant_power(input: Array, exponent: float) -> Array:
    """`input ** exponent` for a number known when the program is built."""
    if not is_float(input):
        if exponent < 0:
            fail(
                "pow",
                f"integers and the exponent {exponent}",
                "no negative exponent: integers to negative integer powers are not allowed",
                "Convert the input with .float()",
            )
        return jax.lax.integer_pow(input, int(exponent))
    if exponent == 0.5:
        return jnp.sqrt(input)
    if exponent == -0.5:
        return jax.lax.rsqrt(input)
    if exponent == int(exponent):
        return jax.lax.integer_pow(input, int(exponent))
    return jnp.power(input, exponent)


@function(method=True, inplace=True, out=True)
def float_power(input, exponent):
    """Power computed in double precision (complex128 for complex numbers)."""
    return pow(double(input), double(exponent))


@op(namespace=(), method=False)
def double_precision(input: Array):
    """The same numbers in float64 or complex128."""
    return input.astype(jnp.complex128 if is_complex(input) else jnp.float64)


def double(value):
    """A tensor in double precision; a Python number as it is."""
    return value if isinstance(value, Number) else double_precision(value)


@op(promote="same", refuses="complex")
def maximum(input: Array, other: Array):
    """The larger of two numbers, NaN if either is; at a tie each gets half the gradient."""
    return jnp.maximum(input, other)


@op(promote="same", refuses="complex")
def minimum(input: Array, other: Array):
    """The smaller of two numbers, NaN if either is; at a tie each gets half the gradient."""
    return jnp.minimum(input, other)


@op(promote="same", refuses="complex")
def fmax(input: Array, other: Array):
    """The larger of two numbers, passing over NaN; at a tie `input` gets the gradient."""
    return jnp.where((input >= other) | jnp.isnan(other), input, other)


@op(promote="same", refuses="complex")
def fmin(input: Array, other: Array):
    """The smaller of two numbers, passing over NaN; at a tie `input` gets the gradient."""
    return jnp.where((input <= other) | jnp.isnan(other), input, other)


@op(promote="float", inplace=True, aliases=("arctan2",), refuses="complex")
def atan2(input: Array, other: Array):
    """Angle of the point `(other, input)`, in `[-pi, pi]`; its gradient at the origin is 0."""
    origin = (input == 0) & (other == 0)
    there = jax.lax.stop_gradient(jnp.arctan2(input, other))
    return jnp.where(origin, there, jnp.arctan2(jnp.where(origin, 1, input), other))


@op(promote="same", inplace=True, refuses="bool integer")
def hypot(input: Array, other: Array):
    """`sqrt(input^2 + other^2)` without overflow."""
    return jnp.hypot(input, other)


@op(promote="float")
def logaddexp(input: Array, other: Array):
    """`log(e^input + e^other)` without overflow."""
    return jnp.logaddexp(input, other)


@op(promote="float", refuses="complex")
def logaddexp2(input: Array, other: Array):
    """`log2(2^input + 2^other)` without overflow."""
    return jnp.logaddexp2(input, other)


@op(promote="float", inplace=True, namespace=SPECIAL, refuses="complex")
def xlogy(input: Operand, other: Operand):
    """`input * log(other)`, and 0 where input is 0 unless other is NaN."""
    zero = (input == 0) & (other <= 0)
    return jnp.where(jnp.isnan(other), other, jax_xlogy(input, jnp.where(zero, 1, other)))


@op(promote="float", inplace=True)
def copysign(input: Array, other: Operand):
    """The size of `input` with the sign of `other`."""
    size = absolute(input)
    return jnp.where(jnp.signbit(other), -size, size)


@jax.custom_jvp
def neighbour(input: Array, other: Array) -> Array:
    """jnp.nextafter, with a gradient."""
    return jnp.nextafter(input, other)


@neighbour.defjvp
def neighbour_jvp(primals, tangents):
    """That of the input, except where it is there already."""
    input, other = jnp.broadcast_arrays(*primals)
    return neighbour(input, other), jnp.where(input == other, 0, tangents[0])


@op(promote="same", inplace=True, refuses="bool integer")
def nextafter(input: Array, other: Array):
    """The number next to `input` on the way to `other`."""
    return neighbour(*jnp.broadcast_arrays(input, other))


@op(promote="float", inplace=True)
def ldexp(input: Array, other: Array):
    """`input * 2^other`."""
    return input * jnp.exp2(other)


@op(promote="same", differentiable=False, inplace=True, refuses="complex")
def heaviside(input: Array, values: Array):
    """0 below 0, 1 above 0 and `values` at 0."""
    return jnp.where(input == 0, values, (input > 0).astype(input.dtype))


@op(promote="same", differentiable=False, inplace=True)
def gcd(input: Array, other: Array):
    """Greatest common divisor of integers."""
    return jnp.gcd(input, other)


@op(promote="same", differentiable=False, inplace=True)
def lcm(input: Array, other: Array):
    """Least common multiple of integers."""
    return jnp.lcm(input, other)


@op(promote="same", inplace=True, refuses="bool")
def lerp(input: Array, end: Array, weight: Operand):
    """Linear interpolation `input + weight * (end - input)`, exact at both ends."""
    step = end - input
    return jnp.where(jnp.abs(weight) < 0.5, input + weight * step, end - step * (1 - weight))


@op(promote="same", inplace=True, refuses="bool")
def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: Scalar = 1):
    """`input + value * tensor1 * tensor2`."""
    return input + scaled(tensor1, value) * tensor2


@op(promote="same", inplace=True, refuses="bool")
def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: Scalar = 1):
    """`input + value * tensor1 / tensor2`."""
    if not is_float(input):
        fail(
            "addcdiv",
            str(input.dtype),
            "floating-point numbers",
            "Write input + value * torch.div(tensor1, tensor2, rounding_mode='trunc')",
        )
    return input + scaled(tensor1, value) / tensor2


def numbers_held(input: Any, *numbers: Any, **named: Any) -> None:
    """Raises for a number that an integer tensor cannot hold."""
    for one in (*numbers, *named.values()):
        if type(one) is int and isinstance(input, Tensor):
            dtypes.check_holds(input.dtype, one)


@op(promote="same", inplace=True, aliases=("clip",), refuses="bool complex", check=numbers_held)
def clamp(input: Array, min: Operand | None = None, max: Operand | None = None):
    """Numbers brought into `[min, max]`; the gradient passes at the bounds.

    Where min is above max the result is max.
    """
    if min is None and max is None:
        fail("clamp", "no bound", "min, max or both")
    if min is not None:
        input = jnp.where(input < min, min, input)
    return input if max is None else jnp.where(input > max, max, input)


@op(promote="same", inplace=True, refuses="complex")
def clamp_min(input: Array, min: Operand):
    """Numbers below `min` brought up to it."""
    return jnp.where(input < min, min, input)


@op(promote="same", inplace=True, refuses="complex", check=numbers_held)
def clamp_max(input: Array, max: Operand):
    """Numbers above `max` brought down to it."""
    return jnp.where(input > max, max, input)


@op(promote="same", promoted=("input", "other"), method=False, out="same dtype")
def where(condition: Array, input: Operand, other: Operand):
    """`input` where the condition holds, `other` elsewhere."""
    return jnp.where(condition, input, other)


@function(name="where", namespace=(), method=True)
def where_method(input, condition, other):
    """`where(condition, input, other)` as a method of `input`."""
    return where(condition, input, other)


def _number_held(input: Any, mask: Any = None, value: Any = None) -> None:
    if isinstance(input, Tensor):
        dtypes.check_holds(input.dtype, value)


@op(inplace=True, check=_number_held)
def masked_fill(input: Array, mask: Array, value: Operand):
    """The input with `value` where the mask holds; keeps the input's dtype."""
    if mask.dtype != jnp.bool_:
        fail("masked_fill", f"a mask of {mask.dtype}", "a bool mask", "Use mask.bool()")
    value = jnp.asarray(value)
    if value.ndim:
        fail("masked_fill", f"a value of shape {tuple(value.shape)}", "one number")
    if is_complex(value) and not is_complex(input):
        fail("masked_fill", f"a value of {value.dtype}", f"one that {input.dtype} can hold")
    return jnp.where(mask, value.astype(input.dtype), input)


@op(promote="same", method=False, refuses="bool integer")
def polar(abs: Array, angle: Array):
    """Complex numbers from absolute value and angle: `abs * e^(i angle)`."""
    return jax.lax.complex(abs * jnp.cos(angle), abs * jnp.sin(angle))


@op(method=False, out="same dtype")
def complex(real: Array, imag: Array):
    """Complex numbers from real and imaginary parts of one floating-point dtype."""
    if real.dtype != imag.dtype or real.dtype not in (jnp.float32, jnp.float64):
        fail("complex", f"{real.dtype} and {imag.dtype}", "two float32 or two float64 tensors")
    return jax.lax.complex(*jnp.broadcast_arrays(real, imag))
