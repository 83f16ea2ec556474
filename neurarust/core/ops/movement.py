"""Joining, splitting, repeating, rearranging and converting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from ..define import METHODS, function, op
from ..errors import dimension, dimensions, fail
from ..op import Array, Arrays, Operand
from ..tensor.dispatch import attach, call
from ..tensor.storage import Step
from ..tensor.tensor import Tensor
from .indexing import _part, getitem
from .views import reshape, sizes

# ------------------------------------------------------------------ joining and splitting


@op(promote="same", method=False, aliases=("concat", "concatenate"), out="apart")
def cat(tensors: Arrays, dim=0):
    """The tensors one after another along an existing dimension.

    Raises:
        RuntimeError: if there are none, or if they differ in another dimension.
    """
    if not tensors:
        fail("cat", "an empty list", "a non-empty list of Tensors", kind=ValueError)
    if any(not one.ndim for one in tensors):
        fail("cat", "a tensor without dimensions", "at least one", "Use stack for scalars")
    kept = [one for one in tensors if one.shape != (0,)] or tensors[:1]
    at = dimension("cat", dim, kept[0].ndim)
    for one in kept[1:]:
        same = one.ndim == kept[0].ndim and all(
            k == at or a == b
            for k, (a, b) in enumerate(zip(one.shape, kept[0].shape, strict=False))
        )
        if not same:
            fail(
                "cat", f"shapes {[list(each.shape) for each in tensors]}",
                f"tensors of equal sizes except in dimension {at}",
            )  # fmt: skip
    return jnp.concatenate(kept, axis=at)


@op(promote="same", method=False)
def stack(tensors: Arrays, dim=0):
    """Tensors of one shape along a new dimension."""
    if not tensors:
        fail("stack", "an empty list", "a non-empty list of Tensors")
    if any(one.shape != tensors[0].shape for one in tensors):
        fail("stack", f"shapes {[list(one.shape) for one in tensors]}", "tensors of equal size")
    return jnp.stack(tensors, axis=dimension("stack", dim, tensors[0].ndim + 1))


def _at_least(count: int) -> Any:
    shaped = {1: jnp.atleast_1d, 2: jnp.atleast_2d, 3: jnp.atleast_3d}[count]

    def at_least(*tensors: Any) -> Any:
        given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
        shapes = [shaped(np.broadcast_to(np.int8(0), one.shape)).shape for one in given]
        made = tuple(reshape(one, shape) for one, shape in zip(given, shapes, strict=True))
        return made[0] if isinstance(tensors[0], Tensor) and len(tensors) == 1 else made

    at_least.__name__ = f"atleast_{count}d"
    at_least.__doc__ = f"Each tensor with at least {count} dimensions."
    return function(method=False)(at_least)


atleast_1d, atleast_2d, atleast_3d = (_at_least(count) for count in (1, 2, 3))


def _some(operation: str, tensors: Sequence[Tensor]) -> None:
    if not tensors:
        fail(operation, "an empty list", "a non-empty list of Tensors")


@function(method=False, out=True, aliases=("row_stack",))
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Rows one below another."""
    _some("vstack", tensors)
    return cat([atleast_2d(one) for one in tensors], 0)


