"""Formulas that a kernel computes in one pass.

A formula is a jitted function of arrays with the kernel's name, by which a program's calls of it
are found when the program is compiled. Where there is no kernel, or the call is the formula's
derivative or one of many by `vmap`, the formula itself is computed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from .build import ready

Shape = tuple[int, ...]


class _Formula(NamedTuple):
    function: Callable
    # Whether the kernel takes arrays of these shapes.
    fits: Callable[..., bool]
    # Input -> the result that is written over it.
    aliases: dict[int, int]


_FORMULAS: dict[str, _Formula] = {}


def formula(fits: Callable[..., bool], aliases: dict[int, int] | None = None) -> Callable:
    """Marks a function of float32 arrays as a kernel's formula; it is `neurarust_*` to XLA.

    Args:
        fits: whether the kernel computes it for arrays of these shapes.
        aliases: input -> the result that the kernel writes over it.
    """

    def mark(function: Callable) -> Callable:
        function.__name__ = f"neurarust_{function.__name__.lstrip('_')}"
        _FORMULAS[function.__name__] = _Formula(function, fits, aliases or {})
        return jax.jit(function)

    return mark


def is_formula(equation: Any) -> bool:
    """Whether an equation is a call of a formula that a kernel computes."""
    if equation.primitive.name != "jit" or equation.params["name"] not in _FORMULAS:
        return False
    types = [one.aval for one in (*equation.invars, *equation.outvars)]
    return (
        all(one.dtype == jnp.float32 and one.size for one in types)
        and _is_plain(equation.params["name"], equation.params["jaxpr"])
        and ready()
    )


@functools.lru_cache(maxsize=256)
def _is_plain(name: str, closed: Any) -> bool:
    """Whether this is the formula itself: not its derivative, nor one of many by `vmap`."""
    function, fits, _ = _FORMULAS[name]
    types = [jax.ShapeDtypeStruct(one.shape, one.dtype) for one in closed.in_avals]
    if len(types) != function.__code__.co_argcount or not fits(*[one.shape for one in types]):
        return False
    return str(jax.make_jaxpr(function)(*types)) == str(closed)


def call(equation: Any, arrays: list) -> list:
    """The kernel's call in place of an equation."""
    made = [jax.ShapeDtypeStruct(one.aval.shape, jnp.float32) for one in equation.outvars]
    name = equation.params["name"]
    kernel = jax.ffi.ffi_call(name, made, input_output_aliases=_FORMULAS[name].aliases)
    return list(kernel(*arrays))
