"""Families made of gamma numbers: Gamma, Chi2, Beta, Dirichlet, F, Student's t."""

from __future__ import annotations

import math
from typing import Any

from ..core.define import NAMESPACES
from ..core.ops.random_families import beta_draw, sample_dirichlet, standard_gamma
from ..core.types import finfo
from . import constraints
from .continuous import LOC_SCALE, normal_like, where
from .distribution import Distribution, ExponentialFamily
from .utils import broadcast_all

_special = NAMESPACES["special"]
_nn = NAMESPACES["nn.functional"]
xlogy: Any = _special["xlogy"]


class Gamma(ExponentialFamily):
    r"""Density $rate^a x^{a-1} e^{-rate\, x} / \Gamma(a)$ with the concentration $a$."""

    arg_constraints: Any = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None):
        self._set(validate_args, concentration=concentration, rate=rate)

    @property
    def mean(self) -> Any:
        return self.concentration / self.rate

    @property
    def mode(self) -> Any:
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Any:
        return self.concentration / self.rate**2

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        drawn = standard_gamma(self.concentration.expand(shape)) / self.rate
        return drawn.clamp(min=finfo(drawn.dtype).tiny)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        powers = xlogy(self.concentration, self.rate) + xlogy(self.concentration - 1, value)
        return powers - self.rate * value - self.concentration.lgamma()

    def cdf(self, value: Any) -> Any:
        self._validate_sample(value)
        return _special["gammainc"](self.concentration, self.rate * value)

    def entropy(self) -> Any:
        a = self.concentration
        return a - self.rate.log() + a.lgamma() + (1 - a) * a.digamma()

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        return (x + 1).lgamma() - (x + 1) * (-y).log()


class Chi2(Gamma):
    """Sums of squares of `df` standard normal numbers."""

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None):
        (self.df,) = broadcast_all(df)
        self._validate_args = validate_args
        self._check("df", constraints.positive, df)
        super().__init__(0.5 * self.df, 0.5, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        new = super().expand(batch_shape, _instance)
        new.concentration = self.concentration.expand(batch_shape)
        new.rate = self.rate.expand(batch_shape)
        return new


class Dirichlet(ExponentialFamily):
    r"""Points of a simplex: density proportional to $\prod x_k^{a_k - 1}$."""

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None):
        if concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args)

    @property
    def mean(self) -> Any:
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Any:
        above = (self.concentration - 1).clamp(min=0)
        inside = above / above.sum(-1, keepdim=True)
        corner = _nn["one_hot"](self.concentration.argmax(-1), above.shape[-1]).to(above.dtype)
        return where((self.concentration < 1).all(-1, keepdim=True), corner, inside)

    @property
    def variance(self) -> Any:
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total**2 * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return sample_dirichlet(self.concentration.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        a = self.concentration
        return xlogy(a - 1, value).sum(-1) + a.sum(-1).lgamma() - a.lgamma().sum(-1)

    def entropy(self) -> Any:
        a, total = self.concentration, self.concentration.sum(-1)
        spread = (total - a.shape[-1]) * total.digamma() - ((a - 1) * a.digamma()).sum(-1)
        return a.lgamma().sum(-1) - total.lgamma() + spread

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return (self.concentration,)

    def _log_normalizer(self, x: Any) -> Any:
        return x.lgamma().sum(-1) - x.sum(-1).lgamma()


def log_beta(a: Any, b: Any) -> Any:
    """The logarithm of the beta function."""
    return a.lgamma() + b.lgamma() - (a + b).lgamma()


class Beta(ExponentialFamily):
    r"""Density $x^{a-1} (1-x)^{b-1} / B(a, b)$ with $a$ = concentration1, $b$ = concentration0."""

    arg_constraints = {
        "concentration1": constraints.positive, "concentration0": constraints.positive
    }  # fmt: skip
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None):
        self._set(validate_args, concentration1=concentration1, concentration0=concentration0)

    @property
    def mean(self) -> Any:
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        a, b = (self.concentration1 - 1).clamp(min=0), (self.concentration0 - 1).clamp(min=0)
        corner = (self.concentration1 >= self.concentration0).to(a.dtype)
        both = (self.concentration1 < 1) & (self.concentration0 < 1)
        return where(both, corner, a / (a + b))

    @property
    def variance(self) -> Any:
        a, b = self.concentration1, self.concentration0
        return a * b / ((a + b) ** 2 * (a + b + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        return beta_draw(self.concentration1.expand(shape), self.concentration0.expand(shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        a, b = self.concentration1, self.concentration0
        return xlogy(a - 1, value) + _special["xlog1py"](b - 1, -value) - log_beta(a, b)

    def entropy(self) -> Any:
        a, b = self.concentration1, self.concentration0
        ends = (a - 1) * a.digamma() + (b - 1) * b.digamma()
        return log_beta(a, b) - ends + (a + b - 2) * (a + b).digamma()

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return self.concentration1, self.concentration0

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        return log_beta(x, y)


class FisherSnedecor(Distribution):
    """Ratios of the mean squares of `df1` and `df2` normal numbers: the F distribution."""

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None):
        self._set(validate_args, df1=df1, df2=df2)
        self._gamma1 = Gamma(self.df1 * 0.5, self.df1)
        self._gamma2 = Gamma(self.df2 * 0.5, self.df2)

    @property
    def mean(self) -> Any:
        return where(self.df2 > 2, self.df2 / (self.df2 - 2), math.nan)

    @property
    def mode(self) -> Any:
        found = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return where(self.df1 > 2, found, math.nan)

    @property
    def variance(self) -> Any:
        one, two = self.df1, self.df2
        found = 2 * two**2 * (one + two - 2) / (one * (two - 2) ** 2 * (two - 4))
        return where(two > 4, found, math.nan)

    def rsample(self, sample_shape: Any = ()) -> Any:
        first, second = self._gamma1.rsample(sample_shape), self._gamma2.rsample(sample_shape)
        return (first / second).clamp(min=finfo(second.dtype).tiny)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        a, b, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        tail = (a + b) * (ratio * value).log1p()
        return a * ratio.log() + (a - 1) * value.log() - tail - log_beta(a, b)


class StudentT(Distribution):
    r"""Density proportional to $(1 + z^2/df)^{-(df+1)/2}$ with $z = (x - loc)/scale$."""

    arg_constraints = {"df": constraints.positive} | LOC_SCALE
    support = constraints.real
    has_rsample = True

    def __init__(
        self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None
    ):
        self._set(validate_args, df=df, loc=loc, scale=scale)
        self._chi2 = Chi2(self.df)

    @property
    def mean(self) -> Any:
        return where(self.df > 1, self.loc, math.nan)

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        found = self.scale**2 * self.df / (self.df - 2)
        return where(self.df > 2, found, where(self.df > 1, math.inf, math.nan * self.df))

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = normal_like(self.df, self._extended_shape(sample_shape))
        return self.loc + self.scale * noise * (self._chi2.rsample(sample_shape) / self.df).rsqrt()

    def _log_normalizer(self) -> Any:
        return log_beta(0.5 * self.df, 0.5 + 0 * self.df) + 0.5 * self.df.log()

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        z = (value - self.loc) / self.scale
        tail = 0.5 * (self.df + 1) * (z**2 / self.df).log1p()
        return -tail - self.scale.log() - self._log_normalizer()

    def entropy(self) -> Any:
        half = 0.5 * (self.df + 1)
        spread = half * (half.digamma() - (0.5 * self.df).digamma())
        return self.scale.log() + spread + self._log_normalizer()
