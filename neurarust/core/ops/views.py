"""Views: operations whose result shares its input's memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import Any

import jax.numpy as jnp
import numpy as np

from .. import dtype as dtypes
from ..define import METHODS, function, op, view
from ..errors import dimension, dimensions
from ..op import Array
from ..tensor.dispatch import call, check_writable
from ..tensor.tensor import Tensor, alias, new_object
from .reinterpreting import in_dtype

_INTEGERS = frozenset({int})


def sizes(operation: str, given: tuple) -> tuple[int, ...]:
    """`f(2, 3)`, `f((2, 3))` and `f(tensor.shape)` as a tuple of ints."""
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = tuple(given[0])
    if _INTEGERS.issuperset(map(type, given)):
        return given
    try:
        return tuple(int(one.__index__()) for one in given)
    except AttributeError:
        raise TypeError(f"{operation}: sizes must be integers, but got {given}") from None


@lru_cache(10_000)
def inferred(operation: str, shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """A target shape with its one -1 worked out."""
    known = math.prod(one for one in shape if one != -1)
    unknown = shape.count(-1)
    if unknown > 1:
        raise RuntimeError(
            f"{operation}: only one dimension can be inferred, but got {list(shape)}"
        )
    if any(one < -1 for one in shape):
        raise RuntimeError(f"{operation}: invalid shape dimension in {list(shape)}")
    if unknown:
        if known == 0:
            raise RuntimeError(
                f"{operation}: cannot reshape tensor of {count} elements into shape {list(shape)} "
                f"because the unspecified dimension size -1 can be any value"
            )
        if count % known:
            raise RuntimeError(
                f"{operation}: shape '{list(shape)}' is invalid for input of size {count}"
            )
        return tuple(count // known if one == -1 else one for one in shape)
    if known != count:
        raise RuntimeError(
            f"{operation}: shape '{list(shape)}' is invalid for input of size {count}"
        )
    return shape


def _restored(input: Array, part: Array, *_: Any) -> Array:
    """What a view that only rearranges dimensions of length one or reshapes writes back."""
    return part.reshape(input.shape)


# ------------------------------------------------------------------ shapes


@view(layout=lambda array, shape: array.reshape(shape, copy=False), write=_restored)
def _view(input: Array, shape):
    return input.reshape(shape)


_known_viewable: dict[tuple, bool] = {}


def _viewable(input: Tensor, shape: tuple[int, ...]) -> bool:
    """Whether the memory of a view can be looked at in another shape."""
    steps = input._steps
    if not steps:
        return True
    places = [(step.view, step.args, *step.kwargs.values()) for step in steps]
    key = (input._storage.value.aval, *places, shape)
    known = _known_viewable.get(key)
    if known is None:
        try:
            input._layout()[0].reshape(shape, copy=False)
            known = True
        except ValueError:
            known = False
        if len(_known_viewable) < 10_000:
            _known_viewable[key] = known
    return known


@function(name="view", namespace=())
def view_(input: Tensor, *shape: Any, dtype: Any = None) -> Tensor:
    """The same memory in another shape, of which one length may be -1, or read as another dtype.

    Given a dtype, the last dimension is as many times longer or shorter as that is smaller or
    larger; gradients stop.

    Raises:
        RuntimeError: if the element counts differ, or if the memory of a non-contiguous
            tensor cannot be looked at that way (use `reshape`).
    """
    if dtype is not None or len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        return in_dtype(input, shape[0] if dtype is None else dtype)
    target = inferred("view", sizes("view", shape), input.numel())
    if not _viewable(input, target):
        raise RuntimeError(
            f"view: size {list(target)} is not compatible with input tensor's size "
            f"{list(input.shape)} and stride {input.stride()} (at least one dimension spans "
            f"across two contiguous subspaces). Use .reshape(...) instead."
        )
    return _view(input, target)


@function(namespace=())
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`view` in the shape of another tensor."""
    return view_(input, other.shape)


