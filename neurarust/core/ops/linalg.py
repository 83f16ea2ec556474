"""Linear algebra: decompositions, solvers and norms of (batches of) matrices.

Differs from PyTorch: where a matrix is singular or not positive definite, the result holds NaN or
infinity, and nothing is raised, because a program that is compiled ahead cannot raise. (The `_ex`
forms say which.)
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular as jax_solve_triangular

from ..define import function, op
from ..errors import dimension, dimensions, fail
from ..op import Array
from .elementwise import absolute, is_float
from .reduce import p_norm, with_mean_dtype

LINALG = ("linalg",)
BOTH = ("neurarust", "linalg")


class SlogdetResult(NamedTuple):
    """The result of `slogdet`."""

    sign: Array
    logabsdet: Array


class QRResult(NamedTuple):
    """The result of `qr`."""

    Q: Array
    R: Array


class EighResult(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Array
    eigenvectors: Array


class LstsqResult(NamedTuple):
    """The result of `lstsq`."""

    solution: Array
    residuals: Array
    rank: Array
    singular_values: Array


class TriangularSolveResult(NamedTuple):
    """The result of `triangular_solve`."""

    solution: Array
    cloned_coefficient: Array


def matrix(operation: str, input: Array, square: bool = False) -> None:
    """Raises unless the input is a (batch of) floating-point, perhaps square, matrix."""
    expected = "(*, n, n)" if square else "(*, m, n)"
    if input.ndim < 2 or square and input.shape[-1] != input.shape[-2]:
        fail(operation, f"shape {tuple(input.shape)}", f"a matrix or batch of shape {expected}")
    if not is_float(input):
        fail(operation, str(input.dtype), "floating-point or complex numbers")


def adjoint(input: Array) -> Array:
    """Conjugate transpose of matrices."""
    return jnp.conj(jnp.swapaxes(input, -1, -2))


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def from_triangle(input: Array, lower: bool) -> Array:
    """The Hermitian matrices that one triangle stands for; both triangles get the gradient."""
    half = jnp.tril(input, -1) if lower else jnp.triu(input, 1)
    diagonal = jnp.where(jnp.eye(input.shape[-1], dtype=bool), input, 0)
    return half + adjoint(half) + diagonal


@from_triangle.defjvp
def from_triangle_jvp(lower, primals, tangents):
    """As if the input were Hermitian already, which is PyTorch's rule."""
    return from_triangle(primals[0], lower), tangents[0]


@op(namespace=BOTH)
def det(input: Array):
    """Determinant."""
    matrix("det", input, square=True)
    if not input.size:
        return jnp.ones(input.shape[:-2], input.dtype)
    return jnp.linalg.det(input)


@op(namespace=BOTH)
def slogdet(input: Array):
    """Sign and logarithm of the size of the determinant."""
    matrix("slogdet", input, square=True)
    return SlogdetResult(*jnp.linalg.slogdet(input))


@op(residuals=True, aliases=("inv",), namespace=BOTH)
def inverse(input: Array):
    """Inverse of square matrices."""
    matrix("inv", input, square=True)
    return jnp.linalg.inv(input)


@op(residuals=True, namespace=LINALG, method=False)
def solve(A: Array, B: Array, *, left: bool = True):
    """The X with `A X = B`, or `X A = B` if not `left`.

    Shape: `(*, n, n)` and `(*, n)` or `(*, n, k)`.
    """
    matrix("solve", A, square=True)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    B = B[..., None] if vector else B
    if B.shape[-2 if left else -1] != A.shape[-1]:
        fail("solve", f"shapes {tuple(A.shape)} and {tuple(B.shape)}", "sizes that fit")
    if not left:
        A, B = jnp.swapaxes(A, -1, -2), jnp.swapaxes(B, -1, -2)
    result = jnp.linalg.solve(A, B)
    result = result if left else jnp.swapaxes(result, -1, -2)
    return result[..., 0] if vector else result


