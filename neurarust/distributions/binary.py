"""Families of trials that succeed or fail, and of counts."""

from __future__ import annotations

import math
from typing import Any

from ..core.autograd.modes import no_grad
from ..core.define import NAMESPACES
from ..core.ops.activation import logsigmoid, softplus
from ..core.ops.random import bernoulli
from ..core.ops.random_families import binomial
from ..core.tensor.tensor import Tensor
from ..core.types import finfo, get_default_dtype
from . import constraints
from .continuous import uniform_like, where
from .distribution import Distribution, ExponentialFamily
from .gamma import Gamma, xlogy
from .utils import broadcast_all, clamp_probs, lazy_property, logits_to_probs, probs_to_logits

_nr = NAMESPACES["neurarust"]
PROBS_OR_LOGITS = {"probs": constraints.unit_interval, "logits": constraints.real}


class _Trial(Distribution):
    """Base of families with a probability, given as such or as the logarithm of odds."""

    def _choose(self, probs: Any, logits: Any, validate_args: bool | None, **others: Any) -> None:
        """Sets the one of both that is given, and other parameters of its shape."""
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, given = ("probs", probs) if logits is None else ("logits", logits)
        kind = given.dtype if isinstance(given, Tensor) else get_default_dtype()
        for label, one in others.items():
            others[label] = one.to(kind) if isinstance(one, Tensor) else one
        self._set(validate_args, **{name: given}, **others)

    @property
    def _param(self) -> Any:
        return self.__dict__["probs"] if "probs" in self.__dict__ else self.logits

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter."""
        return self._param.shape

    @lazy_property
    def logits(self):
        """The logarithm of the odds."""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self):
        """The probability."""
        return logits_to_probs(self.logits, is_binary=True)

    def _values(self, count: int, expand: bool) -> Any:
        """0, 1... along a new first dimension."""
        kind, device = self._param.dtype, self._param.device
        values = _nr["arange"](count, dtype=kind, device=device)
        values = values.reshape((-1, *(1 for _ in self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values


def _log_likelihood(logits: Any, value: Any) -> Any:
    """`value log p + (1 - value) log(1 - p)`."""
    return value * logits - softplus(logits)


class Bernoulli(_Trial, ExponentialFamily):
    """1 with probability `probs`, else 0."""

    arg_constraints = PROBS_OR_LOGITS
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        self._choose(probs, logits, validate_args)

    @property
    def mean(self) -> Any:
        return self.probs

    @property
    def mode(self) -> Any:
        likelier = (self.probs >= 0.5).to(self.probs.dtype)
        return where(self.probs == 0.5, math.nan, likelier)

    @property
    def variance(self) -> Any:
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return _log_likelihood(self.logits, value)

    def entropy(self) -> Any:
        return -_log_likelihood(self.logits, self.probs)

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._values(2, expand)

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Any) -> Any:
        return softplus(x)


class Geometric(_Trial):
    """Failures before the first success."""

    arg_constraints = PROBS_OR_LOGITS
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None):
        self._choose(probs, logits, validate_args)
        bad = probs is not None and self._validates()
        if bad and constraints.violated(constraints.positive, self.probs, validate_args is True):
            raise ValueError(
                f"Expected parameter probs of distribution {self!r} to be positive but found "
                f"invalid values:\n{self.probs}"
            )

    @property
    def mean(self) -> Any:
        return 1 / self.probs - 1

    @property
    def mode(self) -> Any:
        return self.probs * 0

    @property
    def variance(self) -> Any:
        return (1 / self.probs - 1) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            drawn = uniform_like(self.probs, self._extended_shape(sample_shape))
            drawn = drawn.clamp(min=finfo(drawn.dtype).tiny)
            return (drawn.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        sure = where((probs == 1) & (value == 0), 0.0, probs)
        return value * (-sure).log1p() + self.probs.log()

    def entropy(self) -> Any:
        return -_log_likelihood(self.logits, self.probs) / self.probs


class Binomial(_Trial):
    """Successes among `total_count` trials."""

    arg_constraints = {"total_count": constraints.nonnegative_integer} | PROBS_OR_LOGITS
    has_enumerate_support = True

    def __init__(
        self, total_count: Any = 1, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        self._choose(probs, logits, validate_args, total_count=total_count)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self):
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        return ((self.total_count + 1) * self.probs).floor().minimum(self.total_count)

    @property
    def variance(self) -> Any:
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        count = self.total_count
        ways = (count + 1).lgamma() - (value + 1).lgamma() - (count - value + 1).lgamma()
        return ways + value * self.logits - count * softplus(self.logits)

    def _count(self, name: str) -> int:
        """The one count of all places."""
        largest = int(self.total_count.max())
        if int(self.total_count.min()) != largest:
            raise NotImplementedError(f"Inhomogeneous total count not supported by `{name}`.")
        return largest

    def entropy(self) -> Any:
        self._count("entropy")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        return self._values(self._count("enumerate_support") + 1, expand)


class NegativeBinomial(_Trial):
    """Successes before `total_count` failures."""

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0), "logits": constraints.real,
    }  # fmt: skip
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: Any, probs: Any = None, logits: Any = None,
        validate_args: bool | None = None,
    ):  # fmt: skip
        self._choose(probs, logits, validate_args, total_count=total_count)

    @property
    def mean(self) -> Any:
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Any:
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0)

    @property
    def variance(self) -> Any:
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            rates = Gamma(self.total_count, (-self.logits).exp(), validate_args=False)
            return _nr["poisson"](rates.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        count = self.total_count
        ways = (count + value).lgamma() - (1 + value).lgamma() - count.lgamma()
        ways = where(count + value == 0, 0.0, ways)
        return ways + count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)


class Poisson(ExponentialFamily):
    r"""Counts of rare events: $rate^k e^{-rate} / k!$."""

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None):
        self._set(validate_args, rate=rate)

    @property
    def mean(self) -> Any:
        return self.rate

    variance = mean

    @property
    def mode(self) -> Any:
        return self.rate.floor()

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return _nr["poisson"](self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return xlogy(value, self.rate) - self.rate - (value + 1).lgamma()

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (self.rate.log(),)

    def _log_normalizer(self, x: Any) -> Any:
        return x.exp()


class ContinuousBernoulli(_Trial, ExponentialFamily):
    r"""Numbers of [0, 1] with density proportional to $p^x (1-p)^{1-x}$ (Loaiza-Ganem and
    Cunningham 2019).

    Args:
        lims: between these probabilities, around 1/2, series replace the formulas.
    """

    arg_constraints = PROBS_OR_LOGITS
    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, probs: Any = None, logits: Any = None, lims: tuple[float, float] = (0.499, 0.501),
        validate_args: bool | None = None,
    ):  # fmt: skip
        self._lims = lims
        self._choose(probs, logits, validate_args)
        if probs is not None:
            self.probs = clamp_probs(self.probs)

    @lazy_property
    def probs(self):
        """The parameter as a probability."""
        return clamp_probs(logits_to_probs(self.logits, is_binary=True))

    def _split(self) -> tuple[Any, Any, Any]:
        """Where the formulas hold, probabilities that suit them, and the distance from 1/2."""
        low, high = self._lims
        outside = (self.probs <= low) | (self.probs > high)
        return outside, where(outside, self.probs, low), self.probs - 0.5

    def _cont_bern_log_norm(self) -> Any:
        outside, p, x = self._split()
        ratio = ((-p).log1p() - p.log()) / (1 - 2 * p)
        series = math.log(2) + (4 / 3 + 104 / 45 * x**2) * x**2
        return where(outside, ratio.log(), series)

    @property
    def mean(self) -> Any:
        outside, p, x = self._split()
        formula = p / (2 * p - 1) + 1 / ((-p).log1p() - p.log())
        return where(outside, formula, 0.5 + (1 / 3 + 16 / 45 * x**2) * x)

    @property
    def variance(self) -> Any:
        outside, p, x = self._split()
        formula = p * (p - 1) / (1 - 2 * p) ** 2 + 1 / ((-p).log1p() - p.log()) ** 2
        return where(outside, formula, 1 / 12 - (1 / 15 - 128 / 945 * x**2) * x**2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform_like(self.probs, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return _log_likelihood(self.logits, value) + self._cont_bern_log_norm()

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        outside, p, _ = self._split()
        formula = (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1)
        return where(outside, formula, value).clamp(0, 1)

    def icdf(self, value: Any) -> Any:
        outside, p, _ = self._split()
        left = (-p).log1p()
        formula = ((-p + value * (2 * p - 1)).log1p() - left) / (p.log() - left)
        return where(outside, formula, value)

    def entropy(self) -> Any:
        fail = (-self.probs).log1p()
        return self.mean * (fail - self.probs.log()) - self._cont_bern_log_norm() - fail

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Any) -> Any:
        low, high = self._lims
        outside = (x <= low - 0.5) | (x > high - 0.5)
        kept = where(outside, x, low - 0.5)
        series = 0.5 * x + x**2 / 24 - x**4 / 2880
        return where(outside, (kept.expm1() / kept).log(), series)