@function(method=False, out=True)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Side by side: along dimension 0 for 1-D tensors, else along dimension 1."""
    _some("hstack", tensors)
    shaped = [atleast_1d(one) for one in tensors]
    return cat(shaped, 0 if shaped and shaped[0].ndim == 1 else 1)


@function(method=False, out=True)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """One behind another, along dimension 2."""
    _some("dstack", tensors)
    return cat([atleast_3d(one) for one in tensors], 2)


@function(method=False, out=True)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """1-D tensors as columns of a matrix."""
    return hstack([reshape(one, -1, 1) if one.ndim < 2 else one for one in tensors])


@op(name="split.parts", method=False, namespace=())
def _pieces(input: Array, lengths, dim):
    return lax.split(input, lengths, dim)


@op(name="unbind.parts", method=False, namespace=())
def _slices(input: Array, dim):
    return [jnp.squeeze(one, dim) for one in jnp.split(input, input.shape[dim], dim)]


def _as_views(input: Tensor, parts: list[Tensor], specs: list[tuple]) -> tuple[Tensor, ...]:
    """Results of one recorded call as views of their places in `input`."""
    return tuple(
        attach(part, input, Step(_part.view, (), {"spec": spec}))
        for part, spec in zip(parts, specs, strict=True)
    )


def _cut(input: Tensor, lengths: Sequence[int], dim: int) -> tuple[Tensor, ...]:
    parts = call(_pieces.op, (input, tuple(lengths), dim))
    whole = ("slice", 0, None, 1)
    specs = []
    start = 0
    for length in lengths:
        spec = [whole] * input.ndim
        spec[dim] = ("slice", start, length, 1)
        specs.append(tuple(spec))
        start += length
    return _as_views(input, parts, specs)


@function()
def split(input: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple:
    """Pieces of a given length (the last may be shorter), or of given lengths; views."""
    at = dimension("split", dim, input.ndim)
    if not input.ndim:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    length = input.shape[at]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size < 0 or (size == 0 and length):
            raise RuntimeError(f"split expects split_size be positive, but got split_size={size}")
        lengths = [min(size, length - k) for k in range(0, length, size)] if length else [0]
    else:
        lengths = [int(one) for one in split_size_or_sections]
        if sum(lengths) != length or min(lengths, default=0) < 0:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's "
                f"size at dimension {at}), but got split_sizes={lengths}"
            )
    return _cut(input, lengths, at)


@function()
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple:
    """At most `chunks` pieces of equal length (the last may be shorter); views."""
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    at = dimension("chunk", dim, input.ndim)
    return split(input, max(-(-input.shape[at] // chunks), 1), at)


@function()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple:
    """Pieces of lengths as equal as can be, or cut at given positions; views."""
    if not input.ndim:
        fail("tensor_split", "a tensor with no dimensions", "at least 1")
    at = dimension("tensor_split", dim, input.ndim)
    length = input.shape[at]
    given = indices_or_sections
    if isinstance(given, Tensor):
        given = given.tolist()
    if isinstance(given, int):
        if given <= 0:
            raise RuntimeError(
                f"tensor_split: number of sections must be larger than 0, got {given}"
            )
        small, more = divmod(length, given)
        return _cut(input, [small + (k < more) for k in range(given)], at)
    return tuple(
        getitem(input, (slice(None),) * at + (slice(a, b),))
        for a, b in zip((None, *given), (*given, None), strict=True)
    )


def split_equally(operation: str, input: Tensor, given: Any, least: int, dim: int) -> tuple:
    """`tensor_split` of tensors with `least` dimensions or more, into equal pieces."""
    if input.ndim < least:
        fail(operation, f"shape {tuple(input.shape)}", f"{least} dimensions or more")
    if isinstance(given, int) and (given <= 0 or input.shape[dim] % given):
        fail(operation, f"{given} pieces of {input.shape[dim]}", "equal ones")
    return tensor_split(input, given, dim)


@function()
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple:
    """`tensor_split` along dimension 1 (0 for 1-D tensors), into equal pieces."""
    return split_equally("hsplit", input, indices_or_sections, 1, min(input.ndim, 2) - 1)


@function()
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple:
    """`tensor_split` along dimension 0, into equal pieces."""
    return split_equally("vsplit", input, indices_or_sections, 2, 0)


@function()
def unbind(input: Tensor, dim: int = 0) -> tuple:
    """The slices of a dimension, which goes away; views."""
    at = dimension("unbind", dim, input.ndim)
    if not input.ndim:
        raise IndexError("unbind: Dimension specified as 0 but tensor has no dimensions")
    if not input.shape[at]:
        return ()
    parts = call(_slices.op, (input, at))
    whole = ("slice", 0, None, 1)
    specs = []
    for k in range(input.shape[at]):
        spec: list[tuple] = [whole] * input.ndim
        spec[at] = ("int", k)
        specs.append(tuple(spec))
    return _as_views(input, parts, specs)


# ------------------------------------------------------------------ repeating and rearranging


@op(name="repeat", method=False, namespace=())
def _tile(input: Array, repeats):
    return jnp.tile(input, repeats)


@function(namespace=())
def repeat(input: Tensor, *counts: Any, repeats: Any = None) -> Tensor:
    """The tensor laid side by side `repeats` times in each dimension; a copy."""
    counts = sizes("repeat", counts if repeats is None else (repeats,))
    if len(counts) < input.ndim:
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    if any(one < 0 for one in counts):
        fail("repeat", f"repeats {list(counts)}", "counts of at least 0")
    return _tile(input, counts)


@function()
def tile(input: Tensor, *counts: Any, dims: Any = None) -> Tensor:
    """`repeat`, where missing leading counts are 1."""
    return _tile(input, sizes("tile", counts if dims is None else (dims,)))


@op(name="repeat_interleave", method=False, namespace=())
def _repeat_each(input: Array, repeats, dim):
    return jnp.repeat(input.reshape(-1) if dim is None else input, np.array(repeats), axis=dim or 0)


@op(method=False, namespace=())
def _repeat_to(input: Array, repeats: Array, length, dim):
    input = input.reshape(-1) if dim is None else input
    return jnp.repeat(input, repeats, axis=dim or 0, total_repeat_length=length)


@function()
def repeat_interleave(
    input: Tensor, repeats: int | Tensor, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element repeated; `repeats` is one count or a count an element.

    Args:
        output_size: the sum of the counts; they are not looked at then. Differs from PyTorch: an
            output_size that is another cuts elements off or repeats the last one.
    """
    at = None if dim is None else dimension("repeat_interleave", dim, input.ndim)
    if isinstance(repeats, Tensor) and output_size is not None:
        return _repeat_to(input, repeats, output_size, at)
    counts = (
        tuple(repeats.tolist()) if isinstance(repeats, Tensor) and repeats.ndim else int(repeats)
    )
    return _repeat_each(input, counts, at)


