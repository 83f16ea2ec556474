"""Making tensors: from data, filled, and ranges."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from .. import device as devices
from .. import dtype as dtypes
from ..define import function, op
from ..engine.value import export, value_of
from ..errors import fail
from ..op import Operand, Scalar
from ..tensor.dispatch import call, set_out
from ..tensor.tensor import Tensor, from_host, wrap
from .conversion import convert
from .views import as_strided, permute, sizes


def finished(tensor: Tensor, requires_grad: bool) -> Tensor:
    """A new tensor with its flag set."""
    if requires_grad:
        tensor.requires_grad = True
    return tensor


def into(operation: str, made: Tensor, out: Tensor | None, dtype: Any) -> Tensor:
    """A new tensor, or else `out=` with its shape and elements."""
    if out is None:
        return made
    if dtype is not None and dtypes.of(dtype) is not out.dtype:
        fail(operation, f"dtype={dtype} and out= of {out.dtype}", "one dtype")
    return set_out(operation, out, convert(made, dtype=out.dtype))


# ------------------------------------------------------------------ from data


@function(method=False)
def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A new tensor that copies `data`: numbers, nested sequences, NumPy or jax arrays.

    Python floats become the default dtype, integers int64; arrays keep theirs.

    Raises:
        ValueError: for ragged sequences.
        TypeError: for data that are no numbers.
        RuntimeError: for an integer that `dtype` cannot hold.
    """
    if isinstance(data, Tensor):
        return finished(convert(data.detach(), device, dtype, copy=True), requires_grad)
    array = _host_array(data, dtype)
    return finished(wrap(from_host(array, devices.of(device)), None), requires_grad)


def _host_array(data: Any, dtype: Any) -> np.ndarray:
    """A NumPy array of its own, in the dtype PyTorch would choose."""
    if dtype is None and type(data) is np.ndarray and data.dtype in dtypes.BY_NUMPY:
        return np.array(data)
    wanted = None if dtype is None else dtypes.of(dtype)
    own = isinstance(data, (np.ndarray, np.generic, jax.Array))
    # Types of arrays and Tensors in a sequence, and of Python's numbers.
    found: set[Any] = set()
    if not own:
        data = _numbers(data, found)
    try:
        array = np.array(data)
    except ValueError as error:
        raise ValueError(f"tensor: expected sequences of equal length: {error}") from None
    if array.dtype == object or array.dtype.kind in "USMm":
        raise TypeError(
            f"tensor: data must be numbers, but got {type(data).__name__} of {array.dtype}"
        )
    if wanted is None:
        if own and array.dtype.kind != "O":
            wanted = dtypes.of(array.dtype)
        elif array.size == 0 or array.dtype.kind == "f":
            wanted = dtypes.default_dtype()
        elif array.dtype.kind == "c":
            wanted = dtypes.default_dtype().to_complex()
        else:
            wanted = dtypes.bool_ if array.dtype.kind == "b" else dtypes.int64
        if any(isinstance(one, dtypes.dtype) for one in found):
            kinds = [dtypes.of_number(one()) if isinstance(one, type) else one for one in found]
            wanted = functools.reduce(dtypes.promote_types, kinds)
    if not own and wanted.category == dtypes.INTEGER and array.dtype.kind in "iu" and array.size:
        info = np.iinfo(wanted.dtype)
        if array.min() < info.min or array.max() > info.max:
            raise RuntimeError(
                f"tensor: value cannot be converted to type {wanted} without overflow: it holds "
                f"{info.min} to {info.max}, but got {array.min()} to {array.max()}"
            )
    if array.dtype.kind == "c" and wanted.category < dtypes.COMPLEX:
        raise TypeError(f"tensor: complex data cannot become {wanted}. Take .real or .imag")
    return array.astype(wanted.dtype, copy=False)


def _numbers(data: Any, found: set[Any]) -> Any:
    """Nested sequences with their Tensors read; `found` gets the types of what is in them."""
    if isinstance(data, (list, tuple)):
        return [_numbers(one, found) for one in data]
    if isinstance(data, Tensor):
        found.add(data.dtype)
        return data._host()
    if type(data) in (int, float, bool, complex):
        found.add(type(data))
    elif isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biufc":
        found.add(dtypes.of(data.dtype))
    return data


