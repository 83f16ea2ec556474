"""Singular value decompositions."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..define import function, op
from ..op import Array
from .linalg import LINALG, adjoint, matrix


class SVDResult(NamedTuple):
    """The result of `linalg.svd`."""

    U: Array
    S: Array
    Vh: Array


class OldSVDResult(NamedTuple):
    """The result of `svd`."""

    U: Array
    S: Array
    V: Array


@partial(jax.custom_jvp, nondiff_argnums=(1,))
def decompose(input: Array, full: bool) -> tuple[Array, Array, Array]:
    """U, S, Vh."""
    return tuple(jnp.linalg.svd(input, full_matrices=full))


@decompose.defjvp
def _decompose_tangents(full: bool, primals: tuple, tangents: tuple) -> tuple:
    """Columns beyond the singular values count as constants, as in PyTorch.

    With `dP = U^H dA V` and `F_ij = 1 / (s_j^2 - s_i^2)`, `dS = diag(dP)`,
    `dU = U (F * (dP S + S dP^H)) + (I - U U^H) dA V / S`, and dV likewise.
    https://j-towns.github.io/papers/svd-derivative.pdf
    """
    (change,) = tangents
    left, values, right = decompose(*primals, full)
    count = values.shape[-1]
    U, V = left[..., :count], adjoint(right)[..., :count]
    row, column = values[..., None, :], values[..., :, None]
    inner = adjoint(U) @ change @ V
    same = jnp.eye(count, dtype=values.dtype)
    apart = (row + column) * (row - column) + same
    factors = (1 / apart - same).astype(inner.dtype)
    by_row, by_column = inner * row, inner * column
    left_change = U @ (factors * (by_row + adjoint(by_row)))
    right_change = V @ (factors * (by_column + adjoint(by_column)))
    if jnp.iscomplexobj(inner):
        # The phases of U and V are free; this choice turns U alone.
        phases = 0.5 * (inner - adjoint(inner)) * same / (row + (row == 0))
        left_change = left_change + U @ phases
    rows, columns = primals[0].shape[-2:]
    if rows > columns:
        outside = change @ V
        left_change = left_change + (outside - U @ (adjoint(U) @ outside)) / row
    if columns > rows:
        outside = adjoint(change) @ U
        right_change = right_change + (outside - V @ (adjoint(V) @ outside)) / row
    beyond = [(0, 0)] * (left.ndim - 1)
    return (left, values, right), (
        jnp.pad(left_change, (*beyond, (0, left.shape[-1] - count))),
        jnp.diagonal(inner, axis1=-2, axis2=-1).real,
        adjoint(jnp.pad(right_change, (*beyond, (0, right.shape[-2] - count)))),
    )


@op(name="linalg_svd", residuals=True, namespace=(), method=False)
def svd_of(A: Array, full_matrices: bool = True):
    """`linalg.svd` as one op."""
    matrix("svd", A)
    return SVDResult(*decompose(A, full_matrices))


@function(name="svd", namespace=LINALG, method=False, out=True)
def linalg_svd(A, full_matrices=True):
    """`U diag(S) Vh` with orthonormal U and Vh, S falling.

    Args:
        full_matrices: whether U and Vh are square; the columns that this adds are constants for
            the gradient.
    """
    return svd_of(A, full_matrices)


@op(residuals=True)
def svd(input: Array, some: bool = True, compute_uv: bool = True):
    """`U diag(S) V^H`: the older `linalg.svd`, which returns V and not its transpose."""
    matrix("svd", input)
    if not compute_uv:
        values = jnp.linalg.svd(input, compute_uv=False)
        batch, (rows, columns) = input.shape[:-2], input.shape[-2:]
        return OldSVDResult(
            jnp.zeros((*batch, rows, rows), input.dtype),
            values,
            jnp.zeros((*batch, columns, columns), input.dtype),
        )
    left, values, right = decompose(input, not some)
    return OldSVDResult(left, values, adjoint(right))


@op(residuals=True, namespace=LINALG, method=False, out="same dtype")
def svdvals(A: Array):
    """Singular values, falling."""
    matrix("svdvals", A)
    return jnp.linalg.svd(A, compute_uv=False)
