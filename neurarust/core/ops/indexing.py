"""Indexing and item assignment: `x[...]` and `x[...] = y` in all of PyTorch's forms."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .. import dtype as dtypes
from ..define import METHODS, function, op, view
from ..device import CPU
from ..errors import dimension
from ..op import Array, Arrays, Index, Operand
from ..tensor.dispatch import attach, call, call_inplace, check_writable, write
from ..tensor.storage import Step
from ..tensor.tensor import Tensor, from_host, known_host, wrap
from .arithmetic import masked_fill
from .elementwise import cast

# A spec says for each dimension of the input what to take: ("int", k), ("slice", start,
# length, step), where k or start is None when it travels as data; ("new",) adds a dimension.
WHOLE = ("slice", 0, None, 1)


class Spec(tuple):
    """A finished spec: hashed as it is, without a look at its parts."""

    __slots__ = ()


def _bounds(starts: tuple, spec: tuple, shape: tuple[int, ...]) -> tuple[list, list, list]:
    """Start, length and step of every dimension of the input."""
    given = iter(starts)
    begins, lengths, steps = [], [], []
    taken = [one for one in spec if one[0] != "new"]
    for size, one in zip(shape, taken, strict=True):
        begin = next(given) if one[1] is None else one[1]
        begins.append(begin)
        lengths.append(1 if one[0] == "int" else size if one[2] is None else one[2])
        steps.append(1 if one[0] == "int" else one[3])
    return begins, lengths, steps


def _numpy_part(array: np.ndarray, *starts: int, spec: tuple) -> np.ndarray:
    begins, lengths, steps = _bounds(starts, spec, array.shape)
    index: list[Any] = []
    position = 0
    for one in spec:
        if one[0] == "new":
            index.append(None)
            continue
        begin, length, step = begins[position], lengths[position], steps[position]
        index.append(begin if one[0] == "int" else slice(begin, begin + length * step, step))
        position += 1
    # The ellipsis makes NumPy return a view, not a number, where no dimension is left.
    return array[(..., *index)]


def _result_shape(lengths: list[int], spec: tuple) -> list[int]:
    shape = []
    position = 0
    for one in spec:
        if one[0] == "new":
            shape.append(1)
            continue
        if one[0] != "int":
            shape.append(lengths[position])
        position += 1
    return shape


def _write_part(input: Array, part: Array, *starts: Any, spec: tuple) -> Array:
    begins, lengths, steps = _bounds(starts, spec, input.shape)
    part = part.reshape(lengths)
    if all(step == 1 for step in steps):
        return lax.dynamic_update_slice(input, part, begins)
    index = tuple(
        begin + jnp.arange(length) * step
        for begin, length, step in zip(begins, lengths, steps, strict=True)
    )
    return input.at[jnp.ix_(*index)].set(part)


@view(layout=_numpy_part, write=_write_part, name="getitem")
def _part(input: Array, *starts: Index, spec):
    begins, lengths, steps = _bounds(starts, spec, input.shape)
    spans = [(n - 1) * step + 1 if n else 0 for n, step in zip(lengths, steps, strict=True)]
    if starts:
        begins = [jnp.asarray(one, jnp.int64) for one in begins]
        taken = lax.dynamic_slice(input, begins, spans)
        begins = [0] * len(begins)
    else:
        taken = input
    ends = [begin + span for begin, span in zip(begins, spans, strict=True)]
    taken = lax.slice(taken, begins, ends, steps)
    return taken.reshape(_result_shape(lengths, spec))


@op(name="index", method=False, namespace=())
def _gather(input: Array, indices: Arrays, dims):
    full: list[Any] = [slice(None)] * input.ndim
    for dim, index in zip(dims, indices, strict=True):
        full[dim] = index
    if jnp.issubdtype(input.dtype, jnp.inexact):
        return input.at[tuple(full)].get(mode="fill", fill_value=jnp.nan)
    return input.at[tuple(full)].get(mode="clip", wrap_negative_indices=True)


@op(name="_index_put", method=False, namespace=())
def _scatter(input: Array, values: Operand, indices: Arrays, dims, accumulate):
    full: list[Any] = [slice(None)] * input.ndim
    for dim, index in zip(dims, indices, strict=True):
        full[dim] = index
    at = input.at[tuple(full)]
    values = cast(values, input.dtype)
    shape = jax.eval_shape(lambda one: one[tuple(full)], input).shape
    if np.broadcast_shapes(values.shape, shape) != shape:
        # Leading dimensions of length one may be left over, as in PyTorch.
        values = values.reshape(values.shape[values.ndim - len(shape) :])
    if accumulate:
        return at.max(values) if input.dtype == jnp.bool_ else at.add(values)
    return at.set(values)


@op(name="_assign", method=False, namespace=())
def assign(input: Array, value: Operand):
    """`value` broadcast to the shape of `input`, in its dtype."""
    shape = value.shape
    while len(shape) > input.ndim and shape[0] == 1:
        shape = shape[1:]
    fits = len(shape) <= input.ndim and all(
        one in (1, other)
        for one, other in zip(reversed(shape), reversed(input.shape), strict=False)
    )
    if not fits:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to "
            f"the written part of shape {list(input.shape)}"
        )
    if jnp.iscomplexobj(value) and not jnp.iscomplexobj(input):
        value = value.real
    return jnp.broadcast_to(cast(value.reshape(shape), input.dtype), input.shape)


# ------------------------------------------------------------------ reading an index


class _Index:
    """An index expression taken apart: a basic part, and tensors for what is left of it."""

    __slots__ = ("spec", "starts", "tensors", "dims", "plain")

    def __init__(self) -> None:
        self.spec: list[tuple] = []
        self.starts: list[int] = []
        self.tensors: list[Tensor] = []
        # Dimensions, after the basic part, that the tensors index.
        self.dims: list[int] = []
        # The basic part is the whole tensor.
        self.plain = True


def _parse(tensor: Tensor, index: Any) -> _Index:
    items = [*map(_as_mask, index if isinstance(index, tuple) else (index,))]
    shape = tensor._aval().shape
    used = sum(_consumes(one) for one in items)
    if used > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    dots = [k for k, one in enumerate(items) if one is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    fill: list[Any] = [slice(None)] * (len(shape) - used)
    at = dots[0] if dots else len(items)
    items[at : at + 1 if dots else at] = fill
    parsed = _Index()
    # Starts are data where the array is there: a walk over it compiles once, not per position.
    moving = tensor._value().array is not None
    position = 0
    out = 0
    for one in items:
        position, out = _parse_one(parsed, one, shape, position, out, moving)
    return parsed


def _as_mask(one: Any) -> Any:
    """An item of an index; one of bytes is a mask, as masks were once."""
    if not isinstance(one, Tensor) or one.dtype is not dtypes.uint8:
        return one
    warnings.warn("indexing with uint8 is deprecated: use a bool mask", UserWarning, stacklevel=4)
    return one != 0


def _consumes(one: Any) -> int:
    """How many dimensions of the tensor an item of an index uses up."""
    if one is None or one is Ellipsis or isinstance(one, (bool, np.bool_)):
        return 0
    if isinstance(one, Tensor) and one.dtype.category == dtypes.BOOL:
        return one.ndim
    if isinstance(one, np.ndarray) and one.dtype == np.bool_:
        return one.ndim
    if isinstance(one, list) and one and _depth_of_bools(one):
        return _depth_of_bools(one)
    return 1


def _depth_of_bools(one: Any) -> int:
    depth = 0
    while isinstance(one, list) and one:
        depth += 1
        one = one[0]
    return depth if isinstance(one, bool) else 0


def _parse_one(
    parsed: _Index, one: Any, shape: tuple[int, ...], position: int, out: int, moving: bool
) -> tuple[int, int]:
    """Adds one item; returns the next dimension of the tensor and of the basic part."""
    if one is None:
        parsed.spec.append(("new",))
        parsed.plain = False
        return position, out + 1
    if isinstance(one, np.ndarray):
        one = _host_tensor(one)
    if isinstance(one, (bool, np.bool_)) or _is_truth(one):
        parsed.spec.append(("new",))
        parsed.plain = False
        parsed.tensors.append(_host_tensor(np.zeros(int(one), np.int64)))
        parsed.dims.append(out)
        return position, out + 1
    if isinstance(one, slice):
        parsed.spec.append(_slice(parsed, one, shape[position], moving))
        return position + 1, out + 1
    if isinstance(one, (list, range, tuple)):
        one = _host_tensor(np.asarray(one) if len(one) else np.zeros(0, np.int64))
    if isinstance(one, Tensor):
        return _parse_tensor(parsed, one, shape, position, out)
    try:
        number = operator.index(one)
    except TypeError:
        raise IndexError(
            f"only integers, slices (`:`), ellipsis (`...`), None and long or bool Tensors are "
            f"valid indices (got {type(one).__name__})"
        ) from None
    size = shape[position]
    if not -size <= number < size:
        raise IndexError(
            f"index {number} is out of bounds for dimension {position} with size {size}"
        )
    parsed.plain = False
    if moving:
        parsed.spec.append(("int", None))
        parsed.starts.append(number % size)
    else:
        parsed.spec.append(("int", number % size))
    return position + 1, out


def _is_truth(one: Any) -> bool:
    """Whether an item is a mask of no dimension, like True itself."""
    return isinstance(one, Tensor) and not one.ndim and one.dtype.category == dtypes.BOOL


def _slice(parsed: _Index, one: slice, size: int, moving: bool) -> tuple:
    if one.start is None and one.stop is None and one.step is None:
        return WHOLE
    if one.step is not None and operator.index(one.step) <= 0:
        raise ValueError("slice step must be positive")
    bounds = [None if k is None else operator.index(k) for k in (one.start, one.stop, one.step)]
    start, stop, step = slice(*bounds).indices(size)
    length = len(range(start, stop, step))
    if length == size and step == 1:
        return WHOLE
    parsed.plain = False
    if moving and length:
        parsed.starts.append(start)
        return ("slice", None, length, step)
    return ("slice", start if length else 0, length, step)


def _parse_tensor(
    parsed: _Index, one: Tensor, shape: tuple[int, ...], position: int, out: int
) -> tuple[int, int]:
    if one.dtype.category == dtypes.BOOL:
        found = shape[position : position + one.ndim]
        if tuple(one.shape) != tuple(found):
            raise IndexError(
                f"The shape of the mask {list(one.shape)} at index {position} does not match the "
                f"shape of the indexed tensor {list(shape)} at index {position}"
            )
        for place in _true_places(one._host()):
            parsed.spec.append(WHOLE)
            parsed.tensors.append(_host_tensor(place))
            parsed.dims.append(out)
            out += 1
        return position + one.ndim, out
    if one.dtype.category != dtypes.INTEGER:
        raise IndexError(
            f"tensors used as indices must be long, int, byte or bool tensors (got {one.dtype})"
        )
    _check_positions(one, position, shape[position])
    parsed.spec.append(WHOLE)
    parsed.tensors.append(one)
    parsed.dims.append(out)
    return position + 1, out + 1


def outside(index: Tensor, low: int, high: int) -> int | None:
    """A position outside of `[low, high)`, if the positions are known already; else None."""
    host = known_host(index)
    if host is None or not host.size:
        return None
    least, most = host.min(), host.max()
    return int(most) if most >= high else int(least) if least < low else None


def _check_positions(index: Tensor, position: int, size: int) -> None:
    """Positions that are known already are checked; recorded ones give NaN out of bounds."""
    worst = outside(index, -size, size)
    if worst is not None:
        raise IndexError(
            f"index {worst} is out of bounds for dimension {position} with size {size}"
        )


def _true_places(array: np.ndarray) -> tuple[np.ndarray, ...]:
    """`np.nonzero`, which takes twice as long for several dimensions."""
    return np.unravel_index(np.flatnonzero(array), array.shape)


def _host_tensor(array: np.ndarray) -> Tensor:
    """A tensor with a copy of an array, which may be the user's: it is read later."""
    kind = np.int64 if array.dtype.kind in "iu" else array.dtype
    return wrap(from_host(np.array(array, kind, order="C"), CPU), None)