@function()
def reshape(input: Tensor, *given: Any, shape: Any = None) -> Tensor:
    """Another shape; shares memory where it can, and copies otherwise."""
    wanted = sizes("reshape", given if shape is None else (shape,))
    target = inferred("reshape", wanted, input.numel())
    if not _viewable(input, target):
        return call(_view.op, (input, target))
    return _view(input, target)


@function(namespace=())
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`reshape` to the shape of another tensor."""
    return reshape(input, other.shape)


@function()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Dimensions `start_dim` to `end_dim` as one."""
    shape = input.shape
    first = dimension("flatten", start_dim, len(shape))
    last = dimension("flatten", end_dim, len(shape))
    if first > last:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, 1)
    if first == last:
        return input
    middle = math.prod(shape[first : last + 1])
    return reshape(input, shape[:first] + (middle,) + shape[last + 1 :])


@function()
def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension as several; one of `sizes` may be -1."""
    at = dimension("unflatten", dim, input.ndim)
    parts = inferred("unflatten", tuple(map(index, sizes)), input.shape[at])
    return reshape(input, input.shape[:at] + parts + input.shape[at + 1 :])


@function()
def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, -1)


@view(
    layout=lambda array, dims: np.squeeze(array, dims),
    write=_restored,
)
def _squeeze(input: Array, dims):
    return jnp.squeeze(input, dims)


@function()
def squeeze(input: Tensor, dim: int | tuple[int, ...] | None = None) -> Tensor:
    """Without the dimensions of length 1 (all of them, or those among `dim`)."""
    shape = input.shape
    dims = dimensions("squeeze", dim, len(shape))
    return _squeeze(input, tuple(one for one in dims if shape[one] == 1))


def _expanded_of(array: np.ndarray, dim: int) -> np.ndarray:
    shape, strides = list(array.shape), list(array.strides)
    # PyTorch's answer for a dimension of length one; NumPy has its own.
    step = shape[dim] * strides[dim] if dim < array.ndim else array.itemsize
    shape.insert(dim, 1)
    strides.insert(dim, step)
    return np.lib.stride_tricks.as_strided(array, shape, strides)


@view(layout=_expanded_of, write=_restored)
def _unsqueeze(input: Array, dim):
    return jnp.expand_dims(input, dim)


@function()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of length 1 at `dim`."""
    return _unsqueeze(input, dimension("unsqueeze", dim, input.ndim + 1))


def _unpermuted(input: Array, part: Array, dims: tuple[int, ...]) -> Array:
    return jnp.transpose(part, [dims.index(k) for k in range(len(dims))])


@view(layout=lambda array, dims: np.transpose(array, dims), write=_unpermuted)
def _permute(input: Array, dims):
    return jnp.transpose(input, dims)


@function()
def permute(input: Tensor, *given: Any, dims: Any = None) -> Tensor:
    """The dimensions in another order."""
    order = sizes("permute", given if dims is None else (dims,))
    if len(order) != input.ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {input.ndim} is not "
            f"equal to len(dims) = {len(order)}"
        )
    return _permute(input, dimensions("permute", order, input.ndim))


@function(aliases=("swapaxes", "swapdims"))
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged."""
    rank = input.ndim
    first, second = dimension("transpose", dim0, rank), dimension("transpose", dim1, rank)
    return _permute(input, _exchanged(first, second, rank))


@lru_cache(10_000)
def _exchanged(first: int, second: int, rank: int) -> tuple[int, ...]:
    """The order of dimensions with two of them exchanged."""
    order = list(range(rank))
    if order:
        order[first], order[second] = second, first
    return tuple(order)


@function()
def t(input: Tensor) -> Tensor:
    """A matrix transposed; tensors of fewer dimensions as they are."""
    if input.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    return _permute(input, tuple(reversed(range(input.ndim))))


@function(aliases=("moveaxis",))
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Dimensions `source` moved to `destination`; the others keep their order."""
    sources = dimensions("movedim", source, input.ndim)
    targets = dimensions("movedim", destination, input.ndim)
    if len(sources) != len(targets):
        raise RuntimeError(
            f"movedim: source {sources} and destination {targets} must have the same length"
        )
    order = [one for one in range(input.ndim) if one not in sources]
    for target, one in sorted(zip(targets, sources, strict=True)):
        order.insert(target, one)
    return _permute(input, tuple(order))


