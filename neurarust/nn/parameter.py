"""Parameters and buffers: the tensors that a Module knows by itself."""

from __future__ import annotations

from typing import Any

import jax

from ..core import host
from ..core.errors import fail
from ..core.methods import flatten_tensor, unflatten_tensor
from ..core.ops.sparse import SparseTensor
from ..core.tensor.tensor import Tensor, alias, new_object


class Parameter(Tensor):
    """A Tensor that a Module registers as its parameter when it is assigned to it.

    Shares the storage of `data`, and is a leaf of the tape.

    Args:
        data: the tensor; without it, an empty one.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        return new_object(cls)

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True):
        if data is not None and not isinstance(data, Tensor):
            raise TypeError(f"Parameter: data must be a Tensor, but got {type(data).__name__}")
        alias(self, host.empty(0) if data is None else data)
        if requires_grad:
            self.requires_grad = True

    def __deepcopy__(self, memo: dict) -> Any:
        copied = super().__deepcopy__(memo)
        # As in PyTorch: a copied model begins without gradients.
        copied._grad = None
        return copied

    @property
    def grad(self) -> Any:
        """The accumulated gradient; a sparse COO one may be put here for an optimizer to take."""
        return self._grad

    @grad.setter
    def grad(self, gradient: Any) -> None:
        if not isinstance(gradient, SparseTensor):
            Tensor.grad.__set__(self, gradient)
            return
        if gradient.shape != self.shape or gradient.dtype is not self.dtype:
            fail("Parameter.grad", f"a sparse {gradient.dtype}{list(gradient.shape)}",
                 f"a gradient of {self.dtype}{list(self.shape)} like its parameter")  # fmt: skip
        # Only optimizers read a sparse one, which is no Tensor.
        self._grad = gradient  # type: ignore[assignment]

    @grad.deleter
    def grad(self) -> None:
        self._grad = None


class Buffer(Tensor):
    """A Tensor that a Module registers as its buffer when it is assigned to it.

    Args:
        persistent: whether the buffer is part of the module's state dict.
    """

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        return new_object(cls)

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True):
        alias(self, host.empty(0) if data is None else data)
        self.persistent = persistent


for _kind in (Parameter, Buffer):
    jax.tree_util.register_pytree_node(_kind, flatten_tensor, unflatten_tensor)


def made(*shape: int, dtype: Any = None, device: Any = None) -> Parameter:
    """A parameter of the given shape, to be filled by an initialiser."""
    return Parameter(host.empty(shape, dtype, device))
