"""Tensors put together from others, taken apart, and asked about what they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from .. import dtype as dtypes
from ..define import function, op
from ..errors import fail
from ..op import Array, Arrays
from ..tensor.dispatch import call, check_writable
from ..tensor.tensor import Tensor
from .conversion import clone, convert, fill_, resize_, zero_
from .elementwise import is_complex, is_float
from .indexing import narrow
from .movement import chunk, meshgrid, split, split_equally, stack
from .reduce import sum as sum_over
from .reinterpreting import conj
from .views import _become, as_strided, diagonal, reshape, sizes, transpose

# ------------------------------------------------------------------ put together


@op(name="_block_diag", promote="same", method=False, namespace=())
def _block_diag(tensors: Arrays):
    blocks = []
    for one in tensors:
        if one.ndim > 2:
            fail("block_diag", f"shape {tuple(one.shape)}", "at most two dimensions each")
        blocks.append(jnp.atleast_2d(one))
    width = sum(one.shape[1] for one in blocks)
    rows, before = [], 0
    for one in blocks:
        rows.append(jnp.pad(one, ((0, 0), (before, width - before - one.shape[1]))))
        before += one.shape[1]
    return jnp.concatenate(rows)


@function(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """A matrix with the given ones along its diagonal, 0 elsewhere."""
    if not tensors:
        return _block_diag([call(_nothing.op, ())])
    return _block_diag(list(tensors))


@op(name="_nothing", method=False, namespace=())
def _nothing():
    return jnp.zeros((1, 0), dtypes.default_dtype().dtype)


@function(method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """All choices of one element of each vector, one a row; of a single vector itself."""
    for one in tensors:
        if one.ndim != 1:
            fail("cartesian_prod", f"shape {tuple(one.shape)}", "one dimension each")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(one, -1) for one in meshgrid(*tensors)], 1)


@op()
def diagflat(input: Array, offset: int = 0):
    """The elements as the diagonal of a matrix."""
    return jnp.diag(input.reshape(-1), offset)


@function(method=False)
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that tensors of the given shapes are broadcast to."""
    try:
        given = [one if isinstance(one, int) else tuple(one) for one in shapes]
        shape = np.broadcast_shapes(*given)
    except ValueError as error:
        raise RuntimeError(f"broadcast_shapes: {error}") from None
    if any(one < 0 for one in shape):
        fail("broadcast_shapes", f"{shape}", "no negative sizes")
    return shape


@op(name="_unravel_index", method=False, namespace=(), differentiable=False)
def _unravel_index(indices: Array, shape):
    return tuple(one.astype(jnp.int64) for one in jnp.unravel_index(indices, shape))


@function(method=False)
def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates of positions in a flat tensor of a shape, one tensor a dimension."""
    if indices.dtype.category != dtypes.INTEGER:
        fail("unravel_index", f"indices of {indices.dtype}", "integers", kind=ValueError)
    lengths = (shape,) if isinstance(shape, int) else tuple(int(one) for one in shape)
    if any(one < 0 for one in lengths):
        fail("unravel_index", f"shape {lengths}", "no negative sizes", kind=ValueError)
    return _unravel_index(indices, lengths)


# ------------------------------------------------------------------ taken apart


@function()
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple:
    """`tensor_split` along dimension 2, into equal pieces."""
    return split_equally("dsplit", input, indices_or_sections, 3, 2)


@function()
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple:
    """`chunk` into copies."""
    return tuple(map(clone, chunk(input, chunks, dim)))


@function()
def unsafe_split(input: Tensor, split_size: Any, dim: int = 0) -> tuple:
    """`split` into copies."""
    return tuple(map(clone, split(input, split_size, dim)))


@function(out=True)
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A copy of `narrow`."""
    return clone(narrow(input, dim, start, length))


@function()
def adjoint(input: Tensor) -> Tensor:
    """The conjugate of the last two dimensions exchanged."""
    if input.ndim < 2:
        fail("adjoint", f"shape {tuple(input.shape)}", "two dimensions or more")
    return conj(transpose(input, -2, -1))


@function(namespace=())
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """Summed over the dimensions in which a shape that broadcasts to this one is smaller."""
    target = sizes("sum_to_size", size)
    extra = input.ndim - len(target)
    if extra < 0 or any(
        one not in (1, length) for one, length in zip(target, input.shape[extra:], strict=True)
    ):
        fail("sum_to_size", f"{target} from {tuple(input.shape)}", "a size that expands to it")
    dims = [k for k in range(input.ndim) if k < extra or target[k - extra] != input.shape[k]]
    if dims:
        return reshape(sum_over(input, tuple(dims), True), target)
    return convert(input, dtype=input.dtype if input.dtype.category > 1 else dtypes.int64)


