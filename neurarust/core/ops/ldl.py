"""LDL factors of Hermitian or symmetric matrices that need not be definite.

Bunch and Kaufman's method (1977) with blocks of one and two pivots, and LAPACK's way to keep the
result (sytrf): D on and below the diagonal, the columns of L beneath it, and the row exchanges,
negative for the two rows of a block.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..define import function, op
from ..errors import fail
from ..op import Array
from .elementwise import is_complex
from .linalg import LINALG, adjoint, matrix

# The ratio that bounds the growth of elements best.
GROWTH = (1 + math.sqrt(17)) / 8


class LdlFactorResult(NamedTuple):
    """The result of `linalg.ldl_factor`."""

    LD: Array
    pivots: Array


class LdlFactorExResult(NamedTuple):
    """The result of `linalg.ldl_factor_ex`."""

    LD: Array
    pivots: Array
    info: Array


def size_of(input: Array) -> Array:
    """LAPACK's measure of elements: `|real| + |imaginary|`."""
    if is_complex(input):
        return jnp.abs(jnp.real(input)) + jnp.abs(jnp.imag(input))
    return jnp.abs(input)


def exchanged(A: Array, one: Any, other: Any) -> Array:
    """Rows (first dimension) `one` and `other` exchanged."""
    first, second = A[one], A[other]
    return A.at[one].set(second).at[other].set(first)


def factored(A: Array, hermitian: bool) -> tuple[Array, Array, Array]:
    """LD, pivots (from 1) and info of one whole Hermitian or symmetric matrix."""
    size = A.shape[0]
    steps = jnp.arange(size)

    def flipped(column):
        return jnp.conj(column) if hermitian else column

    def choose(A, k):
        """The row to exchange with, and whether the block has two pivots."""
        below = jnp.where(steps > k, size_of(A[:, k]), -1)
        row = jnp.argmax(below)
        column_most = jnp.maximum(below[row], 0)
        row_most = jnp.max(jnp.where((steps >= k) & (steps != row), size_of(A[row]), 0))
        pivot = size_of(A[k, k])
        keep = (pivot >= GROWTH * column_most) | (
            pivot * row_most >= GROWTH * column_most * column_most
        )
        single = keep | (size_of(A[row, row]) >= GROWTH * row_most)
        zero = jnp.maximum(pivot, column_most) == 0
        return jnp.where(keep | zero, k, row), ~(single | zero), zero

    def body(carry):
        A, LD, pivots, info, k = carry
        row, double, zero = choose(A, k)
        other = jnp.where(double, jnp.minimum(k + 1, size - 1), k)
        A = exchanged(exchanged(A, other, row).T, other, row).T
        first, second = A[:, k], A[:, other]
        # The inverse of the block of pivots, of one or two rows.
        a, b, d = A[k, k], A[other, k], A[other, other]
        determinant = a * d - b * flipped(b)
        safe = jnp.where(determinant == 0, 1, determinant)
        single = jnp.where(a == 0, 0, 1 / jnp.where(a == 0, 1, a))
        left = jnp.where(double, (first * d - second * b) / safe, first * single)
        right = jnp.where(double, (second * a - first * flipped(b)) / safe, 0)
        rest = steps > other
        left, right = jnp.where(rest, left, 0), jnp.where(rest, right, 0)
        update = jnp.outer(left, flipped(jnp.where(rest, first, 0)))
        update = update + jnp.outer(right, flipped(jnp.where(rest, second, 0)))
        LD = LD.at[:, other].set(jnp.where(rest, right, jnp.where(steps == other, d, 0)))
        corner = jnp.where(double & (steps == other), b, 0)
        LD = LD.at[:, k].set(jnp.where(rest, left, jnp.where(steps == k, a, corner)))
        place = jnp.where(double, -(row + 1), row + 1).astype(jnp.int32)
        pivots = pivots.at[k].set(place).at[other].set(place)
        info = jnp.where((info == 0) & zero, k + 1, info)
        return A - update, LD, pivots, info, k + jnp.where(double, 2, 1)

    start = (A, jnp.zeros_like(A), jnp.zeros(size, jnp.int32), jnp.zeros((), jnp.int64),
             jnp.zeros((), jnp.int64))  # fmt: skip
    _, LD, pivots, info, _ = jax.lax.while_loop(lambda carry: carry[-1] < size, body, start)
    return LD, pivots, info.astype(jnp.int32)


