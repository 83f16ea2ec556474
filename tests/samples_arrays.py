"""Rows of the sample table: reductions, order, products, linear algebra, movement, indexing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.linalg
import scipy.spatial.distance
from scipy import special as sp

from .samples_base import (
    complex_normal,
    constant,
    definite,
    distinct,
    integers,
    invertible,
    normal,
    positive,
    row,
    share,
    truth,
    whole,
)  # fmt: skip

# What is given to a reduction beside the tensor.
OVER = ((), (1,), ((0, 2), {"keepdim": True}), (-1, {"keepdim": True}))
OVER_ONE = ((), (1,), (-1, {"keepdim": True}))


def over(draw, arguments=OVER, shape=(2, 3, 2)) -> list[tuple]:
    return [(draw(*shape), *one) for one in arguments]


def numpys(function, **fixed):
    """A NumPy reduction under PyTorch's keywords."""

    def reduced(x, dim=None, keepdim=False, **named):
        return function(x, axis=dim, keepdims=keepdim, **fixed, **named)

    return reduced


def variance(function):
    def reduced(x, dim=None, unbiased=True, keepdim=False, correction=None):
        freedom = int(unbiased) if correction is None else correction
        return function(x, dim, ddof=freedom, keepdims=keepdim)

    return reduced


def with_mean(function):
    def both(x, dim=None, keepdim=False, **named):
        return variance(function)(x, dim, keepdim=keepdim, **named), x.mean(dim, keepdims=keepdim)

    return both


def picked(find, take):
    """Values and indices along a dimension; one value over all."""

    def along(x, dim=None, keepdim=False):
        if dim is None:
            return take(x)
        return take(x, dim, keepdims=keepdim), find(x, dim, keepdims=keepdim)

    return along


def counted(x, dim=None):
    return np.asarray(np.count_nonzero(x, dim))


def vector_norm(x, p=2.0, dim=None, keepdim=False):
    if dim is None:
        size = np.linalg.norm(x.reshape(-1), p)
        return size.reshape([1] * x.ndim) if keepdim else size
    return np.linalg.norm(x, p, dim, keepdim)


def frobenius(x, p="fro", dim=None, keepdim=False):
    return vector_norm(x, 2.0 if p == "fro" else p, dim, keepdim)


def running(function):
    """Running extreme and where it (last) stood."""

    def along(x, dim):
        best = function.accumulate(x, dim)
        place = np.arange(x.shape[dim]).reshape([-1 if k == dim else 1 for k in range(x.ndim)])
        return best, np.maximum.accumulate(np.where(x == best, place, 0), dim)

    return along


def ordered(x, dim=-1, descending=False, stable=False):
    if not x.ndim:
        return x, np.zeros((), np.int64)
    places = np.argsort(-x if descending else x, dim, kind="stable")
    return np.take_along_axis(x, places, dim), places


def largest(x, k, dim=-1, largest=True, sorted=True):
    values, places = ordered(x, dim, largest)
    first = [slice(None)] * x.ndim
    first[dim] = slice(k)
    return values[tuple(first)], places[tuple(first)]


def kth(x, k, dim=-1, keepdim=False):
    values, places = (part.take([k - 1], dim) for part in ordered(x, dim))
    return (values, places) if keepdim else (values.squeeze(dim), places.squeeze(dim))