@op()
def roll(input: Array, shifts: Any, dims: Any = None):
    """Elements moved along dimensions; what leaves at one end comes in at the other."""
    shifts = shifts if isinstance(shifts, tuple) else (shifts,)
    if not shifts:
        fail("roll", "no shifts", "at least one")
    if dims is None:
        if len(shifts) > 1:
            fail("roll", f"shifts={shifts} without dims", "a dimension for each shift")
        return jnp.roll(input.reshape(-1), shifts[0]).reshape(input.shape)
    dims = dims if isinstance(dims, tuple) else (dims,)
    if len(shifts) != len(dims):
        fail("roll", f"shifts={shifts} and dims={dims}", "a dimension for each shift")
    if not input.ndim:
        fail("roll", "a tensor without dimensions", "at least one", kind=IndexError)
    return jnp.roll(input, shifts, tuple(dimension("roll", one, input.ndim) for one in dims))


@op(name="flip", method=False, namespace=())
def _flip(input: Array, dims):
    return jnp.flip(input, dims)


@function()
def flip(input: Tensor, *given: Any, dims: Any = None) -> Tensor:
    """The order of elements reversed along dimensions; a copy."""
    axes = sizes("flip", given if dims is None else (dims,))
    return _flip(input, dimensions("flip", axes, input.ndim))


def _reversed(self: Tensor) -> Tensor:
    """The elements in reverse order along every dimension, for Python's `reversed`."""
    return flip(self, tuple(range(self.ndim))) if self.ndim else self


METHODS["__reversed__"] = _reversed


@op()
def fliplr(input: Array):
    """Columns in reverse order."""
    return jnp.fliplr(input)


@op()
def flipud(input: Array):
    """Rows in reverse order."""
    return jnp.flipud(input)