def solve_triangle(A, B, lower, unit):
    """The X with `A X = B` for triangular A; batches are broadcast."""
    batch = jnp.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    A = jnp.broadcast_to(A, batch + A.shape[-2:])
    B = jnp.broadcast_to(B, batch + B.shape[-2:])
    return jax_solve_triangular(A, B, lower=lower, unit_diagonal=unit)


@op(namespace=LINALG, method=False, out="same dtype")
def solve_triangular(
    A: Array, B: Array, *, upper: bool, left: bool = True, unitriangular: bool = False
):
    """The X with `A X = B` (`X A = B` if not `left`) for a triangular A.

    Args:
        unitriangular: whether to take the diagonal as ones.
    """
    matrix("solve_triangular", A, square=True)
    if left:
        return solve_triangle(A, B, not upper, unitriangular)
    A, B = jnp.swapaxes(A, -1, -2), jnp.swapaxes(B, -1, -2)
    return jnp.swapaxes(solve_triangle(A, B, upper, unitriangular), -1, -2)


@op(out="same dtype")
def triangular_solve(
    input: Array, A: Array, upper: bool = True, transpose: bool = False, unitriangular: bool = False
):
    """The X with `A X = input` for a triangular A, and A: the older `solve_triangular`."""
    matrix("triangular_solve", A, square=True)
    lower, matrices = not upper, A
    if transpose:
        lower, matrices = upper, jnp.swapaxes(A, -1, -2)
    return TriangularSolveResult(solve_triangle(matrices, input, lower, unitriangular), A)


@op(residuals=True, namespace=BOTH)
def cholesky(input: Array, upper: bool = False):
    """The lower triangular L with `L L^H = input`, or its conjugate transpose.

    Reads the lower triangle only; NaN where the matrix is not positive definite.
    """
    matrix("cholesky", input, square=True)
    factor = jnp.linalg.cholesky(from_triangle(input, True))
    return adjoint(factor) if upper else factor


@op(name="qr", residuals=True, out="same dtype")
def qr(input: Array, some: bool = True):
    """`Q R` with orthonormal Q and upper triangular R; the older `linalg.qr`."""
    matrix("qr", input)
    return QRResult(*jnp.linalg.qr(input, "reduced" if some else "complete"))


@op(residuals=True, namespace=(), method=False)
def qr_triangle(input: Array):
    """The R of `qr` alone, with an empty Q."""
    matrix("qr", input)
    return QRResult(jnp.zeros((0,), input.dtype), jnp.linalg.qr(input, "r"))


@function(name="qr", namespace=LINALG, method=False, out=True)
def linalg_qr(A, mode="reduced"):
    """`Q R` with orthonormal Q and upper triangular R.

    Args:
        mode: "reduced", "complete" (square Q) or "r" (an empty Q, only R).
    """
    if mode == "r":
        return qr_triangle(A)
    if mode not in ("reduced", "complete"):
        fail("qr", f"mode={mode!r}", "'reduced', 'complete' or 'r'")
    return qr(A, mode == "reduced")


def from_triangle_named(A: Array, UPLO: str) -> Array:
    """`from_triangle` for the names that PyTorch gives the triangles."""
    if UPLO not in ("L", "U"):
        fail("eigh", f"UPLO={UPLO!r}", "'L' or 'U'")
    return from_triangle(A, UPLO == "L")


@op(residuals=True, namespace=LINALG, method=False)
def eigh(A: Array, UPLO: str = "L"):
    """Eigenvalues, rising, and eigenvectors of Hermitian matrices.

    Args:
        UPLO: the triangle that is read, "L" or "U".
    """
    matrix("eigh", A, square=True)
    return EighResult(*jnp.linalg.eigh(from_triangle_named(A, UPLO)))


@op(residuals=True, namespace=LINALG, method=False)
def eigvalsh(A: Array, UPLO: str = "L"):
    """Eigenvalues of Hermitian matrices, rising."""
    matrix("eigvalsh", A, square=True)
    return jnp.linalg.eigvalsh(from_triangle_named(A, UPLO))