# ------------------------------------------------------------------ x[...] and x[...] = y


def getitem(input: Tensor, index: Any) -> Tensor:
    """`input[index]`: a view for ints, slices, None and `...`; a copy for tensors and masks."""
    if type(index) is int:
        return _row(input, index)
    parsed = _parse(input, index)
    part = input if parsed.tensors and parsed.plain else _taken(input, parsed)
    if parsed.tensors:
        return call(_gather.op, (part, _placed(input, parsed.tensors), tuple(parsed.dims)))
    return part


_rows: dict[tuple[int, int | None], Spec] = {}


def _row(input: Tensor, index: int) -> Tensor:
    """The commonest index, one int, with little ado."""
    value = input._value()
    shape = value.aval.shape
    size = shape[0] if shape else 0
    if not -size <= index < size:
        if not shape:
            raise IndexError("invalid index of a 0-dim tensor. Use tensor.item()")
        raise IndexError(f"index {index} is out of bounds for dimension 0 with size {size}")
    if index < 0:
        index += size
    known = None if value.array is not None else index
    spec = _rows.get((len(shape), known))
    if spec is None:
        spec = _rows[(len(shape), known)] = Spec((("int", known),) + (WHOLE,) * (len(shape) - 1))
    starts = (index,) if known is None else ()
    static = {"spec": spec}
    return attach(call(_part.op, (input, *starts), static), input, Step(_part.view, starts, static))


