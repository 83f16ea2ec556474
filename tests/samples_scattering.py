"""Rows of the sample table: writing by index tensors, putting tensors together, questions."""

from __future__ import annotations

import numpy as np
import scipy.linalg

from .samples_base import (
    complex_normal,
    constant,
    distinct,
    integers,
    natural,
    normal,
    positive,
    row,
    truth,
)  # fmt: skip

WAYS = {
    "sum": (np.add, 0), "prod": (np.multiply, 1), "mean": (np.add, 0),
    "amax": (np.maximum, -np.inf), "amin": (np.minimum, np.inf),
}  # fmt: skip


def reduced(x, places, src, reduce, include_self):
    """`src` combined into places of x."""
    combine, neutral = WAYS[reduce]
    result, counts = x.copy(), np.full(x.shape, float(include_self))
    if not include_self:
        result[places] = neutral
    combine.at(result, places, src)
    np.add.at(counts, places, np.ones(np.shape(src)))
    return result / np.maximum(counts, 1) if reduce == "mean" else result


def along(index, dim):
    places = list(np.indices(index.shape))
    places[dim] = index
    return tuple(places)


def scatter_reduce(x, dim, index, src, reduce, include_self=True):
    return reduced(x, along(index, dim), src, reduce, include_self)


def index_reduce(x, dim, index, source, reduce, include_self=True):
    places = (*[slice(None)] * dim, index)
    return reduced(x, places, source, reduce, include_self)


def put(x, index, source, accumulate=False):
    result = x.copy().reshape(-1)
    if accumulate:
        np.add.at(result, index, source)
    else:
        result[index] = source
    return result.reshape(x.shape)


def masked_scatter(x, mask, source):
    result = x.copy()
    result[mask] = source.reshape(-1)[: mask.sum()]
    return result


def written(part_of):
    def scatter(x, src, *args):
        result = x.copy()
        part_of(result, *args)[...] = src
        return result

    return scatter


def strided(x, size, stride, offset=0):
    flat = x.reshape(-1)[offset:]
    return np.lib.stride_tricks.as_strided(flat, size, [one * x.itemsize for one in stride])


def diagonal(x, offset=0, dim1=0, dim2=1):
    view = np.diagonal(x, offset, dim1, dim2)
    view.flags.writeable = True
    return view


grid = constant([0, 2, 0], [1, 0, 2])
SCATTERING = [
    row("scatter_reduce", scatter_reduce, *[(distinct(2, 3), 1, grid, normal(2, 3), way, *rest)
        for way in WAYS for rest in ((), ({"include_self": False},))]),
    row("scatter_reduce", scatter_reduce, (constant([0.0, 2.0], [3.0, 0.0]), 0,
        constant([0, 0], [1, 1]), constant([0.0, 0.0], [5.0, 2.0]), "prod"), order=0),
    row("index_reduce", index_reduce, *[(distinct(3, 2), 0, constant(2, 0, 2), normal(3, 2), way)
        for way in WAYS if way != "sum"]),
    row("put", put, (normal(2, 3), constant(4, 0), normal(2)), (normal(2, 3), constant(1, 1),
        normal(2), True), order=1, out=False),
    row("masked_scatter", masked_scatter, (normal(2, 3), truth(2, 3), normal(6)), order=1),
    row("select_scatter", written(lambda x, dim, index: x[(slice(None),) * dim + (index,)]),
        (normal(2, 3), normal(2), 1, 2), order=1, out=True),
    row("slice_scatter", written(lambda x, dim, a, b, step: x[(slice(None),) * dim
        + (slice(a, b, step),)]), (normal(4, 2), normal(2, 2), 0, 0, 4, 2), order=1, out=True),
    row("diagonal_scatter", written(diagonal), (normal(3, 3), normal(3)), (normal(3, 3), normal(2),
        1), order=1, out=True),
    row("as_strided_scatter", written(strided), (normal(3, 3), normal(2, 2), (2, 2), (1, 2)),
        (normal(6), normal(2), (2,), (3,), 1), order=1, out=True,
        torch=""),
]  # fmt: skip


