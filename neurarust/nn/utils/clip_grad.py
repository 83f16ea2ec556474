"""Clipping gradients by their total norm or their values."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

import jax.numpy as jnp

from ...core.autograd.modes import no_grad
from ...core.define import op
from ...core.native import scaled, squares
from ...core.op import Arrays, Scalar, computed_once
from ...core.ops.create import zeros
from ...core.tensor.dispatch import write
from ...core.tensor.tensor import Tensor


def _length(array, norm_type: float):
    """p-norm of all elements, in float32 for half precision."""
    array = jnp.abs(array)
    if array.dtype in (jnp.float16, jnp.bfloat16):
        array = array.astype(jnp.float32)
    if not array.size:
        return jnp.zeros((), array.dtype)
    if norm_type == math.inf:
        return jnp.max(array)
    if norm_type == 2:
        return jnp.sqrt(jnp.sum(jnp.square(array)))
    if norm_type == 0:
        return jnp.sum(array != 0).astype(array.dtype)
    return jnp.sum(array**norm_type) ** (1 / norm_type)


def _squares(array):
    """Sum of the squares of all elements, in float32 for half precision."""
    if jnp.iscomplexobj(array):
        return _squares(array.real) + _squares(array.imag)
    if array.dtype in (jnp.float16, jnp.bfloat16):
        array = array.astype(jnp.float32)
    return squares(array)


@op(name="total_norm", method=False, namespace=(), differentiable=False)
def _total_norm(tensors: Arrays, norm_type):
    """p-norm of all elements of all tensors."""
    # For the usual norm there is one root to take, at the end.
    measure = _squares if norm_type == 2 else partial(_length, norm_type=norm_type)
    lengths = [measure(one) for one in tensors]
    wide = jnp.result_type(*lengths)
    stacked = jnp.stack([one.astype(wide) for one in lengths])
    total = jnp.sqrt(jnp.sum(stacked)) if norm_type == 2 else _length(stacked, norm_type)
    return total.astype(jnp.result_type(*tensors))


@op(name="clip_with_norm", method=False, namespace=(), differentiable=False)
def _clip_with_norm(grads: Arrays, max_norm: Scalar, norm_type):
    """The gradients scaled so that their total norm is at most max_norm, and the norm."""
    norm = _total_norm.op.function(grads, norm_type)
    factor = computed_once(jnp.minimum(max_norm / (norm + 1e-6), 1))
    return [*[scaled(one, factor).astype(one.dtype) for one in grads], norm]


def _given(tensors: Tensor | Iterable[Tensor]) -> list[Tensor]:
    if isinstance(tensors, Tensor):
        return [tensors]
    given: list[Tensor] = list(tensors) if isinstance(tensors, Iterable) else [tensors]
    for one in given:
        if not isinstance(one, Tensor):
            raise TypeError(
                f"expected the tensors to clip as a Tensor or an iterable of Tensors, but got "
                f"{'None' if one is None else type(one).__name__}. Give model.parameters()"
            )
    return given


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    return [one.grad for one in _given(parameters) if one.grad is not None]


def get_total_norm(
    tensors: Tensor | Iterable[Tensor], norm_type: float = 2.0,
    error_if_nonfinite: bool = False, foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Norm of all elements of all tensors, as if they were one vector."""
    given = _given(tensors)
    if not given:
        return _none()
    norm = _total_norm(given, float(norm_type))
    _check_finite(norm, norm_type, error_if_nonfinite)
    return norm


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
    error_if_nonfinite: bool = False, foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scales gradients in place so that their total norm is at most `max_norm`.

    `g = g * min(1, max_norm / (norm + 1e-6))`; returns the norm before. One operation, and
    nothing is read unless `error_if_nonfinite` asks for it.

    Args:
        parameters: those without a gradient are passed over.
        error_if_nonfinite: raise if the norm is infinite or NaN.
    """
    grads = _gradients(parameters)
    if not grads:
        return _none()
    *clipped, norm = _clip_with_norm(grads, float(max_norm), float(norm_type))
    _check_finite(norm, norm_type, error_if_nonfinite)
    with no_grad():
        for grad, result in zip(grads, clipped, strict=True):
            write(grad, result)
    return norm


def clip_grads_with_norm_(
    parameters: Tensor | Iterable[Tensor], max_norm: float, total_norm: Tensor,
    foreach: bool | None = None,
) -> None:  # fmt: skip
    """Scales gradients in place by `min(1, max_norm / (total_norm + 1e-6))`."""
    factor = (max_norm / (total_norm.detach() + 1e-6)).clamp(max=1.0)
    with no_grad():
        for grad in _gradients(parameters):
            grad.mul_(factor.to(grad.device))


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Brings every element of the gradients into [-clip_value, clip_value], in place."""
    with no_grad():
        for grad in _gradients(parameters):
            grad.clamp_(-float(clip_value), float(clip_value))


def _none() -> Tensor:
    """The norm of nothing."""
    return zeros(())


def _check_finite(norm: Tensor, norm_type: float, wanted: bool) -> None:
    if wanted and not math.isfinite(norm.item()):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            f"so it cannot be clipped. To disable this error and scale the gradients by the "
            f"non-finite norm anyway, set `error_if_nonfinite=False`"
        )


def clip_grad_norm(
    parameters: Tensor | Iterable[Tensor], max_norm: float, norm_type: float = 2.0,
    error_if_nonfinite: bool = False, foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """The older name of `clip_grad_norm_`."""
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)
