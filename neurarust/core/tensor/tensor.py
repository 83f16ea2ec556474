"""The Tensor class: state, reading, gradients. Methods that are ops are bound in `methods`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from jax.core import Tracer

from .. import device as devices
from .. import dtype as dtypes
from ..autograd.tape import Edge
from ..engine.program import looked
from ..engine.recording import state
from ..engine.value import Value, export, fetched, host_value
from .storage import Step, Storage, layout_of

new_object = object.__new__


class Size(tuple):
    """A tensor's shape: a tuple that prints its name and knows `numel`."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return int(np.prod(self, dtype=np.int64)) if self else 1

    def __repr__(self) -> str:
        return f"neurarust.Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Size:
        return Size(tuple(self) + tuple(other))


class Tensor:
    """A multi-dimensional array with PyTorch's behaviour on JAX's arrays.

    Made by `nr.tensor`, `nr.zeros` and the like, or as the result of an operation. Results
    are recorded and computed when somebody looks; see `nr.explain()`.
    """

    __slots__ = (
        "_storage", "_steps", "_base", "_cache", "_seen", "_edge", "_grad", "_backward_hooks",
        "_retains", "__dict__", "__weakref__",
    )  # fmt: skip

    # A cell that views share.
    _storage: Storage
    # The steps from the storage to this tensor; None if it is the whole.
    _steps: tuple[Step, ...] | None
    # The tensor of which this is a differentiable view.
    _base: Tensor | None
    # What a view read, and the storage's version then.
    _cache: Value | None
    _seen: int
    # The tape entry that made it: (node, output); (leaf, 0) for a leaf that requires grad.
    _edge: Edge
    _grad: Tensor | None

    # NumPy operators leave the work to ours.
    __array_priority__ = 1000

    def __new__(cls, *_: Any, **__: Any) -> Tensor:
        return new_object(cls)

    def __init__(self, *data: Any, device: Any = None):
        """As PyTorch's old constructor: of another Tensor's memory, of sizes or of a sequence.

        Args:
            data: a Tensor, of which this is one more; whole numbers, for a tensor of these sizes
                whose elements mean nothing; or a sequence or array, for one of the default dtype.
        """
        if len(data) == 1 and isinstance(data[0], Tensor):
            alias(self, data[0])
        else:
            alias(self, self._constructed(data, device))

    @staticmethod
    def _constructed(data: tuple, device: Any) -> Tensor:
        """A tensor of sizes or of a sequence; bound in `legacy`."""
        raise NotImplementedError

    # ------------------------------------------------------------ reading

    def _value(self) -> Value:
        """The current Value; a view whose storage was written looks again."""
        if self._steps is None:
            return self._storage.value
        if self._seen != self._storage.version:
            self._look()
        # A view that has looked has one.
        return self._cache  # type: ignore[return-value]

    def _look(self) -> None:
        """Replays the steps of a view; bound in `dispatch`."""
        raise NotImplementedError

    def _current_edge(self) -> Edge:
        if self._steps is not None and self._seen != self._storage.version:
            self._look()
        return self._edge

    def _array(self) -> Any:
        """The jax array, computed if need be. Not to leave the engine unless exported."""
        return self._value().force()

    def _aval(self) -> Any:
        if self._steps is None:
            return self._storage.value.aval
        # A view that has looked has one.
        return self._cache.aval  # type: ignore[union-attr]

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions."""
        return Size(self._aval().shape)

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return self._aval().dtype

    @property
    def device(self) -> devices.device:
        """Where the tensor lives."""
        return self._aval().device

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self._aval().shape)

    @property
    def itemsize(self) -> int:
        """Bytes an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._aval().size * self.dtype.itemsize

    @property
    def _version(self) -> int:
        """How often its memory was written in place, through it or through views."""
        return self._storage.version

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        shape = self.shape
        if dim is None:
            return shape
        limit = max(len(shape), 1)
        if not -limit <= dim < limit or not shape:
            raise IndexError(
                f"size: Dimension out of range (expected to be in range of "
                f"[{-limit}, {limit - 1}], but got {dim})"
            )
        return shape[dim]

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._aval().size

    nelement = numel

    def element_size(self) -> int:
        """Bytes an element."""
        return self.dtype.itemsize

    def is_floating_point(self) -> bool:
        """Whether the elements are real floating-point numbers."""
        return self.dtype.is_floating_point

    @property
    def is_cuda(self) -> bool:
        """Whether the tensor lies on an NVIDIA GPU."""
        return self.device.type == "cuda"

    def is_complex(self) -> bool:
        """Whether the elements are complex numbers."""
        return self.dtype.is_complex

    def is_signed(self) -> bool:
        """Whether the element type has negative numbers."""
        return self.dtype.is_signed

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._aval().shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d tensor")
        # A method from the table of operations.
        return iter(self.unbind(0))  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (Tensor, int, float, complex, np.generic)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element).__name__}."
            )
        equal: Any = self == element
        return bool(equal.any())

    def __hash__(self) -> int:
        return id(self)

    def _host(self) -> np.ndarray:
        array = self._array()
        looked(array)
        return fetched(array)

    def item(self) -> Any:
        """The one element as a Python number; runs what it depends on."""
        value = self._value()
        if value.aval.size != 1:
            raise RuntimeError(
                f"item: a Tensor with {self.numel()} elements cannot be converted to Scalar"
            )
        array = value.force()
        looked(array)
        return fetched(array).item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers (one number for a 0-dim tensor)."""
        return self._host().tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as a NumPy array, without a copy where possible.

        Differs from PyTorch: the array is read-only, because the memory belongs to an
        immutable value; writing is an error and never a silent difference. Use
        `.numpy().copy()` for one to write into.
        """
        if self._current_edge() is not None and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. "
                "Use tensor.detach().numpy() instead."
            )
        if self.device.type != "cpu" and not force:
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. "
                f"Use Tensor.cpu() to copy the tensor to host memory first."
            )
        array = fetched(export(self._array()))
        if array.flags.writeable:
            array = array.view()
            array.flags.writeable = False
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        return np.array(array, dtype=dtype, copy=copy)

    def __jax_array__(self) -> Any:
        return export(self._array())

    def __dlpack__(self, **kwargs: Any) -> Any:
        return export(self._array()).__dlpack__(**kwargs)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array().__dlpack_device__()

    def __bool__(self) -> bool:
        if self._aval().size != 1:
            if not self.numel():
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError("Boolean value of Tensor with more than one value is ambiguous")
        return bool(self.item())

    def _number(self) -> Any:
        if self._aval().size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.item()

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        return float(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self.dtype.category > dtypes.INTEGER or self._aval().size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __format__(self, spec: str) -> str:
        # (So does PyTorch: a parameter is shown as one.)
        if not self.ndim and (spec or type(self) is Tensor):
            return format(self.item(), spec)
        return object.__format__(self, spec)

    # ------------------------------------------------------------ layout

    def _layout(self) -> tuple[Any, int]:
        if state.capture is not None:
            state.capture.asked(self)
        return layout_of(self._storage.value.aval, self._steps or ())

    def stride(self, dim: int | None = None) -> Any:
        """The steps in memory, in elements, that PyTorch would have."""
        size = self.itemsize
        strides = tuple([one // size for one in self._layout()[0].strides])
        return strides if dim is None else strides[dim]

    def storage_offset(self) -> int:
        """Where in its storage the first element lies, in elements."""
        if not self._steps:
            return 0
        if state.capture is not None:
            state.capture.asked(self, offset=True)
        return self._layout()[1] // self.itemsize

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """Whether the elements would lie in memory in order."""
        if not self._steps:
            return True
        array = self._layout()[0]
        return bool(array.flags.c_contiguous)

    def data_ptr(self) -> int:
        """A number that stands for the address: equal for tensors that begin at one place.

        Differs from PyTorch: no memory can be read at it.
        """
        return self._storage.identity() + self.storage_offset() * self.dtype.itemsize


# ------------------------------------------------------------------ making tensors


def wrap(value: Value, edge: Edge) -> Tensor:
    """A new tensor around a Value."""
    tensor = new_object(Tensor)
    storage = new_object(Storage)
    storage.value = value
    storage.version = 0
    tensor._storage = storage
    tensor._steps = None
    tensor._base = None
    tensor._edge = edge
    tensor._grad = None
    return tensor


def fill(tensor: Tensor, value: Value, edge: Edge) -> None:
    """Makes an empty object of a subclass a tensor around a Value."""
    tensor._storage = Storage(value)
    tensor._steps = None
    tensor._base = None
    tensor._edge = edge
    tensor._grad = None


def fresh_like(tensor: Tensor, value: Value) -> Tensor:
    """A tensor of the same class around a Value of its own."""
    made = new_object(type(tensor))
    fill(made, value, None)
    return made


def alias(tensor: Tensor, other: Tensor) -> Tensor:
    """Makes `tensor` look at `other`'s storage, off the tape."""
    tensor._storage = other._storage
    tensor._steps = other._steps
    tensor._base = None
    if other._steps is not None:
        tensor._cache = other._value()
        tensor._seen = other._seen
    tensor._edge = None
    tensor._grad = None
    return tensor


def from_host(array: np.ndarray, device: devices.device) -> Value:
    """A Value of a NumPy array that nobody else can write."""
    value = host_value(array, device)
    if state.capture is not None:
        state.capture.constants[id(value)] = value
    return value


def known_host(tensor: Tensor) -> np.ndarray | None:
    """The elements of a tensor that needs no run and no copy to be looked at, else None."""
    array = tensor._value().array
    if array is None or isinstance(array, Tracer) or tensor.device.type != "cpu":
        return None
    return np.asarray(array)


# What the class bodies that extend Tensor inherit from: nothing; for a type checker, Tensor.
Body = object


def extends(cls: type) -> Callable[[type], type]:
    """Decorator: moves what a class body defines into `cls`, one topic a file."""

    def move(body: type) -> type:
        for name, member in vars(body).items():
            if name not in _OF_ANY_CLASS:
                setattr(cls, name, member)
        return body

    return move


_OF_ANY_CLASS = frozenset(vars(type("", (), {"__slots__": ()}))) | {"__annotations__"}