@op(namespace=LINALG, method=False, differentiable=False)
def ldl_factor_ex(A: Array, *, hermitian: bool = False, check_errors: bool = False):
    """`ldl_factor`, and the number of the first pivot that is 0; `check_errors` has no effect."""
    matrix("ldl_factor", A, square=True)
    lower = jnp.tril(A, -1)
    diagonal = jnp.where(jnp.eye(A.shape[-1], dtype=bool), A, 0)
    if hermitian:
        diagonal = jnp.real(diagonal).astype(A.dtype)
    whole = lower + diagonal + (adjoint(lower) if hermitian else jnp.swapaxes(lower, -1, -2))
    if not A.size:
        batch = A.shape[:-1]
        return LdlFactorExResult(A, jnp.zeros(batch, jnp.int32), jnp.zeros(batch[:-1], jnp.int32))
    flat = whole.reshape(-1, *A.shape[-2:])
    LD, pivots, info = jax.vmap(lambda one: factored(one, hermitian))(flat)
    return LdlFactorExResult(
        LD.reshape(A.shape), pivots.reshape(A.shape[:-1]), info.reshape(A.shape[:-2])
    )


@function(method=False, namespace=LINALG, out=True)
def ldl_factor(A, *, hermitian=False):
    """`L D L^H` (`L D L^T` if not `hermitian`) in one matrix, and the row exchanges."""
    LD, pivots, _ = ldl_factor_ex(A, hermitian=hermitian)
    return LdlFactorResult(LD, pivots)


def solved(LD: Array, pivots: Array, B: Array, hermitian: bool) -> Array:
    """The X with `A X = B` for the factors of one matrix."""
    size = LD.shape[0]
    steps = jnp.arange(size)
    double = pivots < 0
    # The blocks of two start at every other row of a run of negative pivots.
    starts = jax.lax.scan(
        lambda inside, two: (two & ~inside, two & ~inside), jnp.zeros((), bool), double
    )[1]
    rows = jnp.abs(pivots) - 1
    second = double & ~starts
    # The row that step k exchanges: its own, or the second of its block.
    moves = jnp.where(starts, jnp.minimum(steps + 1, size - 1), steps)

    def column(k):
        below = steps > jnp.where(starts[k], k + 1, k)
        return jnp.where(below, LD[:, k], 0)

    def forward(B, k):
        B = jnp.where(second[k], B, exchanged(B, moves[k], rows[k]))
        # Both columns of a block act on rows below the block, so their order does not matter.
        return B - jnp.outer(column(k), B[k]), None

    def backward(B, k):
        left = column(k)
        B = B.at[k].add(-(jnp.conj(left) if hermitian else left) @ B)
        return jnp.where(second[k], B, exchanged(B, moves[k], rows[k])), None

    B = jax.lax.scan(forward, B, steps)[0]
    corner = jnp.where(starts[:-1], jnp.diagonal(LD, -1), 0)
    D = jnp.diag(jnp.diagonal(LD)) + jnp.diag(corner, -1)
    D = D + jnp.diag(jnp.conj(corner) if hermitian else corner, 1)
    return jax.lax.scan(backward, jnp.linalg.solve(D, B), steps, reverse=True)[0]


@op(name="linalg_ldl_solve", namespace=(), method=False, residuals=True)
def ldl_solve_of(LD: Array, pivots: Array, B: Array, hermitian: bool):
    """`linalg.ldl_solve` as one op."""
    matrix("ldl_solve", LD, square=True)
    if B.ndim < 2 or B.shape[-2] != LD.shape[-1]:
        fail("ldl_solve", f"shapes {tuple(LD.shape)} and {tuple(B.shape)}", "sizes that fit")
    if pivots.shape != LD.shape[:-1] or not jnp.issubdtype(pivots.dtype, jnp.integer):
        fail("ldl_solve", f"pivots {pivots.dtype}{tuple(pivots.shape)}", f"{LD.shape[:-1]}")
    if B.dtype != LD.dtype:
        fail("ldl_solve", f"{LD.dtype} and {B.dtype}", "one dtype")
    batch = jnp.broadcast_shapes(LD.shape[:-2], B.shape[:-2])
    shapes = [(LD, LD.shape[-2:]), (pivots, pivots.shape[-1:]), (B, B.shape[-2:])]
    if not LD.shape[-1] or not math.prod(batch):
        return jnp.zeros(batch + B.shape[-2:], B.dtype)
    flat = [jnp.broadcast_to(one, batch + last).reshape(-1, *last) for one, last in shapes]
    result = jax.vmap(lambda LD, pivots, B: solved(LD, pivots, B, hermitian))(*flat)
    return result.reshape(batch + B.shape[-2:])


@function(name="ldl_solve", namespace=LINALG, method=False, out=True)
def linalg_ldl_solve(LD, pivots, B, *, hermitian=False):
    """The X with `A X = B`, from the `ldl_factor` of A."""
    return ldl_solve_of(LD, pivots, B, hermitian)
