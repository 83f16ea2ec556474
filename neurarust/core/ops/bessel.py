"""Bessel and Airy functions, from two formulas that hold for all of them.

Near 0 their power series; elsewhere the integral over a Gaussian

    K_n(z) e^z = sqrt(2 / z) * integral from 0 to inf of
                 e^(-v^2) cosh(2 n asinh(w)) / sqrt(1 + w^2) dv,    w = v / sqrt(2 z)

(the usual integral of e^(-z cosh t) cosh(n t) with v = sqrt(2 z) sinh(t / 2)), by the midpoint
rule, whose error falls exponentially for such functions (L. Trefethen and J. Weideman, 2014).
With z = -i x it gives J and Y by the Hankel function. DLMF 10.8, 10.25, 10.32, 9.4, 9.6.
"""

from __future__ import annotations

import cmath
import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special

from ..define import op
from ..errors import fail
from ..op import Array
from .elementwise import HALF, is_complex

ONLY = ("special",)
# Nodes of the midpoint rule on (0, 6.4): e^(-6.4^2) is below the last digit of float64.
STEP = 0.2
NODES = (np.arange(32) + 0.5) * STEP
# Terms of the power series, enough for float64 up to these arguments.
TERMS = 30
# From here on the integral is used: sqrt(x) / STEP has to be large.
FAR, FAR_REAL = 4.0, 2.0


def scaled_k(z: Array, order: float) -> Array:
    """`K_order(z) e^z` for z away from 0 with a real part of 0 or more."""
    root = jnp.sqrt(2 * z)
    real = jnp.real(z).dtype
    w = jnp.asarray(NODES, real) / root[..., None]
    w2 = w * w
    if order == 0:
        rise = jnp.ones_like(w)
    elif order == 1:
        rise = 1 + 2 * w2
    else:
        rise = jnp.cosh(2 * order * jnp.arcsinh(w))
    terms = jnp.asarray(np.exp(-NODES * NODES), real) * rise / jnp.sqrt(1 + w2)
    return jnp.sum(terms, -1) * (2 * STEP) / root


def hankel(x: Array, order: float) -> Array:
    """Hankel function of the first kind, `J + i Y`, of x away from 0."""
    # K_n(-ix) = pi/2 i^(n + 1) H_n(x), and scaled_k holds the factor e^(-ix).
    z = jax.lax.complex(jnp.zeros_like(x), -x)
    turn = 2 / math.pi * cmath.exp(-0.5j * math.pi * (order + 1))
    return turn * scaled_k(z, order) * jax.lax.complex(jnp.cos(x), jnp.sin(x))


def series(x: Array, order: int, sign: int, harmonic: bool = False) -> Array:
    """`sum of (sign x^2 / 4)^k / (k! (k + order)!)`, for Y and K times harmonic numbers."""
    square = sign * x * x / 4
    total = jnp.zeros_like(x)
    for k in range(TERMS, -1, -1):
        weight = 1 / (math.factorial(k) * math.factorial(k + order))
        if harmonic:
            weight *= numbers(k) + numbers(k + order)
        total = total * square + weight
    return total


def numbers(k: int) -> float:
    """`1 + 1/2 + ... + 1/k - gamma`, the digamma function of k + 1."""
    return sum(1 / j for j in range(1, k + 1)) - np.euler_gamma


def first_kind(x: Array, order: int) -> Array:
    """J of order 0 or 1."""
    size = jnp.abs(x)
    near = series(jnp.minimum(size, FAR), order, -1) * (jnp.minimum(size, FAR) / 2) ** order
    far = jnp.real(hankel(jnp.maximum(jnp.where(jnp.isinf(size), FAR, size), FAR), order))
    result = jnp.where(size < FAR, near, jnp.where(jnp.isinf(size), 0, far))
    result = jnp.where(jnp.isnan(x), x, result)
    return jnp.where(x < 0, -result, result) if order else result


def logarithmic(x: Array, order: int, sign: int) -> Array:
    """The part of Y (sign -1) and K (sign 1) that the logarithm brings, near 0."""
    half = x / 2
    regular = series(x, order, sign) * half**order
    harmonic = series(x, order, sign, harmonic=True) * half**order
    return jnp.log(half) * regular - harmonic / 2


def second_kind(x: Array, order: int) -> Array:
    """Y of order 0 or 1; minus infinity at 0, NaN below."""
    near = jnp.clip(x, jnp.finfo(x.dtype).tiny, FAR)
    small = 2 / math.pi * logarithmic(near, order, -1)
    if order:
        small = small - 2 / math.pi / near
    far = jnp.imag(hankel(jnp.maximum(jnp.where(jnp.isinf(x), FAR, x), FAR), order))
    result = jnp.where(x < FAR, small, jnp.where(jnp.isinf(x), 0, far))
    result = jnp.where(x == 0, -jnp.inf, result)
    return jnp.where((x < 0) | jnp.isnan(x), jnp.nan, result)


