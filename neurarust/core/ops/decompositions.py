"""Linear algebra: LU, eigenvalues of general matrices, Householder products, factors with info.

A PyTorch function that ends in `_ex` returns, beside its result, for every matrix the number
(from 1) of the pivot that failed, and 0 if none did.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..define import function, op
from ..errors import fail
from ..op import Array
from ..tensor.tensor import Tensor
from .elementwise import wide
from .linalg import BOTH, LINALG, adjoint, from_triangle, matrix, solve, solve_triangle


class EigResult(NamedTuple):
    """The result of `eig`."""

    eigenvalues: Array
    eigenvectors: Array


class LUResult(NamedTuple):
    """The result of `linalg.lu`."""

    P: Array
    L: Array
    U: Array


class LUFactorResult(NamedTuple):
    """The result of `linalg.lu_factor`."""

    LU: Array
    pivots: Array


class LUFactorExResult(NamedTuple):
    """The result of `linalg.lu_factor_ex`."""

    LU: Array
    pivots: Array
    info: Array


class CholeskyExResult(NamedTuple):
    """The result of `linalg.cholesky_ex`."""

    L: Array
    info: Array


class InvExResult(NamedTuple):
    """The result of `linalg.inv_ex`."""

    inverse: Array
    info: Array


class SolveExResult(NamedTuple):
    """The result of `linalg.solve_ex`."""

    result: Array
    info: Array


class GeqrfResult(NamedTuple):
    """The result of `geqrf`."""

    a: Array
    tau: Array


# ------------------------------------------------------------------ eigenvalues


@jax.custom_jvp
def eigenpairs(A: Array) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of length 1; with the gradient of the vectors."""
    values, vectors = jnp.linalg.eig(A)
    return values, vectors


@eigenpairs.defjvp
def eigenpairs_jvp(primals, tangents):
    """`dA` in the basis of eigenvectors, divided by the gaps; the length of vectors is kept.

    C. Boeddeker et al., "On the Computation of Complex-valued Gradients" (2017), 4.77.
    """
    values, vectors = eigenpairs(*primals)
    change = jnp.linalg.solve(vectors, tangents[0].astype(vectors.dtype) @ vectors)
    diagonal = jnp.eye(values.shape[-1], dtype=bool)
    gaps = values[..., None, :] - values[..., :, None]
    turned = jnp.where(diagonal, 0, change / jnp.where(diagonal, 1, gaps))
    moved = vectors @ turned
    stretch = jnp.real(jnp.sum(jnp.conj(vectors) * moved, -2, keepdims=True))
    rates = jnp.diagonal(change, axis1=-2, axis2=-1)
    return (values, vectors), (rates, moved - vectors * stretch)


@op(residuals=True, namespace=LINALG, method=False)
def eig(A: Array):
    """Complex eigenvalues and eigenvectors of square matrices, in no order."""
    matrix("eig", A, square=True)
    return EigResult(*eigenpairs(A))


@op(residuals=True, namespace=LINALG, method=False)
def eigvals(A: Array):
    """Complex eigenvalues of square matrices, in no order."""
    matrix("eigvals", A, square=True)
    return eigenpairs(A)[0]


# ------------------------------------------------------------------ LU


def factors(operation: str, A: Array, pivot: bool) -> tuple[Array, Array, Array]:
    """The triangles in one matrix, LAPACK's pivots and the first zero on the diagonal."""
    matrix(operation, A)
    if not pivot:
        fail(operation, "pivot=False", "pivot=True: LU without pivoting is not implemented")
    packed, pivots, _ = jax.lax.linalg.lu(A)
    return packed, pivots.astype(jnp.int32) + 1, first_zero(packed)


def first_zero(packed: Array) -> Array:
    """Number, from 1, of the first zero or NaN on the diagonal of matrices; 0 if there is none."""
    diagonal = jax.lax.stop_gradient(jnp.diagonal(packed, axis1=-2, axis2=-1))
    zero = (diagonal == 0) | jnp.isnan(diagonal)
    if not zero.shape[-1]:
        return jnp.zeros(zero.shape[:-1], jnp.int32)
    return jnp.where(jnp.any(zero, -1), jnp.argmax(zero, -1) + 1, 0).astype(jnp.int32)


