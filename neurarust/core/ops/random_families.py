"""Draws from families of distributions whose parameters are tensors.

Those with a gradient have it by implicit differentiation of the distribution function.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from ..define import function, op
from ..op import Array, Index
from ..tensor.dispatch import call
from ..tensor.tensor import Tensor
from .random import _key, draw


def _wide(array: Array) -> Array:
    """Half types are drawn in float32."""
    return array.astype(jnp.promote_types(array.dtype, jnp.float32))


@op(name="_gamma_draw", method=False, namespace=(), residuals=True)
def _gamma_draw(concentration: Array, key: Array, counter: Index):
    drawn = jax.random.gamma(_key(key, counter), _wide(concentration))
    return jnp.maximum(drawn, jnp.finfo(drawn.dtype).tiny).astype(concentration.dtype)


@op(name="_beta_draw", method=False, namespace=(), residuals=True)
def _beta_draw(concentration1: Array, concentration0: Array, key: Array, counter: Index):
    kind = concentration1.dtype
    return jax.random.beta(_key(key, counter), _wide(concentration1), _wide(concentration0)).astype(
        kind
    )


@op(name="_dirichlet_draw", method=False, namespace=(), residuals=True)
def _dirichlet_draw(concentration: Array, key: Array, counter: Index):
    shape = concentration.shape[:-1]
    drawn = jax.random.dirichlet(_key(key, counter), _wide(concentration), shape)
    return drawn.astype(concentration.dtype)


@op(name="_binomial_draw", method=False, namespace=(), differentiable=False)
def _binomial_draw(count: Array, prob: Array, key: Array, counter: Index):
    wide = _wide(prob)
    drawn = jax.random.binomial(_key(key, counter), count.astype(wide.dtype), wide)
    return drawn.astype(count.dtype)


@op(name="_categorical_draw", method=False, namespace=(), differentiable=False)
def _categorical_draw(logits: Array, key: Array, counter: Index, *, shape):
    return jax.random.categorical(_key(key, counter), logits, -1, shape).astype(jnp.int64)


@op(name="_log_prob_of", method=False, namespace=())
def _log_prob_of(logits: Array, value: Array):
    """The element of the last dimension that each number names; the rest broadcasts."""
    shape = jnp.broadcast_shapes(logits.shape[:-1], value.shape)
    logits = jnp.broadcast_to(logits, (*shape, logits.shape[-1]))
    place = jnp.broadcast_to(value, shape).astype(jnp.int64)[..., None]
    return jnp.take_along_axis(logits, place, -1)[..., 0]


@op(name="_von_mises_draw", method=False, namespace=(), differentiable=False)
def _von_mises_draw(concentration: Array, key: Array, counter: Index):
    """Best and Fisher's rejection from a wrapped Cauchy distribution (1979), around 0."""
    kappa = jnp.maximum(concentration.astype(jnp.float64), 1e-5)
    tau = 1 + jnp.sqrt(1 + 4 * kappa**2)
    rho = (tau - jnp.sqrt(2 * tau)) / (2 * kappa)
    ratio = (1 + rho**2) / (2 * rho)

    def again(carry):
        return ~jnp.all(carry[2])

    def attempt(carry):
        step, angle, done = carry
        shape = (3, *kappa.shape)
        one, two, three = jax.random.uniform(jax.random.fold_in(start, step), shape, kappa.dtype)
        z = jnp.cos(jnp.pi * one)
        cosine = (1 + ratio * z) / (ratio + z)
        c = kappa * (ratio - cosine)
        accepted = (c * (2 - c) - two > 0) | (jnp.log(c / two) + 1 - c >= 0)
        drawn = jnp.sign(three - 0.5) * jnp.arccos(jnp.clip(cosine, -1, 1))
        return step + 1, jnp.where(accepted & ~done, drawn, angle), done | accepted

    start = _key(key, counter)
    begin = (0, jnp.zeros_like(kappa), jnp.zeros(kappa.shape, jnp.bool_))
    return jax.lax.while_loop(again, attempt, begin)[1].astype(concentration.dtype)


def drawn(operation: Any, *parameters: Tensor, generator: Any = None) -> Tensor:
    """One draw for each element of the parameters."""
    key, counter = draw(generator, parameters[0].device)
    return call(operation.op, (*parameters, key, counter))


@function(method=False)
def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`."""
    with_shape = count + prob * 0
    return drawn(_binomial_draw, with_shape, prob + count * 0, generator=generator)


@function(name="_standard_gamma", method=False)
def standard_gamma(input: Tensor, generator: Any = None) -> Tensor:
    """Gamma numbers of rate 1, with a gradient."""
    return drawn(_gamma_draw, input, generator=generator)


@function(name="_sample_dirichlet", method=False)
def sample_dirichlet(input: Tensor, generator: Any = None) -> Tensor:
    """Points of a simplex with the concentrations in the last dimension, with a gradient."""
    return drawn(_dirichlet_draw, input, generator=generator)


def beta_draw(concentration1: Tensor, concentration0: Tensor) -> Tensor:
    """Beta numbers, with a gradient."""
    return drawn(_beta_draw, concentration1, concentration0)


def categorical_draw(logits: Tensor, shape: Any) -> Tensor:
    """Numbers with the logarithms of their probabilities in the last dimension."""
    key, counter = draw(None, logits.device)
    return call(_categorical_draw.op, (logits, key, counter), {"shape": tuple(shape)})


def log_prob_of(logits: Tensor, value: Tensor) -> Tensor:
    """The logarithms of the probabilities of numbers."""
    return call(_log_prob_of.op, (logits, value))


def von_mises_draw(concentration: Tensor) -> Tensor:
    """Angles around 0."""
    return drawn(_von_mises_draw, concentration)
