"""Orthogonal polynomials, from the recurrences of DLMF 18.9: one row each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..define import op
from ..errors import fail
from ..op import Array, Operand
from .elementwise import HALF, is_complex

Number = Any


def three_terms(
    x: Array, degree: Array, first: Array, step: Callable[[Number, Array, Array, Array], Array]
) -> Array:
    """Polynomials of degree `degree`, elementwise, from `p0 = 1`, `p1 = first`.

    `step(k, x, p, before)` is the polynomial of degree k + 1. Below degree 0 the result is 0.
    """
    x, degree, first = jnp.broadcast_arrays(x, jnp.trunc(degree), first)
    ones = jnp.ones_like(x)
    highest = jnp.max(degree, initial=0).astype(jnp.int32)

    def advance(k, pair):
        current, before = pair
        following = step(jnp.asarray(k, x.dtype), x, current, before)
        more = k < degree
        return jnp.where(more, following, current), jnp.where(more, current, before)

    result, _ = jax.lax.fori_loop(1, highest, advance, (first, ones))
    return jnp.where(degree < 0, 0, jnp.where(degree == 0, 1, result))


def _chebyshev(k: Number, x: Array, current: Array, before: Array) -> Array:
    return 2 * x * current - before


def _hermite(k: Number, x: Array, current: Array, before: Array) -> Array:
    return 2 * x * current - 2 * k * before


def _hermite_e(k: Number, x: Array, current: Array, before: Array) -> Array:
    return x * current - k * before


def _laguerre(k: Number, x: Array, current: Array, before: Array) -> Array:
    return ((2 * k + 1 - x) * current - k * before) / (k + 1)


def _legendre(k: Number, x: Array, current: Array, before: Array) -> Array:
    return ((2 * k + 1) * x * current - k * before) / (k + 1)


# Name -> (what it is called, the polynomial of degree 1, the recurrence).
POLYNOMIALS: dict[str, tuple[str, Callable[[Array], Array], Callable]] = {
    "chebyshev_polynomial_t": ("Chebyshev's of the first kind", lambda x: x, _chebyshev),
    "chebyshev_polynomial_u": ("Chebyshev's of the second kind", lambda x: 2 * x, _chebyshev),
    "chebyshev_polynomial_v": ("Chebyshev's of the third kind", lambda x: 2 * x - 1, _chebyshev),
    "chebyshev_polynomial_w": ("Chebyshev's of the fourth kind", lambda x: 2 * x + 1, _chebyshev),
    "hermite_polynomial_h": ("Hermite's, of physicists", lambda x: 2 * x, _hermite),
    "hermite_polynomial_he": ("Hermite's, of probabilists", lambda x: x, _hermite_e),
    "laguerre_polynomial_l": ("Laguerre's", lambda x: 1 - x, _laguerre),
    "legendre_polynomial_p": ("Legendre's", lambda x: x, _legendre),
}


def _row(name: str, words: str, first: Callable, step: Callable, shifted: bool) -> None:
    def polynomial(input: Operand, n: Operand):
        if input.dtype in HALF or is_complex(input):
            fail(name, str(input.dtype), "float32 or float64")
        x = 2 * input - 1 if shifted else input
        return three_terms(x, n, first(x), step)

    polynomial.__name__ = polynomial.__qualname__ = name
    where = " of `2 x - 1`" if shifted else ""
    polynomial.__doc__ = f"{words} polynomials of degree `n`{where}, elementwise."
    op(name=name, promote="float", namespace=("special",), method=False, differentiable=False)(
        polynomial
    )


for _name, (_words, _first, _step) in POLYNOMIALS.items():
    _row(_name, _words, _first, _step, False)
    if _name.startswith("chebyshev"):
        _row(f"shifted_{_name}", _words, _first, _step, True)