@op(residuals=True, namespace=LINALG, method=False)
def lstsq(A: Array, B: Array, rcond: float | None = None, *, driver: str | None = None):
    """The X of least `norm(A X - B)`, by the pseudoinverse.

    Args:
        driver: LAPACK's driver; here it only decides which of the other results are empty.
    """
    matrix("lstsq", A)
    driver = driver or "gelsy"
    if driver not in ("gels", "gelsy", "gelsd", "gelss"):
        fail("lstsq", f"driver={driver!r}", "'gels', 'gelsy', 'gelsd' or 'gelss'")
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    rows, columns = A.shape[-2:]
    targets = B[..., None] if vector else B
    solution = jnp.linalg.pinv(A, rtol=rcond) @ targets
    distance = A @ solution - targets
    determined = rows > columns and driver != "gelsy"
    residuals = jnp.sum(jnp.abs(distance) ** 2, -2) if determined else None
    values = jnp.linalg.svd(A, compute_uv=False)
    limit = tolerance(A, values, None, rcond)
    empty = jnp.zeros((0,), values.dtype)
    return LstsqResult(
        solution[..., 0] if vector else solution,
        empty if residuals is None else residuals,
        jnp.zeros((0,), jnp.int64) if driver == "gels" else jnp.sum(values > limit, -1),
        values if driver in ("gelsd", "gelss") else empty,
    )


def tolerance(A: Array, values: Array, atol: float | None, rtol: float | None) -> Array:
    """Below which singular values count as 0: `max(atol, rtol * largest)`, of each matrix."""
    if rtol is None:
        rtol = 0.0 if atol else max(A.shape[-2:]) * float(jnp.finfo(A.dtype).eps)
    largest = jnp.max(values, -1, keepdims=True, initial=0)
    return jnp.maximum(jnp.asarray(atol or 0.0, values.dtype), rtol * largest)


@op(namespace=BOTH)
def matrix_power(input: Array, n: int):
    """Product of `n` times the matrix; of its inverse if n is negative."""
    if is_float(input) or n < 0:
        matrix("matrix_power", input, square=True)
    return jnp.linalg.matrix_power(input, n)


@op(residuals=True, namespace=LINALG, method=False)
def pinv(
    A: Array,
    rcond: float | None = None,
    hermitian: bool = False,
    *,
    atol: float | None = None,
    rtol: float | None = None,
):
    """Moore-Penrose pseudoinverse; singular values up to `max(atol, rtol * largest)` count as 0."""
    matrix("pinv", A, square=hermitian)
    rtol = rcond if rtol is None else rtol
    A = from_triangle(A, True) if hermitian else A
    if not atol:
        return jnp.linalg.pinv(A, rtol=rtol, hermitian=hermitian)
    left, values, right = jnp.linalg.svd(A, full_matrices=False)
    kept = values > tolerance(A, values, atol, rtol)
    scale = jnp.where(kept, 1 / jnp.where(kept, values, 1), 0).astype(A.dtype)
    return (adjoint(right) * scale[..., None, :]) @ adjoint(left)


@function(method=True)
def pinverse(input, rcond=1e-15):
    """Pseudoinverse: the older `linalg.pinv`."""
    return pinv(input, rcond)


@op(namespace=LINALG, method=False, differentiable=False)
def matrix_rank(
    A: Array,
    tol: float | None = None,
    hermitian: bool = False,
    *,
    atol: float | None = None,
    rtol: float | None = None,
):
    """Number of singular values above `max(atol, rtol * largest)`."""
    matrix("matrix_rank", A, square=hermitian)
    A = from_triangle(A, True) if hermitian else A
    values = jnp.linalg.svd(A, compute_uv=False)
    limit = tolerance(A, values, atol if tol is None else tol, rtol)
    return jnp.sum(values > limit, -1).astype(jnp.int64)


@op(namespace=LINALG, method=False)
def vector_norm(
    x: Array, ord: float = 2, dim: int | tuple | None = None, keepdim: bool = False, *, dtype=None
):
    """`(sum |x|^ord)^(1/ord)` over `dim` (all by default); its gradient at 0 is 0."""
    x = with_mean_dtype("vector_norm", x, dtype)
    return p_norm(x, ord, dimensions("vector_norm", dim, x.ndim), keepdim)


