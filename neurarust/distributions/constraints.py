"""Sets of numbers, vectors and matrices: what parameters and samples may be.

`constraint.check(value)` gives a Tensor of booleans without the event's dimensions. A check is
written with operators that NumPy's arrays know too, so that known values are looked at without
a program.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.define import NAMESPACES
from ..core.tensor.tensor import Tensor
from ..core.types import finfo

_nr: dict[str, Callable] = NAMESPACES["neurarust"]
_linalg: dict[str, Callable] = NAMESPACES["linalg"]


class Constraint:
    """A set. Subclasses write `check`.

    Attributes:
        is_discrete: whether it is a set of isolated points.
        event_dim: how many last dimensions make one element.
    """

    is_discrete: Any = False
    event_dim: Any = 0
    # Whether `check` takes NumPy's arrays.
    on_host = True

    def check(self, value: Any) -> Any:
        """Whether each element of a batch lies in the set."""
        raise NotImplementedError

    def __repr__(self) -> str:
        shown = ", ".join(f"{k}={one}" for k, one in vars(self).items() if k[0] != "_")
        return f"{type(self).__name__.lstrip('_')}({shown})"


def violated(constraint: Constraint, value: Any, always: bool) -> bool:
    """Whether some element does not lie in the set.

    Args:
        always: look even where that means to run what is recorded; otherwise values that are
            not known yet pass.
    """
    bounds = _bounds(constraint)
    if not always and not (_known(value) and all(map(_known, bounds))):
        return False
    if not _everywhere(constraint):
        return not bool(constraint.check(value).all())
    return not np.all((_host(constraint) if bounds else constraint).check(_array(value)))


def _known(value: Any) -> bool:
    """Whether elements can be read without running or waiting for anything."""
    if not isinstance(value, Tensor):
        return True
    array = value._value().array
    return isinstance(array, np.ndarray) or (hasattr(array, "is_ready") and array.is_ready())


def _array(value: Any) -> Any:
    return np.asarray(value._array()) if isinstance(value, Tensor) else np.asarray(value)


def _bounds(constraint: Constraint) -> list[Tensor]:
    """The tensors that a constraint holds, and the constraints in it."""
    found: list[Tensor] = []
    for one in vars(constraint).values():
        if isinstance(one, Tensor):
            found.append(one)
        elif isinstance(one, Constraint):
            found += _bounds(one)
    return found


def _everywhere(constraint: Constraint) -> bool:
    parts = (one for one in vars(constraint).values() if isinstance(one, Constraint))
    return constraint.on_host and all(map(_everywhere, parts))


def _host(constraint: Constraint) -> Constraint:
    """The same set with its bounds in NumPy."""
    made = copy.copy(constraint)
    for name, one in vars(constraint).items():
        if isinstance(one, Tensor):
            vars(made)[name] = _array(one)
        elif isinstance(one, Constraint):
            vars(made)[name] = _host(one)
    return made


# ------------------------------------------------------------------ that depend on others


class _Dependent(Constraint):
    """A set that is only known once other parameters are."""

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented):
        self._is_discrete, self._event_dim = is_discrete, event_dim

    @property
    def is_discrete(self) -> bool:
        return _given(self._is_discrete, "is_discrete")

    @property
    def event_dim(self) -> int:
        return _given(self._event_dim, "event_dim")

    def __call__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented):
        """The same with more known about it."""
        discrete = self._is_discrete if is_discrete is NotImplemented else is_discrete
        dims = self._event_dim if event_dim is NotImplemented else event_dim
        return _Dependent(is_discrete=discrete, event_dim=dims)

    def check(self, value: Any) -> Any:
        raise ValueError("Cannot determine validity of dependent constraint")


def _given(found: Any, name: str) -> Any:
    if found is NotImplemented:
        raise NotImplementedError(f".{name} cannot be determined statically")
    return found


def is_dependent(constraint: Any) -> bool:
    """Whether a set is only known once other parameters are."""
    return isinstance(constraint, _Dependent)


class _DependentProperty(property, _Dependent):
    """A property that gives a set, and is a dependent one where only the class is known."""

    def __init__(
        self, fn: Callable | None = None, *, is_discrete: Any = NotImplemented,
        event_dim: Any = NotImplemented,
    ):  # fmt: skip
        property.__init__(self, fn)
        self._is_discrete, self._event_dim = is_discrete, event_dim

    def __call__(self, fn: Callable) -> _DependentProperty:
        return _DependentProperty(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


class _IndependentConstraint(Constraint):
    """Elements whose parts, along the last batch dimensions, all lie in a set."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int):
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims

    @property
    def is_discrete(self) -> bool:
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Any) -> Any:
        parts, dims = self.base_constraint.check(value), self.reinterpreted_batch_ndims
        if parts.ndim < dims:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.ndim}")
        return parts.reshape((*parts.shape[: parts.ndim - dims], -1)).all(-1)

    def __repr__(self) -> str:
        return f"Independent({self.base_constraint}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamilyConstraint(Constraint):
    """What lies in the set of each component of a mixture."""

    def __init__(self, base_constraint: Constraint):
        self.base_constraint = base_constraint

    @property
    def is_discrete(self) -> bool:
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:
        return self.base_constraint.event_dim

    def check(self, value: Any) -> Any:
        kept = value.ndim - self.event_dim
        if kept < 0:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.ndim}")
        parts = self.base_constraint.check(
            value.reshape((*value.shape[:kept], 1, *value.shape[kept:]))
        )
        return parts.reshape((*parts.shape[:kept], -1)).all(-1)