def middle(x, dim=None, keepdim=False):
    if dim is None:
        return np.sort(x.reshape(-1))[(x.size - 1) // 2]
    return kth(x, (x.shape[dim] + 1) // 2, dim, keepdim)


def quantiles(x, q, dim=None, keepdim=False, interpolation="linear"):
    return np.quantile(x, q, dim, method=interpolation, keepdims=keepdim)


softmax = {"softmax": sp.softmax, "log_softmax": sp.log_softmax}

REDUCTIONS = [
    row("sum", numpys(np.sum), *over(normal), (normal(),), (normal(0, 3), 0), integers="int64"),
    row("mean", numpys(np.mean), *over(normal), (normal(),)),
    row("nansum", numpys(np.nansum), *over(normal), constant(1.0, np.nan, 2.0), integers="int64"),
    row("nanmean", numpys(np.nanmean), *over(normal), constant(1.0, np.nan, 2.0)),
    row("prod", numpys(np.prod), *over(positive, OVER_ONE), constant(2.0, 0.0, 3.0),
        integers="int64"),
    row("amax", numpys(np.amax), *over(distinct), integers="int64"),
    row("amin", numpys(np.amin), *over(distinct), integers="int64"),
    row("aminmax", lambda x, dim=None, keepdim=False: (x.min(dim, keepdims=keepdim),
        x.max(dim, keepdims=keepdim)), distinct(2, 3), (distinct(2, 3), {"dim": 1}),
        integers="int64"),
    row("max", picked(np.argmax, np.max), *over(distinct, OVER_ONE), integers="int64", out=False),
    row("max", np.maximum, (normal(2, 3), normal(3)), out=True),
    row("min", picked(np.argmin, np.min), *over(distinct, OVER_ONE), integers="int64", out=False),
    row("min", np.minimum, (normal(2, 3), normal(3)), out=True),
    row("argmax", numpys(np.argmax), *over(distinct, OVER_ONE), order=0, integers="int64"),
    row("argmin", numpys(np.argmin), *over(distinct, OVER_ONE), order=0, integers="int64"),
    row("all", numpys(np.all), *over(truth), order=0, integers="bool"),
    row("any", numpys(np.any), *over(truth), order=0, integers="bool"),
    row("count_nonzero", counted, (whole(2, 3),), (whole(2, 3), 1), order=0, integers="int64",
        out=False),
    row("logsumexp", numpys(sp.logsumexp), *over(normal, OVER[1:]), integers="float32"),
    row("special.logsumexp", numpys(sp.logsumexp), (normal(2, 3), 1), out=True),
    row("var", variance(np.var), *over(normal), (normal(2, 3), 1, False),
        (normal(2, 3), {"dim": 0, "correction": 0})),
    row("std", variance(np.std), *over(normal), (normal(2, 3), 1, False)),
    row("var_mean", with_mean(np.var), (normal(2, 3),), (normal(2, 3), 1)),
    row("std_mean", with_mean(np.std), (normal(2, 3),), (normal(2, 3), 1)),
    row("norm", frobenius, (normal(2, 3),), (normal(2, 3), 1), (normal(2, 3), 3.0, 1),
        (distinct(2, 3), np.inf, 0), (distinct(2, 3), -np.inf, 1, True)),
    row("dist", lambda a, b, p=2: vector_norm(a - b, p), (normal(2, 3), normal(3)),
        (normal(3), normal(3), 1), out=False),
    *[row(name, lambda x, dim, _f=function: _f(x, dim), (normal(2, 3), 1), (normal(2, 3, 2), 0),
          (normal(), 0)) for name, function in softmax.items()],
    *[row(f"special.{name}", lambda x, dim, _f=function: _f(x, dim), (normal(2, 3), 1), out=True)
      for name, function in softmax.items()],
    row("nn.functional.softmin", lambda x, dim: sp.softmax(-x, dim), (normal(2, 3), 1), out=False),
    row("nn.functional.normalize",
        lambda x, p=2.0, dim=1: x / np.linalg.norm(x, p, dim, keepdims=True), normal(2, 3),
        (normal(2, 3), 1.0, 0), out=False),
    row("cumsum", np.cumsum, (normal(2, 3), 1), (normal(2, 3), 0), (normal(0, 3), 0),
        integers="int64"),
    row("cumprod", np.cumprod, (positive(2, 3), 1), (constant(2.0, 0.0, 3.0), 0),
        integers="int64"),
    row("logcumsumexp", lambda x, dim: np.log(np.cumsum(np.exp(x), dim)), (normal(2, 3), 1)),
    row("cummax", running(np.maximum), (distinct(2, 4), 1), (distinct(4), 0), integers="int64"),
    row("cummin", running(np.minimum), (distinct(2, 4), 1), (distinct(4), 0), integers="int64"),
]  # fmt: skip

sorted_edges = constant(0.0, 0.4, 1.2, 2.0)

SORTING = [
    row("sort", ordered, (distinct(2, 4),), (distinct(2, 3), 0, True), (constant(1, 0, 1, 0),
        {"stable": True}), (distinct(), 0), integers="int64"),
    row("argsort", lambda *a, **k: ordered(*a, **k)[1], (distinct(2, 4),), (distinct(2, 3), 0,
        True), order=0, integers="int64", out=False),
    row("msort", lambda x: np.sort(x, 0), distinct(3, 2), integers="int64"),
    row("topk", largest, (distinct(2, 4), 2), (distinct(3, 2), 1, 0, False), integers="int64",
        open_at_ties=True),
    row("kthvalue", kth, (distinct(2, 4), 2), (distinct(3, 2), 1, 0, True), integers="int64",
        open_at_ties=True),
    row("median", middle, (distinct(2, 3), 1), (distinct(2, 3),), (distinct(4), 0, True),
        integers="int64"),
    row("nanmedian", middle, (distinct(2, 3), 1), (distinct(2, 3),), integers="int64"),
    row("quantile", quantiles, (distinct(2, 3), 0.3), (distinct(4, 2), 0.6, 0, True),
        (distinct(5), constant(0.1, 0.8)), (distinct(5), 0.3, {"interpolation": "lower"})),
    row("nanquantile", quantiles, (distinct(2, 3), 0.3), (distinct(4, 2), 0.6, 0)),
    row("searchsorted", lambda s, x, right=False: np.searchsorted(s, x, "right" if right else
        "left"), (sorted_edges, normal(2, 3)), (sorted_edges, constant(0.0, 1.0),
        {"right": True}), order=0, integers="int64"),
    row("bucketize", lambda x, edges: np.searchsorted(edges, x), (normal(2, 3), sorted_edges),
        order=0, integers="int64"),
    row("isin", np.isin, (whole(2, 3), whole(2)), (whole(3), 2), order=0, integers="bool",
        out=False),
]  # fmt: skip


def added(product):
    """`beta * x + alpha * product(a, b)`."""
    return lambda x, a, b, beta=1, alpha=1: beta * x + alpha * product(a, b)


def both(*shapes, draw=normal) -> list[tuple]:
    plain = tuple(draw(*shape) for shape in shapes)
    return [plain, (*plain, {"beta": 0.5, "alpha": 2})]


def distances(a, b, p=2.0):
    return np.linalg.norm(a[..., :, None, :] - b[..., None, :, :], p, -1)


CONTRACTIONS = [
    row("matmul", np.matmul, (normal(2, 3), normal(3, 2)), (normal(3), normal(3)),
        (normal(2, 3), normal(3)), (normal(3), normal(3, 2)), (normal(2, 1, 2, 3), normal(2, 3, 2)),
        (complex_normal(2, 2), complex_normal(2, 2)), (normal(2, 0), normal(0, 3)),
        integers="int64"),
    row("mm", np.matmul, (normal(2, 3), normal(3, 2)), integers="int64"),
    row("bmm", np.matmul, (normal(2, 2, 3), normal(2, 3, 2)), integers="int64"),
    row("mv", np.matmul, (normal(2, 3), normal(3)), integers="int64"),
    row("dot", np.dot, (normal(3), normal(3)), integers="int64"),
    row("vdot", np.vdot, (normal(3), normal(3)), (complex_normal(3), complex_normal(3))),
    row("inner", np.inner, (normal(2, 3), normal(2, 3)), (normal(2), normal(2))),
    row("outer", np.outer, (normal(2), normal(3)), integers="int64"),
    row("addmm", added(np.matmul), *both((2, 2), (2, 3), (3, 2)), integers="int64"),
    row("addmv", added(np.matmul), *both((2,), (2, 3), (3,))),
    row("addr", added(np.outer), *both((2, 3), (2,), (3,))),
    row("baddbmm", added(np.matmul), *both((2, 2, 2), (2, 2, 3), (2, 3, 2))),
    row("addbmm", added(lambda a, b: (a @ b).sum(0)), *both((2, 2), (2, 2, 3), (2, 3, 2))),
    row("einsum", np.einsum, ("ij,jk->ik", normal(2, 3), normal(3, 2)), ("ii", normal(3, 3)),
        ("bij,bkj->bik", normal(2, 2, 2), normal(2, 3, 2)), ("i,j", normal(2), normal(2)),
        ("...ij->...ji", normal(2, 2, 3)), ("i...,i->...", normal(2, 3), normal(2)), out=False),
    row("tensordot", lambda a, b, dims=2: np.tensordot(a, b, dims),
        (normal(2, 3, 2), normal(3, 2, 2)), (normal(2, 3), normal(2, 2), ([0], [1])), out=False),
    row("kron", np.kron, (normal(2, 2), normal(2, 3)), (normal(2), normal(2, 2))),
    row("cdist", distances, (normal(2, 3), normal(2, 3)), (normal(2, 3), normal(3, 3), 1.0),
        out=False, tolerance=1e-6),
    row("chain_matmul", lambda *m: np.linalg.multi_dot(m), (normal(2, 3), normal(3, 1),
        normal(1, 2)), out=True),
    row("linalg.multi_dot", np.linalg.multi_dot, ([normal(2, 3), normal(3, 1), normal(1, 2)],),
        out=True),
    row("nn.functional.linear", lambda x, w, b=0: x @ w.T + b, (normal(2, 3), normal(2, 3),
        normal(2)), (normal(3), normal(2, 3)), out=False),
    row("nn.functional.bilinear", lambda a, b, w, c: np.einsum("ni,oij,nj->no", a, w, b) + c,
        (normal(2, 2), normal(2, 3), normal(2, 2, 3), normal(2)), out=False),
]  # fmt: skip


def matrix_norm(x, ord="fro", dim=(-2, -1), keepdim=False):
    return np.linalg.norm(x, ord, dim, keepdim)


def triangular(a, b, upper):
    return scipy.linalg.solve_triangular(np.triu(a) if upper else np.tril(a), b, lower=not upper)


def triangle(b, a, upper=True):
    return triangular(a, b, upper), a


def symmetric(a, UPLO="L"):
    return np.linalg.eigvalsh(a, UPLO)


def product_of(*parts):
    """The matrix that a factorization stands for: sizes in a vector scale the columns."""
    first, *rest = parts
    for part in rest:
        if part.ndim < first.ndim:
            first = first[..., : part.shape[-1]] * part.unsqueeze(-2)
        else:
            first = first @ part[..., : first.shape[-1], :]
    return first


LINALG = [
    row("linalg.det", np.linalg.det, invertible(3, 3), invertible(2, 2, 2)),
    row("linalg.slogdet", lambda a: tuple(np.linalg.slogdet(a)), invertible(3, 3)),
    row("linalg.inv", np.linalg.inv, invertible(3, 3), invertible(2, 2, 2)),
    row("linalg.cholesky", np.linalg.cholesky, definite(2, 2), definite(2, 2, 2),
        symmetric=True),
    row("linalg.matrix_power", np.linalg.matrix_power, (invertible(2, 2), 3), (invertible(2, 2),
        -2), (invertible(2, 2), 0)),
    row("linalg.solve", np.linalg.solve, (invertible(2, 2), normal(2, 2)), (invertible(2, 2),
        normal(2))),
    row("linalg.solve_triangular", triangular, (invertible(2, 2), normal(2, 2), {"upper": True}),
        (invertible(2, 2), normal(2, 2), {"upper": False})),
    row("triangular_solve", triangle, (normal(2, 2), invertible(2, 2)), (normal(2, 2),
        invertible(2, 2), False), order=1,
        after=lambda solution, coefficient: (solution, coefficient)),
    row("linalg.qr", lambda a: a, invertible(3, 2), after=product_of, out=True),
    row("qr", lambda a, some=True: a, invertible(3, 2), after=product_of),
    row("linalg.svd", lambda a, full: a, (normal(3, 2), False), (normal(2, 3), True),
        after=product_of, out=True),
    row("svd", lambda a, some=True: a, normal(3, 2), (normal(3, 2), False),
        after=lambda u, s, v: product_of(u, s, v.mT)),
    row("linalg.svdvals", lambda a: np.linalg.svd(a, compute_uv=False), normal(2, 3)),
    row("linalg.eigh", lambda a: a, definite(2, 2), symmetric=True,
        after=lambda w, v: product_of(v, w, v.mT)),
    row("linalg.eigvalsh", symmetric, definite(2, 2), (definite(2, 2), "U"),
        symmetric=True),
    row("linalg.lstsq", lambda a, b: np.linalg.lstsq(a, b)[0], (invertible(3, 2), normal(3, 2)),
        order=1, after=lambda solution, *rest: solution, out=False),
    row("linalg.pinv", np.linalg.pinv, invertible(3, 2), tolerance=1e-8),
    row("pinverse", np.linalg.pinv, invertible(3, 2), tolerance=1e-8, out=False),
    row("linalg.matrix_rank", np.linalg.matrix_rank, invertible(3, 2), constant([1.0, 2], [2, 4]),
        order=0),
    row("linalg.vector_norm", vector_norm, (normal(2, 3),), (normal(2, 3), 3.0, 1),
        (distinct(2, 3), np.inf, 0)),
    row("linalg.matrix_norm", matrix_norm, *[(normal(2, 3), p) for p in
        ("fro", "nuc", 2, -2, 1, -1, np.inf)]),
    row("linalg.norm", np.linalg.norm, (normal(2, 3),), (normal(3), 1), (normal(2, 3), "nuc"),
        out=True),
    row("linalg.cross", np.cross, (normal(2, 3), normal(2, 3)), out=True),
    row("cross", lambda a, b, dim=-1: np.cross(a, b, axis=dim), (normal(2, 3), normal(2, 3)),
        (normal(3, 2), normal(3, 2), 0)),
    row("trace", np.trace, normal(3, 3), integers="int64", out=False),
    row("tril", np.tril, normal(2, 3), (normal(3, 3), -1), integers="int64"),
    row("triu", np.triu, normal(2, 3), (normal(3, 3), 1), integers="int64"),
]  # fmt: skip


def scattered(x, dim, index, src, operation=None):
    result = x.copy()
    for place in np.ndindex(index.shape):
        target = (*place[:dim], index[place], *place[dim + 1 :])
        value = src[place] if np.ndim(src) else src
        result[target] = value if operation is None else operation(result[target], value)
    return result


def along(dim, index):
    return (*[slice(None)] * dim, index)


def index_changed(x, dim, index, source, alpha=None):
    result = x.copy()
    if alpha is None:
        result[along(dim, index)] = source
    else:
        np.add.at(result, along(dim, index), alpha * source)
    return result


def put(x, places, values, accumulate=False):
    result = x.copy()
    if accumulate:
        np.add.at(result, places, values)
    else:
        result[places] = values
    return result


index = constant(2, 0)
grid = constant([0, 2, 1], [1, 0, 0])
INDEXING = [
    row("gather", lambda x, dim, index: np.take_along_axis(x, index, dim), (normal(2, 3), 1, grid),
        integers="int64"),
    row("take_along_dim", lambda x, index, dim: np.take_along_axis(x, index, dim), (normal(2, 3),
        grid, 1), integers="int64"),
    row("take", np.take, (normal(2, 3), constant(5, 0, 0)), integers="int64"),
    row("index_select", lambda x, dim, index: x.take(index, dim), (normal(3, 2), 0, index),
        (normal(2, 3), -1, index), integers="int64"),
    row("scatter", scattered, (normal(2, 3), 1, constant([2, 0], [1, 2]), normal(2, 2)), out=False),
    row("scatter", lambda x, dim, index, value: scattered(x, dim, index, value), (normal(2, 3), 1,
        constant([2, 0], [1, 2]), {"value": 1.5}), out=False),
    row("scatter_add", lambda *a: scattered(*a, np.add), (normal(2, 3), 1, grid, normal(2, 3))),
    row("index_add", lambda *a, alpha=1: index_changed(*a, alpha), (normal(3, 2), 0,
        constant(2, 2), normal(2, 2)), (normal(3, 2), 0, index, normal(2, 2), {"alpha": 2})),
    row("index_copy", index_changed, (normal(3, 2), 0, index, normal(2, 2))),
    row("index_fill", index_changed, (normal(2, 3), 1, index, 2.5), out=False),
    row("index_put", put, (normal(3, 2), (constant(2, 0), constant(1, 1)), normal(2)),
        (normal(3), (constant(1, 1),), normal(2), True), out=False),
    row("nonzero", np.argwhere, whole(2, 3), order=0, integers="int64", out=False),
    row("nonzero_static", lambda x, size, fill_value=-1: np.pad(np.argwhere(x)[:size],
        ((0, max(0, size - np.count_nonzero(x))), (0, 0)), constant_values=fill_value),
        (whole(2, 3), {"size": 2}), (whole(2, 3), {"size": 9,
        "fill_value": 7}), order=0, integers="int64"),
    row("argwhere", np.argwhere, whole(2, 3), order=0, integers="int64", out=False),
    row("masked_select", lambda x, mask: x[np.broadcast_to(mask, x.shape)], (normal(2, 3),
        truth(3)), (normal(2, 3), truth(2, 3)), integers="int64", out=False),
    row("unique", np.unique, whole(2, 4), order=0, integers="int64", out=False),
    row("unique_consecutive", lambda x: x[np.r_[True, x[1:] != x[:-1]]], constant(1, 1, 2, 1),
        order=0, integers="int64", out=False),
    row("bincount", np.bincount, integers(0, 4)(6), (integers(0, 4)(3), share(3)), order=0,
        out=False),
    row("equal", np.array_equal, (whole(3), whole(3)), (constant(1), constant(1)), order=0,
        out=False),
    row("allclose", np.allclose, (normal(3), normal(3)), (constant(1.0), constant(1 + 1e-9)),
        order=0, out=False),
]  # fmt: skip


def embedded(x, offset=0):
    return np.stack([np.diag(one, offset) for one in x])


def padded(x, pad, mode="constant", value=0.0):
    widths = [(0, 0)] * (x.ndim - len(pad) // 2)
    widths += [(pad[k], pad[k + 1]) for k in range(len(pad) - 2, -1, -2)]
    if min(pad) < 0:
        inner = [
            slice(max(0, -a), n + min(0, b)) for n, (a, b) in zip(x.shape, widths, strict=True)
        ]
        x, widths = x[tuple(inner)], [(max(0, a), max(0, b)) for a, b in widths]
    names = {"circular": "wrap", "replicate": "edge", "reflect": "reflect"}
    if mode == "constant":
        return np.pad(x, widths, constant_values=value)
    return np.pad(x, widths, names[mode])


pair = [normal(2, 3), normal(2, 3)]
MOVEMENT = [
    row("cat", lambda parts, dim=0: np.concatenate(parts, dim), ([normal(2, 3), normal(1, 3)],),
        ([normal(2, 1), normal(2, 0), whole(2, 2)], 1), integers="int64"),
    row("stack", lambda parts, dim=0: np.stack(parts, dim), (pair,), (pair, -1), integers="int64"),
    row("vstack", np.vstack, (pair,), ([normal(3), normal(3)],), out=True),
    row("hstack", np.hstack, (pair,), ([normal(2), normal(1)],), out=True),
    row("dstack", np.dstack, (pair,), ([normal(2), normal(2)],), out=True),
    row("column_stack", np.column_stack, (pair,), ([normal(2), normal(2)],), out=True),
    row("tile", lambda x, dims: np.tile(x, dims), (normal(2, 3), (2, 1)), (normal(2), (2, 2)),
        out=False),
    row("Tensor.repeat", lambda x, *n: np.tile(x, n), (normal(2, 3), 2, 1), (normal(2), 2, 2)),
    row("repeat_interleave", lambda x, n, dim=None, **_: np.repeat(x, n, dim), (normal(2, 3), 2),
        (normal(2, 2), constant(1, 2), 0), (normal(2, 2), constant(1, 2), 0, {"output_size": 3}),
        out=False),
    row("roll", np.roll, (normal(2, 3), 1, 1), (normal(2, 3), 2), (normal(2, 3), (1, -1), (0, 1)),
        integers="int64", out=False),
    row("flip", np.flip, (normal(2, 3), (0, 1)), (normal(2, 3), (1,)), integers="int64",
        out=False),
    row("fliplr", np.fliplr, normal(2, 3), out=False),
    row("flipud", np.flipud, normal(2, 3), out=False),
    row("rot90", np.rot90, normal(2, 3), (normal(2, 3), 3), (normal(2, 3), -1, (1, 0)), out=False),
    row("diag", np.diag, normal(3), normal(2, 3), (normal(2), -1)),
    row("diag_embed", embedded, normal(2, 2), (normal(2, 2), 1), out=False),
    row("meshgrid", lambda a, b, indexing="ij": tuple(np.meshgrid(a, b, indexing=indexing)),
        (normal(2), normal(3), {"indexing": "ij"}), (normal(2), normal(3), {"indexing": "xy"}),
        out=False),
    row("clone", np.copy, normal(2, 3), out=False),
    row("nn.functional.pad", padded, (normal(1, 3, 4), (1, 2)), (normal(2, 3), (1, 0, -1, 2)),
        (normal(2, 3), (1, 1), {"value": 2.0}),
        *[(normal(1, 3, 4), (2, 1), mode) for mode in ("reflect", "replicate", "circular")],
        out=False),
    row("split", lambda x, size, dim=0: tuple(np.split(x, np.cumsum(size)[:-1], dim)),
        (normal(3, 2), [1, 2]), (normal(2, 3), [2, 1], 1), out=False),
    row("chunk", lambda x, n, dim=0: tuple(np.array_split(x, n, dim)), (normal(4, 2), 2), (normal(
        2, 3), 3, 1), out=False),
    row("tensor_split", lambda x, n, dim=0: tuple(np.array_split(x, n, dim)), (normal(5, 2), 3),
        (normal(2, 4), (1, 3), 1), out=False),
    row("hsplit", lambda x, n: tuple(np.hsplit(x, n)), (normal(2, 4), 2), out=False),
    row("vsplit", lambda x, n: tuple(np.vsplit(x, n)), (normal(4, 2), 2), out=False),
    row("unbind", lambda x, dim=0: tuple(np.moveaxis(x, dim, 0)), (normal(2, 3), 1), out=False),
    *[row(f"atleast_{n}d", function, normal(), normal(3), out=False)
      for n, function in enumerate((np.atleast_1d, np.atleast_2d, np.atleast_3d), 1)],
]  # fmt: skip

VIEWS = [
    row("ravel", np.ravel, normal(2, 3), out=False),
    row(
        "unflatten",
        lambda x, dim, sizes: x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :]),
        (normal(2, 4), 1, (2, -1)),
        out=False,
    ),
    row("broadcast_tensors", np.broadcast_arrays, (normal(2, 1), normal(3)), out=False),
    row("transpose", np.swapaxes, (normal(2, 3, 1), 0, 2), out=False),
    row(
        "movedim",
        np.moveaxis,
        (normal(2, 3, 1), 0, 2),
        (normal(2, 3, 1), (0, 1), (1, 2)),
        out=False,
    ),
]

CREATION = [
    row("zeros", np.zeros, ((2, 3),), order=0, out=False),
    row("ones", np.ones, ((2, 3),), order=0, out=False),
    row("full", np.full, ((2, 3), 2.5), order=0, out=False),
    row("eye", np.eye, (3,), (2, 3), order=0, out=False),
    row("arange", np.arange, (5,), (1, 6, 2), (0.0, 1.0, 0.25), order=0, out=False),
    row("linspace", np.linspace, (0.0, 1.0, 5), order=0, tolerance=1e-6, out=False),
    row("logspace", np.logspace, (0.0, 2.0, 5), order=0, tolerance=1e-5, out=False),
    *[row(f"{name}_like", function, normal(2, 3), order=0, out=False)
      for name, function in {"zeros": np.zeros_like, "ones": np.ones_like}.items()],
    row("full_like", np.full_like, (normal(2, 3), 2.5), order=0, out=False),
    row("tril_indices", lambda n, m: np.stack(np.tril_indices(n, 0, m)), (3, 2), order=0,
        out=False),
    row("triu_indices", lambda n, m: np.stack(np.triu_indices(n, 0, m)), (3, 2), order=0,
        out=False),
]  # fmt: skip

# What moves numbers is linear: its second gradient says nothing new.
LINEAR = [replace(one, order=min(one.order, 1)) for one in INDEXING + MOVEMENT + VIEWS]
ROWS = REDUCTIONS + SORTING + CONTRACTIONS + LINALG + LINEAR + CREATION
