"""The functions of torch.special that are not also plain elementwise ones."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jax.scipy import special

from ..define import function, op
from ..op import Array, Operand
from . import activation, elementwise, reduce
from .elementwise import SPECIAL, absolute, wide

ONLY = ("special",)


@op(promote="float", namespace=ONLY)
def entr(input: Array):
    """Entropy term `-x log(x)`: 0 at 0, minus infinity below."""
    return special.entr(input)


@op(promote="float", inplace=True, namespace=SPECIAL)
def i0(input: Array):
    """Modified Bessel function of the first kind, order 0."""
    # jax.scipy's gradient at 0 is wrong.
    return jax.lax.bessel_i0e(input) * jnp.exp(absolute(input))


@op(promote="float", namespace=ONLY, method=False)
def i0e(input: Array):
    """`i0(x) * e^-|x|`."""
    return special.i0e(input)


@op(promote="float", namespace=ONLY, method=False)
def i1(input: Array):
    """Modified Bessel function of the first kind, order 1."""
    return special.i1(input)


@op(promote="float", namespace=ONLY, method=False)
def i1e(input: Array):
    """`i1(x) * e^-|x|`."""
    return special.i1e(input)


@op(promote="float", namespace=ONLY, method=False)
def ndtr(input: Array):
    """Probability that a standard normal number is below x."""
    return special.ndtr(wide(input)).astype(input.dtype)


@jax.custom_jvp
def normal_quantile(input: Array) -> Array:
    """`ndtri`, with an infinite gradient at 0 and 1, where JAX has 0."""
    return special.ndtri(input)


@normal_quantile.defjvp
def normal_quantile_jvp(primals, tangents):
    """`1 / density(ndtri(p))`."""
    quantile = normal_quantile(*primals)
    return quantile, math.sqrt(2 * math.pi) * jnp.exp(quantile * quantile / 2) * tangents[0]


@op(promote="float", namespace=ONLY, method=False)
def ndtri(input: Array):
    """Inverse of `ndtr`, on `[0, 1]`."""
    return normal_quantile(input)


@op(promote="float", namespace=ONLY, method=False)
def log_ndtr(input: Array):
    """`log(ndtr(x))`, exact far below 0."""
    return special.log_ndtr(input)


@jax.custom_jvp
def scaled_erfc(input: Array) -> Array:
    """`e^(x^2) * erfc(x)`, differentiable any number of times.

    Where erfc is near its smallest number, and JAX's function 0, by the asymptotic series.
    https://dlmf.nist.gov/7.12.E1
    """
    edge = 20 if input.dtype == jnp.float64 else 9
    far = input > edge
    x = jnp.where(far, input, edge)
    t = 0.5 / (x * x)
    series = 1 - t * (1 - 3 * t * (1 - 5 * t * (1 - 7 * t * (1 - 9 * t * (1 - 11 * t)))))
    return jnp.where(far, series / (x * math.sqrt(math.pi)), special.erfcx(input))


@scaled_erfc.defjvp
def scaled_erfc_jvp(primals, tangents):
    (x,), (tangent,) = primals, tangents
    result = scaled_erfc(x)
    return result, tangent * (2 * x * result - 2 / math.sqrt(math.pi))


@op(promote="float", namespace=ONLY, method=False, refuses="complex")
def erfcx(input: Array):
    """`e^(x^2) * erfc(x)`."""
    return scaled_erfc(input)


@op(promote="float", namespace=ONLY, method=False, refuses="complex")
def xlog1py(input: Operand, other: Operand):
    """`input * log(1 + other)`, and 0 where input is 0 unless other is NaN."""
    return jnp.where(jnp.isnan(other), other, special.xlog1py(input, other))


@function(method=False, namespace=ONLY, out=True)
def expit(input):
    """Logistic function `1 / (1 + e^-x)`: another name of `sigmoid`."""
    return elementwise.sigmoid(input)


@function(method=False, namespace=ONLY, out=True)
def logsumexp(input, dim, keepdim=False):
    """`log(sum(e^x))` over `dim`: another name of `neurarust.logsumexp`."""
    return reduce.logsumexp(input, dim, keepdim)


@function(method=False, namespace=ONLY, out="same dtype")
def softmax(input, dim, *, dtype=None):
    """`e^x / sum(e^x)`: another name of `neurarust.softmax`."""
    return activation.softmax(input, dim, dtype)


@function(method=False, namespace=ONLY, out="same dtype")
def log_softmax(input, dim, *, dtype=None):
    """`x - log(sum(e^x))`: another name of `neurarust.log_softmax`."""
    return activation.log_softmax(input, dim, dtype)
