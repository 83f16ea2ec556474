"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .core.tensor.tensor import Size, Tensor
from .core.errors import LinAlgError as LinAlgError

Number: TypeAlias = builtins.complex

def cholesky(input: Tensor, upper: builtins.bool = ...) -> Tensor:
    """The lower triangular L with `L L^H = input`, or its conjugate transpose."""
def cholesky_ex(input: Tensor, *, upper: builtins.bool = ..., check_errors: builtins.bool = ...) -> Any:
    """`cholesky`, and where it failed; `check_errors` has no effect."""
def cond(A: Tensor, p: Any = ...) -> Tensor:
    """Condition number `norm(A, p) * norm(inv(A), p)`, for p = 2 by singular values."""
def cross(input: Any, other: Any, *, dim: Any = ...) -> Any:
    """Cross product of vectors of three numbers along `dim`."""
def det(input: Tensor) -> Tensor:
    """Determinant."""
def diagonal(A: Tensor, *, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor:
    """`diagonal` of the last two dimensions by default; shares memory."""
def eig(A: Tensor) -> Any:
    """Complex eigenvalues and eigenvectors of square matrices, in no order."""
def eigh(A: Tensor, UPLO: str = ...) -> Any:
    """Eigenvalues, rising, and eigenvectors of Hermitian matrices."""
def eigvals(A: Tensor) -> Tensor:
    """Complex eigenvalues of square matrices, in no order."""
def eigvalsh(A: Tensor, UPLO: str = ...) -> Tensor:
    """Eigenvalues of Hermitian matrices, rising."""
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of Householder reflections, the Q of `geqrf`."""
def inv(input: Tensor) -> Tensor:
    """Inverse of square matrices."""
def inv_ex(A: Tensor, *, check_errors: builtins.bool = ...) -> Any:
    """`inv`, and the number of the first pivot that is 0; `check_errors` has no effect."""
def inverse(input: Tensor) -> Tensor:
    """Inverse of square matrices."""
def ldl_factor(A: Any, *, hermitian: Any = ...) -> Any:
    """`L D L^H` (`L D L^T` if not `hermitian`) in one matrix, and the row exchanges."""
def ldl_factor_ex(A: Tensor, *, hermitian: builtins.bool = ..., check_errors: builtins.bool = ...) -> Any:
    """`ldl_factor`, and the number of the first pivot that is 0; `check_errors` has no effect."""
def ldl_solve(LD: Any, pivots: Any, B: Any, *, hermitian: Any = ...) -> Any:
    """The X with `A X = B`, from the `ldl_factor` of A."""
def lstsq(A: Tensor, B: Tensor, rcond: builtins.float | None = ..., *, driver: str | None = ...) -> Any:
    """The X of least `norm(A X - B)`, by the pseudoinverse."""
def lu(A: Any, *, pivot: Any = ...) -> Any:
    """`A = P L U`: a permutation, a lower triangle with ones on the diagonal, an upper one."""
def lu_factor(A: Any, *, pivot: Any = ...) -> Any:
    """L and U of `A = P L U` in one matrix, and the row exchanges, counted from 1."""
def lu_factor_ex(A: Tensor, *, pivot: builtins.bool = ..., check_errors: builtins.bool = ...) -> Any:
    """`lu_factor` and the number of the first pivot that is 0; `check_errors` has no effect."""
def lu_solve(LU: Any, pivots: Any, B: Any, *, left: Any = ..., adjoint: Any = ...) -> Any:
    """The X with `A X = B` (`X A = B` if not `left`), from the `lu_factor` of A."""
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix product over the last two dimensions; the others are broadcast."""
def matrix_exp(input: Tensor) -> Tensor:
    """`sum of input^k / k!`, the exponential of matrices."""
def matrix_norm(A: Tensor, ord: builtins.float | str = ..., dim: tuple = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """Norm of the matrices in the two dimensions `dim`."""
def matrix_power(input: Tensor, n: builtins.int) -> Tensor:
    """Product of `n` times the matrix; of its inverse if n is negative."""
def matrix_rank(A: Tensor, tol: builtins.float | None = ..., hermitian: builtins.bool = ..., *, atol: builtins.float | None = ..., rtol: builtins.float | None = ...) -> Tensor:
    """Number of singular values above `max(atol, rtol * largest)`."""
def multi_dot(tensors: Any) -> Any:
    """Product of a chain of matrices, in the cheapest order; the ends may be vectors."""
def norm(A: Any, ord: Any = ..., dim: Any = ..., keepdim: Any = ..., *, dtype: Any = ...) -> Any:
    """Norm of vectors (`dim` an int, or no `ord`) or of matrices (two dimensions)."""
def orgqr(input: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of Householder reflections, the Q of `geqrf`."""
def pinv(A: Tensor, rcond: builtins.float | None = ..., hermitian: builtins.bool = ..., *, atol: builtins.float | None = ..., rtol: builtins.float | None = ...) -> Tensor:
    """Moore-Penrose pseudoinverse; singular values up to `max(atol, rtol * largest)` count as 0."""
def qr(A: Any, mode: Any = ...) -> Any:
    """`Q R` with orthonormal Q and upper triangular R."""
def slogdet(input: Tensor) -> Any:
    """Sign and logarithm of the size of the determinant."""
def solve(A: Tensor, B: Tensor, *, left: builtins.bool = ...) -> Tensor:
    """The X with `A X = B`, or `X A = B` if not `left`."""
def solve_ex(A: Tensor, B: Tensor, *, left: builtins.bool = ..., check_errors: builtins.bool = ...) -> Any:
    """`solve`, and the number of the first pivot that is 0; `check_errors` has no effect."""
def solve_triangular(A: Tensor, B: Tensor, *, upper: builtins.bool, left: builtins.bool = ..., unitriangular: builtins.bool = ...) -> Tensor:
    """The X with `A X = B` (`X A = B` if not `left`) for a triangular A."""
def svd(A: Any, full_matrices: Any = ...) -> Any:
    """`U diag(S) Vh` with orthonormal U and Vh, S falling."""
def svdvals(A: Tensor) -> Tensor:
    """Singular values, falling."""
def tensorinv(A: Tensor, ind: builtins.int = ...) -> Tensor:
    """Inverse with respect to `tensordot` over the first `ind` dimensions."""
def tensorsolve(A: Tensor, B: Tensor, dims: Sequence[builtins.int] | None = ...) -> Tensor:
    """The X with `tensordot(A, X, X.ndim) = B`."""
def vander(x: Tensor, *, N: builtins.int | None = ...) -> Tensor:
    """Vandermonde matrices: the powers 0 to N - 1 of each element. Shape: (*, n) to (*, n, N)."""
def vecdot(x: Tensor, y: Tensor, *, dim: builtins.int = ...) -> Tensor:
    """`sum of conj(x) * y` along a dimension."""
def vector_norm(x: Tensor, ord: builtins.float = ..., dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """`(sum |x|^ord)^(1/ord)` over `dim` (all by default); its gradient at 0 is 0."""