class FrexpResult(NamedTuple):
    """The result of `frexp`."""

    mantissa: Array
    exponent: Array


@op(out="same dtype")
def frexp(input: Array):
    """Mantissa in (-1, 1), of size 1/2 or more, and exponent: `input = mantissa * 2^exponent`."""
    if not is_float(input) or is_complex(input):
        fail("frexp", str(input.dtype), "floating-point numbers")
    _, exponent = jnp.frexp(input)
    finite = jnp.isfinite(input)
    # In two steps: 2^-exponent alone may be infinite.
    half = exponent // 2
    scaled = jnp.where(finite, input, 0) * jnp.exp2(-half.astype(input.dtype))
    scaled = scaled * jnp.exp2((half - exponent).astype(input.dtype))
    return FrexpResult(jnp.where(finite, scaled, input), jnp.where(finite, exponent, 0))


# ------------------------------------------------------------------ questions


@function(namespace=("neurarust",), method=False)
def is_signed(input: Tensor) -> bool:
    """Whether the dtype holds negative numbers."""
    return input.dtype.is_signed


@function(namespace=("neurarust",), method=False)
def is_nonzero(input: Tensor) -> bool:
    """Whether the one element is not 0; looks at it."""
    if input.numel() != 1:
        fail("is_nonzero", f"{input.numel()} elements", "one: the truth of several is ambiguous")
    return bool(input.item())


@function()
def is_neg(input: Tensor) -> bool:
    """Whether a change of sign is still to be done: never, it is done at once."""
    return False


@function()
def is_inference(input: Tensor) -> bool:
    """Whether a tensor was made in `inference_mode`: never known, tensors are all alike."""
    return False


@function()
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: changes of sign are done at once."""
    return input


@function(namespace=())
def to_dense(input: Tensor, dtype: Any = None, *, masked_grad: bool = True) -> Tensor:
    """The tensor itself, which is dense."""
    return convert(input, dtype=dtype)


@function(name="type", namespace=())
def type_(input: Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, or the tensor in another dtype."""
    if dtype is None:
        return f"torch.{TYPES.get(input.dtype.name, input.dtype.name.title())}Tensor"
    if isinstance(dtype, str):
        short = dtype.removeprefix("torch.").removesuffix("Tensor")
        dtype = {shown: name for name, shown in TYPES.items()}.get(short, short.lower())
    return convert(input, dtype=dtypes.BY_NAME[dtype] if isinstance(dtype, str) else dtype)


TYPES = {
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double",
    "complex64": "ComplexFloat", "complex128": "ComplexDouble", "bool": "Bool", "uint8": "Byte",
    "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
}  # fmt: skip


# ------------------------------------------------------------------ in place


@function(method=False)
def fill(input: Tensor, value: Any) -> Tensor:
    """A tensor like the input, every element `value`."""
    return fill_(clone(input), value)


@function(namespace=())
def fill_diagonal_(input: Tensor, fill_value: float, wrap: bool = False) -> Tensor:
    """The main diagonal becomes one number.

    Args:
        wrap: whether the diagonal of a tall matrix starts again below itself.
    """
    if input.ndim < 2:
        fail("fill_diagonal_", f"shape {tuple(input.shape)}", "two dimensions or more")
    if input.ndim > 2 and len(set(input.shape)) > 1:
        fail("fill_diagonal_", f"shape {tuple(input.shape)}", "equal sizes above two dimensions")
    check_writable("fill_diagonal_", input)
    rows, columns = input.shape[:2]
    if input.ndim == 2:
        starts = range(0, rows, columns + 1) if wrap and rows > columns else (0,)
        for start in starts:
            fill_(diagonal(narrow(input, 0, start, rows - start)), fill_value)
        return input
    length, steps = input.shape[0], input.stride()
    fill_(as_strided(input, (length,), (sum(steps),), input.storage_offset()), fill_value)
    return input


@function(namespace=())
def as_strided_(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """In-place form of `as_strided`: the tensor itself looks at its memory anew."""
    return _become(input, lambda before: as_strided(before, size, stride, storage_offset))


@function(namespace=("neurarust",), method=True)
def resize_as_(input: Tensor, other: Tensor, memory_format: Any = None) -> Tensor:
    """`resize_` to the shape of another tensor."""
    return resize_(input, other.shape)


for _name, _written in {"fill_": fill_, "zero_": zero_}.items():
    function(method=False, name=_name)(_written)
