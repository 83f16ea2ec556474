r"""Divergence between different families, $-H(p) - \mathrm{E}_p[\log q(x)]$.

The logarithm of each density q is linear in a few functions of x, such as $x$, $x^2$, $\log x$
or $e^{-x}$. So one table has the expectations under p, and another the densities written with
them; a pair is infinite where p can give what q cannot.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import binary, continuous, derived, gamma
from .continuous import HALF_LOG_TAU, where
from .gamma import log_beta, xlogy
from .kl import register_kl
from .utils import EULER

Beta, Gamma = gamma.Beta, gamma.Gamma
Normal, Laplace, Uniform = continuous.Normal, continuous.Laplace, continuous.Uniform
Exponential, Pareto, Gumbel = continuous.Exponential, derived.Pareto, derived.Gumbel
ContinuousBernoulli = binary.ContinuousBernoulli


def _uniform_log(low: Any, high: Any) -> Any:
    """The mean logarithm of uniform numbers."""
    return (xlogy(high, high) - xlogy(low, low)) / (high - low) - 1


# E[log x]; E[log(1 - x)]; E[exp(-(x - loc) / scale)]. Mean and variance are the families' own.
LOG: dict[type, Callable] = {
    Beta: lambda p: p.concentration1.digamma() - (p.concentration1 + p.concentration0).digamma(),
    Exponential: lambda p: -EULER - p.rate.log(),
    Gamma: lambda p: p.concentration.digamma() - p.rate.log(),
    Pareto: lambda p: p.scale.log() + 1 / p.alpha,
    Uniform: lambda p: _uniform_log(p.low, p.high),
}
LOG_REST: dict[type, Callable] = {
    Uniform: lambda p: _uniform_log(1 - p.high, 1 - p.low),
}
DECAY: dict[type, Callable] = {
    Exponential: lambda p, loc, s: (loc / s).exp() * p.rate * s / (p.rate * s + 1),
    Gamma: lambda p, loc, s: (loc / s).exp() * (1 + 1 / (p.rate * s)) ** -p.concentration,
    Normal: lambda p, loc, s: ((loc - p.loc) / s + 0.5 * (p.scale / s) ** 2).exp(),
    Uniform: lambda p, loc, s: s / (p.high - p.low)
    * (((loc - p.low) / s).exp() - ((loc - p.high) / s).exp()),
}  # fmt: skip


def _of(table: dict[type, Callable], p: Any) -> Callable:
    """An expectation; NaN where p has values that the function does not take."""
    return next((rule for kind, rule in table.items() if isinstance(p, kind)), _none)


def _none(*_: Any) -> float:
    return math.nan


def _mean_log(p: Any) -> Any:
    return _of(LOG, p)(p)


def _normal_density(p: Any, q: Any) -> Any:
    apart = (p.variance + (p.mean - q.loc) ** 2) / (2 * q.scale**2)
    return -apart - q.scale.log() - HALF_LOG_TAU


def _gumbel_density(p: Any, q: Any) -> Any:
    decay = _of(DECAY, p)(p, q.loc, q.scale)
    return (q.loc - p.mean) / q.scale - decay - q.scale.log()


def _beta_density(p: Any, q: Any) -> Any:
    a, b = q.concentration1, q.concentration0
    return (a - 1) * _mean_log(p) + (b - 1) * _of(LOG_REST, p)(p) - log_beta(a, b)


def _gamma_density(p: Any, q: Any) -> Any:
    a = q.concentration
    return a * q.rate.log() - a.lgamma() + (a - 1) * _mean_log(p) - q.rate * p.mean


def _laplace_density(p: Any, q: Any) -> Any:
    """The mean distance of normal numbers from a point."""
    z = (p.loc - q.loc) / p.scale
    near = math.sqrt(2 / math.pi) * p.scale * (-0.5 * z**2).exp()
    distance = near + (p.loc - q.loc) * (z * math.sqrt(0.5)).erf()
    return -(2 * q.scale).log() - distance / q.scale


# E_p[log q(x)] where q can give all that p can.
DENSITY: dict[type, Callable] = {
    Beta: _beta_density,
    ContinuousBernoulli: lambda p, q: p.mean * q.logits + (-q.probs).log1p()
    + q._cont_bern_log_norm(),
    Exponential: lambda p, q: q.rate.log() - q.rate * p.mean,
    Gamma: _gamma_density,
    Gumbel: _gumbel_density,
    Laplace: _laplace_density,
    Normal: _normal_density,
    Pareto: lambda p, q: q.alpha.log() + q.alpha * q.scale.log() - (q.alpha + 1) * _mean_log(p),
    Uniform: lambda p, q: -(q.high - q.low).log(),
}  # fmt: skip

# The ends of what each family gives.
ENDS: dict[type, Callable] = {
    Beta: lambda one: (0.0, 1.0),
    ContinuousBernoulli: lambda one: (0.0, 1.0),
    Exponential: lambda one: (0.0, math.inf),
    Gamma: lambda one: (0.0, math.inf),
    Gumbel: lambda one: (-math.inf, math.inf),
    Laplace: lambda one: (-math.inf, math.inf),
    Normal: lambda one: (-math.inf, math.inf),
    Pareto: lambda one: (one.scale, math.inf),
    Uniform: lambda one: (one.low, one.high),
}
# The pairs: p -> every q.
PAIRS: dict[type, tuple[type, ...]] = {
    Beta: (ContinuousBernoulli, Exponential, Gamma, Normal, Pareto, Uniform),
    ContinuousBernoulli: (Exponential, Normal, Pareto, Uniform),
    Exponential: (Beta, ContinuousBernoulli, Gamma, Gumbel, Normal, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Exponential, Gumbel, Normal, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Normal, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Normal, Pareto, Uniform),
    Normal: (
        Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform
    ),
    Pareto: (Beta, ContinuousBernoulli, Exponential, Gamma, Normal, Uniform),
    Uniform: (
        Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Normal, Pareto
    ),
}  # fmt: skip


def _pair(type_p: type, type_q: type) -> Callable:
    """The rule for two families."""

    def divergence(p: Any, q: Any) -> Any:
        (low_p, high_p), (low_q, high_q) = ENDS[type_p](p), ENDS[type_q](q)
        never = (low_p < low_q) | (high_p > high_q)
        if never is True:
            return p.entropy() * 0 + q.mean * 0 + math.inf
        result = -p.entropy() - DENSITY[type_q](p, q)
        # NaN: a moment of p is infinite, or p has values where q has no density.
        result = where(result == result, result, math.inf)
        return result if never is False else where(never, math.inf, result)

    return divergence


for _type_p, _others in PAIRS.items():
    for _type_q in _others:
        register_kl(_type_p, _type_q)(_pair(_type_p, _type_q))


@register_kl(binary.Bernoulli, binary.Poisson)
def _bernoulli_poisson(p: Any, q: Any) -> Any:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(binary.Poisson, binary.Bernoulli)
@register_kl(binary.Poisson, binary.Binomial)
def _poisson_in_less(p: Any, q: Any) -> Any:
    return p.rate * 0 + q.probs * 0 + math.inf