@op(residuals=True, namespace=LINALG, method=False)
def lu_factor_ex(A: Array, *, pivot: bool = True, check_errors: bool = False):
    """`lu_factor` and the number of the first pivot that is 0; `check_errors` has no effect."""
    return LUFactorExResult(*factors("lu_factor", A, pivot))


@function(method=False, namespace=LINALG, out=True)
def lu_factor(A, *, pivot=True):
    """L and U of `A = P L U` in one matrix, and the row exchanges, counted from 1."""
    packed, pivots, _ = lu_factor_ex(A, pivot=pivot)
    return LUFactorResult(packed, pivots)


def triangles(packed: Array) -> tuple[Array, Array]:
    """L with ones on its diagonal, and U."""
    rows, columns = packed.shape[-2:]
    count = min(rows, columns)
    lower = jnp.tril(packed[..., :count], -1) + jnp.eye(rows, count, dtype=packed.dtype)
    return lower, jnp.triu(packed[..., :count, :])


def permutation(pivots: Array, rows: int) -> Array:
    """The order of rows that LAPACK's pivots stand for."""
    return jax.lax.linalg.lu_pivots_to_permutation(pivots.astype(jnp.int32) - 1, rows)


def permuted(pivots: Array, rows: int, dtype: Any) -> Array:
    """The P of `A = P L U`."""
    return jnp.swapaxes(jax.nn.one_hot(permutation(pivots, rows), rows, dtype=dtype), -1, -2)


@op(name="linalg_lu", residuals=True, namespace=(), method=False)
def lu_of(A: Array, *, pivot: bool = True):
    """`linalg.lu` as one op."""
    packed, pivots, _ = factors("lu", A, pivot)
    return LUResult(permuted(pivots, A.shape[-2], A.dtype), *triangles(packed))


@function(name="lu", namespace=LINALG, method=False, out=True)
def linalg_lu(A, *, pivot=True):
    """`A = P L U`: a permutation, a lower triangle with ones on the diagonal, an upper one."""
    return lu_of(A, pivot=pivot)


@function(name="lu", out=True)
def packed_lu(input, pivot=True, get_infos=False):
    """`lu_factor` in the older spelling, with the failed pivots if `get_infos`."""
    packed, pivots, info = lu_factor_ex(input, pivot=pivot)
    return (packed, pivots, info) if get_infos else (packed, pivots)


@op(method=False, out="same dtype")
def lu_unpack(
    LU_data: Array, LU_pivots: Array, unpack_data: bool = True, unpack_pivots: bool = True
):
    """P, L and U from the results of `lu_factor`; what is not asked for is empty."""
    if LU_pivots.dtype != jnp.int32:
        fail("lu_unpack", f"pivots of {LU_pivots.dtype}", "int32, as from lu_factor")
    empty = jnp.zeros((0,), LU_data.dtype)
    order = permuted(LU_pivots, LU_data.shape[-2], LU_data.dtype) if unpack_pivots else empty
    return LUResult(order, *(triangles(LU_data) if unpack_data else (empty, empty)))


def solved(packed: Array, pivots: Array, B: Array, transposed: bool) -> Array:
    """The X with `P L U X = B`, or with the adjoint of the product."""
    lower, upper = triangles(packed)
    order = permuted(pivots, packed.shape[-1], packed.dtype)
    if transposed:
        half = solve_triangle(adjoint(upper), B, True, False)
        return order @ solve_triangle(adjoint(lower), half, False, True)
    half = solve_triangle(lower, jnp.swapaxes(order, -1, -2) @ B, True, True)
    return solve_triangle(upper, half, False, False)


@op(name="linalg_lu_solve", residuals=True, namespace=(), method=False)
def lu_solve_of(LU: Array, pivots: Array, B: Array, left: bool = True, transposed: bool = False):
    """`linalg.lu_solve` as one op."""
    matrix("lu_solve", LU, square=True)
    if pivots.dtype != jnp.int32:
        fail("lu_solve", f"pivots of {pivots.dtype}", "int32, as from lu_factor")
    if pivots.shape != LU.shape[:-1]:
        fail("lu_solve", f"pivots of shape {tuple(pivots.shape)}", f"{tuple(LU.shape[:-1])}")
    if B.ndim < 2 or B.shape[-2 if left else -1] != LU.shape[-1]:
        fail("lu_solve", f"shapes {tuple(LU.shape)} and {tuple(B.shape)}", "sizes that fit")
    if left:
        return solved(LU, pivots, B, transposed)
    return adjoint(solved(LU, pivots, adjoint(B), not transposed))


