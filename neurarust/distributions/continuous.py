"""Families of real numbers with a location and a scale."""

from __future__ import annotations

import math
from typing import Any

from ..core.define import NAMESPACES
from ..core.ops.random import rand, randn
from ..core.ops.random_families import von_mises_draw
from ..core.types import finfo
from . import constraints
from .distribution import Distribution, ExponentialFamily

_nr = NAMESPACES["neurarust"]
_special = NAMESPACES["special"]
where: Any = _nr["where"]
HALF_LOG_TAU = 0.5 * math.log(2 * math.pi)
LOC_SCALE = {"loc": constraints.real, "scale": constraints.positive}


def uniform_like(param: Any, shape: Any) -> Any:
    """Uniform numbers in [0, 1) of a parameter's type and device."""
    return rand(shape, dtype=param.dtype, device=param.device)


def normal_like(param: Any, shape: Any) -> Any:
    """Standard normal numbers of a parameter's type and device."""
    return randn(shape, dtype=param.dtype, device=param.device)


class Normal(ExponentialFamily):
    r"""Normal numbers: density $e^{-((x - loc)/scale)^2/2} / (scale \sqrt{2\pi})$."""

    arg_constraints = LOC_SCALE
    support = constraints.real
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, scale=scale)

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def stddev(self) -> Any:
        return self.scale

    @property
    def variance(self) -> Any:
        return self.scale**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.loc + normal_like(self.loc, self._extended_shape(sample_shape)) * self.scale

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return -(((value - self.loc) / self.scale) ** 2) / 2 - self.scale.log() - HALF_LOG_TAU

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return 0.5 * (1 + ((value - self.loc) / (self.scale * math.sqrt(2))).erf())

    def icdf(self, value: Any) -> Any:
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Any:
        return 0.5 + HALF_LOG_TAU + self.scale.log()

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return self.loc / self.variance, -0.5 / self.variance

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        return -0.25 * x**2 / y + 0.5 * (-math.pi / y).log()


class Laplace(Distribution):
    r"""Density $e^{-|x - loc| / scale} / (2 scale)$."""

    arg_constraints = LOC_SCALE
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, scale=scale)

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        return 2 * self.scale**2

    @property
    def stddev(self) -> Any:
        return math.sqrt(2) * self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        # Of (-1/2, 1/2); the shift keeps the logarithm finite.
        drawn = uniform_like(self.loc, self._extended_shape(sample_shape))
        return self.icdf(drawn + finfo(self.loc.dtype).eps / 2)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * (-away.abs() / self.scale).expm1()

    def icdf(self, value: Any) -> Any:
        away = value - 0.5
        return self.loc - self.scale * away.sign() * (-2 * away.abs()).log1p()

    def entropy(self) -> Any:
        return 1 + (2 * self.scale).log()


