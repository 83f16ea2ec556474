"""Transforms whose events are vectors and matrices, and transforms of parts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..core.define import NAMESPACES
from ..core.ops.activation import logsigmoid, softmax, softplus
from ..core.tensor.tensor import Size
from ..core.types import finfo
from . import constraints
from .transform import Stateless, Transform
from .transforms_of_numbers import clipped
from .utils import sum_rightmost, tril_matrix_to_vec, vec_to_tril_matrix

_nr = NAMESPACES["neurarust"]
_linalg = NAMESPACES["linalg"]


def _shifted(values: Any) -> Any:
    """Values one place later in the last dimension, after a 1."""
    return _nr["cat"]([values[..., :1] * 0 + 1, values[..., :-1]], -1)


def _with(values: Any, last: bool) -> Any:
    """Values with a 1 at the end, or at the start, of the last dimension."""
    one = values[..., :1] * 0 + 1
    return _nr["cat"]([values, one] if last else [one, values], -1)


def _vector(shape: Any) -> Any:
    if len(shape) < 1:
        raise ValueError("Too few dimensions on input")
    return shape


class SoftmaxTransform(Stateless):
    """Unconstrained vectors to a simplex of the same length; not one to one."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x: Any) -> Any:
        return softmax(x, -1)

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        return _vector(shape)

    inverse_shape = forward_shape


class StickBreakingTransform(Stateless):
    """Unconstrained vectors to a simplex of one more element, by breaking a stick."""

    domain, codomain = constraints.real_vector, constraints.simplex
    bijective = True

    @staticmethod
    def _offset(x: Any) -> Any:
        """Logarithms of how many pieces are left; 0 goes to the middle of the simplex."""
        length = x.shape[-1]
        return _nr["arange"](length, 0, -1, dtype=x.dtype, device=x.device).log()

    def _call(self, x: Any) -> Any:
        share = clipped((x - self._offset(x)).sigmoid())
        return _with(share, True) * _with((1 - share).cumprod(-1), False)

    def _inverse(self, y: Any) -> Any:
        pieces = y[..., :-1]
        left = (1 - pieces.cumsum(-1)).clamp(min=finfo(y.dtype).tiny)
        return pieces.log() - left.log() + self._offset(pieces)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        x = x - self._offset(x)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        return Size((*_vector(shape)[:-1], shape[-1] + 1))

    def inverse_shape(self, shape: Any) -> Any:
        return Size((*_vector(shape)[:-1], shape[-1] - 1))


class LowerCholeskyTransform(Stateless):
    """Unconstrained matrices to lower triangles with a positive diagonal."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x: Any) -> Any:
        return x.tril(-1) + x.diagonal(dim1=-2, dim2=-1).exp().diag_embed()

    def _inverse(self, y: Any) -> Any:
        return y.tril(-1) + y.diagonal(dim1=-2, dim2=-1).log().diag_embed()


class PositiveDefiniteTransform(Stateless):
    """Unconstrained matrices to positive definite ones, through their Cholesky factors."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def _call(self, x: Any) -> Any:
        lower = LowerCholeskyTransform()(x)
        return lower @ lower.mT

    def _inverse(self, y: Any) -> Any:
        return LowerCholeskyTransform().inv(_linalg["cholesky"](y))


class CorrCholeskyTransform(Stateless):
    """Vectors of length d(d-1)/2 to Cholesky factors of correlation matrices of size d.

    The numbers become partial correlations by tanh; each row is filled from the left with shares
    of what its unit length still allows (Stan's reference manual, 10.12).
    """

    domain, codomain = constraints.real_vector, constraints.corr_cholesky
    bijective = True

    def _call(self, x: Any) -> Any:
        eps = finfo(x.dtype).eps
        shares = vec_to_tril_matrix(x.tanh().clamp(-1 + eps, 1 - eps), -1)
        left = (1 - shares**2).sqrt().cumprod(-1)
        identity = _nr["eye"](shares.shape[-1], dtype=x.dtype, device=x.device)
        return (shares + identity) * _shifted(left)

    def _inverse(self, y: Any) -> Any:
        left = _shifted(1 - (y * y).cumsum(-1))
        shares = tril_matrix_to_vec(y, -1) / tril_matrix_to_vec(left, -1).sqrt()
        return shares.atanh()

    def log_abs_det_jacobian(self, x: Any, y: Any, intermediates: Any = None) -> Any:
        left = 1 - (y * y).cumsum(-1)
        breaking = 0.5 * tril_matrix_to_vec(left, -2).log().sum(-1)
        return breaking - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        count = _vector(shape)[-1]
        rows = round((0.25 + 2 * count) ** 0.5 + 0.5)
        if rows * (rows - 1) // 2 != count:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], rows, rows))

    def inverse_shape(self, shape: Any) -> Any:
        if len(shape) < 2:
            raise ValueError("Too few dimensions on input")
        if shape[-2] != shape[-1]:
            raise ValueError("Input is not square")
        return Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))