@op(namespace=LINALG, method=False)
def matrix_norm(
    A: Array,
    ord: float | str = "fro",
    dim: tuple = (-2, -1),
    keepdim: bool = False,
    *,
    dtype=None,
):
    """Norm of the matrices in the two dimensions `dim`.

    Args:
        ord: "fro", "nuc" (sum of singular values), 2, -2 (largest, smallest singular value),
            1, -1 (largest, smallest sum of a column), inf, -inf (of a row).
    """
    A = with_mean_dtype("matrix_norm", A, dtype)
    rows, columns = axes = dimensions("matrix_norm", dim, A.ndim)
    if ord == "fro":
        return p_norm(A, 2, axes, keepdim)
    A = jnp.moveaxis(A, (rows, columns), (-2, -1))
    if ord in ("nuc", 2, -2):
        values = jnp.linalg.svd(A, compute_uv=False)
        reduce = {"nuc": jnp.sum, 2: jnp.max, -2: jnp.min}[ord]
        result = reduce(values, -1)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = jnp.sum(absolute(A), -2 if abs(ord) == 1 else -1)
        result = (jnp.max if ord > 0 else jnp.min)(sums, -1)
    else:
        fail("matrix_norm", f"ord={ord!r}", "'fro', 'nuc', 1, -1, 2, -2, inf or -inf")
    return jnp.expand_dims(result, axes) if keepdim else result


@function(name="norm", namespace=LINALG, method=False, out=True)
def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """Norm of vectors (`dim` an int, or no `ord`) or of matrices (two dimensions)."""
    pair = len(dim) == 2 if isinstance(dim, (tuple, list)) else dim is None and A.ndim == 2
    if ord is not None and pair:
        return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    if isinstance(ord, str):
        fail("norm", f"ord={ord!r} and dim={dim}", "a matrix, or a number as ord")
    return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)


@op(promote="same", out="same dtype, apart")
def cross(input: Array, other: Array, dim: int | None = None):
    """Cross product of vectors of three numbers.

    Args:
        dim: the dimension of size 3; by default the first one that has it.
    """
    if dim is None:
        threes = [d for d, count in enumerate(input.shape) if count == 3]
        dim = threes[0] if threes else -1
    axis = dimension("cross", dim, input.ndim)
    if input.ndim != other.ndim or input.shape[axis] != 3 or other.shape[axis] != 3:
        fail(
            "cross",
            f"shapes {tuple(input.shape)} and {tuple(other.shape)}",
            f"dimension {dim} of size 3 in both",
        )
    input, other = jnp.broadcast_arrays(input, other)
    return jnp.cross(input, other, axis=axis)


@function(name="cross", namespace=LINALG, method=False, out=True)
def linalg_cross(input, other, *, dim=-1):
    """Cross product of vectors of three numbers along `dim`."""
    return cross(input, other, dim)


@op(refuses="bool")
def trace(input: Array):
    """Sum of the diagonal of a matrix; of integers in int64."""
    if input.ndim != 2:
        fail("trace", f"shape {tuple(input.shape)}", "a matrix")
    diagonal = jnp.diagonal(input)
    return jnp.sum(diagonal, dtype=None if is_float(input) else jnp.int64)


def keep(operation: str, input: Array, condition) -> Array:
    """The input where `condition(column - row)` holds, 0 elsewhere."""
    if input.ndim < 2:
        fail(operation, f"shape {tuple(input.shape)}", "two dimensions or more")
    row, column = (jax.lax.broadcasted_iota(jnp.int32, input.shape[-2:], d) for d in (0, 1))
    return jnp.where(condition(column - row), input, jnp.zeros((), input.dtype))


@op(inplace=True, out="same dtype")
def tril(input: Array, diagonal: int = 0):
    """The lower triangle: 0 above the diagonal number `diagonal`."""
    return keep("tril", input, lambda offset: offset <= diagonal)


@op(inplace=True, out="same dtype")
def triu(input: Array, diagonal: int = 0):
    """The upper triangle: 0 below the diagonal number `diagonal`."""
    return keep("triu", input, lambda offset: offset >= diagonal)
