"""Linear algebra made of other operations: conditions, tensor equations, low rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from ..define import function, op
from ..errors import dimension, fail
from ..op import Array
from ..tensor.tensor import Tensor
from .elementwise import is_float
from .linalg import LINALG, inverse, matrix, matrix_norm, qr, solve
from .random import randn
from .reduce import mean
from .svd import linalg_svd, svdvals
from .views import diagonal, permute, reshape


@op(residuals=True)
def logdet(input: Array):
    """Logarithm of the determinant: NaN if that is negative, minus infinity if it is 0."""
    matrix("logdet", input, square=True)
    sign, size = jnp.linalg.slogdet(input)
    if jnp.issubdtype(input.dtype, jnp.complexfloating):
        return size + jnp.log(sign)
    return jnp.where(sign == -1, jnp.nan, size)


@function(method=False, namespace=LINALG, out=True)
def cond(A: Tensor, p: Any = None) -> Tensor:
    """Condition number `norm(A, p) * norm(inv(A), p)`, for p = 2 by singular values."""
    if A.ndim < 2:
        fail("cond", f"shape {tuple(A.shape)}", "a matrix or batch of matrices")
    if p is None or p in (2, -2):
        values = svdvals(A)
        if not values.shape[-1]:
            fail("cond", f"shape {tuple(A.shape)}", "matrices that are not empty")
        first, last = values[..., 0], values[..., -1]
        return last / first if p == -2 else first / last
    if A.shape[-1] != A.shape[-2]:
        fail("cond", f"shape {tuple(A.shape)} and p={p}", "square matrices, or p=2 or -2")
    return matrix_norm(A, p) * matrix_norm(inverse(A), p)


@function(method=False, namespace=LINALG, name="diagonal")
def linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """`diagonal` of the last two dimensions by default; shares memory."""
    return diagonal(A, offset, dim1, dim2)


@op(promote="same", method=False, namespace=LINALG)
def vecdot(x: Array, y: Array, *, dim: int = -1):
    """`sum of conj(x) * y` along a dimension."""
    axis = dimension("vecdot", dim, max(x.ndim, y.ndim))
    if x.dtype == jnp.bool_:
        fail("vecdot", "bool tensors", "numbers")
    x, y = jnp.broadcast_arrays(x, y)
    return jnp.sum(jnp.conj(x) * y, axis if x.ndim else (), dtype=x.dtype)


def powers(x: Array, count: int | None, increasing: bool) -> Array:
    """`x^0, x^1, ...` in a new last dimension, by repeated products."""
    count = x.shape[-1] if count is None else count
    if not is_float(x):
        x = x.astype(jnp.int64)
    columns = [jnp.ones_like(x)]
    while len(columns) < count:
        columns.append(columns[-1] * x)
    if not count:
        return jnp.zeros((*x.shape, 0), x.dtype)
    return jnp.stack(columns if increasing else columns[::-1], -1)


@op(name="linalg_vander", namespace=(), method=False)
def vander_of(x: Array, count: int | None):
    """`linalg.vander` as one op."""
    x = x if x.ndim else x.reshape(1)
    if count is not None and count <= 1:
        fail("vander", f"N={count}", "N above 1")
    return powers(x, count, True)


@function(name="vander", namespace=LINALG, method=False)
def linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Vandermonde matrices: the powers 0 to N - 1 of each element. Shape: (*, n) to (*, n, N)."""
    return vander_of(x, N)


@op(method=False)
def vander(x: Array, N: int | None = None, increasing: bool = False):
    """Vandermonde matrix: the powers N - 1 to 0 of each element. Shape: (n) to (n, N)."""
    if x.ndim != 1:
        fail("vander", f"shape {tuple(x.shape)}", "one dimension")
    if N is not None and N < 0:
        fail("vander", f"N={N}", "N of 0 or more")
    return powers(x, N, increasing)


# ------------------------------------------------------------------ tensor equations


@function(method=False, namespace=LINALG, out=True)
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """Inverse with respect to `tensordot` over the first `ind` dimensions."""
    if ind <= 0:
        fail("tensorinv", f"ind={ind}", "ind above 0")
    rows, columns = A.shape[:ind], A.shape[ind:]
    if math.prod(rows) != math.prod(columns):
        fail("tensorinv", f"shape {tuple(A.shape)} and ind={ind}", "as many elements on both sides")
    square = reshape(A, math.prod(rows), math.prod(columns))
    return reshape(inverse(square), *columns, *rows)


@function(method=False, namespace=LINALG, out=True)
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """The X with `tensordot(A, X, X.ndim) = B`.

    Args:
        dims: dimensions of A that are moved to its end first.
    """
    if dims is not None:
        moved = [dimension("tensorsolve", one, A.ndim) for one in dims]
        A = permute(A, *[one for one in range(A.ndim) if one not in moved], *moved)
    target = A.shape[B.ndim :]
    count = math.prod(target)
    if B.numel() != count or A.numel() != count * count:
        fail("tensorsolve", f"shapes {tuple(A.shape)} and {tuple(B.shape)}",
             "as many equations as unknowns")  # fmt: skip
    return reshape(solve(reshape(A, count, count), reshape(B, -1)), *target)


# ------------------------------------------------------------------ low rank


def _basis(A: Tensor, count: int, rounds: int) -> Tensor:
    """Orthonormal columns that nearly span A: N. Halko et al. (2009), algorithm 4.4."""
    adjoint = A.mH
    Q = qr(A @ randn(A.shape[-1], count, dtype=A.dtype, device=A.device))[0]
    for _ in range(rounds):
        Q = qr(A @ qr(adjoint @ Q)[0])[0]
    return Q


@function(method=False)
def svd_lowrank(
    A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """The `q` largest parts `U diag(S) V^H` of A (of `A - M`), nearly, by random directions."""
    A = A if M is None else A - M
    rows, columns = A.shape[-2:]
    count = min(6 if q is None else q, rows, columns)
    wide = rows < columns
    taller = A.mH if wide else A
    Q = _basis(taller, count, 2 if niter is None else niter)
    U, S, Vh = linalg_svd(Q.mH @ taller, full_matrices=False)
    U, V = Q @ U, Vh.mH
    return (V, S, U) if wide else (U, S, V)


@function(method=False)
def pca_lowrank(
    A: Tensor, q: int | None = None, center: bool = True, niter: int = 2
) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of the rows of A: `svd_lowrank` of A less its mean row."""
    if not A.is_floating_point() and not A.is_complex():
        fail("pca_lowrank", f"{A.dtype}", "floating-point numbers", kind=ValueError)
    limit = min(A.shape[-2:])
    count = min(6, limit) if q is None else q
    if not 0 <= count <= limit:
        fail("pca_lowrank", f"q={count}", f"a number in [0, {limit}]", kind=ValueError)
    if niter < 0:
        fail("pca_lowrank", f"niter={niter}", "0 or more", kind=ValueError)
    centered = A - mean(A, -2, keepdim=True) if center else A
    return svd_lowrank(centered, count, niter)
