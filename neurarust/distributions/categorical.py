"""Choices among several: Categorical, one-hot, Multinomial, and relaxed ones."""

from __future__ import annotations

import math
from typing import Any

from ..core.autograd.modes import no_grad
from ..core.define import NAMESPACES
from ..core.ops.random_families import binomial, categorical_draw, log_prob_of
from . import constraints
from .binary import Binomial, _Trial
from .continuous import uniform_like, where
from .distribution import Distribution
from .transformed import TransformedDistribution
from .transforms import ExpTransform, SigmoidTransform
from .utils import (
    broadcast_all,
    clamp_probs,
    lazy_property,
    logits_to_probs,
    probs_to_logits,
)

_nr = NAMESPACES["neurarust"]
_nn = NAMESPACES["nn.functional"]
PROBS_OR_LOGITS = {"probs": constraints.simplex, "logits": constraints.real_vector}
# Before they are normalized.
_GIVEN = PROBS_OR_LOGITS | {"probs": constraints.independent(constraints.nonnegative, 1)}


class Categorical(Distribution):
    """Numbers 0 to K-1 with the probabilities in the last dimension.

    Args:
        probs: probabilities; they are normalized.
        logits: or their logarithms, up to a constant.
    """

    arg_constraints = PROBS_OR_LOGITS
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, given = ("probs", probs) if logits is None else ("logits", logits)
        if given.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        self._validate_args = validate_args
        self._check(name, _GIVEN[name], given)
        if logits is None:
            self.probs = given / given.sum(-1, keepdim=True)
        else:
            self.logits = given - given.logsumexp(-1, keepdim=True)
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        return constraints.integer_interval(0, self._num_events - 1)

    @property
    def _param(self) -> Any:
        return self.__dict__["probs"] if "probs" in self.__dict__ else self.logits

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._param.shape

    @lazy_property
    def logits(self):
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @lazy_property
    def probs(self):
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def mean(self) -> Any:
        return self._param.new_full(self._extended_shape(), math.nan)

    variance = mean

    @property
    def mode(self) -> Any:
        return self.probs.argmax(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return categorical_draw(self.logits, self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return log_prob_of(self.logits, value)

    def entropy(self) -> Any:
        # A probability of 0 adds nothing.
        return -where(self.probs == 0, 0.0, self.logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        values = _nr["arange"](self._num_events, device=self._param.device)
        values = values.reshape((-1, *(1 for _ in self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values


class _OfCategorical(Distribution):
    """Base of families around a Categorical."""

    _categorical: Categorical

    def _around(self, probs: Any, logits: Any, validate_args: bool | None) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        shape = self._categorical.param_shape
        Distribution.__init__(self, shape[:-1], shape[-1:], validate_args)

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """Their logarithms."""
        return self._categorical.logits

    @property
    def _param(self) -> Any:
        return self._categorical._param

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._categorical.param_shape


class OneHotCategorical(_OfCategorical):
    """`Categorical` with vectors of one 1."""

    arg_constraints = PROBS_OR_LOGITS
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        self._around(probs, logits, validate_args)

    def _hot(self, numbers: Any) -> Any:
        return _nn["one_hot"](numbers, self._event_shape[0]).to(self._param.dtype)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        return self._hot(self._categorical.mode)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        return self._hot(self._categorical.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Any:
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        count = self._event_shape[0]
        values = self._hot(_nr["arange"](count, device=self._param.device))
        values = values.reshape((count, *(1 for _ in self._batch_shape), count))
        return values.expand((count, *self._batch_shape, count)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot samples with the gradient of the probabilities (Bengio et al. 2013)."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(_OfCategorical):
    """Counts of each choice among `total_count` ones."""

    arg_constraints = PROBS_OR_LOGITS

    def __init__(
        self, total_count: int = 1, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._around(probs, logits, validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self):
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Any:
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Counts as successive binomial numbers, each given those before."""
        with no_grad():
            probs = self.probs.expand(self._extended_shape(sample_shape))
            left = probs[..., 0] * 0 + self.total_count
            rest, counts = probs[..., 0] * 0 + 1, []
            for one in probs.unbind(-1)[:-1]:
                counts.append(binomial(left, (one / rest.clamp(min=1e-30)).clamp(0, 1)))
                left, rest = left - counts[-1], (rest - one).clamp(min=0)
            return _nr["stack"]([*counts, left], -1)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        powers = where((value == 0) & (logits == -math.inf), 0.0, logits * value)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        return ways + powers.sum(-1)

    def entropy(self) -> Any:
        count = self.total_count
        counts = Binomial(count, self.probs, validate_args=False)
        support = counts.enumerate_support(False)[1:]
        ways = (counts.log_prob(support).exp() * (support + 1).lgamma()).sum(0).sum(-1)
        return count * self._categorical.entropy() - math.lgamma(count + 1) + ways


# ------------------------------------------------------------------ relaxed


class LogitRelaxedBernoulli(_Trial):
    """The logits of `RelaxedBernoulli` (Maddison et al. 2017)."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        (self.temperature,) = broadcast_all(temperature)
        self._choose(probs, logits, validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = clamp_probs(uniform_like(self._param, self._extended_shape(sample_shape)))
        return (drawn.log() - (-drawn).log1p() + self.logits) / self.temperature

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        away = self.logits - value * self.temperature
        return self.temperature.log() + away - 2 * _nn["softplus"](away)


class RelaxedBernoulli(TransformedDistribution):
    """Numbers of (0, 1) that gather at the ends as the temperature falls, with gradients."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """How far from 0 and 1 the numbers stay."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The logarithm of the odds."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probability."""
        return self.base_dist.probs


class ExpRelaxedCategorical(_OfCategorical):
    """The logarithms of `RelaxedOneHotCategorical` (Jang et al. 2017, Maddison et al. 2017)."""

    arg_constraints = PROBS_OR_LOGITS
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        (self.temperature,) = broadcast_all(temperature)
        self._around(probs, logits, validate_args)

    def rsample(self, sample_shape: Any = ()) -> Any:
        drawn = clamp_probs(uniform_like(self._param, self._extended_shape(sample_shape)))
        scores = (self.logits - (-drawn.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        count = self._event_shape[0]
        scores = self.logits - value * self.temperature
        scores = (scores - scores.logsumexp(-1, keepdim=True)).sum(-1)
        return scores + math.lgamma(count) + (count - 1) * self.temperature.log()


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of a simplex that gather at the corners as the temperature falls, with gradients."""

    arg_constraints = PROBS_OR_LOGITS
    support = constraints.simplex

    def __init__(
        self, temperature: Any, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """How far from the corners the points stay."""
        return self.base_dist.temperature

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return self.base_dist.logits

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self.base_dist.probs