@function(method=False)
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor; a Tensor that is so already is returned itself.

    Differs from PyTorch: NumPy arrays are copied, so that later writes to them are not seen.
    """
    if isinstance(data, Tensor):
        return convert(data, device, dtype)
    return tensor(data, dtype=dtype, device=device)


@function(method=False)
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`obj` as a tensor; copies if `copy` is True or a conversion needs it."""
    if isinstance(obj, Tensor) and not copy:
        made = convert(obj, device, dtype)
        return finished(made, True) if requires_grad and not made.requires_grad else made
    return tensor(obj, dtype=dtype, device=device, requires_grad=requires_grad)


@function(method=False)
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor with the elements of a NumPy array.

    Differs from PyTorch: the elements are copied, so a later write to the array does not
    change the tensor.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    return wrap(from_host(_host_array(ndarray, None), devices.default_device()), None)


@function(method=False)
def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """A tensor of the bytes of a buffer; they are copied, where PyTorch shares them."""
    array = np.frombuffer(buffer, dtypes.of(dtype).dtype, count, offset)
    if not array.size:
        raise ValueError("frombuffer: the buffer has no element")
    return finished(tensor(array), requires_grad)


@function(method=False)
def to_dlpack(input: Tensor) -> Any:
    """A DLPack capsule of a tensor, for other libraries."""
    return input.__dlpack__()


@function(method=False)
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor of another library's array (anything with `__dlpack__`), copied."""
    with jax.enable_x64(True):
        array = jnp.array(jax.dlpack.from_dlpack(ext_tensor), copy=True)
    return wrap(value_of(array), None)


@function(method=False)
def from_jax(array: Any) -> Tensor:
    """A tensor around a jax array (or tracer), without a copy."""
    if not isinstance(array, jax.Array):
        raise TypeError(f"from_jax: expected a jax array, but got {type(array).__name__}")
    if not isinstance(array, Tracer):
        export(array)
    return wrap(value_of(array), None)


# ------------------------------------------------------------------ filled


@op(name="_full", method=False, namespace=())
def _filled(fill_value: Operand, *, shape, dtype):
    return jnp.full(shape, jnp.asarray(fill_value).astype(dtype), dtype)


def filled(
    shape: tuple[int, ...], number: Any, dtype: Any, device: Any, requires_grad: bool = False
) -> Tensor:
    """A recorded tensor of one number."""
    if any(one < 0 for one in shape):
        raise RuntimeError(f"Trying to create tensor with negative dimension: {list(shape)}")
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    dtypes.check_holds(kind, number)
    static = {"shape": tuple(shape), "dtype": kind}
    made = call(_filled.op, (number,), static, devices.of(device))
    return finished(made, requires_grad)


