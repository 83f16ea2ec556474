"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from ...core.host import take_over
from ...core.ops.movement import cat
from ...core.tensor.tensor import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """The elements of all parameters, one after the other."""
    return cat([one.reshape(-1) for one in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Writes the parts of a vector into the parameters, in place and off the tape."""
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor, but got: {type(vec).__name__}")
    start = 0
    for one in parameters:
        part = vec.detach()[start : start + one.numel()].reshape(one.shape)
        take_over(one, part)
        start += one.numel()
