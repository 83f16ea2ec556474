"""Normal vectors, Wishart matrices, and correlation matrices."""

from __future__ import annotations

import math
from typing import Any

from ..core.autograd.modes import no_grad
from ..core.define import NAMESPACES
from ..core.types import finfo
from . import constraints
from .continuous import normal_like, where
from .distribution import Distribution, ExponentialFamily
from .gamma import Beta, Chi2
from .utils import broadcast_all, lazy_property

_nr = NAMESPACES["neurarust"]
_linalg = NAMESPACES["linalg"]
_broadcast_shapes = _nr["broadcast_shapes"]
cholesky: Any = _linalg["cholesky"]
LOG_TAU = math.log(2 * math.pi)


def solved(lower: Any, right: Any) -> Any:
    """The inverse of a lower triangle times matrices, batches broadcast."""
    batch = _broadcast_shapes(lower.shape[:-2], right.shape[:-2])
    lower, right = (one.expand((*batch, *one.shape[-2:])) for one in (lower, right))
    return _linalg["solve_triangular"](lower, right, upper=False)


def mahalanobis(lower: Any, away: Any) -> Any:
    """The squared length of vectors in the units of a Cholesky factor."""
    return (solved(lower, away.unsqueeze(-1)).squeeze(-1) ** 2).sum(-1)


def half_log_det(lower: Any) -> Any:
    """Half the logarithm of the determinant, from the Cholesky factor."""
    return lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def times(matrix: Any, vector: Any) -> Any:
    """Matrices times vectors, batches broadcast."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def identity_like(matrix: Any) -> Any:
    """The identity of a matrix's size."""
    return _nr["eye"](matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)


def factor_of_inverse(precision: Any) -> Any:
    """The Cholesky factor of a matrix's inverse, without the inverse itself."""
    flipped = cholesky(precision.flip((-2, -1)))
    return solved(flipped.flip((-2, -1)).mT, identity_like(precision))


MATRICES = {
    "covariance_matrix": constraints.positive_definite,
    "precision_matrix": constraints.positive_definite, "scale_tril": constraints.lower_cholesky,
}  # fmt: skip


class _WithScale(Distribution):
    """Base of families with a matrix given in one of three forms."""

    _unbroadcasted_scale_tril: Any
    _size: int

    def _chosen(self, error: type[Exception], **given: Any) -> tuple[str, Any]:
        """The one form that is given, as its name and value."""
        found = [(name, one) for name, one in given.items() if one is not None]
        if len(found) != 1:
            raise error(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        name, matrix = found[0]
        if matrix.ndim < 2:
            raise ValueError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        # As it was given: the expanded one is not known yet.
        self._check(name, MATRICES[name], matrix)
        return name, matrix

    def _take(self, name: str, matrix: Any) -> None:
        """Keeps the form that was given, and its Cholesky factor."""
        self._size = matrix.shape[-1]
        if name == "precision_matrix":
            self._unbroadcasted_scale_tril = factor_of_inverse(matrix)
        else:
            covariance = name == "covariance_matrix"
            self._unbroadcasted_scale_tril = cholesky(matrix) if covariance else matrix

    def _full(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, self._size, self._size))

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance matrix."""
        return self._full(self._unbroadcasted_scale_tril)

    @lazy_property
    def covariance_matrix(self):
        """The covariance matrix."""
        factor = self._unbroadcasted_scale_tril
        return self._full(factor @ factor.mT)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance matrix."""
        factor = self._unbroadcasted_scale_tril
        inverse = solved(factor, identity_like(factor))
        return self._full(inverse.mT @ inverse)


class MultivariateNormal(_WithScale):
    """Normal vectors with a covariance matrix, given as such, as its inverse, or as its factor."""

    arg_constraints = {"loc": constraints.real_vector} | MATRICES
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None,
        scale_tril: Any = None, validate_args: bool | None = None,
    ):  # fmt: skip
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        self._validate_args = validate_args
        name, matrix = self._chosen(
            ValueError, covariance_matrix=covariance_matrix, precision_matrix=precision_matrix,
            scale_tril=scale_tril,
        )  # fmt: skip
        batch = _broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch, *matrix.shape[-2:])))
        self.loc = loc.expand((*batch, loc.shape[-1]))
        super().__init__(batch, loc.shape[-1:], validate_args)
        self._take(name, matrix)

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        found = (self._unbroadcasted_scale_tril**2).sum(-1)
        return found.expand(self._extended_shape())

    def rsample(self, sample_shape: Any = ()) -> Any:
        noise = normal_like(self.loc, self._extended_shape(sample_shape))
        return self.loc + times(self._unbroadcasted_scale_tril, noise)

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        factor = self._unbroadcasted_scale_tril
        away = mahalanobis(factor, value - self.loc)
        return -0.5 * (self._size * LOG_TAU + away) - half_log_det(factor)

    def entropy(self) -> Any:
        found = half_log_det(self._unbroadcasted_scale_tril)
        return (0.5 * self._size * (1 + LOG_TAU) + found).expand(self._batch_shape)


