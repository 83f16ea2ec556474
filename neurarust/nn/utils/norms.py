"""Weight and spectral normalization: what the old and the new forms share."""

from __future__ import annotations

from ...core.autograd.modes import no_grad
from ...core.ops.activation import normalize
from ...core.ops.random import randn
from ...core.tensor.tensor import Tensor


def norm_except(tensor: Tensor, dim: int | None) -> Tensor:
    """2-norm over all dimensions but one, which stays; over all for None."""
    if dim is None or dim == -1:
        return tensor.norm()
    axes = tuple(axis for axis in range(tensor.ndim) if axis != dim % tensor.ndim)
    return tensor.norm(2, axes, True)


def weight_of(magnitude: Tensor, direction: Tensor, dim: int | None) -> Tensor:
    """`g v / |v|` (Salimans and Kingma 2016)."""
    return direction * (magnitude / norm_except(direction, dim))


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with one dimension as rows and all others as columns."""
    return weight.transpose(0, dim).flatten(1) if weight.ndim > 1 else weight.reshape(-1, 1)


def default_dim(kind: str) -> int:
    """Which dimension of a layer's weight counts its outputs."""
    return 1 if kind.startswith("ConvTranspose") else 0


def first_vectors(matrix: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Random unit vectors for rows and columns."""
    return tuple(
        normalize(randn(size, dtype=matrix.dtype, device=matrix.device), 2.0, 0, eps)
        for size in matrix.shape
    )


def power_iterations(
    matrix: Tensor, u: Tensor, v: Tensor, times: int, eps: float
) -> tuple[Tensor, Tensor]:
    """Better left and right singular vectors of the largest singular value, off the tape."""
    with no_grad():
        for _ in range(times):
            u = normalize(matrix.detach().mv(v), 2.0, 0, eps)
            v = normalize(matrix.detach().t().mv(u), 2.0, 0, eps)
    return u, v
