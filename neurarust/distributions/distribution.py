"""The base of all distributions: shapes, parameters, validation."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from ..core.autograd.modes import enable_grad, no_grad
from ..core.function import grad
from ..core.tensor.tensor import Size, Tensor
from . import constraints
from .utils import Unwritten, broadcast_all, lazy_property, size, sum_rightmost


class Distribution:
    """Base of distributions over tensors of `event_shape`, one for each place of `batch_shape`.

    A subclass names its parameters in `arg_constraints` and calls `self._set(...)`.

    Differs from PyTorch: by default only values that are already computed are validated, so
    that building a distribution waits for nothing; `validate_args=True` always looks.
    """

    has_rsample: Any = False
    has_enumerate_support: Any = False
    _validate_args: bool | None = None
    _default_validate_args = True
    _batch_shape = Size(())
    _event_shape = Size(())

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether distributions made without `validate_args` validate known values."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: expected a bool, but got {value!r}")
        Distribution._default_validate_args = value

    def __init__(
        self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None
    ):
        self._batch_shape, self._event_shape = size(batch_shape), size(event_shape)
        self._validate_args = validate_args
        self._check_all(self.__dict__)

    def _check_all(self, values: dict[str, Any]) -> None:
        """Raises for parameters that do not lie in their sets."""
        if self._validates():
            for name, constraint in self._constraints().items():
                if name in values:
                    self._check(name, constraint, values[name])

    def _check(self, name: str, constraint: Any, value: Any) -> None:
        if not self._validates() or constraints.is_dependent(constraint):
            return
        if constraints.violated(constraint, value, self._validate_args is True):
            raise ValueError(
                f"Expected parameter {name} ({type(value).__name__} of shape "
                f"{tuple(getattr(value, 'shape', ()))}) of distribution {self!r} to satisfy the "
                f"constraint {constraint!r}, but found invalid values:\n{value}"
            )

    def _validates(self) -> bool:
        chosen = self._validate_args
        return Distribution._default_validate_args if chosen is None else chosen

    def _constraints(self) -> dict[str, Any]:
        try:
            return self.arg_constraints
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `arg_constraints`. Please set `arg_constraints = "
                f"{{}}` or initialize the distribution with `validate_args=False` to turn off "
                f"validation.",
                UserWarning,
                stacklevel=4,
            )
            return {}

    def _set(self, validate_args: bool | None = None, **values: Any) -> None:
        """Sets parameters, numbers or tensors, that have one number for each batch place."""
        for name, value in zip(values, broadcast_all(*values.values()), strict=True):
            setattr(self, name, value)
        self._batch_shape = getattr(self, next(iter(values))).shape
        self._validate_args = validate_args
        # As they were given: broadcast ones are not known yet.
        self._check_all(values)

    # ------------------------------------------------------------ shapes

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution for a larger batch; parameters are expanded, not copied."""
        batch_shape, known = size(batch_shape), self._constraints()
        new = object.__new__(type(self)) if _instance is None else _instance
        kept = {k: one for k, one in self.__dict__.items() if k in known or not self._lazy(k)}
        for name, value in kept.items():
            if isinstance(value, Distribution):
                extra = value.batch_shape[len(self.batch_shape) :]
                kept[name] = value.expand((*batch_shape, *extra))
            elif name in known and isinstance(value, Tensor):
                dims = known[name].event_dim
                kept[name] = value.expand((*batch_shape, *value.shape[value.ndim - dims :]))
        new.__dict__.update(kept)
        new._batch_shape = batch_shape
        return new

    def _lazy(self, name: str) -> bool:
        return isinstance(getattr(type(self), name, None), lazy_property)

    @property
    def batch_shape(self) -> Size:
        """The shape of independent places with parameters of their own."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample."""
        return self._event_shape

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    # ------------------------------------------------------------ what subclasses write

    # The sets that parameters lie in, by name, and the set that samples lie in.
    arg_constraints: Any = Unwritten()
    support: Any = Unwritten()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The parameters."""

    @property
    def mean(self) -> Any:
        """The expectation."""
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        """Where the density is largest."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Any:
        """The expected squared distance from the mean."""
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Any = ()) -> Any:
        """Samples of shape `sample_shape + batch_shape + event_shape`, off the tape."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Samples with gradients with respect to the parameters."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Any:
        """`sample((n,))`."""
        return self.sample((n,))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density, or of the probability, at a value."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Any:
        """The probability of samples up to a value."""
        raise NotImplementedError

    def icdf(self, value: Any) -> Any:
        """The inverse of `cdf`."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values of a discrete distribution, along a new first dimension."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """The expectation of `-log_prob`."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """`exp(entropy)`."""
        return self.entropy().exp()

    # ------------------------------------------------------------ validation

    def _validate_sample(self, value: Any) -> None:
        if not self._validates():
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        dims = len(self._event_shape)
        if value.shape[value.ndim - dims :] != self._event_shape:
            raise ValueError(
                f"The right-most size of value must match event_shape: {list(value.shape)} vs "
                f"{list(self._event_shape)}."
            )
        expected = (*self._batch_shape, *self._event_shape)
        for i, j in zip(reversed(value.shape), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: "
                    f"{list(value.shape)} vs {list(expected)}."
                )
        try:
            support = self.support
        except NotImplementedError:
            warnings.warn(
                f"{type(self)} does not define `support` to enable sample validation. Please "
                f"initialize the distribution with `validate_args=False` to turn off validation.",
                UserWarning,
                stacklevel=3,
            )
            return
        if constraints.violated(support, value, self._validate_args is True):
            raise ValueError(
                f"Expected value argument ({type(value).__name__} of shape {tuple(value.shape)}) "
                f"to be within the support ({support!r}) of the distribution {self!r}, but found "
                f"invalid values:\n{value}"
            )

    def _get_checked_instance(self, cls: type, _instance: Any = None) -> Any:
        if _instance is None and type(self).__init__ is not cls.__init__:
            raise NotImplementedError(
                f"Subclass {type(self).__name__} of {cls.__name__} that defines a custom __init__ "
                f"method must also define a custom .expand() method."
            )
        return object.__new__(type(self)) if _instance is None else _instance

    def __repr__(self) -> str:
        shown = []
        for name in self.arg_constraints:
            value = self.__dict__.get(name)
            if value is not None:
                shown.append(f"{name}: {value if value.numel() == 1 else value.shape}")
        return f"{type(self).__name__}({', '.join(shown)})"


class ExponentialFamily(Distribution):
    r"""Base of families with density $h(x) \exp(\eta \cdot T(x) - A(\eta))$.

    Entropy and divergence follow from the log normalizer $A$ and its gradient (Nielsen and Nock
    2010), where a subclass has no formula.
    """

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        raise NotImplementedError

    # The expectation of log h(x).
    _mean_carrier_measure: Any = Unwritten()

    def normalizer(self) -> tuple[list[Any], Any, list[Any]]:
        """The natural parameters, the log normalizer there, and its gradients."""
        with enable_grad():
            given = self._natural_params
            natural = [x if x.requires_grad else x.detach().requires_grad_() for x in given]
            value = self._log_normalizer(*natural)
            return natural, value, list(grad(value.sum(), natural, create_graph=True))

    def entropy(self) -> Any:
        measure = self._mean_carrier_measure
        natural, result, gradients = self.normalizer()
        result = result - measure
        for one, gradient in zip(natural, gradients, strict=True):
            result = result - sum_rightmost(one * gradient, one.ndim - len(self._batch_shape))
        return result
