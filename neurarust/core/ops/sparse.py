"""Sparse tensors: coordinates (COO) and compressed rows (CSR) of the values that are not zero.

The values are an ordinary Tensor, so gradients, devices and recording work as for any other; the
coordinates are integer Tensors. Products gather and add up (`jax.experimental.sparse` does the
same on CPU, and takes 0.7 s to import).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .. import dtype as dtypes
from ..define import op
from ..errors import dimension, dimensions, fail
from ..layout import sparse_coo, sparse_csr
from ..op import Array
from ..tensor.tensor import Size, Tensor
from .create import tensor
from .movement import cat, stack

# ------------------------------------------------------------------ operations on coordinates


@op(namespace=(), method=False)
def coo_to_dense(indices: Array, values: Array, shape: tuple):
    """Values added into zeros. Shape: (D, nnz) and (nnz, *dense)."""
    zeros = jnp.zeros(shape, values.dtype)
    places = zeros.at[tuple(indices)]
    return places.max(values) if values.dtype == jnp.bool_ else places.add(values)


@op(namespace=(), method=False)
def coo_matmul(indices: Array, values: Array, dense: Array, rows: int):
    """A sparse matrix times a dense one or a vector. Shape: (2, nnz), (nnz), (n, ...)."""
    factors = values.reshape(-1, *(1,) * (dense.ndim - 1))
    kind = jnp.promote_types(values.dtype, dense.dtype)
    zeros = jnp.zeros((rows, *dense.shape[1:]), kind)
    return zeros.at[indices[0]].add((factors * dense[indices[1]]).astype(kind))


@op(namespace=(), method=False)
def coo_sum(values: Array, groups: Array, count: int):
    """Sums of the values of each group."""
    return jnp.zeros((count, *values.shape[1:]), values.dtype).at[groups].add(values)


@op(namespace=(), method=False)
def coo_softmax(values: Array, groups: Array, count: int, logarithm: bool):
    """Softmax among the values of each group."""
    highest = jax.ops.segment_max(jax.lax.stop_gradient(values), groups, count)
    shifted = values - highest[groups]
    powers = jnp.exp(shifted)
    sums = jax.ops.segment_sum(powers, groups, count)[groups]
    return shifted - jnp.log(sums) if logarithm else powers / sums


# ------------------------------------------------------------------ the tensors

# What the second argument of an operation has for it.
_REFLECTED = {"add": "__radd__", "sub": "__rsub__", "mul": "__rmul__", "mm": "__rmatmul__",
              "matmul": "__rmatmul__"}  # fmt: skip


class SparseTensor:
    """A tensor of which only some elements are kept: `layout` is `sparse_coo` or `sparse_csr`.

    Differs from PyTorch: not a `Tensor`, but a class of its own with the methods that mean
    something for sparse tensors; make the values require grad to train them.
    """

    is_sparse = True

    def __init__(
        self, indices: Tensor, values: Tensor, shape: Sequence[int], coalesced: bool = False,
        compressed: bool = False,
    ):  # fmt: skip
        self._places, self._kept, self.shape = indices, values, Size(shape)
        self._coalesced, self._compressed = coalesced, compressed

    # -------------------------------------------------------- what it is

    @property
    def layout(self) -> Any:
        return sparse_csr if self._compressed else sparse_coo

    @property
    def is_sparse_csr(self) -> bool:
        return self._compressed

    @property
    def dtype(self) -> dtypes.dtype:
        return self._kept.dtype

    @property
    def device(self) -> Any:
        return self._kept.device

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def requires_grad(self) -> bool:
        return self._kept.requires_grad

    @property
    def grad(self) -> SparseTensor | None:
        """The gradient of the values, at the same places."""
        found = self._kept.grad
        return None if found is None else self._with(found)

    def requires_grad_(self, requires_grad: bool = True) -> SparseTensor:
        self._kept.requires_grad_(requires_grad)
        return self

    def dim(self) -> int:
        return self.ndim

    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        return self.shape.numel()

    def sparse_dim(self) -> int:
        return self._places.shape[0]

    def dense_dim(self) -> int:
        return self.ndim - self.sparse_dim()

    def is_coalesced(self) -> bool:
        """Whether every place is there once, in order."""
        return self._coalesced

    def _nnz(self) -> int:
        return self._kept.shape[0]

    def _indices(self) -> Tensor:
        return self._places

    def _values(self) -> Tensor:
        return self._kept

    def indices(self) -> Tensor:
        """Places, `(sparse_dim, nnz)`.

        Raises:
            RuntimeError: not coalesced.
        """
        self._must_be_coalesced("indices")
        return self._places

    def values(self) -> Tensor:
        """Values, `(nnz, *dense)`; of a COO tensor only when it is coalesced."""
        if not self._compressed:
            self._must_be_coalesced("values")
        return self._kept

    def _must_be_coalesced(self, what: str) -> None:
        if not self._coalesced:
            raise RuntimeError(
                f"Cannot get {what} on an uncoalesced tensor, please call .coalesce() first"
            )

    def crow_indices(self) -> Tensor:
        """Where each row begins among the values, `(rows + 1)`; CSR only."""
        self._must_be_compressed("crow_indices")
        counts = coo_sum(self._places[0] * 0 + 1, self._places[0], self.shape[0])
        return cat([counts[:1] * 0, counts.cumsum(0)])

    def col_indices(self) -> Tensor:
        """The column of each value; CSR only."""
        self._must_be_compressed("col_indices")
        return self._places[1]

    def _must_be_compressed(self, what: str) -> None:
        if not self._compressed:
            raise RuntimeError(
                f"{what}: expected a tensor of layout sparse_csr, but got {self.layout}"
            )

    def __repr__(self) -> str:
        if self._compressed:
            parts = {"crow_indices": self.crow_indices(), "col_indices": self.col_indices()}
        else:
            parts = {"indices": self._places}
        inside = ",\n       ".join(f"{name}={one!r}" for name, one in parts.items())
        return (
            f"tensor({inside},\n       values={self._kept.detach()!r},\n       "
            f"size={tuple(self.shape)}, nnz={self._nnz()}, layout={self.layout!r})"
        )

    # -------------------------------------------------------- other forms

    def _with(self, values: Tensor) -> SparseTensor:
        return SparseTensor(self._places, values, self.shape, self._coalesced, self._compressed)

    def to_dense(self, dtype: Any = None) -> Tensor:
        """The tensor with its zeros; values of one place are added."""
        made = coo_to_dense(self._places, self._kept, tuple(self.shape))
        return made if dtype is None else made.to(dtype)

    def coalesce(self) -> SparseTensor:
        """Values of one place added up, in order of the places. Looks at the places."""
        if self._coalesced:
            return self
        flat = np.ravel_multi_index(
            tuple(np.asarray(self._places)), tuple(self.shape[: self.sparse_dim()])
        ) if self._nnz() else np.zeros(0, np.int64)  # fmt: skip
        unique, groups = np.unique(flat, return_inverse=True)
        sizes = tuple(self.shape[: self.sparse_dim()])
        places = np.stack(np.unravel_index(unique, sizes)) if len(unique) else np.zeros(
            (self.sparse_dim(), 0)
        )  # fmt: skip
        device = self.device
        values = coo_sum(self._kept, tensor(groups.reshape(-1), device=device), len(unique))
        return SparseTensor(
            tensor(places.astype(np.int64), device=device), values, self.shape, True
        )

    def to_sparse(self, *_: Any, **__: Any) -> SparseTensor:
        return SparseTensor(self._places, self._kept, self.shape, self._coalesced)

    to_sparse_coo = to_sparse

    def to_sparse_csr(self) -> SparseTensor:
        """Compressed rows of a matrix."""
        if self.ndim != 2 or self.dense_dim():
            fail("to_sparse_csr", f"a tensor of shape {list(self.shape)}", "a sparse matrix")
        made = self.coalesce()
        return SparseTensor(made._places, made._kept, self.shape, True, True)

    def detach(self) -> SparseTensor:
        return self._with(self._kept.detach())

    def clone(self) -> SparseTensor:
        return self._with(self._kept.clone())

    def zero_(self) -> SparseTensor:
        """Forgets all elements, in place."""
        self._places, self._kept, self._coalesced = self._places[:, :0], self._kept[:0], True
        return self

    def to(self, *args: Any, **kwargs: Any) -> SparseTensor:
        values = self._kept.to(*args, **kwargs)
        places = self._places.to(values.device)
        return SparseTensor(places, values, self.shape, self._coalesced, self._compressed)

    def cpu(self) -> SparseTensor:
        return self.to("cpu")

    def cuda(self, device: Any = "cuda") -> SparseTensor:
        return self.to(device)

    def float(self) -> SparseTensor:
        return self.to(dtypes.float32)

    def double(self) -> SparseTensor:
        return self.to(dtypes.float64)

    def t(self) -> SparseTensor:
        """The transposed matrix."""
        return self.transpose(0, 1)

    def transpose(self, dim0: int, dim1: int) -> SparseTensor:
        """Two sparse dimensions exchanged."""
        dim0, dim1 = (dimension("transpose", dim, self.ndim) for dim in (dim0, dim1))
        if max(dim0, dim1) >= self.sparse_dim():
            fail("transpose", f"dims {dim0} and {dim1}", "two sparse dimensions")
        order = list(range(self.ndim))
        order[dim0], order[dim1] = order[dim1], order[dim0]
        places = stack([self._places[k] for k in order[: self.sparse_dim()]])
        return SparseTensor(places, self._kept, [self.shape[k] for k in order])

    # -------------------------------------------------------- arithmetic

    def _operation(self, name: str, first: Any, *rest: Any, **kwargs: Any) -> Any:
        """The method that an operation called on a sparse tensor stands for."""
        if first is not self:
            name = _REFLECTED.get(name, "") if rest and rest[0] is self else ""
            rest = (first, *rest[1:])
        method = getattr(self, name, None)
        return NotImplemented if method is None else method(*rest, **kwargs)

    def __neg__(self) -> SparseTensor:
        return self._with(-self._kept)

    def __mul__(self, other: Any) -> SparseTensor:
        """Times a number, a dense tensor that broadcasts, or a sparse one."""
        if isinstance(other, SparseTensor):
            other = other.to_dense()
        if isinstance(other, Tensor) and other.ndim:
            other = other.expand(self.shape)[tuple(self._places)]
        return self._with(self._kept * other)

    __rmul__ = mul = __mul__

    def __truediv__(self, other: Any) -> SparseTensor:
        return self._with(self._kept / other)

    div = __truediv__

    def __add__(self, other: Any) -> Any:
        """Sparse plus sparse is sparse; plus dense is dense."""
        if isinstance(other, Tensor):
            return self.to_dense() + other
        if not isinstance(other, SparseTensor):
            return NotImplemented
        if other.shape != self.shape:
            fail("add", f"shapes {list(self.shape)} and {list(other.shape)}", "one shape")
        places, kept = cat([self._places, other._places], 1), cat([self._kept, other._kept])
        return SparseTensor(places, kept, self.shape).coalesce()

    __radd__ = add = __add__

    def __sub__(self, other: Any) -> Any:
        return self + -other

    sub = __sub__

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __matmul__(self, other: Any) -> Any:
        """Times a dense matrix or vector (gives a dense one) or a sparse matrix (a sparse one)."""
        if self.sparse_dim() != 2 or self.dense_dim():
            fail("matmul", f"a tensor of shape {list(self.shape)}", "a sparse matrix")
        if other.shape[0] != self.shape[1] or len(other.shape) > 2:
            fail(
                "matmul",
                f"shapes {list(self.shape)} and {list(other.shape)}",
                f"a second factor with {self.shape[1]} rows",
            )
        if isinstance(other, SparseTensor):
            return _sparse_product(self, other)
        return coo_matmul(self._places, self._kept, other, self.shape[0])

    def __rmatmul__(self, other: Tensor) -> Tensor:
        product = self.t() @ (other if other.ndim == 1 else other.t())
        return product if other.ndim == 1 else product.t()

    matmul = mm = mv = __matmul__

    def sum(self, dim: Any = None) -> Any:
        """The sum of all elements, or of some dimensions (sparse while one is left)."""
        if dim is None:
            return self._kept.sum()
        axes = set(dimensions("sparse.sum", dim, self.ndim))
        count = self.sparse_dim()
        dense = tuple(axis - count + 1 for axis in axes if axis >= count)
        values = self._kept.sum(dense) if dense else self._kept
        kept = [k for k in range(count) if k not in axes]
        if not kept:
            return values.sum(0)
        shape = [length for k, length in enumerate(self.shape) if k not in axes]
        return SparseTensor(stack([self._places[k] for k in kept]), values, shape).coalesce()


def _unary(name: str) -> Callable:
    """A function that leaves zeros as they are, over the values."""

    def method(self: SparseTensor) -> SparseTensor:
        made = self.coalesce()
        return made._with(getattr(made._kept, name)())

    method.__name__, method.__doc__ = name, f"`{name}` of the values."
    return method


for _name in (
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "deg2rad", "erf", "erfinv", "expm1", "floor",
    "log1p", "neg", "rad2deg", "relu", "round", "sgn", "sign", "sin", "sinh", "sqrt", "square",
    "tan", "tanh", "trunc",
):  # fmt: skip
    setattr(SparseTensor, _name, _unary(_name))


def _sparse_product(first: SparseTensor, second: SparseTensor) -> SparseTensor:
    """Looks at the places; the values stay recorded."""
    second = second.coalesce()
    rows, inner = np.asarray(first._places)
    starts, columns = np.asarray(second._places)
    bounds = np.searchsorted(starts, np.arange(second.shape[0] + 1))
    counts = np.diff(bounds)[inner]
    left = np.repeat(np.arange(len(inner)), counts)
    begins = np.repeat(np.cumsum(counts) - counts, counts)
    right = np.repeat(bounds[inner], counts) + np.arange(len(left)) - begins
    device = first.device
    values = first._kept[tensor(left, device=device)] * second._kept[tensor(right, device=device)]
    places = tensor(np.stack([rows[left], columns[right]]), device=device)
    return SparseTensor(places, values, (first.shape[0], second.shape[1])).coalesce()
