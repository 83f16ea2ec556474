"""Ready parametrizations: weight norm, spectral norm, orthogonal matrices."""

from __future__ import annotations

from typing import Any

from ...core.autograd.modes import no_grad
from ...core.host import take_over
from ...core.ops.activation import normalize
from ...core.ops.create import eye, zeros_like
from ...core.ops.decompositions import geqrf, householder_product, matrix_exp
from ...core.ops.linalg import qr, solve
from ...core.ops.movement import cat
from ...core.ops.random import randn
from ...core.tensor.tensor import Tensor
from ..module import Module
from .norms import (
    as_matrix,
    default_dim,
    first_vectors,
    norm_except,
    power_iterations,
    weight_of,
)
from .parametrize import register_parametrization


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return weight_of(weight_g, weight_v, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """A weight as length times direction: `g v / |v|`.

    Args:
        dim: the dimension that keeps a length for each index; None for one length.

    Source: Salimans and Kingma, "Weight normalization", NIPS 2016.
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


class _SpectralNorm(Module):
    def __init__(self, weight: Tensor, n_power_iterations: int, dim: int, eps: float):
        super().__init__()
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got {n_power_iterations}"
            )
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{weight.ndim}, "
                f"{weight.ndim - 1}] but got {dim})"
            )
        self.dim, self.eps, self.n_power_iterations = dim % weight.ndim, eps, n_power_iterations
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            u, v = power_iterations(matrix, *first_vectors(matrix, eps), 15, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)

    def forward(self, weight: Tensor) -> Tensor:
        if weight.ndim == 1:
            return normalize(weight, 2.0, 0, self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            u, v = power_iterations(matrix, self._u, self._v, self.n_power_iterations, self.eps)
            take_over(self._u, u)
            take_over(self._v, v)
        # Copies, which a later step does not change.
        u, v = self._u.clone(), self._v.clone()
        return weight / u.dot(matrix.mv(v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
    dim: int | None = None,
) -> Module:  # fmt: skip
    """A weight divided by its largest singular value, found by power iteration.

    Args:
        n_power_iterations: steps at each forward in training.
        dim: the dimension of the outputs; 1 for transposed convolutions, else 0.

    Source: Miyato et al., "Spectral normalization for GANs", ICLR 2018.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    dim = default_dim(type(module).__name__) if dim is None else dim
    made = _SpectralNorm(weight, n_power_iterations, dim, eps)
    return register_parametrization(module, name, made)


def _orthonormal(matrix: Tensor) -> Tensor:
    """The orthogonal matrix that orthogonalizing the columns gives."""
    q, r = qr(matrix)
    return q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool):
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map = weight.shape, orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, weight: Tensor) -> Tensor:
        wide = weight.shape[-2] < weight.shape[-1]
        x = weight.mT if wide else weight
        rows, columns = x.shape[-2:]
        if self.orthogonal_map == "householder":
            below = x.tril(-1)
            tau = 2.0 / (1.0 + (below * below).sum(-2))
            q = householder_product(below, tau)
            q = q * x.diagonal(dim1=-2, dim2=-1).trunc().unsqueeze(-2)
        else:
            x = x.tril()
            if rows != columns:
                x = cat([x, x.new_zeros(*x.shape[:-1], rows - columns)], -1)
            skew = x - x.mH
            if self.orthogonal_map == "matrix_exp":
                q = matrix_exp(skew)
            else:
                one = eye(rows, dtype=x.dtype, device=x.device)
                q = solve(one - 0.5 * skew, one + 0.5 * skew)
            q = q[..., :columns]
        if self._buffers.get("base") is not None:
            q = self.base @ q
        return q.mT if wide else q

    def right_inverse(self, value: Tensor) -> Tensor:
        if value.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {list(self.shape)}. "
                f"Got a tensor of shape {list(value.shape)}."
            )
        wide = value.shape[-2] < value.shape[-1]
        q = value.mT if wide else value
        rows, columns = q.shape[-2:]
        if "base" not in self._buffers:
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley "
                    "parametrizations when use_trivialization=False."
                )
            reflectors, tau = geqrf(q)
            signs = reflectors.diagonal(dim1=-2, dim2=-1).sgn()
            signs = signs.where(tau != 0, -signs)
            reflectors = _with_diagonal(reflectors, signs)
            return reflectors.mT if wide else reflectors
        if rows != columns:
            more = randn(*q.shape[:-1], rows - columns, dtype=q.dtype, device=q.device)
            q = cat([q, more], -1)
        self.base = _orthonormal(q)
        return _with_diagonal(zeros_like(value), None)


def _with_diagonal(matrix: Tensor, diagonal: Tensor | None) -> Tensor:
    """The matrix with another diagonal; -1 for None."""
    with no_grad():
        matrix = matrix.clone()
        part = matrix.diagonal(dim1=-2, dim2=-1)
        part.fill_(-1.0) if diagonal is None else part.copy_(diagonal)
    return matrix


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *,
    use_trivialization: bool = True,
) -> Module:  # fmt: skip
    """A weight with orthonormal rows or columns, whichever are fewer.

    Args:
        orthogonal_map: "matrix_exp" (of a skew matrix; the default for square weights),
            "cayley" or "householder" (the default for others).
        use_trivialization: measure from the present weight, which conditions better
            (Lezcano-Casado 2019).
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    known: Any = ("matrix_exp", "cayley", "householder")
    if orthogonal_map not in known:
        raise ValueError(f'orthogonal_map has to be one of {known}. Got: "{orthogonal_map}"')
    made = _Orthogonal(weight, orthogonal_map, use_trivialization)
    return register_parametrization(module, name, made, unsafe=True)
