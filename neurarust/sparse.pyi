"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .core.tensor.tensor import Size, Tensor

Number: TypeAlias = builtins.complex

def SparseTensor(indices: Tensor, values: Tensor, shape: Sequence[builtins.int], coalesced: builtins.bool = ..., compressed: builtins.bool = ...) -> Any:
    """A tensor of which only some elements are kept: `layout` is `sparse_coo` or `sparse_csr`."""
def addmm(mat: Any, mat1: Any, mat2: Any, *, beta: Any = ..., alpha: Any = ...) -> Any:
    """`beta * mat + alpha * mat1 @ mat2` with a sparse `mat1`."""
def log_softmax(input: Any, dim: Any, *, dtype: Any = ...) -> Any:
    """Logarithm of `softmax`."""
def mm(mat1: Any, mat2: Any) -> Any:
    """A product of matrices of which one is sparse: dense, or sparse if both are."""
def sampled_addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = ..., alpha: Any = ...) -> Any:
    """`beta * input + alpha * mat1 @ mat2` at the places of a sparse matrix only."""
def softmax(input: Any, dim: Any, *, dtype: Any = ...) -> Any:
    """Softmax among the elements that are kept along a dimension; the others count as -inf."""
def sum(input: Any, dim: Any = ..., dtype: Any = ...) -> Any:
    """The sum of a sparse tensor: of all elements, or of some dimensions."""
