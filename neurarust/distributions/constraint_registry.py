"""From a constraint to a transform of unconstrained numbers into it.

`biject_to(constraint)` gives a one-to-one transform, `transform_to(constraint)` one that may be
cheaper or better suited to optimization.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import constraints, transforms


class ConstraintRegistry:
    """A table from constraint classes to what makes their transforms."""

    def __init__(self) -> None:
        self._registry: dict[type, Callable] = {}

    def register(self, constraint: Any, factory: Callable | None = None) -> Callable:
        """Sets what makes the transform for a constraint (or its class); a decorator too."""
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, constraints.Constraint):
            raise TypeError(
                f"Expected constraint to be either a Constraint subclass or instance, but got "
                f"{constraint}"
            )
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> Any:
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _both(*kinds: Any) -> Callable:
    """Registers in both tables, for several constraints."""

    def register(factory: Callable) -> Callable:
        for kind in kinds:
            biject_to.register(kind, factory)
            transform_to.register(kind, factory)
        return factory

    return register


@_both(constraints.real)
def _real(_: Any) -> Any:
    return transforms.identity_transform


@_both(constraints.positive, constraints.greater_than_eq)
def _above(constraint: Any) -> Any:
    if isinstance(constraint.lower_bound, float) and constraint.lower_bound == 0:
        return transforms.ExpTransform()
    shift = transforms.AffineTransform(constraint.lower_bound, 1)
    return transforms.ComposeTransform([transforms.ExpTransform(), shift])


@_both(constraints.less_than)
def _below(constraint: Any) -> Any:
    shift = transforms.AffineTransform(constraint.upper_bound, -1)
    return transforms.ComposeTransform([transforms.ExpTransform(), shift])


@_both(constraints.interval, constraints.half_open_interval)
def _between(constraint: Any) -> Any:
    low, high = constraint.lower_bound, constraint.upper_bound
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    shift = transforms.AffineTransform(low, high - low)
    return transforms.ComposeTransform([transforms.SigmoidTransform(), shift])


biject_to.register(constraints.simplex, lambda _: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda _: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda _: transforms.LowerCholeskyTransform())
for _kind in (constraints.positive_definite, constraints.positive_semidefinite):
    transform_to.register(_kind, lambda _: transforms.PositiveDefiniteTransform())
_both(constraints.corr_cholesky)(lambda _: transforms.CorrCholeskyTransform())


def _register_parts(table: ConstraintRegistry) -> None:
    table.register(
        constraints.independent,
        lambda one: transforms.IndependentTransform(
            table(one.base_constraint), one.reinterpreted_batch_ndims
        ),
    )
    table.register(
        constraints.cat,
        lambda one: transforms.CatTransform([table(c) for c in one.cseq], one.dim, one.lengths),
    )
    table.register(
        constraints.stack,
        lambda one: transforms.StackTransform([table(c) for c in one.cseq], one.dim),
    )


_register_parts(biject_to)
_register_parts(transform_to)
