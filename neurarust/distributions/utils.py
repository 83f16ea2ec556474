"""Small functions that the families share."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Number
from typing import Any

import numpy as np

from ..core.autograd.modes import enable_grad
from ..core.define import NAMESPACES
from ..core.ops.activation import softmax
from ..core.ops.create import full, tensor
from ..core.tensor.tensor import Size, Tensor
from ..core.types import finfo, get_default_dtype

EULER = 0.5772156649015329


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Numbers and tensors as tensors of one shape; numbers take the first tensor's type."""
    tensors = [one for one in values if isinstance(one, Tensor)]
    if len(tensors) < len(values) and not all(isinstance(one, (Tensor, Number)) for one in values):
        raise ValueError(
            "Input arguments must all be instances of Number or Tensor, but got "
            f"{[type(one).__name__ for one in values]}"
        )
    shapes = {tuple(one.shape) for one in tensors}
    shape = shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)
    kind = tensors[0].dtype if tensors else get_default_dtype()
    device = tensors[0].device if tensors else None
    # Numbers travel as data; what has the shape already stays as it is.
    return tuple(
        full(shape, one, dtype=kind, device=device) if not isinstance(one, Tensor)
        else one if tuple(one.shape) == shape else one.expand(shape)
        for one in values
    )  # fmt: skip


def sum_rightmost(value: Any, dims: int) -> Any:
    """The sum over the last dimensions."""
    return value if dims == 0 else value.reshape((*value.shape[: value.ndim - dims], -1)).sum(-1)


def clamp_probs(probs: Any) -> Any:
    """Probabilities kept off 0 and 1 by the type's epsilon."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(eps, 1 - eps)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """Logarithms of probabilities, or of odds."""
    kept = clamp_probs(probs)
    return kept.log() - (-kept).log1p() if is_binary else kept.log()


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """Probabilities from their logarithms, or from those of odds."""
    return logits.sigmoid() if is_binary else softmax(logits, -1)


class Unwritten:
    """Stands for an attribute that a subclass has to write."""

    def __set_name__(self, _: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        raise NotImplementedError(f"{owner.__name__} has no {self.name}")


class lazy_property:
    """A property that is computed once, on first use, with gradients."""

    def __init__(self, wrapped: Callable):
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __get__(self, instance: Any, _: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """The elements on and below a diagonal, row by row."""
    rows = mat.shape[-1]
    if not -rows <= diag < rows:
        raise ValueError(f"diag ({diag}) provided is outside [{-rows}, {rows - 1}].")
    places = [i * rows + j for i in range(rows) for j in range(rows) if j <= i + diag]
    flat = mat.reshape((*mat.shape[:-2], rows * rows))
    return flat[..., tensor(places, device=mat.device)]


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """The inverse of `tril_matrix_to_vec`; zeros above."""
    length, rows = vec.shape[-1], 1
    while sum(max(0, min(rows, i + diag + 1)) for i in range(rows)) < length:
        rows += 1
    places = {}
    for i in range(rows):
        for j in range(rows):
            if j <= i + diag:
                places[i * rows + j] = len(places)
    if len(places) != length:
        raise ValueError(
            f"The size of last dimension is {length} which cannot be expressed as the lower "
            f"triangular part of a square D x D matrix."
        )
    zero = (vec[..., :1] * 0).expand((*vec.shape[:-1], 1))
    padded = _concatenate([vec, zero], -1)
    order = [places.get(k, length) for k in range(rows * rows)]
    picked = padded[..., tensor(order, device=vec.device)]
    return picked.reshape((*vec.shape[:-1], rows, rows))


_concatenate: Callable = NAMESPACES["neurarust"]["cat"]


def size(shape: Any) -> Size:
    """A shape given as a list or tuple."""
    return shape if isinstance(shape, Size) else Size(shape)
