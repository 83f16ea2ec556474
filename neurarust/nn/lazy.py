"""Layers that learn their input's size from the first input they see."""

from __future__ import annotations

import inspect
from typing import Any

import jax

from ..core import host
from ..core.methods import flatten_tensor, unflatten_tensor
from ..core.ops.conversion import set_
from ..core.tensor.tensor import Tensor, alias
from . import conv, linear, normalization
from .module import Module
from .parameter import Buffer, Parameter


class _Uninitialized(Tensor):
    """A tensor without a shape; `materialize` gives it one and makes it an ordinary one."""

    cls_to_become: Any

    @property
    def shape(self) -> Any:
        """Raises: there is none yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually "
            "happens in `load_state_dict` when trying to load an uninitialized parameter into an "
            "initialized one. Call `forward` to initialize the parameters before accessing their "
            "attributes."
        )

    def materialize(self, shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> None:
        """Gives the tensor a shape, in place; its elements mean nothing yet."""
        kind = self.dtype if dtype is None else dtype
        set_(self, host.empty(shape, kind, self.device if device is None else device))
        self.__class__ = self.cls_to_become

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def _refused(name: str) -> Any:
    """A method that raises as long as a tensor has no shape."""

    def refuse(self: Any, *_: Any, **__: Any) -> Any:
        raise ValueError(
            f"Attempted to use an uninitialized parameter in Tensor.{name}. Call `forward` with a "
            f"dummy batch first: it gives the parameters of lazy modules their shapes"
        )

    return refuse


_SIZED = ("numel", "nelement", "dim", "stride", "item", "tolist", "numpy", "__len__", "__bool__",
          "__getitem__")  # fmt: skip
for _name in _SIZED:
    setattr(_Uninitialized, _name, _refused(_name))


class UninitializedParameter(_Uninitialized, Parameter):
    """A parameter whose shape is not known yet; optimizers may already hold it."""

    cls_to_become = Parameter

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None):
        alias(self, host.empty(0, dtype, device))
        self.requires_grad = requires_grad

    def __new__(cls, *args: Any, **kwargs: Any) -> UninitializedParameter:
        return object.__new__(cls)


class UninitializedBuffer(_Uninitialized, Buffer):
    """A buffer whose shape is not known yet."""

    cls_to_become = Buffer

    def __init__(
        self, requires_grad: bool = False, device: Any = None, dtype: Any = None,
        persistent: bool = True,
    ):  # fmt: skip
        alias(self, host.empty(0, dtype, device))
        self.persistent = persistent

    def __new__(cls, *args: Any, **kwargs: Any) -> UninitializedBuffer:
        return object.__new__(cls)


for _kind in (UninitializedParameter, UninitializedBuffer):
    jax.tree_util.register_pytree_node(_kind, flatten_tensor, unflatten_tensor)


def is_lazy(tensor: Any) -> bool:
    """Whether a parameter or buffer still waits for its shape."""
    return isinstance(tensor, _Uninitialized)


class _Lazy(Module):
    """What all lazy layers do: become the ordinary layer at the first call.

    The parameters stay the same objects, so an optimizer made before the first call goes on
    with them.
    """

    cls_to_become: Any
    # The constructor's argument, and attribute, that the first input tells.
    size: str
    __signature__: inspect.Signature
    # Which dimension of a batched input tells it.
    dim = 1

    # Arguments whose default is another than the ordinary layer's.
    defaults: dict[str, Any] = {}

    def __init_subclass__(cls) -> None:
        _, _, *rest = inspect.signature(cls.cls_to_become.__init__).parameters.values()
        cls.__signature__ = inspect.Signature(
            [one.replace(default=cls.defaults.get(one.name, one.default)) for one in rest]
        )

    def __init__(self, *args: Any, **kwargs: Any):
        bound = self.__signature__.bind(*args, **kwargs)
        bound.apply_defaults()
        self.cls_to_become.__init__(self, 0, *bound.args, **bound.kwargs)
        self._arguments = (bound.args, bound.kwargs)
        for name, one in self._parameters.items():
            if one is not None:
                lazy = UninitializedParameter(device=one.device, dtype=one.dtype)
                self._parameters[name] = lazy
        for name, one in self._buffers.items():
            if one is not None and one.ndim:
                self._buffers[name] = UninitializedBuffer(device=one.device, dtype=one.dtype)
        self._first_call = self.register_forward_pre_hook(_become, with_kwargs=True)
        self.register_load_state_dict_pre_hook(_take_shapes)

    def has_uninitialized_params(self) -> bool:
        """Whether some parameter or buffer still waits for its shape."""
        return any(is_lazy(one) for one in (*self._parameters.values(), *self._buffers.values()))

    def reset_parameters(self) -> None:
        if "_arguments" in self.__dict__ and not self.has_uninitialized_params():
            # A mixin: the layer that comes after it has the method.
            super().reset_parameters()  # type: ignore[misc]

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, one in (*self._parameters.items(), *self._buffers.items()):
            if is_lazy(one) and prefix + name in destination:
                destination[prefix + name] = one

    def initialize_parameters(self, input: Tensor, *rest: Any) -> None:
        """Gives everything the shape that the input asks for, and its first values."""
        dim = self.dim
        rank = getattr(self, "rank", None)
        if rank is not None and input.ndim not in (rank + 1, rank + 2):
            raise RuntimeError(
                f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {list(input.shape)}"
            )
        if rank is not None and input.ndim == rank + 1:
            dim = 0
        self._shape(input.shape[dim], fill=self.has_uninitialized_params())

    def _shape(self, size: int, fill: bool) -> None:
        args, kwargs = self._arguments
        whole = self.cls_to_become(size, *args, **kwargs)
        for kept, made in ((self._parameters, whole._parameters), (self._buffers, whole._buffers)):
            for name, one in made.items():
                own: Any = kept[name]
                if one is None:
                    continue
                if is_lazy(own):
                    own.materialize(tuple(one.shape))
                if fill:
                    host.take_over(own, one)
        setattr(self, self.size, size)


def _become(module: _Lazy, args: tuple, kwargs: dict[str, Any]) -> None:
    """Before the first forward: a lazy layer becomes the ordinary one."""
    module.initialize_parameters(*args, **kwargs)
    module._first_call.remove()
    del module._first_call, module._arguments
    module.__class__ = module.cls_to_become


def _take_shapes(module: Any, state_dict: dict, prefix: str, *_: Any) -> None:
    """Before loading: tensors without a shape take that of what is loaded."""
    for name, one in (*module._parameters.items(), *module._buffers.items()):
        given = state_dict.get(prefix + name)
        if is_lazy(one) and given is not None:
            if is_lazy(given):
                state_dict[prefix + name] = given.detach()
            else:
                one.materialize(tuple(given.shape))


class LazyLinear(_Lazy, linear.Linear):
    """A Linear that takes `in_features` from its first input."""

    cls_to_become, size, dim = linear.Linear, "in_features", -1


class LazyConv1d(_Lazy, conv.Conv1d):
    """A Conv1d that takes `in_channels` from its first input."""

    cls_to_become, size = conv.Conv1d, "in_channels"


class LazyConv2d(_Lazy, conv.Conv2d):
    """A Conv2d that takes `in_channels` from its first input."""

    cls_to_become, size = conv.Conv2d, "in_channels"


class LazyConv3d(_Lazy, conv.Conv3d):
    """A Conv3d that takes `in_channels` from its first input."""

    cls_to_become, size = conv.Conv3d, "in_channels"


class LazyConvTranspose1d(_Lazy, conv.ConvTranspose1d):
    """A ConvTranspose1d that takes `in_channels` from its first input."""

    cls_to_become, size = conv.ConvTranspose1d, "in_channels"


class LazyConvTranspose2d(_Lazy, conv.ConvTranspose2d):
    """A ConvTranspose2d that takes `in_channels` from its first input."""

    cls_to_become, size = conv.ConvTranspose2d, "in_channels"


class LazyConvTranspose3d(_Lazy, conv.ConvTranspose3d):
    """A ConvTranspose3d that takes `in_channels` from its first input."""

    cls_to_become, size = conv.ConvTranspose3d, "in_channels"


class LazyBatchNorm1d(_Lazy, normalization.BatchNorm1d):
    """A BatchNorm1d that takes `num_features` from its first input."""

    cls_to_become, size = normalization.BatchNorm1d, "num_features"


class LazyBatchNorm2d(_Lazy, normalization.BatchNorm2d):
    """A BatchNorm2d that takes `num_features` from its first input."""

    cls_to_become, size = normalization.BatchNorm2d, "num_features"


class LazyBatchNorm3d(_Lazy, normalization.BatchNorm3d):
    """A BatchNorm3d that takes `num_features` from its first input."""

    cls_to_become, size = normalization.BatchNorm3d, "num_features"


# PyTorch's lazy forms are those with parameters and running statistics.
_TRACKING = {"affine": True, "track_running_stats": True}


class LazyInstanceNorm1d(_Lazy, normalization.InstanceNorm1d):
    """An InstanceNorm1d that takes `num_features` from its first input."""

    cls_to_become, size, rank = normalization.InstanceNorm1d, "num_features", 1
    defaults = _TRACKING


class LazyInstanceNorm2d(_Lazy, normalization.InstanceNorm2d):
    """An InstanceNorm2d that takes `num_features` from its first input."""

    cls_to_become, size, rank = normalization.InstanceNorm2d, "num_features", 2
    defaults = _TRACKING


class LazyInstanceNorm3d(_Lazy, normalization.InstanceNorm3d):
    """An InstanceNorm3d that takes `num_features` from its first input."""

    cls_to_become, size, rank = normalization.InstanceNorm3d, "num_features", 3
    defaults = _TRACKING