@view(layout=lambda array, shape: np.broadcast_to(array, shape), overlaps=True)
def _expand(input: Array, shape):
    return jnp.broadcast_to(input, shape)


@function(namespace=())
def expand(input: Tensor, *shape: Any, size: Any = None) -> Tensor:
    """Dimensions of length 1 repeated without a copy; -1 keeps a length.

    The result cannot be written in place: several of its elements are one.
    """
    target = list(sizes("expand", shape if size is None else (size,)))
    extra = len(target) - input.ndim
    if extra < 0:
        raise RuntimeError(
            f"expand: the number of sizes provided ({len(target)}) must be greater or equal to "
            f"the number of dimensions in the tensor ({input.ndim})"
        )
    for k, length in enumerate(input.shape):
        if target[extra + k] == -1:
            target[extra + k] = length
        elif length not in (1, target[extra + k]):
            raise RuntimeError(
                f"expand: The expanded size of the tensor ({target[extra + k]}) must match the "
                f"existing size ({length}) at non-singleton dimension {extra + k}.  Target sizes: "
                f"{target}.  Tensor sizes: {list(input.shape)}"
            )
    if any(one < 0 for one in target):
        raise RuntimeError(f"expand: -1 is not allowed in a leading, new dimension: {target}")
    return _expand(input, tuple(target))


@function(namespace=())
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`expand` to the shape of another tensor."""
    return expand(input, other.shape)


@function()
def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`expand` as a function."""
    return expand(input, tuple(size))


@function(namespace=("neurarust",), method=False)
def broadcast_tensors(*tensors: Tensor) -> list[Tensor]:
    """All tensors expanded to their common shape."""
    shape = np.broadcast_shapes(*(one.shape for one in tensors))
    return [expand(one, shape) for one in tensors]


# ------------------------------------------------------------------ parts


def _scattered(part_of: Any) -> Any:
    """The write of a view, from its layout: the elements it shows, by their positions."""

    def write(input: Array, part: Array, *args: Any) -> Array:
        positions = part_of(np.arange(input.size).reshape(input.shape), *args)
        flat = input.reshape(-1).at[positions.reshape(-1)].set(part.reshape(-1))
        return flat.reshape(input.shape)

    return write


@op(name="_write_places", method=False, namespace=())
def _write_places(input: Array, part: Array, places: Array):
    """The input with a part at these places of its flat form."""
    flat = input.reshape(-1).at[places.reshape(-1)].set(part.reshape(-1))
    return flat.reshape(input.shape)


def _diagonal_of(array: np.ndarray, offset: int, dim1: int, dim2: int) -> np.ndarray:
    return np.diagonal(array, offset, dim1, dim2)


@view(layout=_diagonal_of, write=_scattered(_diagonal_of))
def _diagonal(input: Array, offset, dim1, dim2):
    return jnp.diagonal(input, offset, dim1, dim2)


@function()
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of the matrices in dimensions `dim1` and `dim2`, as the last dimension."""
    first = dimension("diagonal", dim1, input.ndim)
    second = dimension("diagonal", dim2, input.ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal(input, offset, first, second)


def _strided_of(array: np.ndarray, size: tuple, stride: tuple, storage_offset: int) -> np.ndarray:
    flat = np.lib.stride_tricks.as_strided(array, (array.size,), (array.itemsize,))
    steps = [one * array.itemsize for one in stride]
    return np.lib.stride_tricks.as_strided(flat[storage_offset:], size, steps)


@view(layout=_strided_of, write=_scattered(_strided_of), overlaps=True)
def _as_strided(input: Array, size, stride, storage_offset):
    positions = _strided_of(np.arange(input.size), size, stride, storage_offset)
    return input.reshape(-1)[positions]


@function()
def as_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A view of the storage at `storage_offset` with any size and stride (in elements)."""
    offset = input.storage_offset() if storage_offset is None else storage_offset
    if input._steps is not None and input._storage.value.aval.dtype is not input.dtype:
        return _in_its_dtype(input, tuple(size), tuple(stride), offset)
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    base = input if input._steps is None else input._base
    first = 0 if base is input else input.storage_offset()
    if input._edge is not None and 0 <= offset - first and last - first < input.numel():
        # What lies inside a contiguous view is taken of it, so that gradients pass through it.
        if input.is_contiguous():
            return _as_strided(input, tuple(size), tuple(stride), offset - first)
    if base is None:
        base = alias(new_object(Tensor), input)
        base._steps = None
    if len(size) and 0 not in size and not 0 <= last < base.numel():
        raise RuntimeError(
            f"as_strided: sizes {list(size)}, strides {list(stride)} and offset {offset} reach "
            f"element {last} of a storage of {base.numel()}"
        )
    return _as_strided(base, tuple(size), tuple(stride), offset)


