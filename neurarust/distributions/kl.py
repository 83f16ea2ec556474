r"""Kullback-Leibler divergence $\mathrm{E}_p[\log p(x) - \log q(x)]$, by the types of p and q."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from ..core.define import NAMESPACES
from ..core.ops.activation import softplus
from . import binary, categorical, continuous, derived, gamma, multivariate, transformed
from .continuous import where
from .distribution import Distribution, ExponentialFamily
from .multivariate import half_log_det, mahalanobis, solved
from .utils import EULER, sum_rightmost

_nr = NAMESPACES["neurarust"]
_rules: dict[tuple[type, type], Callable] = {}
# Found rules, None where there is none.
_found: dict[tuple[type, type], Callable | None] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Callable], Callable]:
    """Decorator: a function (p, q) computes the divergence of these types and their subclasses.

    Of several rules that fit, the most special one is taken.
    """
    for name, one in (("type_p", type_p), ("type_q", type_q)):
        if not isinstance(one, type) or not issubclass(one, Distribution):
            raise TypeError(f"Expected {name} to be a Distribution subclass but got {one}")

    def register(rule: Callable) -> Callable:
        _rules[type_p, type_q] = rule
        _found.clear()
        return rule

    return register


def _rule_for(type_p: type, type_q: type) -> Callable | None:
    """The rule for the nearest base class of p, then of q; warns if the other order differs."""
    fitting = [
        pair for pair in _rules if issubclass(type_p, pair[0]) and issubclass(type_q, pair[1])
    ]
    if not fitting:
        return None
    near_p, near_q = type_p.__mro__.index, type_q.__mro__.index
    first = min(fitting, key=lambda pair: (near_p(pair[0]), near_q(pair[1])))
    second = min(fitting, key=lambda pair: (near_q(pair[1]), near_p(pair[0])))
    if _rules[first] is not _rules[second]:
        warnings.warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please "
            f"register_kl({first[0].__name__}, {second[1].__name__})",
            RuntimeWarning,
            stacklevel=3,
        )
    return _rules[first]


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """The divergence of q from p, for each place of their batches."""
    key = type(p), type(q)
    if key not in _found:
        _found[key] = _rule_for(*key)
    rule = _found[key]
    if rule is None:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {type(p).__name__} and q type "
            f"{type(q).__name__}"
        )
    return rule(p, q)


# ------------------------------------------------------------------ one family


def _gain(share: Any, log_ratio: Any, possible: Any) -> Any:
    """`share * log_ratio`; 0 where the share is, infinite where q makes it impossible."""
    return where(share == 0, 0.0, where(possible, share * log_ratio, math.inf))


@register_kl(binary.Bernoulli, binary.Bernoulli)
def _bernoulli(p: Any, q: Any) -> Any:
    success = _gain(p.probs, softplus(-q.logits) - softplus(-p.logits), q.probs != 0)
    failure = _gain(1 - p.probs, softplus(q.logits) - softplus(p.logits), q.probs != 1)
    return success + failure


@register_kl(gamma.Beta, gamma.Beta)
def _beta(p: Any, q: Any) -> Any:
    a, b, c, d = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    both = (a - c) * a.digamma() + (b - d) * b.digamma()
    return gamma.log_beta(c, d) - gamma.log_beta(a, b) + both + (c + d - a - b) * (a + b).digamma()


@register_kl(binary.Binomial, binary.Binomial)
def _binomial(p: Any, q: Any) -> Any:
    if bool((p.total_count < q.total_count).any()):
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return where(p.total_count > q.total_count, math.inf, p.total_count * each)


@register_kl(categorical.Categorical, categorical.Categorical)
def _categorical(p: Any, q: Any) -> Any:
    return _gain(p.probs, p.logits - q.logits, q.probs != 0).sum(-1)


@register_kl(categorical.OneHotCategorical, categorical.OneHotCategorical)
def _one_hot(p: Any, q: Any) -> Any:
    return _categorical(p._categorical, q._categorical)


@register_kl(binary.ContinuousBernoulli, binary.ContinuousBernoulli)
def _continuous_bernoulli(p: Any, q: Any) -> Any:
    norm_p = p._cont_bern_log_norm() + (-p.probs).log1p()
    norm_q = q._cont_bern_log_norm() + (-q.probs).log1p()
    return p.mean * (p.logits - q.logits) + norm_p - norm_q


@register_kl(gamma.Dirichlet, gamma.Dirichlet)
def _dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    log_mean = a.digamma() - total.digamma().unsqueeze(-1)
    norm = total.lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1)
    return norm + ((a - b) * log_mean).sum(-1)


@register_kl(ExponentialFamily, ExponentialFamily)
def _exponential_family(p: Any, q: Any) -> Any:
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot be computed "
            "using Bregman divergences"
        )
    natural, value, gradients = p.normalizer()
    result = q._log_normalizer(*q._natural_params) - value
    for one, other, gradient in zip(natural, q._natural_params, gradients, strict=True):
        term = (other - one) * gradient
        result = result - sum_rightmost(term, one.ndim - len(p.batch_shape))
    return result


@register_kl(continuous.Exponential, continuous.Exponential)
def _exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(gamma.Gamma, gamma.Gamma)
def _gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    norm = b.lgamma() - a.lgamma() + b * (p.rate / q.rate).log()
    return norm + (a - b) * a.digamma() + (q.rate - p.rate) * a / p.rate


@register_kl(derived.Gumbel, derived.Gumbel)
def _gumbel(p: Any, q: Any) -> Any:
    ratio, shift = p.scale / q.scale, (p.loc - q.loc) / q.scale
    mean = ratio * EULER + shift + ((1 + ratio).lgamma() - shift).exp()
    return mean - ratio.log() - (1 + EULER)


@register_kl(binary.Geometric, binary.Geometric)
def _geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(derived.HalfNormal, derived.HalfNormal)
def _half_normal(p: Any, q: Any) -> Any:
    return _normal(p.base_dist, q.base_dist)


@register_kl(continuous.Laplace, continuous.Laplace)
def _laplace(p: Any, q: Any) -> Any:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return away / q.scale + ratio * (-away / p.scale).exp() - ratio.log() - 1


@register_kl(continuous.Normal, continuous.Normal)
def _normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(derived.Pareto, derived.Pareto)
def _pareto(p: Any, q: Any) -> Any:
    ratio = q.alpha / p.alpha
    result = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return where(p.scale < q.scale, math.inf, result)


@register_kl(binary.Poisson, binary.Poisson)
def _poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(continuous.Uniform, continuous.Uniform)
def _uniform(p: Any, q: Any) -> Any:
    result = ((q.high - q.low) / (p.high - p.low)).log()
    return where((q.low > p.low) | (q.high < p.high), math.inf, result)


@register_kl(continuous.Cauchy, continuous.Cauchy)
def _cauchy(p: Any, q: Any) -> Any:
    apart = (p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2
    return apart.log() - (4 * p.scale * q.scale).log()


@register_kl(transformed.TransformedDistribution, transformed.TransformedDistribution)
def _transformed(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("KL of transformed distributions needs equal transforms")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(transformed.Independent, transformed.Independent)
def _independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("KL of Independents needs equal reinterpreted_batch_ndims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ------------------------------------------------------------------ normal vectors


def _squares(matrix: Any) -> Any:
    return (matrix**2).sum(-1).sum(-1)


def _log_det(one: Any) -> Any:
    low_rank = isinstance(one, multivariate.LowRankMultivariateNormal)
    return one.log_det() if low_rank else 2 * half_log_det(one._unbroadcasted_scale_tril)


def _roots(p: Any) -> list[Any]:
    """Matrices whose products with their transposes add up to the covariance."""
    if isinstance(p, multivariate.LowRankMultivariateNormal):
        return [p._unbroadcasted_cov_factor, p._unbroadcasted_cov_diag.sqrt().diag_embed()]
    return [p._unbroadcasted_scale_tril]


def _normal_vectors(p: Any, q: Any) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event "
            "shapes cannot be computed"
        )
    away = q.loc - p.loc
    if isinstance(q, multivariate.LowRankMultivariateNormal):
        distance, diag = q.mahalanobis(away), q._unbroadcasted_cov_diag.unsqueeze(-1)
        inside = solved(q._capacitance_tril, (q._unbroadcasted_cov_factor / diag).mT)
        trace = sum(_squares(r * diag.rsqrt()) - _squares(inside @ r) for r in _roots(p))
    else:
        factor = q._unbroadcasted_scale_tril
        distance = mahalanobis(factor, away)
        trace = sum(_squares(solved(factor, root)) for root in _roots(p))
    return 0.5 * (_log_det(q) - _log_det(p) + trace + distance - p.event_shape[0])


for _p in (multivariate.MultivariateNormal, multivariate.LowRankMultivariateNormal):
    for _q in (multivariate.MultivariateNormal, multivariate.LowRankMultivariateNormal):
        register_kl(_p, _q)(_normal_vectors)
