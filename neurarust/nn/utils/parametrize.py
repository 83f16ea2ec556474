"""Parametrizations: a parameter computed from others each time it is read.

    register_parametrization(layer, "weight", Symmetric())

keeps the raw tensor in `layer.parametrizations.weight.original`, makes `layer.weight` a
property that runs it through `Symmetric`, and so leaves all code that uses the layer alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ...core.autograd.modes import no_grad
from ...core.ops.conversion import set_
from ...core.tensor.tensor import Tensor
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Buffer, Parameter


class _Cache:
    """Values computed within `cached()`."""

    depth = 0
    values: dict[tuple[int, str], Any] = {}


@contextmanager
def cached() -> Iterator[None]:
    """Within this context each parametrized tensor is computed once, at its first reading."""
    _Cache.depth += 1
    try:
        yield
    finally:
        _Cache.depth -= 1
        if not _Cache.depth:
            _Cache.values = {}


def _kept_as(like: Tensor, value: Tensor) -> Tensor:
    """A value as a parameter or buffer, as `like` is one."""
    if not isinstance(like, Parameter):
        return Buffer(value)
    return Parameter(value, like.requires_grad and value.is_floating_point())


class ParametrizationList(ModuleList):
    """The chain of parametrizations of one tensor, with what it starts from.

    The raw tensor is `original`; if the first parametrization's `right_inverse` gives a tuple,
    they are `original0`, `original1`...
    """

    def __init__(self, modules: Any, original: Tensor, unsafe: bool = False):
        super().__init__(modules)
        self.unsafe = unsafe
        start: Any = original
        with no_grad():
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    # Some settings have no inverse; then the tensor's value is the raw one.
                    with suppress(NotImplementedError):
                        start = module.right_inverse(start)
        if not isinstance(start, Tensor | tuple | list):
            raise ValueError(
                f"'right_inverse' must return a Tensor or a sequence of them, "
                f"got {type(start).__name__}"
            )
        self.is_tensor = isinstance(start, Tensor)
        self.ntensors = 1 if isinstance(start, Tensor) else len(start)
        if isinstance(start, Tensor):
            if start.dtype is not original.dtype:
                raise ValueError(
                    f"When right_inverse outputs one tensor, it may not change the dtype: got "
                    f"{start.dtype} for {original.dtype}"
                )
            if start is not original:
                with no_grad():
                    set_(original, start)
            self._keep("original", original)
        else:
            for k, one in enumerate(start):
                self._keep(f"original{k}", _kept_as(original, one.detach().clone()))
        if not unsafe:
            result = self()
            if result.dtype is not original.dtype or (
                self.is_tensor and result.shape != original.shape
            ):
                raise ValueError(
                    f"Registering a parametrization may not change the tensor's shape or dtype: "
                    f"got {result.dtype}{list(result.shape)} for "
                    f"{original.dtype}{list(original.shape)}. Pass unsafe=True if it should"
                )

    def _keep(self, name: str, tensor: Tensor) -> None:
        if isinstance(tensor, Parameter):
            self.register_parameter(name, tensor)
        else:
            self.register_buffer(name, tensor)

    def _originals(self) -> list[Tensor]:
        if self.is_tensor:
            return [self.original]
        return [getattr(self, f"original{k}") for k in range(self.ntensors)]

    def right_inverse(self, value: Tensor) -> None:
        """Sets the raw tensors so that the parametrized one becomes `value`."""
        start: Any = value
        with no_grad():
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    raise RuntimeError(
                        f"parametrization {type(module).__name__} does not implement right_inverse"
                    )
                start = module.right_inverse(start)
            for kept, one in zip(self._originals(), [start] if self.is_tensor else start,
                                 strict=True):  # fmt: skip
                set_(kept, one.detach())

    def forward(self) -> Tensor:
        chain = list(self)
        value = chain[0](*self._originals())
        for module in chain[1:]:
            value = module(value)
        return value


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module, or one tensor of it, is parametrized."""
    chains = module._modules.get("parametrizations")
    if not isinstance(chains, ModuleDict):
        return False
    return len(chains) > 0 if tensor_name is None else tensor_name in chains


def type_before_parametrizations(module: Module) -> type:
    """The module's class without what parametrizing made of it."""
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def _read(module: Module, name: str) -> Tensor:
    chain = module.parametrizations[name]
    if not _Cache.depth:
        return chain()
    key = (id(module), name)
    if key not in _Cache.values:
        _Cache.values[key] = chain()
    return _Cache.values[key]


def _write(module: Module, name: str, value: Tensor) -> None:
    module.parametrizations[name].right_inverse(value)


def _property(name: str) -> property:
    return property(
        lambda module: _read(module, name), lambda module, value: _write(module, name, value)
    )


def register_parametrization(
    module: Module, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> Module:
    """Makes a parameter or buffer the output of `parametrization`; several form a chain.

    Args:
        parametrization: a Module from the raw tensor to the one in use; with a method
            `right_inverse` the present value is kept and `module.name = value` works.
        unsafe: the parametrization may change shape and dtype; nothing is checked.
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        chain = module.parametrizations[tensor_name]
        if hasattr(parametrization, "right_inverse"):
            now = chain()
            with no_grad():
                start = parametrization.right_inverse(now)
            if not isinstance(start, Tensor):
                raise ValueError("a parametrization after the first must have one raw tensor")
            if start is not now:
                chain.right_inverse(start)
        chain.append(parametrization)
        chain.unsafe |= unsafe
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element "
            f"with name '{tensor_name}'"
        )
    chain = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe)
    chain.train(module.training)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        cls = type(module)
        module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), {"__module__": __name__})
        module.register_module("parametrizations", ModuleDict())
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = chain
    return module


def remove_parametrizations(
    module: Module, tensor_name: str, leave_parametrized: bool = True
) -> Module:
    """Makes a parametrized tensor an ordinary one again.

    Args:
        leave_parametrized: it keeps the computed value; else the raw one.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    chain = module.parametrizations[tensor_name]
    kept = chain._originals()[0]
    if leave_parametrized:
        value = chain().detach()
        if chain.is_tensor:
            with no_grad():
                set_(kept, value)
        else:
            kept = _kept_as(kept, value)
    elif not chain.is_tensor:
        raise ValueError(
            "Cannot leave unparametrized (leave_parametrized=False) a tensor that is "
            "parametrized in terms of a sequence of tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    if not len(module.parametrizations):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    if isinstance(kept, Parameter):
        module.register_parameter(tensor_name, kept)
    else:
        module.register_buffer(tensor_name, kept)
    return module


def transfer_parametrizations_and_params(
    from_module: Module, to_module: Module, tensor_name: str | None = None
) -> Module:
    """Gives `to_module` the parametrizations of `from_module`, and its raw tensors."""
    if not is_parametrized(from_module):
        return to_module
    names = list(from_module.parametrizations) if tensor_name is None else [tensor_name]
    for name in names:
        chain = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(chain().detach().clone()))
        for parametrization in chain:
            register_parametrization(to_module, name, parametrization, unsafe=True)
        made = to_module.parametrizations[name]
        with no_grad():
            for target, source in zip(made._originals(), chain._originals(), strict=True):
                set_(target, source.detach())
    return to_module
