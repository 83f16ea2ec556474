"""Distributions made of others: transformed, independent ones as one event, mixtures."""

from __future__ import annotations

import math
from typing import Any

from ..core.autograd.modes import no_grad
from ..core.tensor.tensor import Size
from . import constraints
from .distribution import Distribution
from .transform import ComposeTransform, Transform
from .utils import sum_rightmost


class Independent(Distribution):
    """A distribution whose last batch dimensions belong to the event: their log_prob is summed."""

    arg_constraints: Any = {}

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ):  # fmt: skip
        given = base_distribution.batch_shape
        cut = len(given) - reinterpreted_batch_ndims
        if cut < 0:
            raise ValueError(
                f"Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {reinterpreted_batch_ndims} vs {len(given)}"
            )
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        event = (*given[cut:], *base_distribution.event_shape)
        super().__init__(given[:cut], event, validate_args)

    @property
    def has_rsample(self) -> bool:
        return self.base_dist.has_rsample

    @property
    def has_enumerate_support(self) -> bool:
        return not self.reinterpreted_batch_ndims and self.base_dist.has_enumerate_support

    @constraints.dependent_property
    def support(self):
        dims, base = self.reinterpreted_batch_ndims, self.base_dist.support
        return constraints.independent(base, dims) if dims else base

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Any:
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError("Enumeration over cartesian product is not implemented")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


class TransformedDistribution(Distribution):
    r"""Samples of a base distribution, transformed.

    $\log p(y) = \log p(x) - \log |dy/dx|$ with $x$ from the inverse transforms.
    """

    arg_constraints: Any = {}

    def __init__(self, base_distribution: Any, transforms: Any, validate_args: bool | None = None):
        self.transforms = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(self.transforms, list) or not all(
            isinstance(one, Transform) for one in self.transforms
        ):
            raise ValueError(
                f"transforms must be a Transform or a list, but was {type(transforms).__name__}"
            )
        base_dims = len(base_distribution.event_shape)
        shape = Size((*base_distribution.batch_shape, *base_distribution.event_shape))
        whole = ComposeTransform(self.transforms)
        domain, codomain = whole.domain.event_dim, whole.codomain.event_dim
        if len(shape) < domain:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {domain}, but got "
                f"{list(shape)}."
            )
        result = whole.forward_shape(shape)
        needed = whole.inverse_shape(result)
        if tuple(needed) != tuple(shape):
            base_distribution = base_distribution.expand(needed[: len(needed) - base_dims])
        if domain > base_dims:
            base_distribution = Independent(base_distribution, domain - base_dims)
        self.base_dist = base_distribution
        cut = len(result) - max(codomain, base_dims + codomain - domain)
        super().__init__(result[:cut], result[cut:], validate_args)

    def _support(self) -> Any:
        """The last transform's codomain."""
        if not self.transforms:
            return self.base_dist.support
        codomain = self.transforms[-1].codomain
        extra = len(self.event_shape) - codomain.event_dim
        return constraints.independent(codomain, extra) if extra > 0 else codomain

    support: Any = constraints.dependent_property(_support, is_discrete=False)

    @property
    def has_rsample(self) -> bool:
        return self.base_dist.has_rsample

    def _forward(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            return self._forward(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        dims, total = len(self.event_shape), 0
        for transform in reversed(self.transforms):
            before = transform.inv(value)
            dims += transform.domain.event_dim - transform.codomain.event_dim
            term = transform.log_abs_det_jacobian(before, value)
            total = total - sum_rightmost(term, dims - transform.domain.event_dim)
            value = before
        base = self.base_dist.log_prob(value)
        return total + sum_rightmost(base, dims - len(self.base_dist.event_shape))

    def _turned(self, prob: Any) -> Any:
        """A probability, counted from the other end if the transforms fall."""
        sign = math.prod(one.sign for one in self.transforms)
        return prob if isinstance(sign, int) and sign == 1 else sign * (prob - 0.5) + 0.5

    def cdf(self, value: Any) -> Any:
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Any) -> Any:
        return self._forward(self.base_dist.icdf(self._turned(value)))


class MixtureSameFamily(Distribution):
    """A mixture: the components are the last batch dimension of a distribution.

    Args:
        mixture_distribution: a Categorical that chooses the component.
        component_distribution: the components.
    """

    arg_constraints: Any = {}
    has_rsample = False

    def __init__(
        self, mixture_distribution: Any, component_distribution: Any,
        validate_args: bool | None = None,
    ):  # fmt: skip
        if not hasattr(mixture_distribution, "_num_events"):
            raise ValueError("The Mixture distribution needs to be an instance of Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ValueError("The Component distribution needs to be an instance of Distribution")
        *batch, count = component_distribution.batch_shape
        chosen = mixture_distribution.batch_shape
        for i, j in zip(reversed(chosen), reversed(batch), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({list(chosen)}) is not compatible with "
                    f"`component_distribution.batch_shape` ({batch})"
                )
        if mixture_distribution._num_events != count:
            raise ValueError(
                f"`mixture_distribution component` ({mixture_distribution._num_events}) does not "
                f"equal `component_distribution.batch_shape[-1]` ({count})"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        super().__init__(batch, component_distribution.event_shape, validate_args)

    @constraints.dependent_property
    def support(self):
        return constraints.MixtureSameFamilyConstraint(self._component_distribution.support)

    @property
    def mixture_distribution(self) -> Any:
        """What chooses the component."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        """The components."""
        return self._component_distribution

    def _pad(self, x: Any) -> Any:
        """With a dimension for the components."""
        return x.unsqueeze(-1 - len(self._event_shape))

    def _weighted(self, values: Any) -> Any:
        """The mean over components."""
        probs, dims = self._mixture_distribution.probs, len(self._event_shape)
        probs = probs.reshape((*probs.shape, *(1 for _ in range(dims))))
        return (probs * values).sum(-1 - dims)

    @property
    def mean(self) -> Any:
        return self._weighted(self._component_distribution.mean)

    @property
    def variance(self) -> Any:
        parts = self._component_distribution
        within = self._weighted(parts.variance)
        return within + self._weighted((parts.mean - self._pad(self.mean)) ** 2)

    def cdf(self, x: Any) -> Any:
        return self._weighted(self._component_distribution.cdf(self._pad(x)))

    def log_prob(self, x: Any) -> Any:
        self._validate_sample(x)
        terms = self._component_distribution.log_prob(self._pad(x))
        return (terms + self._mixture_distribution.logits).logsumexp(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            dims = len(self._event_shape)
            shape = (*sample_shape, *self._batch_shape)
            chosen = self._mixture_distribution.expand(self._batch_shape).sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            chosen = chosen.reshape((*shape, 1, *(1 for _ in range(dims))))
            chosen = chosen.expand((*shape, 1, *self._event_shape))
            return drawn.gather(len(shape), chosen).squeeze(len(shape))

    def __repr__(self) -> str:
        return (
            f"MixtureSameFamily(\n  {self._mixture_distribution},\n  "
            f"{self._component_distribution})"
        )
