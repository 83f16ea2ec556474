"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Callable as Callable
from collections.abc import Iterator as Iterator
from collections.abc import Sequence as Sequence
from typing import Any, TypeAlias

import numpy as np

from .. import device as devices
from .. import dtype as dtypes
from ..autograd.tape import Edge
from ..engine.value import Value
from .storage import Step, Storage

Number: TypeAlias = builtins.complex

class Size(tuple[builtins.int, ...]):
    """A tensor's shape: a tuple that prints its name and knows `numel`."""
    def numel(self) -> builtins.int: ...

class Tensor:
    """A multi-dimensional array with PyTorch's behaviour on JAX's arrays."""
    _storage: Storage
    _steps: tuple[Step, ...] | None
    _base: Tensor | None
    _cache: Value | None
    _seen: int
    _edge: Edge
    _grad: Tensor | None
    H: Any
    """The conjugate of the last two dimensions exchanged."""
    T: Any
    """The dimensions in reverse order."""
    def __abs__(self) -> Tensor:
        """Absolute value `|x|`; its gradient at 0 is 0."""
    def __add__(self, other: Any) -> Any:
        """"""
    def __and__(self, other: Any) -> Any:
        """"""
    def __array__(self, dtype: Any = ..., copy: builtins.bool | None = ...) -> Any:
        """"""
    __array_priority__: Any
    def __bool__(self) -> builtins.bool:
        """"""
    def __complex__(self) -> Any:
        """"""
    def __contains__(self, element: Any) -> builtins.bool:
        """"""
    def __copy__(self) -> Tensor:
        """Another tensor of the same memory."""
    def __deepcopy__(self, memo: dict) -> Tensor:
        """"""
    def __dlpack__(self, **kwargs: Any) -> Any:
        """"""
    def __dlpack_device__(self) -> tuple[builtins.int, builtins.int]:
        """"""
    def __eq__(self, other: Any) -> Any:
        """"""
    def __float__(self) -> builtins.float:
        """"""
    def __floordiv__(self, other: Any) -> Any:
        """"""
    def __format__(self, spec: str) -> str:
        """Default object formatter."""
    def __ge__(self, other: Any) -> Any:
        """"""
    def __getitem__(self, index: Any) -> Tensor:
        """`input[index]`: a view for ints, slices, None and `...`; a copy for tensors and masks."""
    def __gt__(self, other: Any) -> Any:
        """"""
    def __hash__(self) -> Any:
        """"""
    def __iadd__(self, other: Any) -> Any:
        """"""
    def __iand__(self, other: Any) -> Any:
        """"""
    def __ifloordiv__(self, other: Any) -> Any:
        """"""
    def __ilshift__(self, other: Any) -> Any:
        """"""
    def __imod__(self, other: Any) -> Any:
        """"""
    def __imul__(self, other: Any) -> Any:
        """"""
    def __index__(self) -> builtins.int:
        """"""
    def __init__(self, *data: Any, device: Any = ...) -> None:
        """As PyTorch's old constructor: of another Tensor's memory, of sizes or of a sequence."""
    def __int__(self) -> builtins.int:
        """"""
    def __invert__(self) -> Tensor:
        """All bits turned over; logical not of bools."""
    def __ior__(self, other: Any) -> Any:
        """"""
    def __ipow__(self, other: Any) -> Any:
        """"""
    def __irshift__(self, other: Any) -> Any:
        """"""
    def __isub__(self, other: Any) -> Any:
        """"""
    def __iter__(self) -> Any:
        """"""
    def __itruediv__(self, other: Any) -> Any:
        """"""
    def __ixor__(self, other: Any) -> Any:
        """"""
    def __jax_array__(self) -> Any:
        """"""
    def __le__(self, other: Any) -> Any:
        """"""
    def __len__(self) -> builtins.int:
        """"""
    def __lshift__(self, other: Any) -> Any:
        """"""
    def __lt__(self, other: Any) -> Any:
        """"""
    def __matmul__(self, other: Any) -> Any:
        """"""
    def __mod__(self, other: Any) -> Any:
        """"""
    def __mul__(self, other: Any) -> Any:
        """"""
    def __ne__(self, other: Any) -> Any:
        """"""
    def __neg__(self) -> Tensor:
        """Negation `-x`."""
    def __or__(self, other: Any) -> Any:
        """"""
    def __pos__(self) -> Tensor:
        """The input itself, as `+x`."""
    def __pow__(self, other: Any) -> Any:
        """"""
    def __radd__(self, other: Any) -> Any:
        """"""
    def __rand__(self, other: Any) -> Any:
        """"""
    def __reduce_ex__(self, protocol: Any) -> tuple:
        """A pickle is of the values: what it gives back is a leaf."""
    def __repr__(self) -> str:
        """Return repr(self)."""
    def __reversed__(self) -> Tensor:
        """The elements in reverse order along every dimension, for Python's `reversed`."""
    def __rfloordiv__(self, other: Any) -> Any:
        """"""
    def __rlshift__(self, other: Any) -> Any:
        """"""
    def __rmatmul__(self, other: Any) -> Any:
        """"""
    def __rmod__(self, other: Any) -> Any:
        """"""
    def __rmul__(self, other: Any) -> Any:
        """"""
    def __ror__(self, other: Any) -> Any:
        """"""
    def __rpow__(self, other: Any) -> Any:
        """"""
    def __rrshift__(self, other: Any) -> Any:
        """"""
    def __rshift__(self, other: Any) -> Any:
        """"""
    def __rsub__(self, other: Any) -> Any:
        """"""
    def __rtruediv__(self, other: Any) -> Any:
        """"""
    def __rxor__(self, other: Any) -> Any:
        """"""
    def __setitem__(self, index: Any, value: Any) -> None:
        """`input[index] = value`, with gradients to both."""
    def __sub__(self, other: Any) -> Any:
        """"""
    def __truediv__(self, other: Any) -> Any:
        """"""
    def __xor__(self, other: Any) -> Any:
        """"""
    def _array(self) -> Any:
        """The jax array, computed if need be. Not to leave the engine unless exported."""
    def _aval(self) -> Any:
        """"""
    def _constructed(self, device: Any) -> Tensor:
        """"""
    def _current_edge(self) -> Any:
        """"""
    def _host(self) -> Any:
        """"""
    def _layout(self) -> tuple[Any, builtins.int]:
        """"""
    def _look(self) -> None:
        """Replays the steps of a view, on the tape where its base is."""
    def _number(self) -> Any:
        """"""
    def _scatter_mul_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `_scatter_mul`."""
    def _scatter_set_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `_scatter_set`."""
    def _value(self) -> Any:
        """The current Value; a view whose storage was written looks again."""
    def abs(self) -> Tensor:
        """Absolute value `|x|`; its gradient at 0 is 0."""
    def abs_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `abs`."""
    def absolute(self) -> Tensor:
        """Absolute value `|x|`; its gradient at 0 is 0."""
    def absolute_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `abs`."""
    def acos(self) -> Tensor:
        """Inverse cosine, in `[0, pi]`."""
    def acos_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `acos`."""
    def acosh(self) -> Tensor:
        """Inverse hyperbolic cosine; NaN for real numbers below 1."""
    def acosh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `acosh`."""
    def add(self, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
        """Sum `input + alpha * other`."""
    def add_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `add`."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
        """`beta * input + alpha * sum over the batch of (batch1 @ batch2)`."""
    def addbmm_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `addbmm`."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = ...) -> Tensor:
        """`input + value * tensor1 / tensor2`."""
    def addcdiv_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `addcdiv`."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = ...) -> Tensor:
        """`input + value * tensor1 * tensor2`."""
    def addcmul_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `addcmul`."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
        """`beta * input + alpha * (mat1 @ mat2)` for matrices."""
    def addmm_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `addmm`."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
        """`beta * input + alpha * (mat @ vec)`."""
    def addmv_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `addmv`."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
        """`beta * input + alpha * outer(vec1, vec2)`."""
    def addr_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `addr`."""
    def adjoint(self) -> Tensor:
        """The conjugate of the last two dimensions exchanged."""
    def all(self, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ...) -> Tensor:
        """Whether every element along `dim` is true."""
    def allclose(self, other: Tensor, rtol: builtins.float = ..., atol: builtins.float = ..., equal_nan: builtins.bool = ...) -> builtins.bool:
        """Whether `|input - other| <= atol + rtol * |other|` everywhere; looks at the data."""
    def amax(self, dim: builtins.int | tuple = ..., keepdim: builtins.bool = ...) -> Tensor:
        """Largest number over `dim`; ties share the gradient."""
    def amin(self, dim: builtins.int | tuple = ..., keepdim: builtins.bool = ...) -> Tensor:
        """Smallest number over `dim`; ties share the gradient."""
    def aminmax(self, *, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Any:
        """Smallest and largest number over `dim`, as the named tuple `(min, max)`."""
    def angle(self) -> Tensor:
        """Argument in radians: for a real number 0, or pi below 0."""
    def any(self, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ...) -> Tensor:
        """Whether some element along `dim` is true."""
    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """Replaces each element by a Python function of it, one by one on the host."""
    def arccos(self) -> Tensor:
        """Inverse cosine, in `[0, pi]`."""
    def arccos_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `acos`."""
    def arccosh(self) -> Tensor:
        """Inverse hyperbolic cosine; NaN for real numbers below 1."""
    def arccosh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `acosh`."""
    def arcsin(self) -> Tensor:
        """Inverse sine, in `[-pi/2, pi/2]`."""
    def arcsin_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `asin`."""
    def arcsinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def arcsinh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `asinh`."""
    def arctan(self) -> Tensor:
        """Inverse tangent, in `[-pi/2, pi/2]`."""
    def arctan2(self, other: Tensor) -> Tensor:
        """Angle of the point `(other, input)`, in `[-pi, pi]`; its gradient at the origin is 0."""
    def arctan2_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `atan2`."""
    def arctan_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `atan`."""
    def arctanh(self) -> Tensor:
        """Inverse hyperbolic tangent; NaN outside `[-1, 1]`."""
    def arctanh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `atanh`."""
    def argmax(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
        """Index of the (first) largest number along `dim`, or in the flattened tensor."""
    def argmin(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
        """Index of the (first) smallest number along `dim`, or in the flattened tensor."""
    def argsort(self, dim: builtins.int = ..., descending: builtins.bool = ..., stable: builtins.bool = ...) -> Tensor:
        """Indices that put `dim` in order; always stable."""
    def argwhere(self) -> Tensor:
        """The positions of elements that are not zero, one a row; looks at the data."""
    def as_strided(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = ...) -> Tensor:
        """A view of the storage at `storage_offset` with any size and stride (in elements)."""
    def as_strided_(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = ...) -> Tensor:
        """In-place form of `as_strided`: the tensor itself looks at its memory anew."""
    def as_strided_scatter(self, src: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = ...) -> Tensor:
        """A copy with `src` in the place of `as_strided(input, size, stride, storage_offset)`."""
    def as_subclass(self, cls: Any) -> Tensor:
        """The same memory as an object of a subclass of Tensor, with the gradient's way to it."""
    def asin(self) -> Tensor:
        """Inverse sine, in `[-pi/2, pi/2]`."""
    def asin_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `asin`."""
    def asinh(self) -> Tensor:
        """Inverse hyperbolic sine."""
    def asinh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `asinh`."""
    def atan(self) -> Tensor:
        """Inverse tangent, in `[-pi/2, pi/2]`."""
    def atan2(self, other: Tensor) -> Tensor:
        """Angle of the point `(other, input)`, in `[-pi, pi]`; its gradient at the origin is 0."""
    def atan2_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `atan2`."""
    def atan_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `atan`."""
    def atanh(self) -> Tensor:
        """Inverse hyperbolic tangent; NaN outside `[-1, 1]`."""
    def atanh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `atanh`."""
    def backward(self, gradient: Tensor | None = ..., retain_graph: builtins.bool | None = ..., create_graph: builtins.bool = ..., inputs: Any = ...) -> None:
        """Adds this tensor's gradients to the `.grad` of the leaves it was computed from."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
        """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
    def baddbmm_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `baddbmm`."""
    def bernoulli(self, p: builtins.float | None = ..., *, generator: Any = ...) -> Tensor:
        """Zeros and ones, one with the probability that each element says."""
    def bernoulli_(self, p: Any = ..., *, generator: Any = ...) -> Tensor:
        """Zeros and ones, one with probability `p` (a number or a tensor)."""
    def bfloat16(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `bfloat16`."""
    def bincount(self, weights: Tensor | None = ..., minlength: builtins.int = ...) -> Tensor:
        """How often each non-negative integer occurs (or the sum of its weights); looks at the data."""
    def bitwise_and(self, other: Tensor | Number) -> Tensor:
        """Bits set in both; logical and of bools."""
    def bitwise_and_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `bitwise_and`."""
    def bitwise_left_shift(self, other: Tensor | Number) -> Tensor:
        """Bits moved up: `input * 2^other`."""
    def bitwise_left_shift_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `bitwise_left_shift`."""
    def bitwise_not(self) -> Tensor:
        """All bits turned over; logical not of bools."""
    def bitwise_not_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `bitwise_not`."""
    def bitwise_or(self, other: Tensor | Number) -> Tensor:
        """Bits set in either; logical or of bools."""
    def bitwise_or_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `bitwise_or`."""
    def bitwise_right_shift(self, other: Tensor | Number) -> Tensor:
        """Bits moved down, keeping the sign: `input / 2^other` rounded down."""
    def bitwise_right_shift_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `bitwise_right_shift`."""
    def bitwise_xor(self, other: Tensor | Number) -> Tensor:
        """Bits set in one only; exclusive or of bools."""
    def bitwise_xor_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `bitwise_xor`."""
    def bmm(self, mat2: Tensor) -> Tensor:
        """Products of two equally long batches of matrices."""
    def bool(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `bool`."""
    def broadcast_to(self, size: Sequence[builtins.int]) -> Tensor:
        """`expand` as a function."""
    def byte(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `uint8`."""
    def cauchy_(self, *args: Any, generator: Any = ..., **kwargs: Any) -> Tensor:
        """Cauchy numbers."""
    def cdouble(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `complex128`."""
    def ceil(self) -> Tensor:
        """Smallest whole number that is not below x."""
    def ceil_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `ceil`."""
    def celu(self, alpha: Number = ...) -> Tensor:
        """`max(x, 0) + min(0, alpha * (e^(x / alpha) - 1))` (arXiv:1704.07483)."""
    def celu_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `celu`."""
    def cfloat(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `complex64`."""
    def char(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `int8`."""
    def cholesky(self, upper: builtins.bool = ...) -> Tensor:
        """The lower triangular L with `L L^H = input`, or its conjugate transpose."""
    def cholesky_inverse(self, upper: builtins.bool = ...) -> Tensor:
        """Inverse of the matrix whose Cholesky factor is the input."""
    def cholesky_solve(self, L: Tensor, upper: builtins.bool = ...) -> Tensor:
        """The X with `A X = input`, from the Cholesky factor `L` of A."""
    def chunk(self, chunks: builtins.int, dim: builtins.int = ...) -> tuple:
        """At most `chunks` pieces of equal length (the last may be shorter); views."""
    def clamp(self, min: Tensor | Number | None = ..., max: Tensor | Number | None = ...) -> Tensor:
        """Numbers brought into `[min, max]`; the gradient passes at the bounds."""
    def clamp_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `clamp`."""
    def clamp_max(self, max: Tensor | Number) -> Tensor:
        """Numbers above `max` brought down to it."""
    def clamp_max_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `clamp_max`."""
    def clamp_min(self, min: Tensor | Number) -> Tensor:
        """Numbers below `min` brought up to it."""
    def clamp_min_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `clamp_min`."""
    def clip(self, min: Tensor | Number | None = ..., max: Tensor | Number | None = ...) -> Tensor:
        """Numbers brought into `[min, max]`; the gradient passes at the bounds."""
    def clip_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `clamp`."""
    def clone(self, *, memory_format: Any = ...) -> Tensor:
        """A copy with memory of its own; gradients flow through."""
    def conj(self) -> Tensor:
        """The complex conjugate, a view; of real numbers the tensor itself."""
    def conj_physical(self) -> Tensor:
        """Complex conjugate, as a copy."""
    def conj_physical_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `conj_physical`."""
    def contiguous(self, memory_format: Any = ...) -> Tensor:
        """The tensor itself if its elements lie in order, else a copy."""
    def copy_(self, src: Any, non_blocking: builtins.bool = ...) -> Tensor:
        """Writes another tensor's elements, broadcast and converted, into this one."""
    def copysign(self, other: Tensor | Number) -> Tensor:
        """The size of `input` with the sign of `other`."""
    def copysign_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `copysign`."""
    def corrcoef(self) -> Tensor:
        """Correlation of variables, the rows, over observations: `cov` over both deviations."""
    def cos(self) -> Tensor:
        """Cosine of an angle in radians."""
    def cos_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `cos`."""
    def cosh(self) -> Tensor:
        """Hyperbolic cosine."""
    def cosh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `cosh`."""
    def count_nonzero(self, dim: builtins.int | tuple | None = ...) -> Tensor:
        """How many elements along `dim` are not 0."""
    def cov(self, *, correction: builtins.int = ..., fweights: Tensor | None = ..., aweights: Tensor | None = ...) -> Tensor:
        """Covariance of variables, the rows, over observations, the columns."""
    def cpu(self, memory_format: Any = ...) -> Tensor:
        """The tensor in host memory."""
    def cross(self, other: Tensor, dim: builtins.int | None = ...) -> Tensor:
        """Cross product of vectors of three numbers."""
    def cuda(self, device: Any = ..., non_blocking: builtins.bool = ...) -> Tensor:
        """The tensor on a CUDA device (the first one by default)."""
    def cummax(self, dim: builtins.int) -> Any:
        """Running maximum along `dim` and its indices; the last of a tie is taken."""
    def cummin(self, dim: builtins.int) -> Any:
        """Running minimum along `dim` and its indices; the last of a tie is taken."""
    def cumprod(self, dim: builtins.int, *, dtype: Any = ...) -> Tensor:
        """Running product along `dim`; of integers and bools in int64."""
    def cumprod_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `cumprod`."""
    def cumsum(self, dim: builtins.int, *, dtype: Any = ...) -> Tensor:
        """Running sum along `dim`; of integers and bools in int64."""
    def cumsum_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `cumsum`."""
    data: Any
    """The same memory, off the tape; assigning makes this tensor share another's memory."""
    def data_ptr(self) -> builtins.int:
        """A number that stands for the address: equal for tensors that begin at one place."""
    def deg2rad(self) -> Tensor:
        """Degrees to radians: `x * pi / 180`."""
    def deg2rad_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `deg2rad`."""
    def det(self) -> Tensor:
        """Determinant."""
    def detach(self) -> Tensor:
        """The same memory, off the tape: no gradient flows back through it."""
    def detach_(self) -> Tensor:
        """Takes the tensor itself off the tape."""
    device: Any
    """Where the tensor lives."""
    def diag(self, diagonal: Any = ...) -> Tensor:
        """A vector as the diagonal of a matrix, or the diagonal of a matrix."""
    def diag_embed(self, offset: Any = ..., dim1: Any = ..., dim2: Any = ...) -> Tensor:
        """The last dimension as diagonals of matrices in dimensions `dim1` and `dim2`."""
    def diagflat(self, offset: builtins.int = ...) -> Tensor:
        """The elements as the diagonal of a matrix."""
    def diagonal(self, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor:
        """The diagonals of the matrices in dimensions `dim1` and `dim2`, as the last dimension."""
    def diagonal_scatter(self, src: Tensor, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor:
        """A copy with `src` in the place of `diagonal(input, offset, dim1, dim2)`."""
    def diff(self, n: builtins.int = ..., dim: builtins.int = ..., prepend: Tensor | None = ..., append: Tensor | None = ...) -> Tensor:
        """Differences of neighbours along `dim`, `n` times; of bools exclusive or."""
    def digamma(self) -> Tensor:
        """Derivative of `log gamma(x)`; minus infinity at 0."""
    def digamma_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `digamma`."""
    def dim(self) -> builtins.int:
        """The number of dimensions."""
    def dim_order(self, ambiguity_check: Any = ...) -> tuple[builtins.int, ...]:
        """The dimensions from the one with the largest stride to the one with the smallest."""
    def dist(self, other: Tensor, p: builtins.float = ...) -> Tensor:
        """`norm(input - other, p)` over all elements."""
    def div(self, other: Any, *, rounding_mode: Any = ...) -> Any:
        """Quotient `input / other`."""
    def div_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `div`."""
    def divide(self, other: Any, *, rounding_mode: Any = ...) -> Any:
        """Quotient `input / other`."""
    def divide_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `div`."""
    def dot(self, tensor: Tensor) -> Tensor:
        """Sum of the products of two vectors."""
    def double(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `float64`."""
    def dsplit(self, indices_or_sections: Any) -> tuple:
        """`tensor_split` along dimension 2, into equal pieces."""
    dtype: Any
    """The element type."""
    def element_size(self) -> builtins.int:
        """Bytes an element."""
    def entr(self) -> Tensor:
        """Entropy term `-x log(x)`: 0 at 0, minus infinity below."""
    def eq(self, other: Tensor | Number) -> Tensor:
        """Whether `input == other`."""
    def eq_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `eq`."""
    def equal(self, other: Tensor) -> builtins.bool:
        """Whether two tensors have the same shape and elements; looks at the data."""
    def erf(self) -> Tensor:
        """Error function `2 / sqrt(pi) * integral of e^(-t^2) from 0 to x`."""
    def erf_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `erf`."""
    def erfc(self) -> Tensor:
        """`1 - erf(x)`, exact for large x."""
    def erfc_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `erfc`."""
    def erfinv(self) -> Tensor:
        """Inverse of the error function, on `[-1, 1]`."""
    def erfinv_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `erfinv`."""
    def exp(self) -> Tensor:
        """Exponential `e^x`."""
    def exp2(self) -> Tensor:
        """Power of two `2^x`."""
    def exp2_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `exp2`."""
    def exp_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `exp`."""
    def expand(self, *shape: Any, size: Any = ...) -> Tensor:
        """Dimensions of length 1 repeated without a copy; -1 keeps a length."""
    def expand_as(self, other: Tensor) -> Tensor:
        """`expand` to the shape of another tensor."""
    def expm1(self) -> Tensor:
        """`e^x - 1`, exact near 0."""
    def expm1_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `expm1`."""
    def exponential_(self, *args: Any, generator: Any = ..., **kwargs: Any) -> Tensor:
        """Exponential numbers."""
    def fill_(self, value: Any) -> Tensor:
        """Every element becomes `value`."""
    def fill_diagonal_(self, fill_value: builtins.float, wrap: builtins.bool = ...) -> Tensor:
        """The main diagonal becomes one number."""
    def fix(self) -> Tensor:
        """The whole part of x: rounds towards 0."""
    def fix_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `trunc`."""
    def flatten(self, start_dim: builtins.int = ..., end_dim: builtins.int = ...) -> Tensor:
        """Dimensions `start_dim` to `end_dim` as one."""
    def flip(self, *given: Any, dims: Any = ...) -> Tensor:
        """The order of elements reversed along dimensions; a copy."""
    def fliplr(self) -> Tensor:
        """Columns in reverse order."""
    def flipud(self) -> Tensor:
        """Rows in reverse order."""
    def float(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `float32`."""
    def float_power(self, exponent: Any) -> Any:
        """Power computed in double precision (complex128 for complex numbers)."""
    def float_power_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `float_power`."""
    def floor(self) -> Tensor:
        """Largest whole number that is not above x."""
    def floor_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `floor`."""
    def floor_divide(self, other: Tensor | Number) -> Tensor:
        """Quotient rounded down to a whole number."""
    def floor_divide_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `floor_divide`."""
    def fmax(self, other: Tensor) -> Tensor:
        """The larger of two numbers, passing over NaN; at a tie `input` gets the gradient."""
    def fmin(self, other: Tensor) -> Tensor:
        """The smaller of two numbers, passing over NaN; at a tie `input` gets the gradient."""
    def fmod(self, other: Tensor | Number) -> Tensor:
        """Remainder of the division rounded to 0; it has the sign of `input`, as C's fmod."""
    def fmod_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `fmod`."""
    def frac(self) -> Tensor:
        """`x - trunc(x)`, with the sign of x."""
    def frac_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `frac`."""
    def frexp(self) -> Any:
        """Mantissa in (-1, 1), of size 1/2 or more, and exponent: `input = mantissa * 2^exponent`."""
    def gather(self, dim: Any, index: Tensor, *, sparse_grad: Any = ...) -> Tensor:
        """`out[i][j] = input[index[i][j]][j]` for dim 0, and so on; shaped like `index`."""
    def gcd(self, other: Tensor) -> Tensor:
        """Greatest common divisor of integers."""
    def gcd_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `gcd`."""
    def ge(self, other: Tensor | Number) -> Tensor:
        """Whether `input >= other`."""
    def ge_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `ge`."""
    def geometric_(self, *args: Any, generator: Any = ..., **kwargs: Any) -> Tensor:
        """How many trials until one succeeds."""
    def geqrf(self) -> Any:
        """The Householder reflections of `qr`: R and, below its diagonal, the vectors; and factors."""
    def ger(self, vec2: Tensor) -> Tensor:
        """Products of each element of one vector with each of the other."""
    def get_device(self) -> builtins.int:
        """The number of the tensor's device; -1 on the CPU."""
    grad: Any
    """The accumulated gradient; None until a backward reaches this tensor."""
    grad_fn: Any
    """The tape entry that made this tensor; None for leaves."""
    def greater(self, other: Tensor | Number) -> Tensor:
        """Whether `input > other`."""
    def greater_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `gt`."""
    def greater_equal(self, other: Tensor | Number) -> Tensor:
        """Whether `input >= other`."""
    def greater_equal_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `ge`."""
    def gt(self, other: Tensor | Number) -> Tensor:
        """Whether `input > other`."""
    def gt_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `gt`."""
    def half(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `float16`."""
    def hardshrink(self, lambd: Number = ...) -> Tensor:
        """`x`, but 0 in `[-lambd, lambd]`."""
    def heaviside(self, values: Tensor) -> Tensor:
        """0 below 0, 1 above 0 and `values` at 0."""
    def heaviside_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `heaviside`."""
    def histc(self, bins: builtins.int = ..., min: builtins.float = ..., max: builtins.float = ...) -> Tensor:
        """How many numbers lie in each of `bins` equal parts of `[min, max]`."""
    def histogram(self, bins: Any, *, range: Sequence[builtins.float] | None = ..., weight: Tensor | None = ..., density: builtins.bool = ...) -> Any:
        """How many numbers lie in each bin, and the edges of the bins."""
    def householder_product(self, tau: Tensor) -> Tensor:
        """The first columns of the product of Householder reflections, the Q of `geqrf`."""
    def hsplit(self, indices_or_sections: Any) -> tuple:
        """`tensor_split` along dimension 1 (0 for 1-D tensors), into equal pieces."""
    def hypot(self, other: Tensor) -> Tensor:
        """`sqrt(input^2 + other^2)` without overflow."""
    def hypot_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `hypot`."""
    def i0(self) -> Tensor:
        """Modified Bessel function of the first kind, order 0."""
    def i0_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `i0`."""
    def igamma(self, other: Tensor) -> Tensor:
        """Lower regularized incomplete gamma function `P(input, other)`."""
    def igamma_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `igamma`."""
    def igammac(self, other: Tensor) -> Tensor:
        """Upper regularized incomplete gamma function `Q(input, other)`."""
    def igammac_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `igammac`."""
    imag: Any
    """The imaginary part, a view."""
    def index_add(self, dim: Any, index: Tensor, source: Tensor, *, alpha: Tensor | Number = ...) -> Tensor:
        """Adds `alpha * source` to the entries of a dimension at the positions in `index`."""
    def index_add_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `index_add`."""
    def index_copy(self, dim: Any, index: Tensor, source: Tensor) -> Tensor:
        """Puts `source` into the entries of a dimension at the positions in `index`."""
    def index_copy_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `index_copy`."""
    def index_fill(self, dim: Any, index: Tensor, value: Tensor | Number) -> Tensor:
        """Puts one number into the entries of a dimension at the positions in `index`."""
    def index_fill_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `index_fill`."""
    def index_put(self, indices: tuple, values: Tensor, accumulate: builtins.bool = ...) -> Tensor:
        """`input[indices] = values`, or `+=` with `accumulate`, as a new tensor."""
    def index_put_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `index_put`."""
    def index_reduce(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool = ...) -> Tensor:
        """Combines `source` with the entries of a dimension at the positions in `index`."""
    def index_reduce_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `index_reduce`."""
    def index_select(self, dim: Any, index: Tensor) -> Tensor:
        """The entries of a dimension at the positions in a 1-D index tensor."""
    def inner(self, other: Tensor) -> Tensor:
        """Sum of products over the last dimension of both."""
    def int(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `int32`."""
    def inv(self) -> Tensor:
        """Inverse of square matrices."""
    def inverse(self) -> Tensor:
        """Inverse of square matrices."""
    def is_complex(self) -> builtins.bool:
        """Whether the elements are complex numbers."""
    def is_conj(self) -> builtins.bool:
        """Whether a tensor shows the conjugate of what its storage holds."""
    def is_contiguous(self, memory_format: Any = ...) -> builtins.bool:
        """Whether the elements would lie in memory in order."""
    is_cuda: Any
    """Whether the tensor lies on an NVIDIA GPU."""
    def is_floating_point(self) -> builtins.bool:
        """Whether the elements are real floating-point numbers."""
    def is_inference(self) -> builtins.bool:
        """False: see `nr.inference_mode`."""
    is_leaf: Any
    """Whether no recorded call made this tensor."""
    def is_neg(self) -> builtins.bool:
        """Whether a change of sign is still to be done: never, it is done at once."""
    def is_pinned(self, device: Any = ...) -> builtins.bool:
        """False: transfers need no pinned memory here."""
    def is_set_to(self, tensor: Tensor) -> builtins.bool:
        """Whether both look at the same memory in the same way: storage, offset, shape, strides."""
    def is_shared(self) -> builtins.bool:
        """False: JAX's arrays belong to one process."""
    def is_signed(self) -> builtins.bool:
        """Whether the element type has negative numbers."""
    def isclose(self, other: Tensor, rtol: builtins.float = ..., atol: builtins.float = ..., equal_nan: builtins.bool = ...) -> Tensor:
        """Whether `|input - other| <= atol + rtol * |other|`; equal infinities are close."""
    def isfinite(self) -> Tensor:
        """Whether each element is neither infinite nor NaN."""
    def isinf(self) -> Tensor:
        """Whether each element is infinite, with either sign."""
    def isnan(self) -> Tensor:
        """Whether each element is not a number."""
    def isneginf(self) -> Tensor:
        """Whether each element is minus infinity."""
    def isposinf(self) -> Tensor:
        """Whether each element is plus infinity."""
    def isreal(self) -> Tensor:
        """Whether the imaginary part of each element is 0."""
    def istft(self, n_fft: builtins.int, hop_length: builtins.int | None = ..., win_length: builtins.int | None = ..., window: Tensor | None = ..., center: builtins.bool = ..., normalized: builtins.bool = ..., onesided: builtins.bool | None = ..., length: builtins.int | None = ..., return_complex: builtins.bool = ...) -> Tensor:
        """The signal whose `stft` is nearest to the input (Griffin and Lim, 1984)."""
    def item(self) -> Any:
        """The one element as a Python number; runs what it depends on."""
    itemsize: Any
    """Bytes an element."""
    def kron(self, other: Tensor) -> Tensor:
        """Kronecker product: each element of `input` times the whole of `other`."""
    def kthvalue(self, k: builtins.int, dim: builtins.int = ..., keepdim: builtins.bool = ...) -> Any:
        """The `k`-th smallest number along `dim`, counted from 1, and its index."""
    layout: Any
    """How the elements are kept: always `strided`."""
    def lcm(self, other: Tensor) -> Tensor:
        """Least common multiple of integers."""
    def lcm_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `lcm`."""
    def ldexp(self, other: Tensor) -> Tensor:
        """`input * 2^other`."""
    def ldexp_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `ldexp`."""
    def le(self, other: Tensor | Number) -> Tensor:
        """Whether `input <= other`."""
    def le_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `le`."""
    def lerp(self, end: Tensor, weight: Tensor | Number) -> Tensor:
        """Linear interpolation `input + weight * (end - input)`, exact at both ends."""
    def lerp_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `lerp`."""
    def less(self, other: Tensor | Number) -> Tensor:
        """Whether `input < other`."""
    def less_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `lt`."""
    def less_equal(self, other: Tensor | Number) -> Tensor:
        """Whether `input <= other`."""
    def less_equal_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `le`."""
    def lgamma(self) -> Tensor:
        """`log |gamma(x)|`."""
    def lgamma_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `lgamma`."""
    def log(self) -> Tensor:
        """Natural logarithm."""
    def log10(self) -> Tensor:
        """Logarithm to the base 10."""
    def log10_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `log10`."""
    def log1p(self) -> Tensor:
        """`log(1 + x)`, exact near 0."""
    def log1p_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `log1p`."""
    def log2(self) -> Tensor:
        """Logarithm to the base 2."""
    def log2_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `log2`."""
    def log_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `log`."""
    def log_normal_(self, *args: Any, generator: Any = ..., **kwargs: Any) -> Tensor:
        """e to normal numbers."""
    def log_softmax(self, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
        """`x - log(sum(e^x))` along `dim`."""
    def logaddexp(self, other: Tensor) -> Tensor:
        """`log(e^input + e^other)` without overflow."""
    def logaddexp2(self, other: Tensor) -> Tensor:
        """`log2(2^input + 2^other)` without overflow."""
    def logcumsumexp(self, dim: builtins.int) -> Tensor:
        """`log(cumsum(e^x))` along `dim` without overflow."""
    def logdet(self) -> Tensor:
        """Logarithm of the determinant: NaN if that is negative, minus infinity if it is 0."""
    def logical_and(self, other: Tensor) -> Tensor:
        """Whether both are true (not 0)."""
    def logical_and_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `logical_and`."""
    def logical_not(self) -> Tensor:
        """Whether the element is false (0)."""
    def logical_not_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `logical_not`."""
    def logical_or(self, other: Tensor) -> Tensor:
        """Whether at least one is true (not 0)."""
    def logical_or_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `logical_or`."""
    def logical_xor(self, other: Tensor) -> Tensor:
        """Whether exactly one is true (not 0)."""
    def logical_xor_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `logical_xor`."""
    def logit(self, eps: builtins.float | None = ...) -> Tensor:
        """`log(x / (1 - x))`, the inverse of the sigmoid."""
    def logit_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `logit`."""
    def logsumexp(self, dim: builtins.int | tuple, keepdim: builtins.bool = ...) -> Tensor:
        """`log(sum(e^x))` over `dim` without overflow."""
    def long(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `int64`."""
    def lt(self, other: Tensor | Number) -> Tensor:
        """Whether `input < other`."""
    def lt_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `lt`."""
    def lu(self, pivot: Any = ..., get_infos: Any = ...) -> Any:
        """`lu_factor` in the older spelling, with the failed pivots if `get_infos`."""
    def lu_solve(self, LU_data: Any, LU_pivots: Any) -> Any:
        """The X with `A X = input`, from the `lu_factor` of A."""
    mH: Any
    """The conjugate of the last two dimensions exchanged."""
    mT: Any
    """The last two dimensions exchanged."""
    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replaces each element a by `callable(a, b)`, b from a tensor that is broadcast."""
    def masked_fill(self, mask: Tensor, value: Tensor | Number) -> Tensor:
        """The input with `value` where the mask holds; keeps the input's dtype."""
    def masked_fill_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `masked_fill`."""
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """The elements of `source`, in order, where the mask holds."""
    def masked_scatter_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `masked_scatter`."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where the mask holds, in one dimension; looks at the mask."""
    def matmul(self, other: Tensor) -> Tensor:
        """Matrix product over the last two dimensions; the others are broadcast."""
    def matrix_exp(self) -> Tensor:
        """`sum of input^k / k!`, the exponential of matrices."""
    def matrix_power(self, n: builtins.int) -> Tensor:
        """Product of `n` times the matrix; of its inverse if n is negative."""
    def max(self, dim: Any = ..., keepdim: Any = ..., *, other: Any = ...) -> Any:
        """Largest number of the tensor; ties share the gradient."""
    def maximum(self, other: Tensor) -> Tensor:
        """The larger of two numbers, NaN if either is; at a tie each gets half the gradient."""
    def mean(self, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
        """Mean over `dim` (all by default)."""
    def median(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
        """The lower median; along `dim`, the named tuple `(values, indices)`. NaN if any is NaN."""
    def min(self, dim: Any = ..., keepdim: Any = ..., *, other: Any = ...) -> Any:
        """Smallest number of the tensor; ties share the gradient."""
    def minimum(self, other: Tensor) -> Tensor:
        """The smaller of two numbers, NaN if either is; at a tie each gets half the gradient."""
    def mm(self, mat2: Tensor) -> Tensor:
        """Product of two matrices."""
    def mode(self, dim: builtins.int = ..., keepdim: builtins.bool = ...) -> Any:
        """The commonest number along `dim`, the smallest of a tie, and an index of it (the last)."""
    def module_load(self, other: Tensor, assign: builtins.bool = ...) -> Tensor:
        """What `load_state_dict` puts in this tensor's place: `other`, or this with its elements."""
    def moveaxis(self, source: Any, destination: Any) -> Tensor:
        """Dimensions `source` moved to `destination`; the others keep their order."""
    def movedim(self, source: Any, destination: Any) -> Tensor:
        """Dimensions `source` moved to `destination`; the others keep their order."""
    def msort(self) -> Tensor:
        """Numbers in order along the first dimension."""
    def mul(self, other: Tensor | Number) -> Tensor:
        """Product `input * other`."""
    def mul_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `mul`."""
    def multigammaln(self, p: builtins.int) -> Tensor:
        """Logarithm of the multivariate gamma function of dimension `p`."""
    def multigammaln_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `multigammaln`."""
    def multinomial(self, num_samples: builtins.int, replacement: builtins.bool = ..., *, generator: Any = ...) -> Tensor:
        """Positions drawn with the (unnormalised) probabilities in each row. Shape: (rows, samples)."""
    def multiply(self, other: Tensor | Number) -> Tensor:
        """Product `input * other`."""
    def multiply_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `mul`."""
    def mv(self, vec: Tensor) -> Tensor:
        """Product of a matrix and a vector."""
    def mvlgamma(self, p: builtins.int) -> Tensor:
        """Logarithm of the multivariate gamma function of dimension `p`."""
    def mvlgamma_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `multigammaln`."""
    def nan_to_num(self, nan: builtins.float = ..., posinf: builtins.float | None = ..., neginf: builtins.float | None = ...) -> Tensor:
        """Puts finite numbers where the input has none."""
    def nan_to_num_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `nan_to_num`."""
    def nanmean(self, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
        """Mean over `dim` of the numbers that are not NaN."""
    def nanmedian(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
        """The lower median of the numbers that are not NaN."""
    def nanquantile(self, q: Tensor | Number, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, interpolation: str = ...) -> Tensor:
        """`quantile` of the numbers that are not NaN."""
    def nansum(self, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
        """Sum over `dim`, with NaN as 0."""
    def narrow(self, dim: builtins.int, start: Any, length: builtins.int) -> Tensor:
        """`length` elements of a dimension from `start`; shares memory."""
    def narrow_copy(self, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
        """A copy of `narrow`."""
    nbytes: Any
    """Bytes of all elements."""
    ndim: Any
    """The number of dimensions."""
    def ndimension(self) -> builtins.int:
        """The number of dimensions."""
    def ne(self, other: Tensor | Number) -> Tensor:
        """Whether `input != other`."""
    def ne_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `ne`."""
    def neg(self) -> Tensor:
        """Negation `-x`."""
    def neg_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `neg`."""
    def negative(self) -> Tensor:
        """Negation `-x`."""
    def negative_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `neg`."""
    def nelement(self) -> builtins.int:
        """The number of elements."""
    def new(self, *data: Any, device: Any = ...) -> Tensor:
        """A tensor of sizes or data in this one's dtype: an old form of `new_empty`, `new_tensor`."""
    def new_empty(self, *size: Any, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., **_: Any) -> Tensor:
        """`empty` in the dtype and on the device of this tensor."""
    def new_empty_strided(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., **_: Any) -> Tensor:
        """`empty_strided` in the dtype and on the device of this tensor."""
    def new_full(self, size: Sequence[builtins.int], fill_value: Any, *, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
        """`full` in the dtype and on the device of this tensor."""
    def new_ones(self, *size: Any, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., **_: Any) -> Tensor:
        """`ones` in the dtype and on the device of this tensor."""
    def new_tensor(self, data: Any, *, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
        """`nr.tensor(data)` in the dtype and on the device of this tensor."""
    def new_zeros(self, *size: Any, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., **_: Any) -> Tensor:
        """`zeros` in the dtype and on the device of this tensor."""
    def nextafter(self, other: Tensor) -> Tensor:
        """The number next to `input` on the way to `other`."""
    def nextafter_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `nextafter`."""
    def nonzero(self, *, as_tuple: builtins.bool = ...) -> Any:
        """The positions of elements that are not zero; looks at the data."""
    def nonzero_static(self, *, size: builtins.int, fill_value: builtins.int = ...) -> Tensor:
        """The first `size` positions of elements that are not zero, filled up; looks at nothing."""
    def norm(self, p: builtins.float | str | None = ..., dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., dtype: Any = ...) -> Tensor:
        """Norm of the vector made of the dimensions `dim` (all by default)."""
    def normal_(self, *args: Any, generator: Any = ..., **kwargs: Any) -> Tensor:
        """Normal numbers."""
    def not_equal(self, other: Tensor | Number) -> Tensor:
        """Whether `input != other`."""
    def not_equal_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `ne`."""
    def numel(self) -> builtins.int:
        """The number of elements."""
    def numpy(self, *, force: builtins.bool = ...) -> Any:
        """The elements as a NumPy array, without a copy where possible."""
    def orgqr(self, tau: Tensor) -> Tensor:
        """The first columns of the product of Householder reflections, the Q of `geqrf`."""
    def ormqr(self, tau: Tensor, other: Tensor, left: builtins.bool = ..., transpose: builtins.bool = ...) -> Tensor:
        """`Q other` (`other Q` if not `left`) for the whole Q of `geqrf`, or its adjoint."""
    def outer(self, vec2: Tensor) -> Tensor:
        """Products of each element of one vector with each of the other."""
    output_nr: Any
    """Which output of `grad_fn` this tensor is."""
    def permute(self, *given: Any, dims: Any = ...) -> Tensor:
        """The dimensions in another order."""
    def pinverse(self, rcond: Any = ...) -> Any:
        """Pseudoinverse: the older `linalg.pinv`."""
    def polygamma(self, n: builtins.int) -> Tensor:
        """The `n`-th derivative of `digamma(x)`, as a method."""
    def polygamma_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `polygamma`."""
    def positive(self) -> Tensor:
        """The input itself, as `+x`."""
    def pow(self, exponent: Tensor | Number) -> Tensor:
        """Power `input ** exponent`."""
    def pow_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `pow`."""
    def prelu(self, weight: Tensor) -> Tensor:
        """`x` above 0, `weight * x` elsewhere (arXiv:1502.01852)."""
    def prod(self, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
        """Product over `dim` (all by default); of integers and bools in int64."""
    def put(self, index: Tensor, source: Tensor, accumulate: builtins.bool = ...) -> Tensor:
        """`source` at the positions `index` of the flat input, or added to what is there."""
    def put_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `put`."""
    def qr(self, some: builtins.bool = ...) -> Any:
        """`Q R` with orthonormal Q and upper triangular R; the older `linalg.qr`."""
    def quantile(self, q: Tensor | Number, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, interpolation: str = ...) -> Tensor:
        """The numbers below which the fractions `q` of the elements along `dim` lie."""
    def rad2deg(self) -> Tensor:
        """Radians to degrees: `x * 180 / pi`."""
    def rad2deg_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `rad2deg`."""
    def random_(self, low: builtins.int = ..., high: builtins.int | None = ..., *, generator: Any = ...) -> Tensor:
        """Integers in [low, high), or in [0, low) for one number, or of the dtype's whole range."""
    def ravel(self) -> Tensor:
        """All elements in one dimension."""
    real: Any
    """The real part, a view; of real numbers the tensor itself."""
    def reciprocal(self) -> Tensor:
        """`1 / x`."""
    def reciprocal_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `reciprocal`."""
    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Any:
        """Calls `hook(gradient)` when this tensor's gradient is complete."""
    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Any:
        """Calls `hook(self)` each time after `.grad` of this leaf was updated."""
    def relu(self) -> Tensor:
        """Rectifier `max(x, 0)`; its gradient at 0 is 0."""
    def relu_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `relu`."""
    def remainder(self, other: Tensor | Number) -> Tensor:
        """Remainder of the division rounded down; it has the sign of `other`, as Python's `%`."""
    def remainder_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `remainder`."""
    def renorm(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
        """Slices of `dim` whose p-norm is above `maxnorm` scaled down to it."""
    def renorm_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `renorm`."""
    def repeat(self, *counts: Any, repeats: Any = ...) -> Tensor:
        """The tensor laid side by side `repeats` times in each dimension; a copy."""
    def repeat_interleave(self, repeats: builtins.int | Tensor, dim: builtins.int | None = ..., *, output_size: builtins.int | None = ...) -> Tensor:
        """Each element repeated; `repeats` is one count or a count an element."""
    requires_grad: Any
    """Whether gradients are recorded for this tensor."""
    def requires_grad_(self, requires_grad: builtins.bool = ...) -> Tensor:
        """Sets `requires_grad` in place."""
    def reshape(self, *given: Any, shape: Any = ...) -> Tensor:
        """Another shape; shares memory where it can, and copies otherwise."""
    def reshape_as(self, other: Tensor) -> Tensor:
        """`reshape` to the shape of another tensor."""
    def resize_(self, *shape: Any) -> Tensor:
        """Another shape; elements that fit are kept, new ones are zero."""
    def resize_as_(self, other: Tensor, memory_format: Any = ...) -> Tensor:
        """`resize_` to the shape of another tensor."""
    def resolve_conj(self) -> Tensor:
        """The tensor itself, or a copy if it shows the conjugate of what its storage holds."""
    def resolve_neg(self) -> Tensor:
        """The tensor itself: changes of sign are done at once."""
    def retain_grad(self) -> None:
        """Keeps `.grad` of a tensor that is not a leaf too."""
    retains_grad: Any
    """Whether `retain_grad` was called on this tensor, and it is no leaf."""
    def roll(self, shifts: Any, dims: Any = ...) -> Tensor:
        """Elements moved along dimensions; what leaves at one end comes in at the other."""
    def rot90(self, k: Any = ..., dims: Any = ...) -> Tensor:
        """Rotated by 90 degrees `k` times in the plane of two dimensions."""
    def round(self, *, decimals: builtins.int = ...) -> Tensor:
        """Nearest whole number, halves to the even one."""
    def round_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `round`."""
    def rsqrt(self) -> Tensor:
        """`1 / sqrt(x)`."""
    def rsqrt_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `rsqrt`."""
    def rsub(self, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
        """Difference the other way round, `other - alpha * input`."""
    def scatter(self, dim: builtins.int, index: Tensor, src: Any = ..., *, value: Any = ..., reduce: str | None = ...) -> Tensor:
        """`out[index[i][j]][j] = src[i][j]` for dim 0, and so on; `src` may be one number."""
    def scatter_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `scatter`."""
    def scatter_add(self, dim: Any, index: Tensor, src: Tensor | Number) -> Tensor:
        """`out[index[i][j]][j] += src[i][j]` for dim 0, and so on."""
    def scatter_add_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `scatter_add`."""
    def scatter_reduce(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = ...) -> Tensor:
        """`scatter` that combines all elements of one place."""
    def scatter_reduce_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `scatter_reduce`."""
    def select(self, dim: builtins.int, index: builtins.int) -> Tensor:
        """The slice at `index` of a dimension, which goes away; shares memory."""
    def select_scatter(self, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
        """A copy with `src` in the place of `select(input, dim, index)`."""
    def selu(self) -> Tensor:
        """Self-normalizing unit: `elu(x, 1.6733) * 1.0507` (arXiv:1706.02515)."""
    def selu_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `selu`."""
    def set_(self, source: Tensor) -> Tensor:
        """Makes this tensor look at another's storage."""
    def sgn(self) -> Tensor:
        """`x / |x|`, and 0 at 0: the sign, for complex numbers too."""
    def sgn_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sgn`."""
    shape: Any
    """The lengths of the dimensions."""
    def short(self, memory_format: Any = ...) -> Tensor:
        """The tensor as `int16`."""
    def sigmoid(self) -> Tensor:
        """Logistic function `1 / (1 + e^-x)`."""
    def sigmoid_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sigmoid`."""
    def sign(self) -> Tensor:
        """-1, 0 or 1, as x is below, at or above 0."""
    def sign_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sign`."""
    def signbit(self) -> Tensor:
        """Whether the sign of each element is set, that of -0.0 too."""
    def sin(self) -> Tensor:
        """Sine of an angle in radians."""
    def sin_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sin`."""
    def sinc(self) -> Tensor:
        """`sin(pi x) / (pi x)`, and 1 at 0."""
    def sinc_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sinc`."""
    def sinh(self) -> Tensor:
        """Hyperbolic sine."""
    def sinh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sinh`."""
    def size(self, dim: builtins.int | None = ...) -> Any:
        """The shape, or the length of one dimension."""
    def slice_scatter(self, src: Tensor, dim: builtins.int = ..., start: builtins.int | None = ..., end: builtins.int | None = ..., step: builtins.int = ...) -> Tensor:
        """A copy with `src` in the place of `input[start:end:step]` along a dimension."""
    def slogdet(self) -> Any:
        """Sign and logarithm of the size of the determinant."""
    def softmax(self, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
        """`e^x / sum(e^x)` along `dim`."""
    def sort(self, dim: builtins.int = ..., descending: builtins.bool = ..., stable: builtins.bool = ...) -> Any:
        """Numbers in order along `dim`, and their indices; always stable, NaN is the largest."""
    def sparse_mask(self, mask: Any) -> Any:
        """The elements of a dense tensor at the places of a sparse one."""
    def split(self, split_size_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int = ...) -> tuple:
        """Pieces of a given length (the last may be shorter), or of given lengths; views."""
    def sqrt(self) -> Tensor:
        """Square root; NaN below 0."""
    def sqrt_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sqrt`."""
    def square(self) -> Tensor:
        """`x * x`; truth values count as integers."""
    def square_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `square`."""
    def squeeze(self, dim: builtins.int | tuple[builtins.int, ...] | None = ...) -> Tensor:
        """Without the dimensions of length 1 (all of them, or those among `dim`)."""
    def squeeze_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `squeeze`: the tensor itself gets the new shape."""
    def std(self, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Tensor:
        """Standard deviation over `dim`, the root of `var`; its gradient at 0 is 0."""
    def std_mean(self, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Any:
        """Standard deviation and mean over `dim`."""
    def stft(self, n_fft: builtins.int, hop_length: builtins.int | None = ..., win_length: builtins.int | None = ..., window: Tensor | None = ..., center: builtins.bool = ..., pad_mode: str = ..., normalized: builtins.bool = ..., onesided: builtins.bool | None = ..., return_complex: builtins.bool | None = ..., align_to_window: builtins.bool | None = ...) -> Tensor:
        """Spectra of windows of `n_fft` samples every `hop_length` (a quarter window by default)."""
    def storage_offset(self) -> builtins.int:
        """Where in its storage the first element lies, in elements."""
    def stride(self, dim: builtins.int | None = ...) -> Any:
        """The steps in memory, in elements, that PyTorch would have."""
    def sub(self, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
        """Difference `input - alpha * other`."""
    def sub_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sub`."""
    def subtract(self, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
        """Difference `input - alpha * other`."""
    def subtract_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `sub`."""
    def sum(self, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
        """Sum over `dim` (all by default); of integers and bools in int64."""
    def sum_to_size(self, *size: Any) -> Tensor:
        """Summed over the dimensions in which a shape that broadcasts to this one is smaller."""
    def svd(self, some: builtins.bool = ..., compute_uv: builtins.bool = ...) -> Any:
        """`U diag(S) V^H`: the older `linalg.svd`, which returns V and not its transpose."""
    def swapaxes(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """Two dimensions exchanged."""
    def swapaxes_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `swapaxes`: the tensor itself gets the new shape."""
    def swapdims(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """Two dimensions exchanged."""
    def swapdims_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `swapdims`: the tensor itself gets the new shape."""
    def t(self) -> Tensor:
        """A matrix transposed; tensors of fewer dimensions as they are."""
    def t_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `t`: the tensor itself gets the new shape."""
    def take(self, index: Tensor) -> Tensor:
        """The elements of the flat input at `index`, shaped like it."""
    def take_along_dim(self, indices: Tensor, dim: Any = ...) -> Tensor:
        """The elements at `indices` along a dimension (of the flat input for None)."""
    def tan(self) -> Tensor:
        """Tangent of an angle in radians."""
    def tan_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `tan`."""
    def tanh(self) -> Tensor:
        """Hyperbolic tangent."""
    def tanh_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `tanh`."""
    def tensor_split(self, indices_or_sections: Any, dim: builtins.int = ...) -> tuple:
        """Pieces of lengths as equal as can be, or cut at given positions; views."""
    def threshold(self, threshold: Number, value: Number) -> Tensor:
        """`x` above the threshold, `value` elsewhere."""
    def threshold_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `threshold`."""
    def tile(self, *counts: Any, dims: Any = ...) -> Tensor:
        """`repeat`, where missing leading counts are 1."""
    def to(self, *args: Any, **kwargs: Any) -> Tensor:
        """`to(dtype)`, `to(device)`, `to(device, dtype)` or `to(other)`: the tensor converted."""
    def to_dense(self, dtype: Any = ..., *, masked_grad: Any = ...) -> Any:
        """The tensor itself: it is dense."""
    def to_sparse(self, sparse_dim: Any = ..., *, layout: Any = ..., blocksize: Any = ..., dense_dim: Any = ...) -> Any:
        """The elements that are not zero, with their places. Looks at the tensor."""
    def to_sparse_coo(self) -> Any:
        """`to_sparse()`."""
    def to_sparse_csr(self, dense_dim: Any = ...) -> Any:
        """The elements that are not zero, by compressed rows. Looks at the tensor."""
    def tolist(self) -> Any:
        """Nested lists of Python numbers (one number for a 0-dim tensor)."""
    def topk(self, k: builtins.int, dim: builtins.int = ..., largest: builtins.bool = ..., sorted: builtins.bool = ...) -> Any:
        """The `k` largest (or smallest) numbers along `dim`, in order, and their indices."""
    def trace(self) -> Tensor:
        """Sum of the diagonal of a matrix; of integers in int64."""
    def transpose(self, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """Two dimensions exchanged."""
    def transpose_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `transpose`: the tensor itself gets the new shape."""
    def triangular_solve(self, A: Tensor, upper: builtins.bool = ..., transpose: builtins.bool = ..., unitriangular: builtins.bool = ...) -> Any:
        """The X with `A X = input` for a triangular A, and A: the older `solve_triangular`."""
    def tril(self, diagonal: builtins.int = ...) -> Tensor:
        """The lower triangle: 0 above the diagonal number `diagonal`."""
    def tril_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `tril`."""
    def triu(self, diagonal: builtins.int = ...) -> Tensor:
        """The upper triangle: 0 below the diagonal number `diagonal`."""
    def triu_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `triu`."""
    def true_divide(self, other: Tensor | Number) -> Tensor:
        """Quotient `input / other`, a floating-point number for integers too."""
    def true_divide_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `true_divide`."""
    def trunc(self) -> Tensor:
        """The whole part of x: rounds towards 0."""
    def trunc_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `trunc`."""
    def type(self, dtype: Any = ..., non_blocking: builtins.bool = ...) -> Any:
        """The name of the tensor's type, or the tensor in another dtype."""
    def type_as(self, other: Tensor) -> Tensor:
        """The tensor in the dtype and on the device of another."""
    def unbind(self, dim: builtins.int = ...) -> tuple:
        """The slices of a dimension, which goes away; views."""
    def unflatten(self, dim: builtins.int, sizes: Sequence[builtins.int]) -> Tensor:
        """One dimension as several; one of `sizes` may be -1."""
    def unfold(self, dimension: builtins.int, size: builtins.int, step: builtins.int) -> Tensor:
        """Windows of `size` elements every `step` along a dimension, as a new last dimension."""
    def uniform_(self, *args: Any, generator: Any = ..., **kwargs: Any) -> Tensor:
        """Uniform numbers in [from, to)."""
    def unique(self, sorted: builtins.bool = ..., return_inverse: builtins.bool = ..., return_counts: builtins.bool = ..., dim: builtins.int | None = ...) -> Any:
        """The distinct elements (or slices of a dimension), in ascending order; looks at the data."""
    def unique_consecutive(self, return_inverse: builtins.bool = ..., return_counts: builtins.bool = ..., dim: builtins.int | None = ...) -> Any:
        """Without repetitions of neighbours; looks at the data."""
    def unsafe_chunk(self, chunks: builtins.int, dim: builtins.int = ...) -> tuple:
        """`chunk` into copies."""
    def unsafe_split(self, split_size: Any, dim: builtins.int = ...) -> tuple:
        """`split` into copies."""
    def unsqueeze(self, dim: builtins.int) -> Tensor:
        """With a new dimension of length 1 at `dim`."""
    def unsqueeze_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `unsqueeze`: the tensor itself gets the new shape."""
    def var(self, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Tensor:
        """Variance over `dim`: `sum((x - mean)^2) / (n - correction)`."""
    def var_mean(self, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Any:
        """Variance and mean over `dim`."""
    def vdot(self, other: Tensor) -> Tensor:
        """`dot` with the complex conjugate of the first vector."""
    def view(self, *shape: Any, dtype: Any = ...) -> Tensor:
        """The same memory in another shape, of which one length may be -1, or read as another dtype."""
    def view_as(self, other: Tensor) -> Tensor:
        """`view` in the shape of another tensor."""
    def vsplit(self, indices_or_sections: Any) -> tuple:
        """`tensor_split` along dimension 0, into equal pieces."""
    def where(self, condition: Any, other: Any) -> Any:
        """`where(condition, input, other)` as a method of `input`."""
    def xlogy(self, other: Tensor | Number) -> Tensor:
        """`input * log(other)`, and 0 where input is 0 unless other is NaN."""
    def xlogy_(self, *args: Any, **kwargs: Any) -> Tensor:
        """In-place form of `xlogy`."""
    def zero_(self) -> Tensor:
        """Every element becomes 0."""

new_object: Any
Body: TypeAlias = Tensor

def alias(tensor: Tensor, other: Tensor) -> Tensor: ...
def extends(cls: type) -> Callable[[type], type]: ...
def fill(tensor: Tensor, value: Value, edge: Edge) -> None: ...
def fresh_like(tensor: Tensor, value: Value) -> Tensor: ...
def from_host(array: np.ndarray, device: devices.device) -> Value: ...
def known_host(tensor: Tensor) -> np.ndarray | None: ...
def wrap(value: Value, edge: Edge) -> Tensor: ...