@function(name="lu_solve", namespace=LINALG, method=False, out=True)
def linalg_lu_solve(LU, pivots, B, *, left=True, adjoint=False):
    """The X with `A X = B` (`X A = B` if not `left`), from the `lu_factor` of A.

    Args:
        adjoint: whether to take the conjugate transpose of A.
    """
    return lu_solve_of(LU, pivots, B, left, adjoint)


@function(out="same dtype")
def lu_solve(input, LU_data, LU_pivots):
    """The X with `A X = input`, from the `lu_factor` of A."""
    return lu_solve_of(LU_data, LU_pivots, input)


# ------------------------------------------------------------------ results with info


@op(residuals=True, namespace=LINALG, method=False)
def cholesky_ex(input: Array, *, upper: bool = False, check_errors: bool = False):
    """`cholesky`, and where it failed; `check_errors` has no effect."""
    matrix("cholesky_ex", input, square=True)
    factor = jnp.linalg.cholesky(from_triangle(input, not upper))
    return CholeskyExResult(adjoint(factor) if upper else factor, first_zero(factor))


@op(residuals=True, namespace=LINALG, method=False)
def inv_ex(A: Array, *, check_errors: bool = False):
    """`inv`, and the number of the first pivot that is 0; `check_errors` has no effect."""
    matrix("inv", A, square=True)
    return InvExResult(jnp.linalg.inv(A), first_zero(jax.lax.linalg.lu(A)[0]))


@op(residuals=True, namespace=LINALG, method=False)
def solve_ex(A: Array, B: Array, *, left: bool = True, check_errors: bool = False):
    """`solve`, and the number of the first pivot that is 0; `check_errors` has no effect."""
    result = solve.op.function(A, B, left=left)
    return SolveExResult(result, first_zero(jax.lax.linalg.lu(A)[0]))


# ------------------------------------------------------------------ Cholesky factors


@op(residuals=True)
def cholesky_inverse(input: Array, upper: bool = False):
    """Inverse of the matrix whose Cholesky factor is the input."""
    matrix("cholesky_inverse", input, square=True)
    unit = jnp.eye(input.shape[-1], dtype=input.dtype)
    return factor_solved(unit, input, upper)


@op(residuals=True)
def cholesky_solve(input: Array, L: Array, upper: bool = False):
    """The X with `A X = input`, from the Cholesky factor `L` of A."""
    matrix("cholesky_solve", L, square=True)
    matrix("cholesky_solve", input)
    if input.shape[-2] != L.shape[-1]:
        fail("cholesky_solve", f"shapes {input.shape} and {L.shape}", "sizes that fit")
    return factor_solved(input, L, upper)


def factor_solved(B: Array, factor: Array, upper: bool) -> Array:
    lower = adjoint(jnp.triu(factor)) if upper else jnp.tril(factor)
    half = solve_triangle(lower, B, True, False)
    return solve_triangle(adjoint(lower), half, False, False)


# ------------------------------------------------------------------ Householder reflections


def reflected(input: Array, tau: Array, target: Array, reverse: bool, conjugate: bool) -> Array:
    """`H1 H2 ... Hk target` with `Hi = 1 - tau_i v_i v_i^H`; backwards if not `reverse`.

    The v_i are the columns of `input` below a one on the diagonal, as `geqrf` returns them.
    """
    rows, count = input.shape[-2], tau.shape[-1]
    below = jnp.tril(input[..., :count], -1) + jnp.eye(rows, count, dtype=input.dtype)
    vectors = jnp.moveaxis(below, -1, 0)  # (reflection, *, row)
    factors = jnp.moveaxis(jnp.conj(tau) if conjugate else tau, -1, 0)

    def step(target, one):
        vector, factor = one
        shadow = jnp.sum(jnp.conj(vector)[..., None] * target, -2, keepdims=True)
        return target - factor[..., None, None] * vector[..., None] * shadow, None

    return jax.lax.scan(step, target, (vectors, factors), reverse=reverse)[0]