class Cauchy(Distribution):
    r"""Density $1 / (\pi\, scale\, (1 + ((x - loc)/scale)^2))$; it has no mean."""

    arg_constraints = LOC_SCALE
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, scale=scale)

    @property
    def mean(self) -> Any:
        return self.loc.new_full(self._extended_shape(), math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return self.loc.new_full(self._extended_shape(), math.inf)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform_like(self.loc, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        tail = (((value - self.loc) / self.scale) ** 2).log1p()
        return -math.log(math.pi) - self.scale.log() - tail

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Any:
        return math.log(4 * math.pi) + self.scale.log()


class Uniform(Distribution):
    """Numbers of [low, high), all alike."""

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None):
        self._set(validate_args, low=low, high=high)
        # The parameters as they were given; broadcast ones are not known yet.
        self._check("low", constraints.less_than(high), low)

    @property
    def arg_constraints(self):
        return {
            "low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)
        }  # fmt: skip

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Any:
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        return math.nan * self.high

    @property
    def stddev(self) -> Any:
        return (self.high - self.low) / math.sqrt(12)

    @property
    def variance(self) -> Any:
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform_like(self.low, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        inside = (self.low <= value) & (value < self.high)
        return where(inside, -(self.high - self.low).log(), -math.inf)

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Any) -> Any:
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        return (self.high - self.low).log()


class Exponential(ExponentialFamily):
    r"""Waiting times: density $rate\, e^{-rate\, x}$ for $x \ge 0$."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, rate: Any, validate_args: bool | None = None):
        self._set(validate_args, rate=rate)

    @property
    def mean(self) -> Any:
        return 1 / self.rate

    stddev = mean

    @property
    def mode(self) -> Any:
        return self.rate * 0

    @property
    def variance(self) -> Any:
        return self.rate**-2

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform_like(self.rate, self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return -(-self.rate * value).expm1()

    def icdf(self, value: Any) -> Any:
        return -(-value).log1p() / self.rate

    def entropy(self) -> Any:
        return 1 - self.rate.log()

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (-self.rate,)

    def _log_normalizer(self, x: Any) -> Any:
        return -(-x).log()


class GeneralizedPareto(Distribution):
    r"""Excesses over a threshold: survival $(1 + \xi z)^{-1/\xi}$ with $z = (x - loc)/scale$ and
    $\xi$ the concentration; $e^{-z}$ where that is 0.
    """

    arg_constraints = LOC_SCALE | {"concentration": constraints.real}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, concentration: Any, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, scale=scale, concentration=concentration)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        ends = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, where(self.concentration < 0, ends, math.inf))

    def _shape(self) -> tuple[Any, Any]:
        """Where the concentration is 0, and a concentration that is not."""
        zero = self.concentration.abs() < 1e-8
        return zero, where(zero, 1.0, self.concentration)

    @property
    def mean(self) -> Any:
        exists = self.concentration < 1
        mean = self.loc + self.scale / (1 - where(exists, self.concentration, 0.5))
        return where(exists, mean, math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        exists = self.concentration < 0.5
        shape = where(exists, self.concentration, 0.25)
        found = self.scale**2 / ((1 - shape) ** 2 * (1 - 2 * shape))
        return where(exists, found, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.icdf(uniform_like(self.loc, self._extended_shape(sample_shape)))

    def log_survival_function(self, value: Any) -> Any:
        """`log(1 - cdf(value))`."""
        self._validate_sample(value)
        (zero, shape), z = self._shape(), (value - self.loc) / self.scale
        return where(zero, -z, -(shape * z).log1p() / shape)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        (zero, shape), z = self._shape(), (value - self.loc) / self.scale
        power = 1 / shape + 1
        falling = where(power == 0, power * z, power * (shape * z).log1p())
        return -self.scale.log() - where(zero, z, falling)

    def log_cdf(self, value: Any) -> Any:
        """`log(cdf(value))`."""
        return self.cdf(value).log()

    def cdf(self, value: Any) -> Any:
        return -self.log_survival_function(value).expm1()

    def icdf(self, value: Any) -> Any:
        (zero, shape), left = self._shape(), (-value).log1p()
        return self.loc + self.scale * where(zero, -left, (-shape * left).expm1() / shape)

    def entropy(self) -> Any:
        return self.scale.log() + self.concentration + 1


class VonMises(Distribution):
    r"""Angles: density $e^{\kappa \cos(x - loc)} / (2\pi I_0(\kappa))$ with the concentration
    $\kappa$. Samples lie in [-pi, pi). `variance` is the circular one, $1 - I_1/I_0$.
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None):
        self._set(validate_args, loc=loc, concentration=concentration)

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        return 1 - _special["i1e"](self.concentration) / _special["i0e"](self.concentration)

    def sample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        angle = von_mises_draw(self.concentration.detach().expand(shape)) + self.loc.detach()
        return (angle + math.pi) % (2 * math.pi) - math.pi

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        scaled = _special["i0e"](self.concentration).log() + math.log(2 * math.pi)
        return self.concentration * ((value - self.loc).cos() - 1) - scaled
