"""Written by tools/stubs.py from the tables of operations."""

import builtins
from collections.abc import Sequence as Sequence
from typing import Any, TypeAlias

from .core.autograd.modes import eager_mode as eager_mode
from .core.autograd.modes import enable_grad as enable_grad
from .core.autograd.modes import inference_mode as inference_mode
from .core.autograd.modes import is_grad_enabled as is_grad_enabled
from .core.autograd.modes import is_inference_mode_enabled as is_inference_mode_enabled
from .core.autograd.modes import no_grad as no_grad
from .core.autograd.modes import set_grad_enabled as set_grad_enabled
from .core.device import device as device
from .core.device import get_default_device as get_default_device
from .core.device import set_default_device as set_default_device
from .core.dtype import dtype as dtype
from .core.engine.explain import explain as explain
from .core.engine.recording import synchronize as synchronize
from .core.errors import OutOfMemoryError as OutOfMemoryError
from .core.jit import compile as compile
from .core.jit import jit as jit
from .core.layout import channels_last as channels_last
from .core.layout import channels_last_3d as channels_last_3d
from .core.layout import contiguous_format as contiguous_format
from .core.layout import layout as layout
from .core.layout import memory_format as memory_format
from .core.layout import preserve_format as preserve_format
from .core.layout import sparse_coo as sparse_coo
from .core.layout import sparse_csr as sparse_csr
from .core.layout import strided as strided
from .core.legacy import BFloat16Tensor as BFloat16Tensor
from .core.legacy import BoolTensor as BoolTensor
from .core.legacy import ByteTensor as ByteTensor
from .core.legacy import CharTensor as CharTensor
from .core.legacy import DoubleTensor as DoubleTensor
from .core.legacy import FloatTensor as FloatTensor
from .core.legacy import HalfTensor as HalfTensor
from .core.legacy import IntTensor as IntTensor
from .core.legacy import LongTensor as LongTensor
from .core.legacy import ShortTensor as ShortTensor
from .core.legacy import set_default_tensor_type as set_default_tensor_type
from .core.ops.random import Generator as Generator
from .core.ops.random import default_generator as default_generator
from .core.ops.random import get_rng_state as get_rng_state
from .core.ops.random import initial_seed as initial_seed
from .core.ops.random import manual_seed as manual_seed
from .core.ops.random import seed as seed
from .core.ops.random import set_rng_state as set_rng_state
from .core.settings import get_float32_matmul_precision as get_float32_matmul_precision
from .core.settings import get_num_threads as get_num_threads
from .core.settings import set_float32_matmul_precision as set_float32_matmul_precision
from .core.settings import set_num_threads as set_num_threads
from .core.tensor.printing import set_printoptions as set_printoptions
from .core.tensor.tensor import Size as Size
from .core.tensor.tensor import Tensor as Tensor
from .core.transforms import associative_scan as associative_scan
from .core.transforms import checkpoint as checkpoint
from .core.transforms import cond as cond
from .core.transforms import grad as grad
from .core.transforms import hessian as hessian
from .core.transforms import jacfwd as jacfwd
from .core.transforms import jacrev as jacrev
from .core.transforms import jvp as jvp
from .core.transforms import linearize as linearize
from .core.transforms import scan as scan
from .core.transforms import value_and_grad as value_and_grad
from .core.transforms import vjp as vjp
from .core.transforms import vmap as vmap
from .core.transforms import while_loop as while_loop
from .core.types import can_cast as can_cast
from .core.types import finfo as finfo
from .core.types import get_default_dtype as get_default_dtype
from .core.types import iinfo as iinfo
from .core.types import is_complex as is_complex
from .core.types import is_floating_point as is_floating_point
from .core.types import is_tensor as is_tensor
from .core.types import numel as numel
from .core.types import promote_types as promote_types
from .core.types import result_type as result_type
from .core.types import set_default_dtype as set_default_dtype
from . import accelerator as accelerator
from . import autograd as autograd
from . import backends as backends
from . import cuda as cuda
from . import fft as fft
from . import func as func
from . import linalg as linalg
from . import signal as signal
from . import sparse as sparse
from . import special as special
from . import testing as testing
from .streams import Event as Event
from .amp import GradScaler as GradScaler
from .streams import Stream as Stream
from . import amp as amp
from .core.settings import are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled
from .amp.casting import autocast as autocast
from .nn.inspection import capture_activations as capture_activations
from .amp.casting import clear_autocast_cache as clear_autocast_cache
from . import data as data
from . import distributions as distributions
from .amp.casting import get_autocast_dtype as get_autocast_dtype
from .amp.casting import is_autocast_available as is_autocast_available
from .amp.casting import is_autocast_cache_enabled as is_autocast_cache_enabled
from .amp.casting import is_autocast_enabled as is_autocast_enabled
from .core.settings import is_deterministic_algorithms_warn_only_enabled as is_deterministic_algorithms_warn_only_enabled
from .serialization import load as load
from . import nn as nn
from . import optim as optim
from . import profiler as profiler
from . import random as random
from .serialization import save as save
from . import serialization as serialization
from .amp.casting import set_autocast_cache_enabled as set_autocast_cache_enabled
from .amp.casting import set_autocast_dtype as set_autocast_dtype
from .amp.casting import set_autocast_enabled as set_autocast_enabled
from .nn.inspection import summary as summary
from .core.settings import use_deterministic_algorithms as use_deterministic_algorithms
from . import utils as utils

Number: TypeAlias = builtins.complex

__version__: str
newaxis: None
e: builtins.float
inf: builtins.float
nan: builtins.float
pi: builtins.float
bfloat16: dtype
bool: dtype
cdouble: dtype
cfloat: dtype
complex128: dtype
complex64: dtype
double: dtype
float: dtype
float16: dtype
float32: dtype
float64: dtype
half: dtype
int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
long: dtype
short: dtype
uint16: dtype
uint32: dtype
uint64: dtype
uint8: dtype

def _sample_dirichlet(input: Tensor, generator: Any = ...) -> Tensor:
    """Points of a simplex with the concentrations in the last dimension, with a gradient."""
def _standard_gamma(input: Tensor, generator: Any = ...) -> Tensor:
    """Gamma numbers of rate 1, with a gradient."""
def abs(input: Tensor) -> Tensor:
    """Absolute value `|x|`; its gradient at 0 is 0."""
def abs_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `abs`."""
def absolute(input: Tensor) -> Tensor:
    """Absolute value `|x|`; its gradient at 0 is 0."""
def absolute_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `abs`."""
def acos(input: Tensor) -> Tensor:
    """Inverse cosine, in `[0, pi]`."""
def acos_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `acos`."""
def acosh(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine; NaN for real numbers below 1."""
def acosh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `acosh`."""
def adaptive_avg_pool1d(input: Tensor, output_size: builtins.int | tuple) -> Tensor:
    """Means over `output_size` windows. Shape: (N, C, L) or (C, L)."""
def add(input: Tensor, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
    """Sum `input + alpha * other`."""
def add_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `add`."""
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
    """`beta * input + alpha * sum over the batch of (batch1 @ batch2)`."""
def addbmm_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `addbmm`."""
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = ...) -> Tensor:
    """`input + value * tensor1 / tensor2`."""
def addcdiv_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `addcdiv`."""
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = ...) -> Tensor:
    """`input + value * tensor1 * tensor2`."""
def addcmul_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `addcmul`."""
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
    """`beta * input + alpha * (mat1 @ mat2)` for matrices."""
def addmm_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `addmm`."""
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
    """`beta * input + alpha * (mat @ vec)`."""