@op(residuals=True, namespace=BOTH, aliases=("orgqr",))
def householder_product(input: Array, tau: Array):
    """The first columns of the product of Householder reflections, the Q of `geqrf`."""
    matrix("householder_product", input)
    rows, columns = input.shape[-2:]
    if rows < columns or tau.shape[-1:] > (columns,) or tau.shape[:-1] != input.shape[:-2]:
        fail(
            "householder_product",
            f"shapes {tuple(input.shape)} and {tuple(tau.shape)}",
            "(*, m, n) and (*, k) with m >= n >= k",
        )
    if tau.dtype != input.dtype:
        fail("householder_product", f"{input.dtype} and {tau.dtype}", "one dtype")
    unit = jnp.broadcast_to(jnp.eye(rows, columns, dtype=input.dtype), input.shape)
    return reflected(input, tau, unit, True, False)


@op(residuals=True, out="same dtype")
def ormqr(input: Array, tau: Array, other: Array, left: bool = True, transpose: bool = False):
    """`Q other` (`other Q` if not `left`) for the whole Q of `geqrf`, or its adjoint.

    Args:
        transpose: whether to take the conjugate transpose of Q.
    """
    matrix("ormqr", input)
    side = other.shape[-2 if left else -1] if other.ndim > 1 else -1
    if side != input.shape[-2] or input.ndim != other.ndim or tau.shape[-1] > input.shape[-2]:
        fail("ormqr", f"shapes {input.shape}, {tau.shape} and {other.shape}", "sizes that fit")
    if not input.dtype == tau.dtype == other.dtype:
        fail("ormqr", f"{input.dtype}, {tau.dtype} and {other.dtype}", "one dtype")
    if left:
        return reflected(input, tau, other, not transpose, transpose)
    return adjoint(reflected(input, tau, adjoint(other), transpose, not transpose))


@op(differentiable=False)
def geqrf(input: Array):
    """The Householder reflections of `qr`: R and, below its diagonal, the vectors; and factors."""
    matrix("geqrf", input)
    packed, tau = jnp.linalg.qr(input, "raw")
    return GeqrfResult(jnp.swapaxes(packed, -1, -2), tau)


# ------------------------------------------------------------------ exponential, eigenproblems


@op(residuals=True, namespace=BOTH)
def matrix_exp(input: Array):
    """`sum of input^k / k!`, the exponential of matrices."""
    matrix("matrix_exp", input, square=True)
    if 0 in input.shape:
        return input
    return jax.scipy.linalg.expm(wide(input)).astype(input.dtype)


@function(method=False)
def lobpcg(
    A: Tensor, k: int = 1, B: Tensor | None = None, X: Tensor | None = None, n: int | None = None,
    iK: Tensor | None = None, niter: int | None = None, tol: float | None = None,
    largest: bool = True, method: str | None = None, tracker: Any = None,
    ortho_iparams: Any = None, ortho_fparams: Any = None, ortho_bparams: Any = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The `k` largest (or smallest) eigenvalues of `A x = value B x`, and their vectors.

    Differs from PyTorch: computed exactly, by `eigh`; what steers an iteration has no effect.
    """
    k = k if X is None else X.shape[-1]
    return _extreme_pairs(A, B, k if n is None else n, largest)


@op(name="_extreme_pairs", residuals=True, method=False, namespace=())
def _extreme_pairs(A: Array, B: Array | None, count: int, largest: bool):
    matrix("lobpcg", A, square=True)
    if B is None:
        values, vectors = jnp.linalg.eigh(from_triangle(A, True))
    else:
        factor = jnp.linalg.cholesky(B)
        half = solve_triangle(factor, A, True, False)
        inner = adjoint(solve_triangle(factor, adjoint(half), True, False))
        values, vectors = jnp.linalg.eigh(from_triangle(inner, True))
        vectors = solve_triangle(adjoint(factor), vectors, False, False)
    if largest:
        values, vectors = jnp.flip(values, -1), jnp.flip(vectors, -1)
    return values[..., :count], vectors[..., :count]