# ------------------------------------------------------------------ of numbers


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete, event_dim = True, 1

    def check(self, value: Any) -> Any:
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Bounded(Constraint):
    """Base of sets with bounds."""

    def __init__(self, lower_bound: Any, upper_bound: Any):
        self.lower_bound, self.upper_bound = lower_bound, upper_bound


class _IntegerInterval(_Bounded):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (value >= self.lower_bound) & (value <= self.upper_bound)


class _Interval(_Bounded):
    def check(self, value: Any) -> Any:
        return (value >= self.lower_bound) & (value <= self.upper_bound)


class _HalfOpenInterval(_Bounded):
    def check(self, value: Any) -> Any:
        return (value >= self.lower_bound) & (value < self.upper_bound)


class _Above(Constraint):
    """Base of sets with a lower bound."""

    def __init__(self, lower_bound: Any):
        self.lower_bound = lower_bound


class _IntegerGreaterThan(_Above):
    is_discrete = True

    def check(self, value: Any) -> Any:
        return (value % 1 == 0) & (value >= self.lower_bound)


class _GreaterThan(_Above):
    def check(self, value: Any) -> Any:
        return value > self.lower_bound


class _GreaterThanEq(_Above):
    def check(self, value: Any) -> Any:
        return value >= self.lower_bound


class _LessThan(Constraint):
    def __init__(self, upper_bound: Any):
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Any:
        return value < self.upper_bound


class _Real(Constraint):
    def check(self, value: Any) -> Any:
        # Not NaN.
        return value == value


# ------------------------------------------------------------------ of vectors and matrices


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & (abs(value.sum(-1) - 1) < 1e-6)


class _Multinomial(Constraint):
    is_discrete, event_dim = True, 1

    def __init__(self, upper_bound: int):
        self.upper_bound = upper_bound

    def check(self, value: Any) -> Any:
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


class _Matrix(Constraint):
    """Base of sets of matrices, which are checked as Tensors."""

    event_dim, on_host = 2, False


def _all(tests: Any) -> Any:
    return tests.flatten(-2).all(-1)


class _LowerTriangular(_Matrix):
    def check(self, value: Any) -> Any:
        return _all(value.tril() == value)


class _LowerCholesky(_LowerTriangular):
    def check(self, value: Any) -> Any:
        return super().check(value) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class _CorrCholesky(_LowerCholesky):
    def check(self, value: Any) -> Any:
        tolerance = finfo(value.dtype).eps * value.shape[-1] * 10
        off = ((value.detach() ** 2).sum(-1).sqrt() - 1).abs()
        return super().check(value) & (off <= tolerance).all(-1)


class _Square(_Matrix):
    def check(self, value: Any) -> Any:
        same = value.shape[-2] == value.shape[-1]
        return _nr["full"](value.shape[:-2], same, dtype=_nr_bool(), device=value.device)


def _nr_bool() -> Any:
    return _nr["tensor"](True).dtype


class _Symmetric(_Square):
    def check(self, value: Any) -> Any:
        if value.shape[-2] != value.shape[-1]:
            return super().check(value)
        return _all(_nr["isclose"](value, value.mT, atol=1e-6))


class _PositiveSemidefinite(_Symmetric):
    def check(self, value: Any) -> Any:
        symmetric = super().check(value)
        if value.shape[-2] != value.shape[-1]:
            return symmetric
        return symmetric & (_linalg["eigvalsh"](value) >= 0).all(-1)


class _PositiveDefinite(_Symmetric):
    def check(self, value: Any) -> Any:
        symmetric = super().check(value)
        if value.shape[-2] != value.shape[-1]:
            return symmetric
        return symmetric & (_linalg["cholesky_ex"](value).info == 0)


# ------------------------------------------------------------------ of several parts


class _Parts(Constraint):
    """Base of sets whose elements have parts in different sets."""

    on_host = False

    def __init__(self, cseq: Sequence[Constraint], dim: int = 0):
        if not all(isinstance(one, Constraint) for one in cseq):
            raise AssertionError("All elements of cseq must be Constraint instances")
        self.cseq, self.dim = list(cseq), dim

    @property
    def is_discrete(self) -> bool:
        return any(one.is_discrete for one in self.cseq)

    @property
    def event_dim(self) -> int:
        return max(one.event_dim for one in self.cseq)


class _Cat(_Parts):
    def __init__(
        self, cseq: Sequence[Constraint], dim: int = 0, lengths: Sequence[int] | None = None
    ):
        super().__init__(cseq, dim)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise AssertionError(f"lengths ({len(self.lengths)}) must match cseq ({len(cseq)})")

    def check(self, value: Any) -> Any:
        parts = value.split(self.lengths, self.dim)
        checks = [one.check(part) for one, part in zip(self.cseq, parts, strict=True)]
        return _nr["cat"](checks, self.dim)


class _Stack(_Parts):
    @property
    def event_dim(self) -> int:
        dims = max(one.event_dim for one in self.cseq)
        return dims + 1 if self.dim + dims < 0 else dims

    def check(self, value: Any) -> Any:
        parts = value.unbind(self.dim)
        checks = [one.check(part) for one, part in zip(self.cseq, parts, strict=True)]
        return _nr["stack"](checks, self.dim)


dependent = _Dependent()
dependent_property = _DependentProperty
independent = _IndependentConstraint
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = _IntegerGreaterThan(0)
positive_integer = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real = _Real()
real_vector = independent(real, 1)
positive = _GreaterThan(0.0)
nonnegative = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex = _Simplex()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()
corr_cholesky = _CorrCholesky()
square = _Square()
symmetric = _Symmetric()
positive_semidefinite = _PositiveSemidefinite()
positive_definite = _PositiveDefinite()
cat = _Cat
stack = _Stack