@op()
def rot90(input: Array, k=1, dims=(0, 1)):
    """Rotated by 90 degrees `k` times in the plane of two dimensions."""
    return jnp.rot90(input, k, dims)


@op(out="same dtype")
def diag(input: Array, diagonal=0):
    """A vector as the diagonal of a matrix, or the diagonal of a matrix."""
    if input.ndim not in (1, 2):
        fail("diag", f"{input.ndim} dimensions", "a 1-D or 2-D tensor")
    return jnp.diag(input, diagonal)


@op()
def diag_embed(input: Array, offset=0, dim1=-2, dim2=-1):
    """The last dimension as diagonals of matrices in dimensions `dim1` and `dim2`."""
    first, second = (dimension("diag_embed", one, input.ndim + 1) for one in (dim1, dim2))
    if first == second:
        fail("diag_embed", f"dim1={dim1} and dim2={dim2}", "two different dimensions")
    length = input.shape[-1] + abs(offset)
    rows = jnp.arange(input.shape[-1]) + max(-offset, 0)
    columns = jnp.arange(input.shape[-1]) + max(offset, 0)
    made = jnp.zeros((*input.shape[:-1], length, length), input.dtype)
    made = made.at[..., rows, columns].set(input)
    return jnp.moveaxis(made, (-2, -1), (first, second))


@op(method=False, name="meshgrid", namespace=())
def _meshgrid(tensors: Arrays, indexing):
    return list(jnp.meshgrid(*map(jnp.atleast_1d, tensors), indexing=indexing))


@function(method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple:
    """Coordinate grids of 1-D tensors. Differs from PyTorch: no warning without `indexing`."""
    given = tensors[0] if len(tensors) == 1 and not isinstance(tensors[0], Tensor) else tensors
    return tuple(_meshgrid(list(given), indexing))


_PAD_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@op(name="pad", method=False, namespace="nn.functional")
def pad(input: Array, pad, mode="constant", value: Operand = 0.0):
    """Elements added before and after: `pad` holds (before, after) from the last dimension on.

    Args:
        mode: "constant" (filled with `value`), "reflect", "replicate" or "circular".
    """
    pad = tuple(int(one) for one in pad)
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        fail(
            "pad", f"{len(pad)} lengths for a {input.ndim}-D tensor", "an even number up to 2*ndim"
        )
    widths = [(0, 0)] * (input.ndim - len(pad) // 2)
    widths += [(pad[k], pad[k + 1]) for k in range(len(pad) - 2, -1, -2)]
    # What negative lengths leave, before the positive ones are added.
    cut = tuple(
        slice(max(-before, 0), length - max(-after, 0))
        for (before, after), length in zip(widths, input.shape, strict=True)
    )
    kept = [(slice(max(-b, 0), None if a >= 0 else a)) for b, a in widths]
    widths = [(max(before, 0), max(after, 0)) for before, after in widths]
    if mode in ("constant", "circular"):
        input, kept = input[cut], [slice(None)] * input.ndim
    if mode == "constant":
        filled = jnp.asarray(0 if value is None else value).astype(input.dtype)
        return jnp.pad(input, widths, constant_values=filled)
    if mode not in _PAD_MODES:
        fail("pad", f"mode {mode!r}", "constant, reflect, replicate or circular",
             kind=NotImplementedError)  # fmt: skip
    for (before, after), length in zip(widths, input.shape, strict=True):
        limit = length - 1 if mode == "reflect" else length
        if mode != "replicate" and max(before, after) > max(limit, 0):
            fail("pad", f"padding {(before, after)} of a dimension of length {length}",
                 f"at most {limit} for mode {mode!r}")  # fmt: skip
    # Mirrors and edges are those of the whole input: there negative lengths cut the result.
    widths = [
        (b, a) if length else (0, 0) for (b, a), length in zip(widths, input.shape, strict=True)
    ]
    return jnp.pad(input, widths, mode=_PAD_MODES[mode])[tuple(kept)]