def modified_second_kind(x: Array, order: int, scaled: bool) -> Array:
    """K of order 0 or 1, perhaps times e^x; infinity at 0, NaN below."""
    near = jnp.clip(x, jnp.finfo(x.dtype).tiny, FAR_REAL)
    small = logarithmic(near, order, 1)
    small = small + 1 / near if order else -small
    away = jnp.maximum(jnp.where(jnp.isinf(x), FAR_REAL, x), FAR_REAL)
    far = jnp.where(jnp.isinf(x), 0, scaled_k(away, order))
    grown = jnp.where(x < FAR_REAL, small * jnp.exp(near), far)
    plain = jnp.where(x < FAR_REAL, small, far * jnp.exp(-away))
    result = jnp.where(x == 0, jnp.inf, grown if scaled else plain)
    return jnp.where((x < 0) | jnp.isnan(x), jnp.nan, result)


def airy(x: Array) -> Array:
    """Ai: by its two power series near 0, by K_(1/3) above and the Hankel function below."""
    near = jnp.clip(x, -FAR_REAL, 1)
    cube = near * near * near
    even, odd = jnp.zeros_like(x), jnp.zeros_like(x)
    for k in range(TERMS, 0, -1):
        even = (even + 1) * cube / ((3 * k - 1) * (3 * k))
        odd = (odd + 1) * cube / ((3 * k) * (3 * k + 1))
    at_zero = 3 ** (-2 / 3) / math.gamma(2 / 3)
    slope = 3 ** (-1 / 3) / math.gamma(1 / 3)
    small = at_zero * (1 + even) - slope * near * (1 + odd)
    size = jnp.maximum(jnp.where(jnp.isinf(x), 1, jnp.abs(x)), 1)
    root = jnp.sqrt(size / 3)
    depth = 2 / 3 * size * jnp.sqrt(size)
    above = root / math.pi * scaled_k(depth, 1 / 3) * jnp.exp(-depth)
    wave = hankel(depth, 1 / 3)
    below = root * (math.cos(math.pi / 6) * jnp.real(wave) - 0.5 * jnp.imag(wave))
    result = jnp.where(x < -FAR_REAL, below, jnp.where(x > 1, above, small))
    result = jnp.where(jnp.isinf(x), 0, result)
    return jnp.where(jnp.isnan(x), x, result)


# ------------------------------------------------------------------ the operations


def _refuse(name: str, input: Array) -> None:
    if input.dtype in HALF or is_complex(input):
        fail(name, str(input.dtype), "float32 or float64")


def _row(name: str, summary: str, compute: Callable[[Array], Array]) -> None:
    def bessel(input: Array):
        _refuse(name, input)
        return compute(input)

    bessel.__name__ = bessel.__qualname__ = name
    bessel.__doc__ = summary
    op(name=name, promote="float", namespace=ONLY, method=False, differentiable=False)(bessel)


for _order in (0, 1):
    _row(f"bessel_j{_order}", f"Bessel function of the first kind, order {_order}.",
         functools.partial(first_kind, order=_order))  # fmt: skip
    _row(f"bessel_y{_order}", f"Bessel function of the second kind, order {_order}.",
         functools.partial(second_kind, order=_order))  # fmt: skip
    for _scaled in (True, False):
        _row(
            f"{'scaled_' * _scaled}modified_bessel_k{_order}",
            f"Modified Bessel function of the second kind, order {_order}"
            + ", times `e^x`." * _scaled + "." * (not _scaled),
            functools.partial(modified_second_kind, order=_order, scaled=_scaled),
        )  # fmt: skip
_row("modified_bessel_i0", "Modified Bessel function of the first kind, order 0.", special.i0)
_row("modified_bessel_i1", "Modified Bessel function of the first kind, order 1.", special.i1)
_row("airy_ai", "Airy function Ai, the solution of `f'' = x f` that falls to 0.", airy)


@op(promote="float", namespace=ONLY, method=False, differentiable=False)
def spherical_bessel_j0(input: Array):
    """Spherical Bessel function of the first kind, order 0: `sin(x) / x`."""
    _refuse("spherical_bessel_j0", input)
    nonzero = jnp.where((input == 0) | jnp.isinf(input), 1, input)
    result = jnp.where(input == 0, 1, jnp.sin(nonzero) / nonzero)
    return jnp.where(jnp.isinf(input), 0, result)
