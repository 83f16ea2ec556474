"""Batch normalization folded into the layer before it, and other ways to build layers."""

from __future__ import annotations

import copy
import inspect
from typing import Any, TypeVar

from ...core.device import default_device
from ...core.tensor.tensor import Tensor
from ..module import Module
from ..parameter import Parameter

Layer = TypeVar("Layer", bound=Module)


def fuse_conv_bn_weights(
    conv_w: Tensor, conv_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float,
    bn_w: Tensor | None, bn_b: Tensor | None, transpose: bool = False,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """Weight and bias of the convolution that does a normalization's work too.

    Args:
        transpose: the weight is of a transposed convolution, outputs in dimension 1.
    """
    factor = (bn_rv + bn_eps).rsqrt()
    if bn_w is not None:
        factor = factor * bn_w
    shape = [1, -1] if transpose else [-1, 1]
    weight = conv_w * factor.reshape(*shape, *(1,) * (conv_w.ndim - 2)).to(conv_w.dtype)
    bias = (-bn_rm if conv_b is None else conv_b - bn_rm) * factor
    bias = bias if bn_b is None else bias + bn_b
    keeps = conv_w.requires_grad
    bias_keeps = keeps if conv_b is None else conv_b.requires_grad
    return Parameter(weight.detach(), keeps), Parameter(bias.detach().to(conv_w.dtype), bias_keeps)


def fuse_linear_bn_weights(
    linear_w: Tensor, linear_b: Tensor | None, bn_rm: Tensor, bn_rv: Tensor, bn_eps: float,
    bn_w: Tensor, bn_b: Tensor,
) -> tuple[Parameter, Parameter]:  # fmt: skip
    """Weight and bias of the linear layer that does a normalization's work too."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def _fused(layer: Layer, bn: Any, transpose: bool) -> Layer:
    if layer.training or bn.training:
        raise ValueError("Fusion only for eval! Call .eval() on both modules first.")
    made = copy.deepcopy(layer)
    if bn.running_mean is None or bn.running_var is None:
        raise ValueError("Fusion needs a batch norm that tracks running statistics")
    made.weight, made.bias = fuse_conv_bn_weights(
        layer.weight, layer.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias,
        transpose,
    )  # fmt: skip
    return made


def fuse_conv_bn_eval(conv: Layer, bn: Module, transpose: bool = False) -> Layer:
    """One convolution for a convolution and the normalization behind it, both in eval mode."""
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear: Layer, bn: Any) -> Layer:
    """One linear layer for a linear layer and the normalization behind it, both in eval mode."""
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise ValueError(
            f"To fuse, linear.out_features == bn.num_features or bn.num_features == 1, "
            f"but got {linear.out_features} and {bn.num_features}"
        )
    return _fused(linear, bn, False)


def skip_init(module_cls: type[Layer], *args: Any, **kwargs: Any) -> Layer:
    """A layer whose parameters were given no first values that mean anything."""
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError(f"{module_cls.__name__} must support a 'device' arg to skip init")
    device = kwargs.pop("device", None) or default_device()
    return module_cls(*args, **kwargs).to_empty(device=device)


def convert_conv2d_weight_memory_format(module: Layer, memory_format: Any) -> Layer:
    """Returns the module as it is: XLA chooses how arrays lie in memory."""
    return module


def convert_conv3d_weight_memory_format(module: Layer, memory_format: Any) -> Layer:
    """Returns the module as it is: XLA chooses how arrays lie in memory."""
    return module