def _in_its_dtype(input: Tensor, size: tuple, stride: tuple, offset: int) -> Tensor:
    """`as_strided` of a view that reads its storage in another dtype, within what it shows."""
    first = offset - input.storage_offset()
    last = first + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if not input.is_contiguous() or first < 0 or not last < input.numel():
        raise RuntimeError(
            f"as_strided: sizes {list(size)}, strides {list(stride)} and offset {offset} must stay "
            f"within a contiguous {input.dtype} view of {input._storage.value.aval.dtype} memory. "
            f"Use .clone() first"
        )
    return _as_strided(input, size, stride, first)


def _windows_of(array: np.ndarray, dim: int, size: int, step: int) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(array, size, dim)
    return windows[(slice(None),) * dim + (slice(None, None, step),)]


@view(layout=_windows_of, write=_scattered(_windows_of), overlaps=True)
def _unfold(input: Array, dim, size, step):
    starts = np.arange(0, input.shape[dim] - size + 1, step)
    positions = starts[:, None] + np.arange(size)
    return jnp.moveaxis(jnp.take(input, positions, axis=dim), dim + 1, -1)


@function(namespace=())
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Windows of `size` elements every `step` along a dimension, as a new last dimension."""
    length = input.shape[dimension] if input.ndim else 1
    if size > length or size < 0 or step <= 0:
        raise RuntimeError(
            f"unfold: maximum size for tensor at dimension {dimension} is {length}, but size is "
            f"{size} with step {step}"
        )
    if not input.ndim:
        return unsqueeze(input, 0)
    return _unfold(input, dimension % input.ndim, size, step)


@function(namespace=("neurarust",))
def detach(input: Tensor) -> Tensor:
    """The same memory, off the tape: no gradient flows back through it."""
    return alias(new_object(Tensor), input)


@function(namespace=())
def detach_(input: Tensor) -> Tensor:
    """Takes the tensor itself off the tape."""
    if input._base is not None:
        raise RuntimeError("Can't detach views in-place. Use detach() instead.")
    input._edge = None
    return input


# ------------------------------------------------------------------ in place

_STATE = ("_storage", "_steps", "_base", "_cache", "_seen", "_edge")


def _become(tensor: Tensor, taken: Any) -> Tensor:
    """Turns a tensor into a view of what it was: `taken(old self)`."""
    before = alias(new_object(Tensor), tensor)
    before._base, before._edge = tensor._base, tensor._current_edge()
    leaf = tensor.is_leaf and tensor.requires_grad
    seen = taken(before)
    if seen is not before:
        for name in _STATE:
            setattr(tensor, name, getattr(seen, name))
        if leaf:
            tensor._edge = None
            tensor.requires_grad = True
    return tensor


def _reshaping(name: str, taken: Any) -> None:
    def inplace(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        check_writable(name, input)
        return _become(input, lambda before: taken(before, *args, **kwargs))

    inplace.__name__ = inplace.__qualname__ = name
    inplace.__doc__ = f"In-place form of `{name[:-1]}`: the tensor itself gets the new shape."
    METHODS[name] = inplace


for _name, _taken in {
    "squeeze_": squeeze, "unsqueeze_": unsqueeze, "t_": t, "transpose_": transpose,
    "swapaxes_": transpose, "swapdims_": transpose,
}.items():  # fmt: skip
    _reshaping(_name, _taken)