def _taken(input: Tensor, parsed: _Index) -> Tensor:
    spec = Spec(parsed.spec)
    seen = call(_part.op, (input, *parsed.starts), {"spec": spec})
    return attach(seen, input, Step(_part.view, tuple(parsed.starts), {"spec": spec}))


def _placed(input: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    """Index tensors on the indexed tensor's device."""
    device = input.device
    return [one if one.device is device else one.to(device) for one in tensors]


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """`input[index] = value`, with gradients to both."""
    check_writable("setitem", input)
    if isinstance(value, (list, tuple, np.ndarray)):
        value = _host_tensor(np.asarray(value))
    dtypes.check_holds(input.dtype, value)
    if _fills_mask(input, index, value):
        call_inplace(masked_fill.op, input, (index, value), {})
        return
    parsed = _parse(input, index)
    part = input if parsed.plain else _taken(input, parsed)
    if parsed.tensors:
        args = (part, value, _placed(input, parsed.tensors), tuple(parsed.dims), False)
        write(part, call(_scatter.op, args))
    else:
        write(part, call(assign.op, (part, value)))


def _fills_mask(input: Tensor, index: Any, value: Any) -> bool:
    """A mask of the whole tensor and one number: no need to look at the mask."""
    if not isinstance(index, Tensor) or index.dtype.category != dtypes.BOOL:
        return False
    single = isinstance(value, (int, float, complex)) or (
        isinstance(value, Tensor) and not value.ndim
    )
    return single and index.shape == input.shape and not isinstance(value, complex)


METHODS["__getitem__"] = getitem
METHODS["__setitem__"] = setitem


# ------------------------------------------------------------------ by name


@function()
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """The slice at `index` of a dimension, which goes away; shares memory."""
    at = dimension("select", dim, input.ndim)
    return getitem(input, (slice(None),) * at + (index,))


@function()
def narrow(input: Tensor, dim: int, start: Any, length: int) -> Tensor:
    """`length` elements of a dimension from `start`; shares memory."""
    at = dimension("narrow", dim, input.ndim)
    if not input.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start.ndim or start.dtype.category != dtypes.INTEGER):
        raise RuntimeError(f"narrow: start must be a 0-dim integer tensor, but got {start.dtype}")
    start = int(start)
    size = input.shape[at]
    if not -size <= start <= size:
        raise IndexError(
            f"narrow: start out of range (expected to be in range of [{-size}, {size}], but got "
            f"{start})"
        )
    if start < 0:
        start += size
    if length < 0 or not 0 <= start <= size - length:
        raise RuntimeError(
            f"narrow: start ({start}) + length ({length}) exceeds dimension size ({size})."
        )
    return getitem(input, (slice(None),) * at + (slice(start, start + length),))