def addmv_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `addmv`."""
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`."""
def addr_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `addr`."""
def adjoint(input: Tensor) -> Tensor:
    """The conjugate of the last two dimensions exchanged."""
def all(input: Tensor, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ...) -> Tensor:
    """Whether every element along `dim` is true."""
def allclose(input: Tensor, other: Tensor, rtol: builtins.float = ..., atol: builtins.float = ..., equal_nan: builtins.bool = ...) -> builtins.bool:
    """Whether `|input - other| <= atol + rtol * |other|` everywhere; looks at the data."""
def amax(input: Tensor, dim: builtins.int | tuple = ..., keepdim: builtins.bool = ...) -> Tensor:
    """Largest number over `dim`; ties share the gradient."""
def amin(input: Tensor, dim: builtins.int | tuple = ..., keepdim: builtins.bool = ...) -> Tensor:
    """Smallest number over `dim`; ties share the gradient."""
def aminmax(input: Tensor, *, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Any:
    """Smallest and largest number over `dim`, as the named tuple `(min, max)`."""
def angle(input: Tensor) -> Tensor:
    """Argument in radians: for a real number 0, or pi below 0."""
def any(input: Tensor, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ...) -> Tensor:
    """Whether some element along `dim` is true."""
def arange(start: Any, end: Any = ..., step: Any = ..., *, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """`start, start + step, ...` up to but without `end`; integers unless one is a float."""
def arccos(input: Tensor) -> Tensor:
    """Inverse cosine, in `[0, pi]`."""
def arccos_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `acos`."""
def arccosh(input: Tensor) -> Tensor:
    """Inverse hyperbolic cosine; NaN for real numbers below 1."""
