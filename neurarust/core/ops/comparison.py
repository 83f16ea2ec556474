"""Comparisons, logic and bits, element by element."""

from __future__ import annotations

import jax.numpy as jnp

from ..define import op
from ..errors import fail
from ..op import Array, Operand
from .elementwise import is_float


@op(promote="same", differentiable=False, inplace=True)
def eq(input: Array, other: Operand):
    """Whether `input == other`."""
    return input == other


@op(promote="same", differentiable=False, inplace=True, aliases=("not_equal",))
def ne(input: Array, other: Operand):
    """Whether `input != other`."""
    return input != other


@op(promote="same", differentiable=False, inplace=True, aliases=("less",), refuses="complex")
def lt(input: Array, other: Operand):
    """Whether `input < other`."""
    return input < other


@op(promote="same", differentiable=False, inplace=True, aliases=("less_equal",), refuses="complex")
def le(input: Array, other: Operand):
    """Whether `input <= other`."""
    return input <= other


@op(promote="same", differentiable=False, inplace=True, aliases=("greater",), refuses="complex")
def gt(input: Array, other: Operand):
    """Whether `input > other`."""
    return input > other


@op(
    promote="same",
    differentiable=False,
    inplace=True,
    aliases=("greater_equal",),
    refuses="complex",
)
def ge(input: Array, other: Operand):
    """Whether `input >= other`."""
    return input >= other


@op(promote="same", differentiable=False)
def isclose(
    input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
):
    """Whether `|input - other| <= atol + rtol * |other|`; equal infinities are close."""
    if rtol < 0 or atol < 0:
        fail("isclose", f"rtol={rtol} and atol={atol}", "tolerances of 0 or more")
    if not is_float(input):
        # Without overflow of the difference, as PyTorch compares integers.
        input, other = input.astype(jnp.float64), other.astype(jnp.float64)
    return jnp.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@op(differentiable=False, inplace=True)
def logical_and(input: Array, other: Array):
    """Whether both are true (not 0)."""
    return jnp.logical_and(input, other)


@op(differentiable=False, inplace=True)
def logical_or(input: Array, other: Array):
    """Whether at least one is true (not 0)."""
    return jnp.logical_or(input, other)


@op(differentiable=False, inplace=True)
def logical_xor(input: Array, other: Array):
    """Whether exactly one is true (not 0)."""
    return jnp.logical_xor(input, other)


@op(differentiable=False, inplace=True)
def logical_not(input: Array):
    """Whether the element is false (0)."""
    return jnp.logical_not(input)


def whole(operation: str, *arrays: Array) -> None:
    """Raises unless all hold integers or truth values."""
    for array in arrays:
        if is_float(array):
            fail(operation, str(array.dtype), "integers or bools")


@op(promote="same", differentiable=False, inplace=True)
def bitwise_and(input: Array, other: Operand):
    """Bits set in both; logical and of bools."""
    whole("bitwise_and", input, other)
    return input & other


@op(promote="same", differentiable=False, inplace=True)
def bitwise_or(input: Array, other: Operand):
    """Bits set in either; logical or of bools."""
    whole("bitwise_or", input, other)
    return input | other


@op(promote="same", differentiable=False, inplace=True)
def bitwise_xor(input: Array, other: Operand):
    """Bits set in one only; exclusive or of bools."""
    whole("bitwise_xor", input, other)
    return input ^ other


@op(differentiable=False, inplace=True)
def bitwise_not(input: Array):
    """All bits turned over; logical not of bools."""
    whole("bitwise_not", input)
    return ~input


@op(promote="same", differentiable=False, inplace=True, refuses="bool")
def bitwise_left_shift(input: Operand, other: Operand):
    """Bits moved up: `input * 2^other`."""
    whole("bitwise_left_shift", input, other)
    return jnp.left_shift(input, other)


@op(promote="same", differentiable=False, inplace=True, refuses="bool")
def bitwise_right_shift(input: Operand, other: Operand):
    """Bits moved down, keeping the sign: `input / 2^other` rounded down."""
    whole("bitwise_right_shift", input, other)
    return jnp.right_shift(input, other)