def combined(x, r=2, with_replacement=False):
    first, second = np.triu_indices(len(x), 0 if with_replacement else 1)
    return np.stack([x[first], x[second]], 1)


def product(*vectors):
    return np.stack([one.reshape(-1) for one in np.meshgrid(*vectors, indexing="ij")], 1)


def answer(value):
    return lambda *_: np.asarray(value)


ASSEMBLING = [
    row("block_diag", scipy.linalg.block_diag, (normal(2, 2), normal(1, 3)), (normal(3),
        normal(2, 1)), order=1, out=False),
    row("cartesian_prod", product, (normal(2), normal(3)), order=1, out=False),
    row("combinations", combined, normal(4), (normal(3), 2, True), order=1, out=False),
    row("diagflat", np.diagflat, normal(2, 2), (normal(2), 1), order=1, out=True),
    row("dsplit", lambda x, n: tuple(np.dsplit(x, n)), (normal(2, 1, 4), 2), order=1, out=False),
    row("unsafe_chunk", lambda x, n: tuple(np.array_split(x, n)), (normal(4, 2), 2), order=1,
        out=False),
    row("unsafe_split", lambda x, n: tuple(np.split(x, len(x) // n)), (normal(4, 2), 2), order=1,
        out=False),
    row("narrow_copy", lambda x, dim, start, n: x.take(range(start, start + n), dim),
        (normal(2, 4), 1, 1, 2), order=1, out=True),
    row("adjoint", lambda x: x.conj().swapaxes(-1, -2), normal(2, 3), complex_normal(2, 3), order=1,
        out=False),
    row("conj_physical", np.conj, normal(2), complex_normal(3), order=1),
    row("resolve_conj", np.asarray, complex_normal(2), order=1, out=False),
    row("resolve_neg", np.asarray, normal(2), order=1, out=False),
    row("fill", np.full_like, (normal(2, 3), 2.5), order=0, out=False),
    row("unravel_index", np.unravel_index, (integers(0, 6)(4), (2, 3)), order=0, out=False,
        integers="int64"),
    row("broadcast_shapes", lambda *shapes: np.asarray(np.broadcast_shapes(*shapes)),
        ((2, 1), (3,)), order=0, out=False, after=lambda *shape: np.asarray(shape), torch=""),
    row("range", lambda a, b, step=1: np.arange(a, b + step, step, np.float32), (1, 4), (0, 1,
        0.25), order=0, out=False),
    row("empty_strided", lambda size, stride: np.zeros(size), ((2, 3), (1, 2)), order=0, out=False,
        torch=""),
    row("empty_permuted", lambda size, order: np.zeros(size), ((2, 3), (1, 0)), order=0, out=False,
        torch=""),
    row("Tensor.sum_to_size", lambda x, *n: x.sum(0, keepdims=True), (normal(2, 3), 1, 3), order=1),
    row("embedding", lambda weight, index: weight[index], (normal(4, 2), constant(1, 0, 3)),
        order=1, out=False),
    row("batch_norm", lambda x, weight, bias, mean, var, *_: (x - mean) / np.sqrt(var + 1e-5)
        * weight + bias, (normal(4, 2), normal(2), normal(2), normal(2), positive(2), False, 0.1,
        1e-5), order=1, out=False, torch=""),
    row("is_signed", answer(True), natural(2), order=0, out=False),
    row("is_nonzero", answer(True), natural(1), order=0, out=False),
    row("is_conj", answer(False), normal(2), order=0, out=False),
    row("is_neg", answer(False), normal(2), order=0, out=False),
    row("is_inference", answer(False), normal(2), order=0, out=False),
]  # fmt: skip

ROWS = SCATTERING + ASSEMBLING