@function(inplace=True)
def index_put(input: Tensor, indices: tuple, values: Tensor, accumulate: bool = False) -> Tensor:
    """`input[indices] = values`, or `+=` with `accumulate`, as a new tensor."""
    parsed = _parse(input, tuple(slice(None) if one is None else one for one in indices))
    placed = _placed(input, parsed.tensors)
    return call(_scatter.op, (input, values, placed, tuple(parsed.dims), accumulate))


# ------------------------------------------------------------------ shapes that depend on data


@function(out=True)
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The positions of elements that are not zero; looks at the data.

    Shape: (count, ndim), or with `as_tuple` one 1-D tensor a dimension.
    """
    places = _true_places(np.atleast_1d(input._host()))
    if as_tuple:
        return tuple(_host_tensor(one) for one in places)
    if not input.ndim:
        return _host_tensor(np.zeros((len(places[0]), 0), np.int64))
    return _host_tensor(np.stack(places, 1))


@function()
def argwhere(input: Tensor) -> Tensor:
    """The positions of elements that are not zero, one a row; looks at the data."""
    return nonzero(input)


@function(out="same dtype, apart")
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements where the mask holds, in one dimension; looks at the mask."""
    shape = np.broadcast_shapes(input.shape, mask.shape)
    return getitem(input.expand(shape), mask.expand(shape))