def _filling(name: str, number: float) -> Any:
    def fill(
        *size: Any, out: Tensor | None = None, dtype: Any = None, layout: Any = None,
        device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
        memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        made = filled(sizes(name, size), number, dtype, device, requires_grad)
        return into(name, made, out, dtype)

    fill.__name__ = fill.__qualname__ = name
    fill.__doc__ = f"A tensor of the given size, every element {number:g}."
    return function(method=False)(fill)


zeros, ones = _filling("zeros", 0), _filling("ones", 1)
empty = _filling("empty", 0)
empty.__doc__ = "A tensor of the given size. Differs from PyTorch: the elements are 0."


@function(method=False)
def full(
    size: Sequence[int], fill_value: Any, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of a size, every element `fill_value`; its dtype is the number's."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    kind = dtypes.of_number(fill_value) if dtype is None else dtypes.of(dtype)
    shape = (size,) if isinstance(size, int) else tuple(size)
    made = filled(sizes("full", shape), fill_value, kind, device, requires_grad)
    return into("full", made, out, dtype)


@function(method=False)
def empty_strided(
    size: Sequence[int], stride: Sequence[int], *, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor of given size and strides. Differs from PyTorch: the elements are 0."""
    if len(size) != len(stride) or min(stride, default=0) < 0:
        raise RuntimeError(f"empty_strided: size {tuple(size)} does not fit stride {tuple(stride)}")
    last = sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    count = 0 if 0 in size else last + 1
    made = as_strided(filled((count,), 0, dtype, device), tuple(size), tuple(stride), 0)
    return finished(made, requires_grad)


@function(namespace=())
def new_empty_strided(
    input: Tensor, size: Sequence[int], stride: Sequence[int], dtype: Any = None,
    device: Any = None, requires_grad: bool = False, **_: Any,
) -> Tensor:  # fmt: skip
    """`empty_strided` in the dtype and on the device of this tensor."""
    kind, place = like(input, dtype, device)
    return empty_strided(size, stride, dtype=kind, device=place, requires_grad=requires_grad)


@function(method=False)
def empty_permuted(
    size: Sequence[int], physical_layout: Sequence[int], *, dtype: Any = None, layout: Any = None,
    device: Any = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """A tensor whose dimensions lie in memory in a given order; the elements are 0."""
    if sorted(physical_layout) != list(range(len(size))):
        raise RuntimeError(f"empty_permuted: {tuple(physical_layout)} is no order of dimensions")
    made = filled(tuple(size[one] for one in physical_layout), 0, dtype, device)
    order = [list(physical_layout).index(one) for one in range(len(size))]
    return finished(permute(made, *order) if order else made, requires_grad)


def like(input: Tensor, dtype: Any, device: Any) -> tuple[Any, Any]:
    """Dtype and device for a tensor made like another."""
    return input.dtype if dtype is None else dtype, input.device if device is None else device


def _filling_like(name: str, number: float) -> Any:
    def fill_like(
        input: Tensor, *, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, memory_format: Any = None,
    ) -> Tensor:  # fmt: skip
        return filled(input.shape, number, *like(input, dtype, device), requires_grad)

    def new(
        input: Tensor, *size: Any, dtype: Any = None, device: Any = None,
        requires_grad: bool = False, **_: Any,
    ) -> Tensor:  # fmt: skip
        shape = sizes(f"new_{name}", size)
        return filled(shape, number, *like(input, dtype, device), requires_grad)

    fill_like.__name__ = fill_like.__qualname__ = f"{name}_like"
    fill_like.__doc__ = f"`{name}` of the size, dtype and device of another tensor."
    new.__name__ = new.__qualname__ = f"new_{name}"
    new.__doc__ = f"`{name}` in the dtype and on the device of this tensor."
    function(namespace=())(new)
    return function(method=False)(fill_like)


zeros_like, ones_like, empty_like = (
    _filling_like(name, number) for name, number in (("zeros", 0), ("ones", 1), ("empty", 0))
)


@function(method=False)
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """`full` of the size, dtype and device of another tensor."""
    if isinstance(fill_value, Tensor):
        fill_value = fill_value.item()
    return filled(input.shape, fill_value, *like(input, dtype, device), requires_grad)


@function(namespace=())
def new_full(
    input: Tensor, size: Sequence[int], fill_value: Any, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`full` in the dtype and on the device of this tensor."""
    return filled(tuple(size), fill_value, *like(input, dtype, device), requires_grad)


@function(namespace=())
def new_tensor(
    input: Tensor, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`nr.tensor(data)` in the dtype and on the device of this tensor."""
    kind, place = like(input, dtype, device)
    return tensor(data, dtype=kind, device=place, requires_grad=requires_grad)


# ------------------------------------------------------------------ ranges


@op(name="_arange", method=False, namespace=())
def _arange(start: Scalar, step: Scalar, *, length, dtype):
    if jnp.issubdtype(dtype, jnp.integer):
        return (start + jnp.arange(length, dtype=jnp.int64) * step).astype(dtype)
    return (start + jnp.arange(length, dtype=jnp.float64) * step).astype(dtype)


def _check_range(operation: str, start: Any, end: Any, step: Any) -> None:
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"{operation}: unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"{operation}: upper bound and larger bound inconsistent with step sign: "
            f"start {start}, end {end}, step {step}"
        )


@function(method=False)
def arange(
    start: Any, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`start, start + step, ...` up to but without `end`; integers unless one is a float."""
    if end is None:
        start, end = 0, start
    start, end, step = (one.item() if hasattr(one, "item") else one for one in (start, end, step))
    if step == 0:
        raise RuntimeError("arange: step must be nonzero")
    _check_range("arange", start, end, step)
    whole = all(isinstance(one, int) for one in (start, end, step))
    if dtype is None and out is not None:
        dtype = out.dtype
    kind = (
        (dtypes.int64 if whole else dtypes.default_dtype()) if dtype is None else dtypes.of(dtype)
    )
    if out is not None and kind.category == dtypes.INTEGER and not int(step):
        raise ValueError(f"arange: step must be nonzero, but {step} is 0 in {kind}")
    length = max(-((start - end) // step) if whole else math.ceil((end - start) / step), 0)
    static = {"length": length, "dtype": kind}
    made = finished(call(_arange.op, (start, step), static, devices.of(device)), requires_grad)
    return into("arange", made, out, dtype)


@function(method=False, name="range")
def range_(
    start: Any = 0, end: Any = None, step: Any = 1, *, out: Tensor | None = None,
    dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`start, start + step, ...` up to and with `end`; the older `arange`."""
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("range: step must be nonzero")
    _check_range("range", start, end, step)
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    static = {"length": math.floor((end - start) / step) + 1, "dtype": kind}
    made = finished(call(_arange.op, (start, step), static, devices.of(device)), requires_grad)
    return into("range", made, out, dtype)


@op(name="_linspace", method=False, namespace=())
def _linspace(start: Scalar, end: Scalar, *, steps, dtype):
    made = jnp.linspace(jnp.asarray(start, jnp.float64), jnp.asarray(end, jnp.float64), steps)
    return (jnp.trunc(made) if jnp.issubdtype(dtype, jnp.integer) else made).astype(dtype)


@function(method=False)
def linspace(
    start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers evenly spaced from `start` to `end`, both included."""
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"linspace: steps must be an integer, but got {steps!r}")
    if steps < 0:
        raise RuntimeError("linspace: number of steps must be non-negative")
    start, end = (one.item() if hasattr(one, "item") else one for one in (start, end))
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    static = {"steps": steps, "dtype": kind}
    made = finished(call(_linspace.op, (start, end), static, devices.of(device)), requires_grad)
    return into("linspace", made, out, dtype)


@function(method=False, out=True)
def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`base` to the powers of `linspace(start, end, steps)`."""
    exponents = linspace(start, end, steps, dtype=dtypes.float64, device=device)
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    return finished(convert(base**exponents, dtype=kind), requires_grad)


@op(name="_eye", method=False, namespace=())
def _eye(*, n, m, dtype):
    return jnp.eye(n, m, dtype=dtype)


@function(method=False)
def eye(
    n: int, m: int | None = None, *, out: Tensor | None = None, dtype: Any = None,
    layout: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A matrix of `n` rows and `m` columns with ones on the diagonal."""
    kind = dtypes.default_dtype() if dtype is None else dtypes.of(dtype)
    static = {"n": n, "m": n if m is None else m, "dtype": kind}
    made = finished(call(_eye.op, (), static, devices.of(device)), requires_grad)
    return into("eye", made, out, dtype)


def _triangle(
    operation: str, places: Any, row: int, col: int, offset: int, dtype: Any, device: Any
) -> Tensor:
    if row < 0 or col < 0:
        fail(operation, f"row={row} and col={col}", "sizes of at least 0")
    return tensor(np.stack(places(row, offset, col)), dtype=dtype, device=device)


@function(method=False)
def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Row and column numbers of a matrix's lower triangle. Shape: (2, count)."""
    return _triangle("tril_indices", np.tril_indices, row, col, offset, dtype, device)


@function(method=False)
def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Row and column numbers of a matrix's upper triangle. Shape: (2, count)."""
    return _triangle("triu_indices", np.triu_indices, row, col, offset, dtype, device)
