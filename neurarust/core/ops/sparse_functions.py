"""Making sparse tensors, and the functions of `nr.sparse`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtype as dtypes
from ..define import NAMESPACES, function
from ..errors import dimension, fail
from ..layout import sparse_csr
from ..tensor.tensor import Tensor
from .create import arange, tensor
from .sparse import SparseTensor, coo_softmax

# ------------------------------------------------------------------ making them


def _as_tensor(given: Any, dtype: Any = None, device: Any = None) -> Tensor:
    made = given if isinstance(given, Tensor) else tensor(given, dtype=dtype, device=device)
    return made if dtype is None and device is None else made.to(device, dtype)


@function(method=False)
def sparse_coo_tensor(
    indices, values=None, size=None, *, dtype=None, device=None, requires_grad=False,
    check_invariants=None, is_coalesced=None,
):  # fmt: skip
    """A tensor with values at some places and zeros elsewhere. Looks at the places.

    Args:
        indices: `(sparse_dim, nnz)` integers; a size alone makes a tensor without values.
        values: `(nnz, *dense)`; gradients flow to them.
        size: the smallest that holds all places if left out.
        is_coalesced: say that every place is there once, in order.

    Raises:
        RuntimeError: a place outside of the size, or as many values as places are not there.
    """
    if values is None:
        size = tuple(indices) if size is None else size
        places = tensor(np.zeros((len(size), 0), np.int64))
        return SparseTensor(places, tensor([], dtype=dtype, device=device), size, True)
    kept = _as_tensor(values, dtype, device)
    places = _as_tensor(indices, None, kept.device)
    if places.dtype.category != dtypes.INTEGER:
        raise TypeError(f"sparse_coo_tensor: indices must be integers, but got {places.dtype}")
    if places.ndim != 2 or kept.ndim == 0 or kept.shape[0] != places.shape[1]:
        fail(
            "sparse_coo_tensor",
            f"indices {list(places.shape)} and values {list(kept.shape)}",
            "indices (sparse_dim, nnz) and values (nnz, *dense)",
        )
    known = np.asarray(places.detach().cpu())
    highest = known.max(1, initial=-1)
    if known.size and known.min() < 0:
        raise RuntimeError(f"sparse_coo_tensor: found negative index {known.min()}")
    if size is None:
        size = (*(int(one) + 1 for one in highest), *kept.shape[1:])
    for k, (length, found) in enumerate(zip(size, highest, strict=False)):
        if found >= length:
            raise RuntimeError(
                f"sparse_coo_tensor: size is inconsistent with indices: for dim {k}, size is "
                f"{length} but found index {found}"
            )
    if tuple(size[places.shape[0] :]) != tuple(kept.shape[1:]):
        fail("sparse_coo_tensor", f"size {list(size)}", f"one that ends in {list(kept.shape[1:])}")
    made = SparseTensor(places.to(dtypes.int64), kept, size, bool(is_coalesced))
    return made.requires_grad_() if requires_grad else made


@function(method=False)
def sparse_csr_tensor(
    crow_indices, col_indices, values, size=None, *, dtype=None, device=None, requires_grad=False,
    check_invariants=None,
):  # fmt: skip
    """A matrix by compressed rows: the values of row i are those from `crow[i]` to `crow[i+1]`.

    Shape: crow_indices (rows + 1), col_indices and values (nnz).
    """
    starts = np.asarray(_as_tensor(crow_indices).cpu())
    columns = np.asarray(_as_tensor(col_indices).cpu())
    if starts.ndim != 1 or len(starts) < 1 or starts[0] != 0 or starts[-1] != len(columns):
        fail(
            "sparse_csr_tensor",
            f"crow_indices from {starts[:1]} to {starts[-1:]}",
            f"numbers that rise from 0 to the {len(columns)} values",
        )
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    if size is None:
        size = (len(starts) - 1, int(columns.max(initial=-1)) + 1)
    made = sparse_coo_tensor(
        tensor(np.stack([rows, columns]).astype(np.int64)), values, size, dtype=dtype,
        device=device, requires_grad=requires_grad, is_coalesced=True,
    )  # fmt: skip
    return SparseTensor(made._places, made._kept, size, True, True)


@function(namespace=(), method=True)
def to_sparse(input, sparse_dim=None, *, layout=None, blocksize=None, dense_dim=None):
    """The elements that are not zero, with their places. Looks at the tensor."""
    if layout is sparse_csr:
        return to_sparse_csr(input)
    count = input.ndim if sparse_dim is None else sparse_dim
    if not 0 < count <= input.ndim:
        fail("to_sparse", f"sparse_dim={sparse_dim}", f"1 to {input.ndim}")
    rest = tuple(range(count, input.ndim))
    there = (input != 0).any(rest) if rest else input != 0
    places = there.nonzero().t()
    return SparseTensor(places, input[tuple(places)], input.shape, True)


@function(namespace=(), method=True)
def to_sparse_coo(input):
    """`to_sparse()`."""
    return to_sparse(input)


@function(namespace=(), method=True)
def to_sparse_csr(input, dense_dim=None):
    """The elements that are not zero, by compressed rows. Looks at the tensor."""
    return to_sparse(input).to_sparse_csr()


@function(namespace=(), method=True)
def to_dense(input, dtype=None, *, masked_grad=True):
    """The tensor itself: it is dense."""
    return input if dtype is None else input.to(dtype)


@function(namespace=(), method=True)
def sparse_mask(input, mask):
    """The elements of a dense tensor at the places of a sparse one."""
    return mask._with(input[tuple(mask._places)])


# ------------------------------------------------------------------ nr.sparse


@function(namespace=("sparse",), method=False)
def mm(mat1, mat2):
    """A product of matrices of which one is sparse: dense, or sparse if both are.

    Shape: `(m, n)` and `(n, p)` to `(m, p)`.
    """
    return mat1 @ mat2


@function(method=False)
def spmm(input, mat2):
    """`sparse.mm`."""
    return input @ mat2


@function(namespace=("sparse",), method=False)
def addmm(mat, mat1, mat2, *, beta=1.0, alpha=1.0):
    """`beta * mat + alpha * mat1 @ mat2` with a sparse `mat1`."""
    return beta * mat + alpha * (mat1 @ mat2)


@function(namespace=("sparse",), method=False)
def sum(input, dim=None, dtype=None):
    """The sum of a sparse tensor: of all elements, or of some dimensions.

    A result that keeps a sparse dimension is sparse.
    """
    if dtype is not None:
        input = input.to(dtype)
    return input.sum(dim)


def _softmax(input: SparseTensor, dim: int, logarithm: bool) -> SparseTensor:
    made = input.coalesce()
    dim = dimension("sparse.softmax", dim, made.ndim)
    if dim >= made.sparse_dim() or made.dense_dim():
        fail("sparse.softmax", f"dim={dim}", "a sparse dimension of a tensor without dense ones")
    others = [k for k in range(made.ndim) if k != dim]
    groups = arange(made._nnz(), device=made.device) * 0
    count = 1
    for k in others:
        groups, count = groups * made.shape[k] + made._places[k], count * made.shape[k]
    return made._with(coo_softmax(made._kept, groups, count, logarithm))


@function(namespace=("sparse",), method=False)
def softmax(input, dim, *, dtype=None):
    """Softmax among the elements that are kept along a dimension; the others count as -inf."""
    return _softmax(input if dtype is None else input.to(dtype), dim, False)


@function(namespace=("sparse",), method=False)
def log_softmax(input, dim, *, dtype=None):
    """Logarithm of `softmax`."""
    return _softmax(input if dtype is None else input.to(dtype), dim, True)


@function(namespace=("sparse",), method=False)
def sampled_addmm(input, mat1, mat2, *, beta=1.0, alpha=1.0):
    """`beta * input + alpha * mat1 @ mat2` at the places of a sparse matrix only."""
    rows, columns = input._places[0], input._places[1]
    products = (mat1[rows] * mat2.t()[columns]).sum(-1)
    return input._with(beta * input._kept + alpha * products)


NAMESPACES["sparse"]["SparseTensor"] = SparseTensor
