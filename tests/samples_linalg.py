"""Rows of the sample table: decompositions, equations, statistics."""

from __future__ import annotations

import numpy as np
import scipy.integrate
import scipy.linalg

from .samples_base import (
    complex_normal,
    constant,
    definite,
    distinct,
    invertible,
    normal,
    row,
    unit,
)  # fmt: skip


def itself(a, *_, **__):
    return a


def packed_product(packed, pivots, *_):
    """The matrix that `lu_factor` took apart."""
    count = packed.shape[-1]
    lower = packed.tril(-1) + packed.new_tensor(np.eye(count))
    product = lower @ packed.triu()
    for k in reversed(range(count)):
        other = int(pivots[k]) - 1
        order = list(range(count))
        order[k], order[other] = other, k
        product = product[order]
    return product


def packed(a):
    """LAPACK's LU and pivots from 1."""
    factor, pivots = scipy.linalg.lu_factor(a)
    return factor, pivots.astype(np.int32) + 1


def lower(maker):
    """A maker of lower triangular matrices."""
    return lambda generator: np.tril(maker(generator))


def pivots(*given):
    return constant(*given, dtype=np.int32)


def lu_solved(LU, pivots, B, left=True, adjoint=False):
    if not left:
        return lu_solved(LU, pivots, B.T, adjoint=not adjoint).T
    return scipy.linalg.lu_solve((LU, pivots - 1), B, int(adjoint))


def zero(_):
    return np.zeros((), np.int32)


def with_info(function):
    return lambda *given: (function(*given), zero(None))


def reflections(a, tau):
    """The product of Householder reflections, column by column."""
    whole = np.eye(len(a))
    for k, factor in enumerate(tau):
        vector = np.where(np.arange(len(a)) > k, a[:, k], 0)
        vector[k] = 1
        whole = whole @ (np.eye(len(a)) - factor * np.outer(vector, vector))
    return whole


def by_ldl(LD, pivots, *_):
    """L D L^T of factors whose rows were not exchanged."""
    lower = LD.tril(-1) + LD.new_tensor(np.eye(LD.shape[-1]))
    return lower @ LD.diag().diag() @ lower.mT


UPPER = "PyTorch has one for the triangle that is not read"
DECOMPOSITIONS = [
    row("linalg.eig", itself, invertible(3, 3), order=1, out=True,
        after=lambda w, v: (v * w @ v.inverse()).real),
    row("linalg.eigvals", lambda a: np.trace(a @ a) + 0j, (definite(3, 3),),
        order=0, after=lambda *values: sum(one**2 for one in values)),
    row("linalg.lu", itself, invertible(3, 3), normal(2, 3), order=2, out=True,
        after=lambda p, lower, upper: p @ lower @ upper),
    row("linalg.lu_factor", itself, invertible(3, 3), order=1, out=True, after=packed_product),
    row("linalg.lu_factor_ex", itself, invertible(3, 3), order=1, after=packed_product),
    row("lu", itself, invertible(3, 3), order=1, out=True, after=packed_product),
    row("lu_unpack", lambda a, p: ((np.tril(a, -1) + np.eye(3)) @ np.triu(a))[[1, 2, 0]],
        (normal(3, 3), pivots(3, 3, 3)), order=1,
        after=lambda p, lower, upper: p @ lower @ upper, torch=""),
    row("linalg.lu_solve", lu_solved, (invertible(2, 2), pivots(2, 2), normal(2, 3)),
        (invertible(2, 2), pivots(2, 2), normal(2, 2), {"adjoint": True}),
        (invertible(2, 2), pivots(1, 2), normal(2, 2), {"left": False}), out=True),
    row("lu_solve", lambda b, LU, pivots: lu_solved(LU, pivots, b),
        (normal(2, 3), invertible(2, 2), pivots(2, 2)), out=True),
    row("linalg.cholesky_ex", with_info(np.linalg.cholesky), definite(2, 2), symmetric=True,
        order=2, torch="", after=lambda factor, info: (factor, info)),
    row("linalg.inv_ex", with_info(np.linalg.inv), invertible(2, 2)),
    row("linalg.solve_ex", with_info(np.linalg.solve), (invertible(2, 2), normal(2, 2))),
    row("cholesky_inverse", lambda a: np.linalg.inv(a @ a.T), lower(invertible(2, 2)),
        differs=UPPER),
    row("cholesky_solve", lambda b, a: np.linalg.solve(a @ a.T, b), (normal(2, 2),
        lower(invertible(2, 2))), differs=UPPER),
    row("linalg.householder_product", lambda a, tau: reflections(a, tau)[:, : a.shape[1]],
        (normal(3, 2), normal(2))),
    row("ormqr", lambda a, tau, other, left=True, transpose=False: (
        lambda q: q @ other if left else other @ q)(reflections(a, tau).T if transpose else
        reflections(a, tau)), (normal(3, 2), normal(2), normal(3, 2)),
        (normal(3, 2), normal(2), normal(3, 2), True, True),
        (normal(3, 2), normal(2), normal(2, 3), False)),
    row("geqrf", lambda a: scipy.linalg.lapack.dgeqrf(a)[0],
        normal(3, 2), order=0, after=lambda a, tau: a),
    row("matrix_exp", scipy.linalg.expm, unit(2, 2), (complex_normal(2, 2),), tolerance=1e-8,
        torch=""),
    row("linalg.ldl_factor", itself, definite(3, 3), order=0, out=True, after=by_ldl,
        symmetric=True),
    row("linalg.ldl_factor_ex", itself, definite(3, 3), order=0, after=by_ldl, symmetric=True),
    row("linalg.ldl_solve", lambda a, p, b: np.linalg.solve((np.tril(a, -1) + np.eye(3))
        @ np.diag(np.diag(a)) @ (np.tril(a, -1) + np.eye(3)).T, b),
        (invertible(3, 3), pivots(1, 2, 3), normal(3, 2)), out=True,
        differs="PyTorch has none"),
    row("lobpcg", lambda a, k: a.trace(), (definite(2, 2), 2), order=1, symmetric=True,
        after=lambda values, vectors: values.sum(), torch="", out=False),
]  # fmt: skip