class LowRankMultivariateNormal(Distribution):
    r"""Normal vectors with the covariance $W W^T + \mathrm{diag}(D)$, where $W$ has few columns.

    Determinant and inverse are those of the small matrix $I + W^T D^{-1} W$ (Woodbury).

    Args:
        cov_factor: $W$.
        cov_diag: $D$.
    """

    arg_constraints = {
        "loc": constraints.real_vector, "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }  # fmt: skip
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Any, cov_factor: Any, cov_diag: Any, validate_args: bool | None = None):
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        count = loc.shape[-1]
        if cov_factor.ndim < 2 or cov_factor.shape[-2] != count:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {count} x m")
        if cov_diag.shape[-1:] != (count,):
            raise ValueError(f"cov_diag must be a batch of vectors with shape ({count},)")
        try:
            batch = _broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {list(loc.shape)}, cov_factor "
                f"{list(cov_factor.shape)}, cov_diag {list(cov_diag.shape)}"
            ) from error
        self.loc, self.cov_diag = (one.expand((*batch, count)) for one in (loc, cov_diag))
        self.cov_factor = cov_factor.expand((*batch, *cov_factor.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args)
        self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag = cov_factor, cov_diag
        small = (cov_factor.mT / cov_diag.unsqueeze(-2)) @ cov_factor
        self._capacitance_tril = cholesky(small + identity_like(small))

    @property
    def mean(self) -> Any:
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        return (self.cov_factor**2).sum(-1) + self.cov_diag

    @lazy_property
    def covariance_matrix(self):
        """The covariance matrix."""
        return self.cov_factor @ self.cov_factor.mT + self.cov_diag.diag_embed()

    @lazy_property
    def scale_tril(self):
        """The Cholesky factor of the covariance matrix."""
        return cholesky(self.covariance_matrix)

    @lazy_property
    def precision_matrix(self):
        """The inverse of the covariance matrix."""
        part = solved(self._capacitance_tril, self.cov_factor.mT / self.cov_diag.unsqueeze(-2))
        return (1 / self.cov_diag).diag_embed() - part.mT @ part

    def log_det(self) -> Any:
        """The logarithm of the covariance matrix's determinant."""
        return 2 * half_log_det(self._capacitance_tril) + self._unbroadcasted_cov_diag.log().sum(-1)

    def mahalanobis(self, away: Any) -> Any:
        """The squared length of vectors in the units of the covariance."""
        factor, diag = self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag
        inside = times(factor.mT, away / diag)
        return (away**2 / diag).sum(-1) - mahalanobis(self._capacitance_tril, inside)

    def rsample(self, sample_shape: Any = ()) -> Any:
        shape = self._extended_shape(sample_shape)
        factor = self._unbroadcasted_cov_factor
        common = normal_like(self.loc, (*shape[:-1], factor.shape[-1]))
        own = self._unbroadcasted_cov_diag.sqrt() * normal_like(self.loc, shape)
        return self.loc + times(factor, common) + own

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        away = self.mahalanobis(value - self.loc)
        return -0.5 * (self._event_shape[0] * LOG_TAU + self.log_det() + away)

    def entropy(self) -> Any:
        found = 0.5 * (self._event_shape[0] * (1 + LOG_TAU) + self.log_det())
        return found.expand(self._batch_shape)


class Wishart(_WithScale, ExponentialFamily):
    """Sums of `df` outer products of normal vectors with a covariance matrix.

    Samples are Bartlett's (1933): the Cholesky factor of chi-square and normal numbers.
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, df: Any, covariance_matrix: Any = None, precision_matrix: Any = None,
        scale_tril: Any = None, validate_args: bool | None = None,
    ):  # fmt: skip
        self._validate_args = validate_args
        name, matrix = self._chosen(
            AssertionError, covariance_matrix=covariance_matrix, precision_matrix=precision_matrix,
            scale_tril=scale_tril,
        )  # fmt: skip
        self._size = matrix.shape[-1]
        (df,) = broadcast_all(df)
        batch = _broadcast_shapes(matrix.shape[:-2], df.shape)
        self.df = df.to(matrix.dtype).expand(batch)
        setattr(self, name, matrix.expand((*batch, *matrix.shape[-2:])))
        super().__init__(batch, matrix.shape[-2:], validate_args)
        self._take(name, matrix)

    @property
    def arg_constraints(self):
        return MATRICES | {"df": constraints.greater_than(self._size - 1)}

    def _df(self) -> Any:
        return self.df.unsqueeze(-1).unsqueeze(-1)

    @property
    def mean(self) -> Any:
        return self._df() * self.covariance_matrix

    @property
    def mode(self) -> Any:
        factor = self._df() - self._size - 1
        return where(factor > 0, factor, math.nan) * self.covariance_matrix

    @property
    def variance(self) -> Any:
        covariance = self.covariance_matrix
        diagonal = covariance.diagonal(dim1=-2, dim2=-1)
        return self._df() * (covariance**2 + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def rsample(self, sample_shape: Any = (), max_try_correction: int | None = None) -> Any:
        falling = _nr["arange"](self._size, dtype=self.df.dtype, device=self.df.device)
        chi = Chi2(self.df.unsqueeze(-1) - falling, validate_args=False).rsample(sample_shape)
        diagonal = chi.sqrt().clamp(min=finfo(chi.dtype).eps).diag_embed()
        noise = normal_like(self.df, self._extended_shape(sample_shape)).tril(-1)
        factor = self._unbroadcasted_scale_tril @ (diagonal + noise)
        return factor @ factor.mT

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        factor, p, df = self._unbroadcasted_scale_tril, self._size, self.df
        own = cholesky(value)
        trace = (solved(factor, own) ** 2).sum(-1).sum(-1)
        scale = df * (0.5 * p * math.log(2) + half_log_det(factor)) + (df / 2).mvlgamma(p)
        return (df - p - 1) * half_log_det(own) - trace / 2 - scale

    def entropy(self) -> Any:
        p, half = self._size, self.df / 2
        steps = _nr["arange"](p, dtype=half.dtype, device=half.device) / 2
        digamma = (half.unsqueeze(-1) - steps).digamma().sum(-1)
        scale = (p + 1) * (0.5 * p * math.log(2) + half_log_det(self._unbroadcasted_scale_tril))
        return scale + half.mvlgamma(p) - (half - (p + 1) / 2) * digamma + half * p

    @property
    def _natural_params(self) -> tuple[Any, ...]:
        return -self.precision_matrix / 2, (self.df - self._size - 1) / 2

    def _log_normalizer(self, x: Any, y: Any) -> Any:
        p = self._size
        half = y + (p + 1) / 2
        log_det = _linalg["slogdet"](-2 * x).logabsdet
        return half * (p * math.log(2) - log_det) + half.mvlgamma(p)


class LKJCholesky(Distribution):
    r"""Cholesky factors $L$ of correlation matrices with density proportional to
    $|L L^T|^{concentration - 1}$ (Lewandowski, Kurowicka and Joe 2009; their onion method).
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: Any = 1.0, validate_args: bool | None = None):
        if dim < 2:
            raise ValueError(
                f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}."
            )
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)
        kind, device = self.concentration.dtype, self.concentration.device
        rows = _nr["arange"](dim, dtype=kind, device=device)
        offset = (rows - 1).clamp(min=0)
        marginal = self.concentration.unsqueeze(-1) + 0.5 * (dim - 2)
        self._beta = Beta(offset + 0.5, marginal - 0.5 * offset, validate_args=False)

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            # The share of each row below the diagonal, and its direction.
            share = self._beta.sample(sample_shape).unsqueeze(-1)
            noise = normal_like(share, self._extended_shape(sample_shape)).tril(-1)
            length = (noise**2).sum(-1, keepdim=True).sqrt()
            below = where(length > 0, share.sqrt() * noise / length, 0.0)
            left = (1 - (below**2).sum(-1)).clamp(min=finfo(below.dtype).tiny)
            return below + left.sqrt().diag_embed()

    def log_prob(self, value: Any) -> Any:
        self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        kind, device = self.concentration.dtype, self.concentration.device
        order = _nr["arange"](2, self.dim + 1, dtype=kind, device=device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        rest = self.dim - 1
        alpha = self.concentration + 0.5 * rest
        normalizer = 0.5 * rest * math.log(math.pi) + (alpha - 0.5).mvlgamma(rest)
        return (order * diagonal.log()).sum(-1) - normalizer + alpha.lgamma() * rest