def arccosh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `acosh`."""
def arcsin(input: Tensor) -> Tensor:
    """Inverse sine, in `[-pi/2, pi/2]`."""
def arcsin_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `asin`."""
def arcsinh(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""
def arcsinh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `asinh`."""
def arctan(input: Tensor) -> Tensor:
    """Inverse tangent, in `[-pi/2, pi/2]`."""
def arctan2(input: Tensor, other: Tensor) -> Tensor:
    """Angle of the point `(other, input)`, in `[-pi, pi]`; its gradient at the origin is 0."""
def arctan2_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `atan2`."""
def arctan_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `atan`."""
def arctanh(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent; NaN outside `[-1, 1]`."""
def arctanh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `atanh`."""
def argmax(input: Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
    """Index of the (first) largest number along `dim`, or in the flattened tensor."""
def argmin(input: Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
    """Index of the (first) smallest number along `dim`, or in the flattened tensor."""
def argsort(input: Tensor, dim: builtins.int = ..., descending: builtins.bool = ..., stable: builtins.bool = ...) -> Tensor:
    """Indices that put `dim` in order; always stable."""
def argwhere(input: Tensor) -> Tensor:
    """The positions of elements that are not zero, one a row; looks at the data."""
def as_strided(input: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = ...) -> Tensor:
    """A view of the storage at `storage_offset` with any size and stride (in elements)."""
def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = ...) -> Tensor:
    """A copy with `src` in the place of `as_strided(input, size, stride, storage_offset)`."""
def as_tensor(data: Any, dtype: Any = ..., device: Any = ...) -> Tensor:
    """`data` as a tensor; a Tensor that is so already is returned itself."""
def asarray(obj: Any, *, dtype: Any = ..., device: Any = ..., copy: builtins.bool | None = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """`obj` as a tensor; copies if `copy` is True or a conversion needs it."""
def asin(input: Tensor) -> Tensor:
    """Inverse sine, in `[-pi/2, pi/2]`."""
def asin_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `asin`."""
def asinh(input: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""
def asinh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `asinh`."""
def atan(input: Tensor) -> Tensor:
    """Inverse tangent, in `[-pi/2, pi/2]`."""
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """Angle of the point `(other, input)`, in `[-pi, pi]`; its gradient at the origin is 0."""
def atan2_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `atan2`."""
def atan_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `atan`."""
def atanh(input: Tensor) -> Tensor:
    """Inverse hyperbolic tangent; NaN outside `[-1, 1]`."""
def atanh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `atanh`."""
def atleast_1d(*tensors: Any) -> Any:
    """Each tensor with at least 1 dimensions."""
def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least 2 dimensions."""
def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least 3 dimensions."""
def avg_pool1d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., count_include_pad: builtins.bool = ...) -> Tensor:
    """Means over windows of one axis. See `avg_pool2d`."""
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = ..., alpha: Number = ...) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2)` for batches of matrices."""
def baddbmm_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `baddbmm`."""
def bartlett_window(window_length: builtins.int, periodic: builtins.bool = ..., **options: Any) -> Tensor:
    """Triangle that is 0 at both ends."""
def batch_norm(input: Tensor, weight: Tensor | None, bias: Tensor | None, running_mean: Tensor | None, running_var: Tensor | None, training: builtins.bool, momentum: builtins.float, eps: builtins.float, cudnn_enabled: builtins.bool = ...) -> Tensor:
    """`nn.functional.batch_norm` with the weights before the running statistics."""
def bernoulli(input: Tensor, p: builtins.float | None = ..., *, generator: Any = ...) -> Tensor:
    """Zeros and ones, one with the probability that each element says."""
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = ...) -> Tensor:
    """`input1 @ weight[k] @ input2 + bias[k]` for each output k."""
def bincount(input: Tensor, weights: Tensor | None = ..., minlength: builtins.int = ...) -> Tensor:
    """How often each non-negative integer occurs (or the sum of its weights); looks at the data."""
def binomial(count: Tensor, prob: Tensor, generator: Any = ...) -> Tensor:
    """How many of `count` trials succeed, each with probability `prob`."""
def bitwise_and(input: Tensor, other: Tensor | Number) -> Tensor:
    """Bits set in both; logical and of bools."""
def bitwise_and_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `bitwise_and`."""
def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bits moved up: `input * 2^other`."""
def bitwise_left_shift_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `bitwise_left_shift`."""
def bitwise_not(input: Tensor) -> Tensor:
    """All bits turned over; logical not of bools."""
def bitwise_not_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `bitwise_not`."""
def bitwise_or(input: Tensor, other: Tensor | Number) -> Tensor:
    """Bits set in either; logical or of bools."""
def bitwise_or_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `bitwise_or`."""
def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Bits moved down, keeping the sign: `input / 2^other` rounded down."""
def bitwise_right_shift_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `bitwise_right_shift`."""
def bitwise_xor(input: Tensor, other: Tensor | Number) -> Tensor:
    """Bits set in one only; exclusive or of bools."""
def bitwise_xor_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `bitwise_xor`."""
def blackman_window(window_length: builtins.int, periodic: builtins.bool = ..., **options: Any) -> Tensor:
    """`0.42 - 0.5 cos(u) + 0.08 cos(2 u)`."""
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given ones along its diagonal, 0 elsewhere."""
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """Products of two equally long batches of matrices."""
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that tensors of the given shapes are broadcast to."""
def broadcast_tensors(*tensors: Tensor) -> list[Tensor]:
    """All tensors expanded to their common shape."""
def broadcast_to(input: Tensor, size: Sequence[builtins.int]) -> Tensor:
    """`expand` as a function."""
def bucketize(input: Tensor | Number, boundaries: Tensor, *, out_int32: builtins.bool = ..., right: builtins.bool = ...) -> Tensor:
    """Index of the interval between `boundaries` that holds each number."""
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All choices of one element of each vector, one a row; of a single vector itself."""
def cat(tensors: Sequence[Tensor], dim: Any = ...) -> Tensor:
    """The tensors one after another along an existing dimension."""
def cdist(x1: Tensor, x2: Tensor, p: builtins.float = ..., compute_mode: str = ...) -> Tensor:
    """p-norm distance between each row of `x1` and each of `x2`; its gradient at 0 is 0."""
def ceil(input: Tensor) -> Tensor:
    """Smallest whole number that is not below x."""
def ceil_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `ceil`."""
def celu(input: Tensor, alpha: Number = ...) -> Tensor:
    """`max(x, 0) + min(0, alpha * (e^(x / alpha) - 1))` (arXiv:1704.07483)."""
def celu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `celu`."""
def chain_matmul(*matrices: Any) -> Any:
    """Product of a chain of matrices, in the cheapest order."""
def channel_shuffle(input: Tensor, groups: builtins.int) -> Tensor:
    """Channels of `groups` groups dealt out in turn. Shape: (N, C, ...)."""
def cholesky(input: Tensor, upper: builtins.bool = ...) -> Tensor:
    """The lower triangular L with `L L^H = input`, or its conjugate transpose."""
def cholesky_inverse(input: Tensor, upper: builtins.bool = ...) -> Tensor:
    """Inverse of the matrix whose Cholesky factor is the input."""
def cholesky_solve(input: Tensor, L: Tensor, upper: builtins.bool = ...) -> Tensor:
    """The X with `A X = input`, from the Cholesky factor `L` of A."""
def chunk(input: Tensor, chunks: builtins.int, dim: builtins.int = ...) -> tuple:
    """At most `chunks` pieces of equal length (the last may be shorter); views."""
def clamp(input: Tensor, min: Tensor | Number | None = ..., max: Tensor | Number | None = ...) -> Tensor:
    """Numbers brought into `[min, max]`; the gradient passes at the bounds."""
def clamp_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `clamp`."""
def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """Numbers above `max` brought down to it."""
def clamp_max_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `clamp_max`."""
def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """Numbers below `min` brought up to it."""
def clamp_min_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `clamp_min`."""
def clip(input: Tensor, min: Tensor | Number | None = ..., max: Tensor | Number | None = ...) -> Tensor:
    """Numbers brought into `[min, max]`; the gradient passes at the bounds."""
def clip_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `clamp`."""
def clone(input: Tensor, *, memory_format: Any = ...) -> Tensor:
    """A copy with memory of its own; gradients flow through."""
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """1-D tensors as columns of a matrix."""
def combinations(input: Tensor, r: builtins.int = ..., with_replacement: builtins.bool = ...) -> Tensor:
    """All choices of `r` elements of a vector, in order, one a row."""
def complex(real: Tensor, imag: Tensor) -> Tensor:
    """Complex numbers from real and imaginary parts of one floating-point dtype."""
def concat(tensors: Sequence[Tensor], dim: Any = ...) -> Tensor:
    """The tensors one after another along an existing dimension."""
def concatenate(tensors: Sequence[Tensor], dim: Any = ...) -> Tensor:
    """The tensors one after another along an existing dimension."""
def conj(input: Tensor) -> Tensor:
    """The complex conjugate, a view; of real numbers the tensor itself."""
def conj_physical(input: Tensor) -> Tensor:
    """Complex conjugate, as a copy."""
def conj_physical_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `conj_physical`."""
def conv1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple | str = ..., dilation: builtins.int | tuple = ..., groups: builtins.int = ...) -> Tensor:
    """Cross-correlation over one axis. See `conv2d`."""
def conv2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple | str = ..., dilation: builtins.int | tuple = ..., groups: builtins.int = ...) -> Tensor:
    """Cross-correlation `y[n, o] = bias[o] + sum over c of weight[o, c] * x[n, c]`."""
def conv3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple | str = ..., dilation: builtins.int | tuple = ..., groups: builtins.int = ...) -> Tensor:
    """Cross-correlation over three axes. See `conv2d`."""
def conv_transpose1d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., output_padding: builtins.int | tuple = ..., groups: builtins.int = ..., dilation: builtins.int | tuple = ...) -> Tensor:
    """Transposed convolution over one axis. See `conv_transpose2d`."""
def conv_transpose2d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., output_padding: builtins.int | tuple = ..., groups: builtins.int = ..., dilation: builtins.int | tuple = ...) -> Tensor:
    """Transposed convolution: the gradient of `conv2d` with respect to its input, plus bias."""
def conv_transpose3d(input: Tensor, weight: Tensor, bias: Tensor | None = ..., stride: builtins.int | tuple = ..., padding: builtins.int | tuple = ..., output_padding: builtins.int | tuple = ..., groups: builtins.int = ..., dilation: builtins.int | tuple = ...) -> Tensor:
    """Transposed convolution over three axes. See `conv_transpose2d`."""
def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The size of `input` with the sign of `other`."""
def copysign_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `copysign`."""
def corrcoef(input: Tensor) -> Tensor:
    """Correlation of variables, the rows, over observations: `cov` over both deviations."""
def cos(input: Tensor) -> Tensor:
    """Cosine of an angle in radians."""
def cos_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `cos`."""
def cosh(input: Tensor) -> Tensor:
    """Hyperbolic cosine."""
def cosh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `cosh`."""
def cosine_similarity(x1: Tensor, x2: Tensor, dim: builtins.int = ..., eps: builtins.float = ...) -> Tensor:
    """Cosine `x1 . x2 / (max(|x1|, eps) max(|x2|, eps))` along `dim`, broadcasting."""
def count_nonzero(input: Tensor, dim: builtins.int | tuple | None = ...) -> Tensor:
    """How many elements along `dim` are not 0."""
def cov(input: Tensor, *, correction: builtins.int = ..., fweights: Tensor | None = ..., aweights: Tensor | None = ...) -> Tensor:
    """Covariance of variables, the rows, over observations, the columns."""
def cross(input: Tensor, other: Tensor, dim: builtins.int | None = ...) -> Tensor:
    """Cross product of vectors of three numbers."""
def ctc_loss(log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: builtins.int = ..., reduction: str = ..., zero_infinity: builtins.bool = ...) -> Tensor:
    """Connectionist temporal classification: -log of the total probability of all alignments."""
def cummax(input: Tensor, dim: builtins.int) -> Any:
    """Running maximum along `dim` and its indices; the last of a tie is taken."""
def cummin(input: Tensor, dim: builtins.int) -> Any:
    """Running minimum along `dim` and its indices; the last of a tie is taken."""
def cumprod(input: Tensor, dim: builtins.int, *, dtype: Any = ...) -> Tensor:
    """Running product along `dim`; of integers and bools in int64."""
def cumprod_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `cumprod`."""
def cumsum(input: Tensor, dim: builtins.int, *, dtype: Any = ...) -> Tensor:
    """Running sum along `dim`; of integers and bools in int64."""
def cumsum_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `cumsum`."""
def cumulative_trapezoid(y: Tensor, x: Tensor | None = ..., *, dx: Number | None = ..., dim: builtins.int = ...) -> Tensor:
    """Running integral along `dim` by trapezoids; one element fewer than `y`."""
def deg2rad(input: Tensor) -> Tensor:
    """Degrees to radians: `x * pi / 180`."""
def deg2rad_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `deg2rad`."""
def det(input: Tensor) -> Tensor:
    """Determinant."""
def detach(input: Tensor) -> Tensor:
    """The same memory, off the tape: no gradient flows back through it."""
def diag(input: Tensor, diagonal: Any = ...) -> Tensor:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix."""
def diag_embed(input: Tensor, offset: Any = ..., dim1: Any = ..., dim2: Any = ...) -> Tensor:
    """The last dimension as diagonals of matrices in dimensions `dim1` and `dim2`."""
def diagflat(input: Tensor, offset: builtins.int = ...) -> Tensor:
    """The elements as the diagonal of a matrix."""
def diagonal(input: Tensor, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor:
    """The diagonals of the matrices in dimensions `dim1` and `dim2`, as the last dimension."""
def diagonal_scatter(input: Tensor, src: Tensor, offset: builtins.int = ..., dim1: builtins.int = ..., dim2: builtins.int = ...) -> Tensor:
    """A copy with `src` in the place of `diagonal(input, offset, dim1, dim2)`."""
def diff(input: Tensor, n: builtins.int = ..., dim: builtins.int = ..., prepend: Tensor | None = ..., append: Tensor | None = ...) -> Tensor:
    """Differences of neighbours along `dim`, `n` times; of bools exclusive or."""
def digamma(input: Tensor) -> Tensor:
    """Derivative of `log gamma(x)`; minus infinity at 0."""
def digamma_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `digamma`."""
def dist(input: Tensor, other: Tensor, p: builtins.float = ...) -> Tensor:
    """`norm(input - other, p)` over all elements."""
def div(input: Any, other: Any, *, rounding_mode: Any = ...) -> Any:
    """Quotient `input / other`."""
def divide(input: Any, other: Any, *, rounding_mode: Any = ...) -> Any:
    """Quotient `input / other`."""
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """Sum of the products of two vectors."""
def dropout(input: Tensor, p: builtins.float = ..., training: builtins.bool = ..., inplace: builtins.bool = ...) -> Tensor:
    """Zeros with probability `p`, the rest scaled by 1/(1-p)."""
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple:
    """`tensor_split` along dimension 2, into equal pieces."""
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """One behind another, along dimension 2."""
def einsum(*args: Any) -> Any:
    """Sum of products by Einstein's rule: `einsum('ij,jk->ik', a, b)`."""
def embedding(weight: Tensor, indices: Tensor, padding_idx: builtins.int = ..., scale_grad_by_freq: builtins.bool = ..., sparse: builtins.bool = ...) -> Any:
    """`nn.functional.embedding` with the weights first; a `padding_idx` of -1 is none."""
def empty(*size: Any, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """A tensor of the given size. Differs from PyTorch: the elements are 0."""
def empty_like(input: Tensor, *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`empty` of the size, dtype and device of another tensor."""
def empty_permuted(size: Sequence[builtins.int], physical_layout: Sequence[builtins.int], *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """A tensor whose dimensions lie in memory in a given order; the elements are 0."""
def empty_strided(size: Sequence[builtins.int], stride: Sequence[builtins.int], *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """A tensor of given size and strides. Differs from PyTorch: the elements are 0."""
def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input == other`."""
def eq_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `eq`."""
def equal(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether two tensors have the same shape and elements; looks at the data."""
def erf(input: Tensor) -> Tensor:
    """Error function `2 / sqrt(pi) * integral of e^(-t^2) from 0 to x`."""
def erf_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `erf`."""
def erfc(input: Tensor) -> Tensor:
    """`1 - erf(x)`, exact for large x."""
def erfc_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `erfc`."""
def erfinv(input: Tensor) -> Tensor:
    """Inverse of the error function, on `[-1, 1]`."""
def erfinv_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `erfinv`."""
def exp(input: Tensor) -> Tensor:
    """Exponential `e^x`."""
def exp2(input: Tensor) -> Tensor:
    """Power of two `2^x`."""
def exp2_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `exp2`."""
def exp_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `exp`."""
def expm1(input: Tensor) -> Tensor:
    """`e^x - 1`, exact near 0."""
def expm1_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `expm1`."""
def eye(n: builtins.int, m: builtins.int | None = ..., *, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """A matrix of `n` rows and `m` columns with ones on the diagonal."""
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like the input, every element `value`."""
def fill_(input: Tensor, value: Any) -> Tensor:
    """Every element becomes `value`."""
def fix(input: Tensor) -> Tensor:
    """The whole part of x: rounds towards 0."""
def fix_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `trunc`."""
def flatten(input: Tensor, start_dim: builtins.int = ..., end_dim: builtins.int = ...) -> Tensor:
    """Dimensions `start_dim` to `end_dim` as one."""
def flip(input: Tensor, *given: Any, dims: Any = ...) -> Tensor:
    """The order of elements reversed along dimensions; a copy."""
def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order."""
def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order."""
def float_power(input: Any, exponent: Any) -> Any:
    """Power computed in double precision (complex128 for complex numbers)."""
def floor(input: Tensor) -> Tensor:
    """Largest whole number that is not above x."""
def floor_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `floor`."""
def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Quotient rounded down to a whole number."""
def floor_divide_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `floor_divide`."""
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two numbers, passing over NaN; at a tie `input` gets the gradient."""
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two numbers, passing over NaN; at a tie `input` gets the gradient."""
def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """Remainder of the division rounded to 0; it has the sign of `input`, as C's fmod."""
def fmod_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `fmod`."""
def frac(input: Tensor) -> Tensor:
    """`x - trunc(x)`, with the sign of x."""
def frac_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `frac`."""
def frexp(input: Tensor) -> Any:
    """Mantissa in (-1, 1), of size 1/2 or more, and exponent: `input = mantissa * 2^exponent`."""
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor of another library's array (anything with `__dlpack__`), copied."""
def from_jax(array: Any) -> Tensor:
    """A tensor around a jax array (or tracer), without a copy."""
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor with the elements of a NumPy array."""
def frombuffer(buffer: Any, *, dtype: Any, count: builtins.int = ..., offset: builtins.int = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """A tensor of the bytes of a buffer; they are copied, where PyTorch shares them."""
def full(size: Sequence[builtins.int], fill_value: Any, *, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """A tensor of a size, every element `fill_value`; its dtype is the number's."""
def full_like(input: Tensor, fill_value: Any, *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`full` of the size, dtype and device of another tensor."""
def gather(input: Tensor, dim: Any, index: Tensor, *, sparse_grad: Any = ...) -> Tensor:
    """`out[i][j] = input[index[i][j]][j]` for dim 0, and so on; shaped like `index`."""
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """Greatest common divisor of integers."""
def gcd_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `gcd`."""
def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input >= other`."""
def ge_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `ge`."""
def geqrf(input: Tensor) -> Any:
    """The Householder reflections of `qr`: R and, below its diagonal, the vectors; and factors."""
def ger(input: Tensor, vec2: Tensor) -> Tensor:
    """Products of each element of one vector with each of the other."""
def gradient(input: Tensor, *, spacing: Any = ..., dim: Any = ..., edge_order: builtins.int = ...) -> list[Tensor]:
    """Estimated derivatives along each dimension of `dim` (all), by differences on both sides."""
def greater(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input > other`."""
def greater_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `gt`."""
def greater_equal(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input >= other`."""
def greater_equal_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `ge`."""
def group_norm(input: Tensor, num_groups: builtins.int, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: builtins.float = ...) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias`, statistics over groups of channels."""
def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = ..., b_hh: Tensor | None = ...) -> Tensor:
    """One GRU step from the state hx to the next."""
def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input > other`."""
def gt_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `gt`."""
def hamming_window(window_length: builtins.int, periodic: builtins.bool = ..., alpha: builtins.float = ..., beta: builtins.float = ..., **options: Any) -> Tensor:
    """`alpha - beta cos(u)`."""
def hann_window(window_length: builtins.int, periodic: builtins.bool = ..., **options: Any) -> Tensor:
    """`(1 - cos(u)) / 2`."""
def hardshrink(input: Tensor, lambd: Number = ...) -> Tensor:
    """`x`, but 0 in `[-lambd, lambd]`."""
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 below 0, 1 above 0 and `values` at 0."""
def heaviside_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `heaviside`."""
def histc(input: Tensor, bins: builtins.int = ..., min: builtins.float = ..., max: builtins.float = ...) -> Tensor:
    """How many numbers lie in each of `bins` equal parts of `[min, max]`."""
def histogram(input: Tensor, bins: Any, *, range: Sequence[builtins.float] | None = ..., weight: Tensor | None = ..., density: builtins.bool = ...) -> Any:
    """How many numbers lie in each bin, and the edges of the bins."""
def histogramdd(input: Tensor, bins: Any, *, range: Sequence[builtins.float] | None = ..., weight: Tensor | None = ..., density: builtins.bool = ...) -> Any:
    """How many points lie in each box of a grid, and the edges of the boxes."""
def householder_product(input: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of Householder reflections, the Q of `geqrf`."""
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple:
    """`tensor_split` along dimension 1 (0 for 1-D tensors), into equal pieces."""
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along dimension 0 for 1-D tensors, else along dimension 1."""
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """`sqrt(input^2 + other^2)` without overflow."""
def hypot_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `hypot`."""
def i0(input: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, order 0."""
def i0_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `i0`."""
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """Lower regularized incomplete gamma function `P(input, other)`."""
def igamma_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `igamma`."""
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """Upper regularized incomplete gamma function `Q(input, other)`."""
def igammac_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `igammac`."""
def imag(input: Tensor) -> Tensor:
    """The imaginary part, a view."""
def index_add(input: Tensor, dim: Any, index: Tensor, source: Tensor, *, alpha: Tensor | Number = ...) -> Tensor:
    """Adds `alpha * source` to the entries of a dimension at the positions in `index`."""
def index_add_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `index_add`."""
def index_copy(input: Tensor, dim: Any, index: Tensor, source: Tensor) -> Tensor:
    """Puts `source` into the entries of a dimension at the positions in `index`."""
def index_copy_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `index_copy`."""
def index_fill(input: Tensor, dim: Any, index: Tensor, value: Tensor | Number) -> Tensor:
    """Puts one number into the entries of a dimension at the positions in `index`."""
def index_fill_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `index_fill`."""
def index_put(input: Tensor, indices: tuple, values: Tensor, accumulate: builtins.bool = ...) -> Tensor:
    """`input[indices] = values`, or `+=` with `accumulate`, as a new tensor."""
def index_reduce(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool = ...) -> Tensor:
    """Combines `source` with the entries of a dimension at the positions in `index`."""
def index_reduce_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `index_reduce`."""
def index_select(input: Tensor, dim: Any, index: Tensor) -> Tensor:
    """The entries of a dimension at the positions in a 1-D index tensor."""
def inner(input: Tensor, other: Tensor) -> Tensor:
    """Sum of products over the last dimension of both."""
def inv(input: Tensor) -> Tensor:
    """Inverse of square matrices."""
def inverse(input: Tensor) -> Tensor:
    """Inverse of square matrices."""
def is_conj(input: Tensor) -> builtins.bool:
    """Whether a tensor shows the conjugate of what its storage holds."""
def is_inference(input: Tensor) -> builtins.bool:
    """Whether a tensor was made in `inference_mode`: never known, tensors are all alike."""
def is_neg(input: Tensor) -> builtins.bool:
    """Whether a change of sign is still to be done: never, it is done at once."""
def is_nonzero(input: Tensor) -> builtins.bool:
    """Whether the one element is not 0; looks at it."""
def is_signed(input: Tensor) -> builtins.bool:
    """Whether the dtype holds negative numbers."""
def isclose(input: Tensor, other: Tensor, rtol: builtins.float = ..., atol: builtins.float = ..., equal_nan: builtins.bool = ...) -> Tensor:
    """Whether `|input - other| <= atol + rtol * |other|`; equal infinities are close."""
def isfinite(input: Tensor) -> Tensor:
    """Whether each element is neither infinite nor NaN."""
def isin(elements: Tensor | Number, test_elements: Tensor | Number, *, assume_unique: builtins.bool = ..., invert: builtins.bool = ...) -> Tensor:
    """Whether each element is among `test_elements`."""
def isinf(input: Tensor) -> Tensor:
    """Whether each element is infinite, with either sign."""
def isnan(input: Tensor) -> Tensor:
    """Whether each element is not a number."""
def isneginf(input: Tensor) -> Tensor:
    """Whether each element is minus infinity."""
def isposinf(input: Tensor) -> Tensor:
    """Whether each element is plus infinity."""
def isreal(input: Tensor) -> Tensor:
    """Whether the imaginary part of each element is 0."""
def istft(input: Tensor, n_fft: builtins.int, hop_length: builtins.int | None = ..., win_length: builtins.int | None = ..., window: Tensor | None = ..., center: builtins.bool = ..., normalized: builtins.bool = ..., onesided: builtins.bool | None = ..., length: builtins.int | None = ..., return_complex: builtins.bool = ...) -> Tensor:
    """The signal whose `stft` is nearest to the input (Griffin and Lim, 1984)."""
def kaiser_window(window_length: builtins.int, periodic: builtins.bool = ..., beta: builtins.float = ..., **options: Any) -> Tensor:
    """`i0(beta sqrt(1 - u^2)) / i0(beta)`."""
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker product: each element of `input` times the whole of `other`."""
def kthvalue(input: Tensor, k: builtins.int, dim: builtins.int = ..., keepdim: builtins.bool = ...) -> Any:
    """The `k`-th smallest number along `dim`, counted from 1, and its index."""
def layer_norm(input: Tensor, normalized_shape: builtins.int | tuple, weight: Tensor | None = ..., bias: Tensor | None = ..., eps: builtins.float = ...) -> Tensor:
    """`(x - mean) / sqrt(var + eps) * weight + bias` over the last dimensions."""
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """Least common multiple of integers."""
def lcm_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `lcm`."""
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """`input * 2^other`."""
def ldexp_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `ldexp`."""
def le(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input <= other`."""
def le_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `le`."""
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """Linear interpolation `input + weight * (end - input)`, exact at both ends."""
def lerp_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `lerp`."""
def less(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input < other`."""
def less_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `lt`."""
def less_equal(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input <= other`."""
def less_equal_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `le`."""
def lgamma(input: Tensor) -> Tensor:
    """`log |gamma(x)|`."""
def lgamma_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `lgamma`."""
def linspace(start: Any, end: Any, steps: builtins.int, *, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
def lobpcg(A: Tensor, k: builtins.int = ..., B: Tensor | None = ..., X: Tensor | None = ..., n: builtins.int | None = ..., iK: Tensor | None = ..., niter: builtins.int | None = ..., tol: builtins.float | None = ..., largest: builtins.bool = ..., method: str | None = ..., tracker: Any = ..., ortho_iparams: Any = ..., ortho_fparams: Any = ..., ortho_bparams: Any = ...) -> tuple[Tensor, Tensor]:
    """The `k` largest (or smallest) eigenvalues of `A x = value B x`, and their vectors."""
def log(input: Tensor) -> Tensor:
    """Natural logarithm."""
def log10(input: Tensor) -> Tensor:
    """Logarithm to the base 10."""
def log10_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `log10`."""
def log1p(input: Tensor) -> Tensor:
    """`log(1 + x)`, exact near 0."""
def log1p_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `log1p`."""
def log2(input: Tensor) -> Tensor:
    """Logarithm to the base 2."""
def log2_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `log2`."""
def log_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `log`."""
def log_softmax(input: Tensor, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
    """`x - log(sum(e^x))` along `dim`."""
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """`log(e^input + e^other)` without overflow."""
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """`log2(2^input + 2^other)` without overflow."""
def logcumsumexp(input: Tensor, dim: builtins.int) -> Tensor:
    """`log(cumsum(e^x))` along `dim` without overflow."""
def logdet(input: Tensor) -> Tensor:
    """Logarithm of the determinant: NaN if that is negative, minus infinity if it is 0."""
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Whether both are true (not 0)."""
def logical_and_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `logical_and`."""
def logical_not(input: Tensor) -> Tensor:
    """Whether the element is false (0)."""
def logical_not_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `logical_not`."""
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Whether at least one is true (not 0)."""
def logical_or_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `logical_or`."""
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Whether exactly one is true (not 0)."""
def logical_xor_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `logical_xor`."""
def logit(input: Tensor, eps: builtins.float | None = ...) -> Tensor:
    """`log(x / (1 - x))`, the inverse of the sigmoid."""
def logit_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `logit`."""
def logspace(start: Any, end: Any, steps: builtins.int, base: builtins.float = ..., *, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """`base` to the powers of `linspace(start, end, steps)`."""
def logsumexp(input: Tensor, dim: builtins.int | tuple, keepdim: builtins.bool = ...) -> Tensor:
    """`log(sum(e^x))` over `dim` without overflow."""
def lstm_cell(input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = ..., b_hh: Tensor | None = ...) -> Any:
    """One LSTM step from the states hx = (h, c) to the next (h, c)."""
def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input < other`."""
def lt_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `lt`."""
def lu(input: Any, pivot: Any = ..., get_infos: Any = ...) -> Any:
    """`lu_factor` in the older spelling, with the failed pivots if `get_infos`."""
def lu_solve(input: Any, LU_data: Any, LU_pivots: Any) -> Any:
    """The X with `A X = input`, from the `lu_factor` of A."""
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: builtins.bool = ..., unpack_pivots: builtins.bool = ...) -> Any:
    """P, L and U from the results of `lu_factor`; what is not asked for is empty."""
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """The input with `value` where the mask holds; keeps the input's dtype."""
def masked_fill_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `masked_fill`."""
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The elements of `source`, in order, where the mask holds."""
def masked_scatter_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `masked_scatter`."""
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in one dimension; looks at the mask."""
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """Matrix product over the last two dimensions; the others are broadcast."""
def matrix_exp(input: Tensor) -> Tensor:
    """`sum of input^k / k!`, the exponential of matrices."""
def matrix_power(input: Tensor, n: builtins.int) -> Tensor:
    """Product of `n` times the matrix; of its inverse if n is negative."""
def max(input: Any, dim: Any = ..., keepdim: Any = ..., *, other: Any = ...) -> Any:
    """Largest number of the tensor; ties share the gradient."""
def max_pool1d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows of one axis. See `max_pool2d`."""
def max_pool2d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows; of equal values the first gets the gradient."""
def max_pool3d(input: Tensor, kernel_size: builtins.int | tuple, stride: builtins.int | tuple | None = ..., padding: builtins.int | tuple = ..., dilation: builtins.int | tuple = ..., ceil_mode: builtins.bool = ..., return_indices: builtins.bool = ...) -> Tensor:
    """Maxima over windows of three axes. See `max_pool2d`."""
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of two numbers, NaN if either is; at a tie each gets half the gradient."""
def mean(input: Tensor, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """Mean over `dim` (all by default)."""
def median(input: Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
    """The lower median; along `dim`, the named tuple `(values, indices)`. NaN if any is NaN."""
def meshgrid(*tensors: Any, indexing: str = ...) -> tuple:
    """Coordinate grids of 1-D tensors. Differs from PyTorch: no warning without `indexing`."""
def min(input: Any, dim: Any = ..., keepdim: Any = ..., *, other: Any = ...) -> Any:
    """Smallest number of the tensor; ties share the gradient."""
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of two numbers, NaN if either is; at a tie each gets half the gradient."""
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """Product of two matrices."""
def mode(input: Tensor, dim: builtins.int = ..., keepdim: builtins.bool = ...) -> Any:
    """The commonest number along `dim`, the smallest of a tie, and an index of it (the last)."""
def moveaxis(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions `source` moved to `destination`; the others keep their order."""
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions `source` moved to `destination`; the others keep their order."""
def msort(input: Tensor) -> Tensor:
    """Numbers in order along the first dimension."""
def mul(input: Tensor, other: Tensor | Number) -> Tensor:
    """Product `input * other`."""
def mul_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `mul`."""
def multigammaln(input: Tensor, p: builtins.int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension `p`."""
def multigammaln_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `multigammaln`."""
def multinomial(input: Tensor, num_samples: builtins.int, replacement: builtins.bool = ..., *, generator: Any = ...) -> Tensor:
    """Positions drawn with the (unnormalised) probabilities in each row. Shape: (rows, samples)."""
def multiply(input: Tensor, other: Tensor | Number) -> Tensor:
    """Product `input * other`."""
def multiply_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `mul`."""
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """Product of a matrix and a vector."""
def mvlgamma(input: Tensor, p: builtins.int) -> Tensor:
    """Logarithm of the multivariate gamma function of dimension `p`."""
def mvlgamma_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `multigammaln`."""
def nan_to_num(input: Tensor, nan: builtins.float = ..., posinf: builtins.float | None = ..., neginf: builtins.float | None = ...) -> Tensor:
    """Puts finite numbers where the input has none."""
def nan_to_num_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `nan_to_num`."""
def nanmean(input: Tensor, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """Mean over `dim` of the numbers that are not NaN."""
def nanmedian(input: Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ...) -> Tensor:
    """The lower median of the numbers that are not NaN."""
def nanquantile(input: Tensor, q: Tensor | Number, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, interpolation: str = ...) -> Tensor:
    """`quantile` of the numbers that are not NaN."""
def nansum(input: Tensor, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """Sum over `dim`, with NaN as 0."""
def narrow(input: Tensor, dim: builtins.int, start: Any, length: builtins.int) -> Tensor:
    """`length` elements of a dimension from `start`; shares memory."""
def narrow_copy(input: Tensor, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
    """A copy of `narrow`."""
def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input != other`."""
def ne_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `ne`."""
def neg(input: Tensor) -> Tensor:
    """Negation `-x`."""
def neg_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `neg`."""
def negative(input: Tensor) -> Tensor:
    """Negation `-x`."""
def negative_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `neg`."""
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The number next to `input` on the way to `other`."""
def nextafter_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `nextafter`."""
def nonzero(input: Tensor, *, as_tuple: builtins.bool = ...) -> Any:
    """The positions of elements that are not zero; looks at the data."""
def nonzero_static(input: Tensor, *, size: builtins.int, fill_value: builtins.int = ...) -> Tensor:
    """The first `size` positions of elements that are not zero, filled up; looks at nothing."""
def norm(input: Tensor, p: builtins.float | str | None = ..., dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., dtype: Any = ...) -> Tensor:
    """Norm of the vector made of the dimensions `dim` (all by default)."""
def normal(mean: Any = ..., std: Any = ..., size: Sequence[builtins.int] | None = ..., *, generator: Any = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """Normal numbers of given means and standard deviations (tensors or numbers)."""
def not_equal(input: Tensor, other: Tensor | Number) -> Tensor:
    """Whether `input != other`."""
def not_equal_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `ne`."""
def ones(*size: Any, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """A tensor of the given size, every element 1."""
def ones_like(input: Tensor, *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`ones` of the size, dtype and device of another tensor."""
def orgqr(input: Tensor, tau: Tensor) -> Tensor:
    """The first columns of the product of Householder reflections, the Q of `geqrf`."""
def ormqr(input: Tensor, tau: Tensor, other: Tensor, left: builtins.bool = ..., transpose: builtins.bool = ...) -> Tensor:
    """`Q other` (`other Q` if not `left`) for the whole Q of `geqrf`, or its adjoint."""
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """Products of each element of one vector with each of the other."""
def pairwise_distance(x1: Tensor, x2: Tensor, p: builtins.float = ..., eps: builtins.float = ..., keepdim: builtins.bool = ...) -> Tensor:
    """p-norm of `x1 - x2 + eps` over the last dimension."""
def pca_lowrank(A: Tensor, q: builtins.int | None = ..., center: builtins.bool = ..., niter: builtins.int = ...) -> tuple[Tensor, Tensor, Tensor]:
    """Principal components of the rows of A: `svd_lowrank` of A less its mean row."""
def pdist(input: Tensor, p: builtins.float = ...) -> Tensor:
    """p-norm distances of all pairs of rows, the first row's first: (N, D) to (N (N - 1) / 2)."""
def permute(input: Tensor, *given: Any, dims: Any = ...) -> Tensor:
    """The dimensions in another order."""
def pinverse(input: Any, rcond: Any = ...) -> Any:
    """Pseudoinverse: the older `linalg.pinv`."""
def pixel_shuffle(input: Tensor, upscale_factor: builtins.int) -> Tensor:
    """Channels as pixels: (..., C r^2, H, W) to (..., C, r H, r W)."""
def pixel_unshuffle(input: Tensor, downscale_factor: builtins.int) -> Tensor:
    """Pixels as channels, undoing `pixel_shuffle`: (..., C, r H, r W) to (..., C r^2, H, W)."""
def poisson(input: Tensor, generator: Any = ...) -> Tensor:
    """Poisson numbers of the rates that the elements say."""
def polar(abs: Tensor, angle: Tensor) -> Tensor:
    """Complex numbers from absolute value and angle: `abs * e^(i angle)`."""
def polygamma(n: Any, input: Any) -> Any:
    """The `n`-th derivative of `digamma(x)`."""
def positive(input: Tensor) -> Tensor:
    """The input itself, as `+x`."""
def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """Power `input ** exponent`."""
def pow_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `pow`."""
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """`x` above 0, `weight * x` elsewhere (arXiv:1502.01852)."""
def prod(input: Tensor, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """Product over `dim` (all by default); of integers and bools in int64."""
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: builtins.bool = ...) -> Tensor:
    """`source` at the positions `index` of the flat input, or added to what is there."""
def put_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `put`."""
def qr(input: Tensor, some: builtins.bool = ...) -> Any:
    """`Q R` with orthonormal Q and upper triangular R; the older `linalg.qr`."""
def quantile(input: Tensor, q: Tensor | Number, dim: builtins.int | None = ..., keepdim: builtins.bool = ..., *, interpolation: str = ...) -> Tensor:
    """The numbers below which the fractions `q` of the elements along `dim` lie."""
def rad2deg(input: Tensor) -> Tensor:
    """Radians to degrees: `x * 180 / pi`."""
def rad2deg_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `rad2deg`."""
def rand(*size: Any, generator: Any = ..., out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """A tensor of the given size of numbers uniform in [0, 1)."""
def rand_like(input: Tensor, *, generator: Any = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`rand` of the size, dtype and device of another tensor."""
def randint(low: builtins.int, high: Any = ..., size: Sequence[builtins.int] | None = ..., *, generator: Any = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """Integers uniform in [low, high); `randint(high, size)` starts at 0."""
def randint_like(input: Tensor, low: builtins.int, high: builtins.int | None = ..., *, generator: Any = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`randint` of the size, dtype and device of another tensor."""
def randn(*size: Any, generator: Any = ..., out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """A tensor of the given size of standard normal numbers."""
def randn_like(input: Tensor, *, generator: Any = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`randn` of the size, dtype and device of another tensor."""
def randperm(n: builtins.int, *, generator: Any = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """The integers 0 to n-1 in random order."""
def range(start: Any = ..., end: Any = ..., step: Any = ..., *, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ...) -> Tensor:
    """`start, start + step, ...` up to and with `end`; the older `arange`."""
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
def real(input: Tensor) -> Tensor:
    """The real part, a view; of real numbers the tensor itself."""
def reciprocal(input: Tensor) -> Tensor:
    """`1 / x`."""
def reciprocal_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `reciprocal`."""
def relu(input: Tensor) -> Tensor:
    """Rectifier `max(x, 0)`; its gradient at 0 is 0."""
def relu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `relu`."""
def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Remainder of the division rounded down; it has the sign of `other`, as Python's `%`."""
def remainder_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `remainder`."""
def renorm(input: Tensor, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
    """Slices of `dim` whose p-norm is above `maxnorm` scaled down to it."""
def renorm_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `renorm`."""
def repeat_interleave(input: Tensor, repeats: builtins.int | Tensor, dim: builtins.int | None = ..., *, output_size: builtins.int | None = ...) -> Tensor:
    """Each element repeated; `repeats` is one count or a count an element."""
def reshape(input: Tensor, *given: Any, shape: Any = ...) -> Tensor:
    """Another shape; shares memory where it can, and copies otherwise."""
def resize_as_(input: Tensor, other: Tensor, memory_format: Any = ...) -> Tensor:
    """`resize_` to the shape of another tensor."""
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself, or a copy if it shows the conjugate of what its storage holds."""
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: changes of sign are done at once."""
def rms_norm(input: Tensor, normalized_shape: builtins.int | tuple, weight: Tensor | None = ..., eps: builtins.float | None = ...) -> Tensor:
    """`x / sqrt(mean(x^2) + eps) * weight` over the last dimensions."""
def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = ..., b_hh: Tensor | None = ...) -> Tensor:
    """`relu(w_ih x + b_ih + w_hh h + b_hh)`"""
def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = ..., b_hh: Tensor | None = ...) -> Tensor:
    """`tanh(w_ih x + b_ih + w_hh h + b_hh)`"""
def roll(input: Tensor, shifts: Any, dims: Any = ...) -> Tensor:
    """Elements moved along dimensions; what leaves at one end comes in at the other."""
def rot90(input: Tensor, k: Any = ..., dims: Any = ...) -> Tensor:
    """Rotated by 90 degrees `k` times in the plane of two dimensions."""
def round(input: Tensor, *, decimals: builtins.int = ...) -> Tensor:
    """Nearest whole number, halves to the even one."""
def round_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `round`."""
def row_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Rows one below another."""
def rrelu_(input: Tensor, lower: builtins.float = ..., upper: builtins.float = ..., training: builtins.bool = ...) -> Tensor:
    """In-place form of `rrelu`."""
def rsqrt(input: Tensor) -> Tensor:
    """`1 / sqrt(x)`."""
def rsqrt_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `rsqrt`."""
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
    """Difference the other way round, `other - alpha * input`."""
def scatter(input: Tensor, dim: builtins.int, index: Tensor, src: Any = ..., *, value: Any = ..., reduce: str | None = ...) -> Tensor:
    """`out[index[i][j]][j] = src[i][j]` for dim 0, and so on; `src` may be one number."""
def scatter_add(input: Tensor, dim: Any, index: Tensor, src: Tensor | Number) -> Tensor:
    """`out[index[i][j]][j] += src[i][j]` for dim 0, and so on."""
def scatter_add_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `scatter_add`."""
def scatter_reduce(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = ...) -> Tensor:
    """`scatter` that combines all elements of one place."""
def scatter_reduce_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `scatter_reduce`."""
def searchsorted(sorted_sequence: Tensor, input: Tensor | Number, *, out_int32: builtins.bool = ..., right: builtins.bool = ..., side: str | None = ..., sorter: Tensor | None = ...) -> Tensor:
    """Indices at which `input` would be inserted to keep the last dimension in order."""
def segment_reduce(data: Tensor, reduce: str, *, lengths: Tensor | None = ..., indices: Tensor | None = ..., offsets: Tensor | None = ..., axis: builtins.int = ..., unsafe: builtins.bool = ..., initial: builtins.float | None = ...) -> Tensor:
    """The sum, mean, max, min or prod of each of the segments that a dimension is cut into."""
def select(input: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """The slice at `index` of a dimension, which goes away; shares memory."""
def select_scatter(input: Tensor, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """A copy with `src` in the place of `select(input, dim, index)`."""
def selu(input: Tensor) -> Tensor:
    """Self-normalizing unit: `elu(x, 1.6733) * 1.0507` (arXiv:1706.02515)."""
def selu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `selu`."""
def sgn(input: Tensor) -> Tensor:
    """`x / |x|`, and 0 at 0: the sign, for complex numbers too."""
def sgn_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sgn`."""
def sigmoid(input: Tensor) -> Tensor:
    """Logistic function `1 / (1 + e^-x)`."""
def sigmoid_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sigmoid`."""
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1, as x is below, at or above 0."""
def sign_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sign`."""
def signbit(input: Tensor) -> Tensor:
    """Whether the sign of each element is set, that of -0.0 too."""
def sin(input: Tensor) -> Tensor:
    """Sine of an angle in radians."""
def sin_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sin`."""
def sinc(input: Tensor) -> Tensor:
    """`sin(pi x) / (pi x)`, and 1 at 0."""
def sinc_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sinc`."""
def sinh(input: Tensor) -> Tensor:
    """Hyperbolic sine."""
def sinh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sinh`."""
def slice_scatter(input: Tensor, src: Tensor, dim: builtins.int = ..., start: builtins.int | None = ..., end: builtins.int | None = ..., step: builtins.int = ...) -> Tensor:
    """A copy with `src` in the place of `input[start:end:step]` along a dimension."""
def slogdet(input: Tensor) -> Any:
    """Sign and logarithm of the size of the determinant."""
def softmax(input: Tensor, dim: builtins.int | None = ..., dtype: Any = ...) -> Tensor:
    """`e^x / sum(e^x)` along `dim`."""
def sort(input: Tensor, dim: builtins.int = ..., descending: builtins.bool = ..., stable: builtins.bool = ...) -> Any:
    """Numbers in order along `dim`, and their indices; always stable, NaN is the largest."""
def sparse_coo_tensor(indices: Any, values: Any = ..., size: Any = ..., *, dtype: Any = ..., device: Any = ..., requires_grad: Any = ..., check_invariants: Any = ..., is_coalesced: Any = ...) -> Any:
    """A tensor with values at some places and zeros elsewhere. Looks at the places."""
def sparse_csr_tensor(crow_indices: Any, col_indices: Any, values: Any, size: Any = ..., *, dtype: Any = ..., device: Any = ..., requires_grad: Any = ..., check_invariants: Any = ...) -> Any:
    """A matrix by compressed rows: the values of row i are those from `crow[i]` to `crow[i+1]`."""
def split(input: Tensor, split_size_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int = ...) -> tuple:
    """Pieces of a given length (the last may be shorter), or of given lengths; views."""
def spmm(input: Any, mat2: Any) -> Any:
    """`sparse.mm`."""
def sqrt(input: Tensor) -> Tensor:
    """Square root; NaN below 0."""
def sqrt_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sqrt`."""
def square(input: Tensor) -> Tensor:
    """`x * x`; truth values count as integers."""
def square_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `square`."""
def squeeze(input: Tensor, dim: builtins.int | tuple[builtins.int, ...] | None = ...) -> Tensor:
    """Without the dimensions of length 1 (all of them, or those among `dim`)."""
def stack(tensors: Sequence[Tensor], dim: Any = ...) -> Tensor:
    """Tensors of one shape along a new dimension."""
def std(input: Tensor, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Tensor:
    """Standard deviation over `dim`, the root of `var`; its gradient at 0 is 0."""
def std_mean(input: Tensor, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Any:
    """Standard deviation and mean over `dim`."""
def stft(input: Tensor, n_fft: builtins.int, hop_length: builtins.int | None = ..., win_length: builtins.int | None = ..., window: Tensor | None = ..., center: builtins.bool = ..., pad_mode: str = ..., normalized: builtins.bool = ..., onesided: builtins.bool | None = ..., return_complex: builtins.bool | None = ..., align_to_window: builtins.bool | None = ...) -> Tensor:
    """Spectra of windows of `n_fft` samples every `hop_length` (a quarter window by default)."""
def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
    """Difference `input - alpha * other`."""
def sub_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sub`."""
def subtract(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = ...) -> Tensor:
    """Difference `input - alpha * other`."""
def subtract_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `sub`."""
def sum(input: Tensor, dim: builtins.int | tuple | None = ..., keepdim: builtins.bool = ..., *, dtype: Any = ...) -> Tensor:
    """Sum over `dim` (all by default); of integers and bools in int64."""
def svd(input: Tensor, some: builtins.bool = ..., compute_uv: builtins.bool = ...) -> Any:
    """`U diag(S) V^H`: the older `linalg.svd`, which returns V and not its transpose."""
def svd_lowrank(A: Tensor, q: builtins.int | None = ..., niter: builtins.int | None = ..., M: Tensor | None = ...) -> tuple[Tensor, Tensor, Tensor]:
    """The `q` largest parts `U diag(S) V^H` of A (of `A - M`), nearly, by random directions."""
def swapaxes(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """Two dimensions exchanged."""
def swapdims(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """Two dimensions exchanged."""
def t(input: Tensor) -> Tensor:
    """A matrix transposed; tensors of fewer dimensions as they are."""
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements of the flat input at `index`, shaped like it."""
def take_along_dim(input: Tensor, indices: Tensor, dim: Any = ...) -> Tensor:
    """The elements at `indices` along a dimension (of the flat input for None)."""
def tan(input: Tensor) -> Tensor:
    """Tangent of an angle in radians."""
def tan_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `tan`."""
def tanh(input: Tensor) -> Tensor:
    """Hyperbolic tangent."""
def tanh_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `tanh`."""
def tensor(data: Any, *, dtype: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ...) -> Tensor:
    """A new tensor that copies `data`: numbers, nested sequences, NumPy or jax arrays."""
def tensor_split(input: Tensor, indices_or_sections: Any, dim: builtins.int = ...) -> tuple:
    """Pieces of lengths as equal as can be, or cut at given positions; views."""
def tensordot(a: Tensor, b: Tensor, dims: builtins.int | tuple = ...) -> Tensor:
    """Sum of products over several dimensions."""
def threshold(input: Tensor, threshold: Number, value: Number) -> Tensor:
    """`x` above the threshold, `value` elsewhere."""
def threshold_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `threshold`."""
def tile(input: Tensor, *counts: Any, dims: Any = ...) -> Tensor:
    """`repeat`, where missing leading counts are 1."""
def to_dlpack(input: Tensor) -> Any:
    """A DLPack capsule of a tensor, for other libraries."""
def topk(input: Tensor, k: builtins.int, dim: builtins.int = ..., largest: builtins.bool = ..., sorted: builtins.bool = ...) -> Any:
    """The `k` largest (or smallest) numbers along `dim`, in order, and their indices."""
def trace(input: Tensor) -> Tensor:
    """Sum of the diagonal of a matrix; of integers in int64."""
def transpose(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """Two dimensions exchanged."""
def trapezoid(y: Tensor, x: Tensor | None = ..., *, dx: Number | None = ..., dim: builtins.int = ...) -> Tensor:
    """Integral along `dim` by trapezoids."""
def trapz(y: Tensor, x: Tensor | None = ..., *, dx: Number | None = ..., dim: builtins.int = ...) -> Tensor:
    """Integral along `dim` by trapezoids."""
def triangular_solve(input: Tensor, A: Tensor, upper: builtins.bool = ..., transpose: builtins.bool = ..., unitriangular: builtins.bool = ...) -> Any:
    """The X with `A X = input` for a triangular A, and A: the older `solve_triangular`."""
def tril(input: Tensor, diagonal: builtins.int = ...) -> Tensor:
    """The lower triangle: 0 above the diagonal number `diagonal`."""
def tril_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `tril`."""
def tril_indices(row: builtins.int, col: builtins.int, offset: builtins.int = ..., *, dtype: Any = ..., device: Any = ...) -> Tensor:
    """Row and column numbers of a matrix's lower triangle. Shape: (2, count)."""
def triu(input: Tensor, diagonal: builtins.int = ...) -> Tensor:
    """The upper triangle: 0 below the diagonal number `diagonal`."""
def triu_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `triu`."""
def triu_indices(row: builtins.int, col: builtins.int, offset: builtins.int = ..., *, dtype: Any = ..., device: Any = ...) -> Tensor:
    """Row and column numbers of a matrix's upper triangle. Shape: (2, count)."""
def true_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Quotient `input / other`, a floating-point number for integers too."""
def true_divide_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `true_divide`."""
def trunc(input: Tensor) -> Tensor:
    """The whole part of x: rounds towards 0."""
def trunc_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `trunc`."""
def unbind(input: Tensor, dim: builtins.int = ...) -> tuple:
    """The slices of a dimension, which goes away; views."""
def unflatten(input: Tensor, dim: builtins.int, sizes: Sequence[builtins.int]) -> Tensor:
    """One dimension as several; one of `sizes` may be -1."""
def unique(input: Tensor, sorted: builtins.bool = ..., return_inverse: builtins.bool = ..., return_counts: builtins.bool = ..., dim: builtins.int | None = ...) -> Any:
    """The distinct elements (or slices of a dimension), in ascending order; looks at the data."""
def unique_consecutive(input: Tensor, return_inverse: builtins.bool = ..., return_counts: builtins.bool = ..., dim: builtins.int | None = ...) -> Any:
    """Without repetitions of neighbours; looks at the data."""
def unravel_index(indices: Tensor, shape: builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
    """The coordinates of positions in a flat tensor of a shape, one tensor a dimension."""
def unsafe_chunk(input: Tensor, chunks: builtins.int, dim: builtins.int = ...) -> tuple:
    """`chunk` into copies."""
def unsafe_split(input: Tensor, split_size: Any, dim: builtins.int = ...) -> tuple:
    """`split` into copies."""
def unsqueeze(input: Tensor, dim: builtins.int) -> Tensor:
    """With a new dimension of length 1 at `dim`."""
def vander(x: Tensor, N: builtins.int | None = ..., increasing: builtins.bool = ...) -> Tensor:
    """Vandermonde matrix: the powers N - 1 to 0 of each element. Shape: (n) to (n, N)."""
def var(input: Tensor, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Tensor:
    """Variance over `dim`: `sum((x - mean)^2) / (n - correction)`."""
def var_mean(input: Tensor, dim: builtins.int | tuple | builtins.bool | None = ..., unbiased: builtins.bool = ..., keepdim: builtins.bool = ..., *, correction: builtins.float | None = ...) -> Any:
    """Variance and mean over `dim`."""
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """`dot` with the complex conjugate of the first vector."""
def view_as_complex(input: Tensor) -> Tensor:
    """Pairs `(real, imaginary)` as complex numbers, a view. Shape: `(*, 2)` to `(*)`."""
def view_as_real(input: Tensor) -> Tensor:
    """Complex numbers as pairs `(real, imaginary)`, a view. Shape: `(*)` to `(*, 2)`."""
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple:
    """`tensor_split` along dimension 0, into equal pieces."""
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Rows one below another."""
def where(condition: Tensor, input: Any = ..., other: Any = ...) -> Any:
    """`input` where the condition holds, else `other`; the places where it holds without them."""
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """`input * log(other)`, and 0 where input is 0 unless other is NaN."""
def xlogy_(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """In-place form of `xlogy`."""
def zero_(input: Tensor) -> Tensor:
    """Every element becomes 0."""
def zeros(*size: Any, out: Tensor | None = ..., dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., pin_memory: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """A tensor of the given size, every element 0."""
def zeros_like(input: Tensor, *, dtype: Any = ..., layout: Any = ..., device: Any = ..., requires_grad: builtins.bool = ..., memory_format: Any = ...) -> Tensor:
    """`zeros` of the size, dtype and device of another tensor."""
