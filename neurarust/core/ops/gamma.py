"""The gamma function and what comes of it: its logarithm, derivatives, incomplete forms, zeta."""

from __future__ import annotations

import functools
import math

import jax
import jax.numpy as jnp

from ..define import function, op
from ..errors import fail
from ..op import Array, Operand
from .elementwise import SPECIAL, narrow, wide

ONLY = ("special",)
# The series of zeta is continued over at most so many negative terms.
NEGATIVE_TERMS = 10_000


@jax.custom_jvp
def digamma_of(input: Array) -> Array:
    """jax.lax.digamma with an infinite pole at 0, where JAX has NaN."""
    at_zero = jnp.copysign(jnp.asarray(jnp.inf, input.dtype), -input)
    return jnp.where(input == 0, at_zero, jax.lax.digamma(jnp.where(input == 0, 1, input)))


@digamma_of.defjvp
def digamma_jvp(primals, tangents):
    """The trigamma function."""
    return digamma_of(primals[0]), derivative(primals[0], 1) * tangents[0]


@jax.custom_jvp
def log_gamma(input: Array) -> Array:
    """jax.lax.lgamma, whose gradient at 0 is NaN."""
    return jax.lax.lgamma(input)


@log_gamma.defjvp
def log_gamma_jvp(primals, tangents):
    """The digamma function."""
    return log_gamma(*primals), digamma_of(primals[0]) * tangents[0]


@jax.custom_jvp
def hurwitz(power: Array, start: Array) -> Array:
    """jax.lax.zeta, and where `start` is negative, which JAX leaves out, the first terms too."""
    terms = jnp.max(jnp.nan_to_num(jnp.floor(-start) + 1, nan=0), initial=0)
    terms = jnp.clip(terms, 0, NEGATIVE_TERMS).astype(jnp.int32)

    def add(_, pair):
        total, place = pair
        below = place <= 0
        term = jnp.where(place == 0, jnp.inf, jnp.power(jnp.where(place == 0, 1, place), -power))
        return total + jnp.where(below, term, 0), jnp.where(below, place + 1, place)

    total, place = jax.lax.fori_loop(0, terms, add, (jnp.zeros_like(start), start))
    return total + jax.lax.zeta(power, place)


@hurwitz.defjvp
def hurwitz_jvp(primals, tangents):
    """With respect to `start`; that with respect to `power` is taken as 0."""
    power, start = primals
    return hurwitz(power, start), -power * hurwitz(power + 1, start) * tangents[1]


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def derivative(input: Array, order: int) -> Array:
    """The derivative of digamma of an order above 0."""
    if order == 1:
        # psi1(x) + psi1(1 - x) = (pi / sin(pi x))^2; the zeta series is for positive numbers.
        negative = input < 0.5
        turned = jnp.where(negative, 1 - input, input)
        value = jax.lax.zeta(jnp.full_like(input, 2), turned)
        return jnp.where(negative, (math.pi / jnp.sin(math.pi * input)) ** 2 - value, value)
    sign = 1 if order % 2 else -1
    return sign * math.factorial(order) * hurwitz(jnp.full_like(input, order + 1), input)


@derivative.defjvp
def derivative_jvp(order, primals, tangents):
    """The derivative of the next order."""
    return derivative(primals[0], order), derivative(primals[0], order + 1) * tangents[0]


# ------------------------------------------------------------------ the operations


@op(promote="float", inplace=True)
def lgamma(input: Array):
    """`log |gamma(x)|`."""
    return log_gamma(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def digamma(input: Array):
    """Derivative of `log gamma(x)`; minus infinity at 0."""
    return narrow(digamma_of(wide(input)), input)


@op(name="polygamma", promote="float", inplace=True, namespace=())
def polygamma_of(input: Array, n: int):
    """The `n`-th derivative of `digamma(x)`, as a method."""
    if n < 0:
        fail("polygamma", f"n={n}", "n of 0 or more")
    exact = wide(input)
    return narrow(derivative(exact, n) if n else digamma_of(exact), input)


@function(method=False, namespace=SPECIAL, out=True)
def polygamma(n, input):
    """The `n`-th derivative of `digamma(x)`."""
    return polygamma_of(input, n)


@op(promote="float", inplace=True, namespace=SPECIAL, aliases=("mvlgamma",))
def multigammaln(input: Array, p: int):
    """Logarithm of the multivariate gamma function of dimension `p`."""
    if p < 1:
        fail("multigammaln", f"p={p}", "p of 1 or more")
    halves = jnp.arange(p, dtype=input.dtype) / 2
    terms = log_gamma(input[..., None] - halves)
    return p * (p - 1) / 4 * math.log(math.pi) + jnp.sum(terms, -1)


@op(promote="float", inplace=True)
def igamma(input: Array, other: Array):
    """Lower regularized incomplete gamma function `P(input, other)`."""
    return jax.lax.igamma(*jnp.broadcast_arrays(input, other))


@op(promote="float", inplace=True)
def igammac(input: Array, other: Array):
    """Upper regularized incomplete gamma function `Q(input, other)`."""
    return jax.lax.igammac(*jnp.broadcast_arrays(input, other))


@op(promote="float", namespace=ONLY, method=False)
def zeta(input: Operand, other: Operand):
    """Hurwitz zeta function `sum of 1 / (k + other)^input` over k from 0.

    Its gradient is with respect to `other` only, as in PyTorch.
    """
    return hurwitz(*jnp.broadcast_arrays(input, other))


# ------------------------------------------------------------------ other names


@function(method=False, namespace=ONLY, out=True)
def gammainc(input, other):
    """Lower regularized incomplete gamma function: another name of `igamma`."""
    return igamma(input, other)


@function(method=False, namespace=ONLY, out=True)
def gammaincc(input, other):
    """Upper regularized incomplete gamma function: another name of `igammac`."""
    return igammac(input, other)


@function(method=False, namespace=ONLY, out=True)
def gammaln(input):
    """`log |gamma(x)|`: another name of `lgamma`."""
    return lgamma(input)


@function(method=False, namespace=ONLY, out=True)
def psi(input):
    """Derivative of `log gamma(x)`: another name of `digamma`."""
    return digamma(input)