EQUATIONS = [
    row("logdet", lambda a: np.linalg.slogdet(a)[1], definite(2, 2), definite(2, 2, 2)),
    row("linalg.cond", np.linalg.cond, invertible(3, 3), (invertible(2, 2), 1), (invertible(2, 2),
        "fro"), (invertible(2, 2), -2), out=True, tolerance=1e-8),
    row("linalg.diagonal", lambda a, offset=0: np.diagonal(a, offset, -2, -1), normal(2, 3, 3),
        (normal(3, 3), {"offset": 1}), order=1, out=False),
    row("linalg.vecdot", lambda a, b, dim=-1: (a.conj() * b).sum(dim), (normal(2, 3), normal(3)),
        (complex_normal(2, 3), complex_normal(2, 3), {"dim": 0})),
    row("linalg.vander", lambda x, N=None: np.vander(x, N, True), normal(3), (normal(3), {"N": 2}),
        out=False),
    row("vander", np.vander, normal(3), (normal(3), 2, True), out=False,
        differs="PyTorch's fails"),
    row("linalg.tensorinv", np.linalg.tensorinv, (invertible(4, 4), 1), out=True),
    row("linalg.tensorsolve", np.linalg.tensorsolve, (invertible(4, 4), normal(4)), out=True),
]  # fmt: skip


def counts(x, bins=100, min=0, max=0):
    low, high = (x.min(), x.max()) if min == max == 0 else (min, max)
    return np.histogram(x, bins, (low, high))[0].astype(x.dtype)


def histogram(x, bins, range=None, weight=None, density=False):
    hist, edges = np.histogram(x, bins, range, density, weight)
    return hist.astype(x.dtype), edges


def mode(x, dim=-1, keepdim=False):
    """The commonest number, the smallest of a tie, and where it stands last."""
    rows = np.moveaxis(x, dim, -1)
    values = np.apply_along_axis(lambda one: commonest(one)[0], -1, rows)
    places = np.apply_along_axis(lambda one: commonest(one)[1], -1, rows)
    if keepdim:
        return np.expand_dims(values, dim), np.expand_dims(places, dim).astype(np.int64)
    return values, places.astype(np.int64)


def commonest(one):
    values, counts = np.unique(one, return_counts=True)
    best = values[counts.argmax()]
    return best, np.nonzero(one == best)[0][-1]


def renormed(x, p, dim, maxnorm):
    others = tuple(k for k in range(x.ndim) if k != dim % x.ndim)
    size = (np.abs(x) ** p).sum(others, keepdims=True) ** (1 / p)
    return x * np.where(size > maxnorm, maxnorm / (size + 1e-7), 1)


STATISTICS = [
    row("cov", lambda x, correction=1: np.cov(x, ddof=correction), normal(3, 4), (normal(4),),
        (normal(2, 4), {"correction": 0}), order=1, out=False),
    row("corrcoef", np.corrcoef, normal(3, 4), order=1, out=False),
    row("mode", mode, (constant([1.0, 2, 2], [3, 1, 3]),), (constant([1.0, 2], [1, 0]), 0, True),
        order=0, open_at_ties=True),
    row("histc", counts, (normal(6), 4), (normal(2, 4), 3, -1, 1), order=0, floats=True),
    row("histogram", histogram, (normal(6), 4), (normal(6), 3, {"range": (-1.0, 1.0)}),
        (normal(4), 3, {"density": True}), (unit(6), constant(-1.0, 0.0, 1.0)),
        order=0, out=True, floats=True),
    row("histogramdd", lambda x, bins: tuple(np.histogramdd(x, bins)), (normal(6, 2), [3, 2]),
        order=0, out=False, floats=True, torch=""),
    row("trapezoid", lambda y, x=None, dx=1, dim=-1: np.trapezoid(y, x, dx, dim), normal(2, 3),
        (normal(2, 3), {"dx": 0.5, "dim": 0}), (normal(2, 3), distinct(3)), out=False),
    row("cumulative_trapezoid", lambda y, x=None, dx=1, dim=-1:
        scipy.integrate.cumulative_trapezoid(y, x, dx, dim), normal(2, 3), (normal(3), distinct(3)),
        (normal(3, 2), {"dx": 0.5, "dim": 0}), out=False),
    row("diff", lambda x, n=1, dim=-1, *ends: np.diff(np.concatenate([ends[0], x, ends[1]]) if ends
        else x, n, dim), normal(2, 4), (normal(2, 4), 2), (normal(3, 2), 1, 0), (normal(3), 1, 0,
        normal(1), normal(2))),
    row("gradient", lambda x, spacing=(1, 1), edge_order=1: [np.asarray(one) for one in
        np.gradient(x, *spacing, edge_order=edge_order)], normal(3, 4), (normal(3, 4), {"spacing":
        (0.5, 2.0)}), (normal(3, 4), {"spacing": (0.5, 1.5), "edge_order": 2}), order=1, out=False),
    row("renorm", renormed, (normal(2, 3), 2.0, 0, 1.0), (normal(2, 2, 2), 1.0, -1, 2.0)),
]  # fmt: skip

ROWS = DECOMPOSITIONS + EQUATIONS + STATISTICS