# ------------------------------------------------------------------ of parts


class _Parts(Transform):
    """Base of transforms that treat parts along a dimension differently."""

    def __init__(self, tseq: Sequence[Transform], dim: int = 0, cache_size: int = 0):
        if not all(isinstance(one, Transform) for one in tseq):
            raise AssertionError("All elements of tseq must be Transform instances")
        super().__init__(cache_size)
        self.transforms = [one.with_cache(cache_size) for one in tseq] if cache_size else [*tseq]
        self.dim = dim

    @property
    def bijective(self) -> bool:
        return all(one.bijective for one in self.transforms)

    def _split(self, x: Any) -> Any:
        raise NotImplementedError

    def _joined(self, parts: list[Any]) -> Any:
        raise NotImplementedError

    def _call(self, x: Any) -> Any:
        pairs = zip(self.transforms, self._split(x), strict=True)
        return self._joined([one(part) for one, part in pairs])

    def _inverse(self, y: Any) -> Any:
        pairs = zip(self.transforms, self._split(y), strict=True)
        return self._joined([one.inv(part) for one, part in pairs])

    def _terms(self, x: Any, y: Any) -> list[Any]:
        rows = zip(self.transforms, self._split(x), self._split(y), strict=True)
        return [one.log_abs_det_jacobian(before, after) for one, before, after in rows]


class CatTransform(_Parts):
    """A transform for each of several stretches along a dimension, of given lengths."""

    def __init__(
        self, tseq: Sequence[Transform], dim: int = 0, lengths: Sequence[int] | None = None,
        cache_size: int = 0,
    ):  # fmt: skip
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(
                f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})"
            )

    @property
    def event_dim(self) -> int:
        return max(one.event_dim for one in self.transforms)

    @property
    def length(self) -> int:
        """The length of the dimension."""
        return sum(self.lengths)

    def _split(self, x: Any) -> Any:
        if x.shape[self.dim] != self.length:
            raise AssertionError(
                f"size {x.shape[self.dim]} of dimension {self.dim} must equal length {self.length}"
            )
        return x.split(self.lengths, self.dim)

    def _joined(self, parts: list[Any]) -> Any:
        return _nr["cat"](parts, self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        terms = [
            sum_rightmost(term, self.event_dim - one.event_dim)
            for one, term in zip(self.transforms, self._terms(x, y), strict=True)
        ]
        dim = (self.dim - x.ndim if self.dim >= 0 else self.dim) + self.event_dim
        return _nr["cat"](terms, dim) if dim < 0 else sum(terms)

    @constraints.dependent_property
    def domain(self):
        return constraints.cat([one.domain for one in self.transforms], self.dim, self.lengths)

    @constraints.dependent_property
    def codomain(self):
        return constraints.cat([one.codomain for one in self.transforms], self.dim, self.lengths)


class StackTransform(_Parts):
    """A transform for each place of a dimension."""

    def _split(self, x: Any) -> Any:
        if x.shape[self.dim] != len(self.transforms):
            raise AssertionError(
                f"size {x.shape[self.dim]} of dimension {self.dim} must equal len(transforms) "
                f"{len(self.transforms)}"
            )
        return x.unbind(self.dim)

    def _joined(self, parts: list[Any]) -> Any:
        return _nr["stack"](parts, self.dim)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return self._joined(self._terms(x, y))

    @constraints.dependent_property
    def domain(self):
        return constraints.stack([one.domain for one in self.transforms], self.dim)

    @constraints.dependent_property
    def codomain(self):
        return constraints.stack([one.codomain for one in self.transforms], self.dim)
