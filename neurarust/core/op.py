"""The Op record: a pure function over jax arrays, and how its arguments are to be read.

An argument's *kind* is its annotation in the function's signature:

    Array           a Tensor; the function gets a jax array
    Array | None    the same, may be left out
    Arrays          a sequence of Tensors; the function gets a list of jax arrays
    Operand         a Tensor or a Python number; the number travels as data, so changing
                    it never compiles again
    Scalar          a Python number that travels as data
    Exponent        an Operand whose small whole and half numbers are baked in
    Index           a Python integer that travels as data and arrives as int64
    anything else   static: part of the program's key (dim, keepdim, mode, dtype...)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array
Arrays: TypeAlias = "list[jax.Array]"
# Callers give numbers or Tensors; bodies get arrays (or, for an Exponent, numbers).
Operand: TypeAlias = Any
Scalar: TypeAlias = Any
Index: TypeAlias = Any
Exponent: TypeAlias = Any

STATIC, ARRAY, ARRAYS, OPERAND, SCALAR, EXPONENT, INDEX = range(7)
# Kinds whose Python numbers travel as data.
NUMERIC = frozenset({OPERAND, SCALAR, EXPONENT, INDEX})
_KINDS = {
    "Array": ARRAY,
    "Arrays": ARRAYS,
    "Operand": OPERAND,
    "Scalar": SCALAR,
    "Exponent": EXPONENT,
    "Index": INDEX,
}

OPS: dict[str, Op] = {}


class Op:
    """A named pure function over jax arrays plus static parameters."""

    __slots__ = (
        "name", "function", "parameters", "positional", "kinds", "optional", "promote", "promoted",
        "residuals", "differentiable", "gradient", "signature", "signatures", "home",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        *,
        promote: str | None = None,
        promoted: tuple[str, ...] | None = None,
        residuals: bool = False,
        differentiable: bool = True,
        gradient: Callable[..., tuple] | None = None,
    ):
        if promote not in (None, "same", "float"):
            raise ValueError(f"op {name}: promote must be None, 'same' or 'float', got {promote!r}")
        self.name = name
        self.function = function
        self.signature = inspect.signature(function)
        self.parameters = tuple(self.signature.parameters)
        self.kinds = {
            parameter.name: kind_of(parameter.annotation)
            for parameter in self.signature.parameters.values()
        }
        # Those that may be None.
        self.optional = frozenset(
            parameter.name
            for parameter in self.signature.parameters.values()
            if parameter.default is None or "None" in str(parameter.annotation)
        )
        # The kinds of the arguments that may be given by position, in order.
        self.positional = tuple(
            self.kinds[parameter.name]
            for parameter in self.signature.parameters.values()
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.VAR_POSITIONAL)
        )
        self.promote = promote
        self.promoted = promoted
        self.residuals = residuals
        self.differentiable = differentiable
        # Gradients of the arrays from the result's and the arguments, where `jax.vjp`'s are slow.
        self.gradient = gradient
        # Where another process finds the same op; None for ops that users define.
        module = function.__module__
        self.home = f"{module}.{name}" if module.startswith("neurarust.") else None
        # Filled by the engine: key of a call -> its Signature.
        self.signatures: dict[tuple, Any] = {}

    def __repr__(self) -> str:
        return f"<op {self.name}{self.signature}>"


def kind_of(annotation: object) -> int:
    """The kind that an annotation (usually a string) stands for."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return _KINDS.get(text.split("|")[0].strip(), STATIC)


def computed_once(scalar: Any) -> Any:
    """Real scalars, in a form that XLA does not compute anew in every operation that takes them.

    XLA puts cheap operations into all that follow: of a step of Adam, half of what it compiled
    were the numbers that all parameters share (the first step of a GPT of 24 blocks: 6.2 s, and 5.9
    so). A division is not cheap; this one is by 1, as only the device can tell.
    """
    return scalar / jnp.where(scalar < -jnp.inf, 2, 1).astype(scalar.dtype)
