"""Module: the base of all layers and models."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from ..core import jit
from ..core.changes import Told
from ..core.engine.recording import state, synchronize
from ..core.errors import add_place
from ..core.tensor.tensor import Tensor
from . import hooks, state_dict
from .parameter import Buffer, Parameter
from .placement import Placed

Self = TypeVar("Self", bound="Module")


class _Calls(threading.local):
    """How many calls of modules this thread is inside of."""

    depth = 0


_calls = _Calls()


def _missing_forward(self: Module, *_: Any, **__: Any) -> Any:
    raise NotImplementedError(
        f'Module [{type(self).__name__}] is missing the required "forward" function'
    )


class Module(hooks.Hooked, Placed):
    """Base class of layers and models (torch.nn.Module).

    A subclass calls `super().__init__()`, assigns parameters, buffers and submodules as
    attributes, and defines `forward`. Calling the module runs `forward` with its hooks; an
    outermost call under `no_grad` also sends what it recorded to the device. An error's message
    begins with the path of the module that it arose in; errors of a user's own code, which stay
    as they are, have the path in a note.

    A module may define `get_extra_state()` and `set_extra_state(state)` to put something of
    its own into the state dict.
    """

    training: bool
    # Kept in state dicts' `_metadata`, so that a class can tell older files from its own.
    _version = 1
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _non_persistent_buffers_set: set[str]
    _modules: dict[str, Module | None]

    def __init__(self) -> None:
        self.__dict__.update(
            training=True, _parameters=Told(), _buffers=Told(), _modules=Told(),
            _non_persistent_buffers_set=set(),
        )  # fmt: skip

    forward: Callable[..., Any] = _missing_forward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        depth = _calls.depth
        _calls.depth = depth + 1
        try:
            if self._hooks is None and not hooks.EVERYWHERE:
                result = self.forward(*args, **kwargs)
            else:
                result = hooks.call(self, args, kwargs)
        except Exception as error:
            if not depth:
                _say_where(self, error)
            raise
        finally:
            _calls.depth = depth
        if not depth and not state.grad:
            synchronize(wait=False)
        return result

    # ------------------------------------------------------------ attributes

    def __getattr__(self, name: str) -> Any:
        members = self.__dict__
        for kind in ("_parameters", "_buffers", "_modules"):
            kept = members.get(kind)
            if kept is not None and name in kept:
                return kept[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        parameters = self.__dict__.get("_parameters")
        if parameters is None and isinstance(value, Parameter | Module | Buffer):
            raise AttributeError(
                f"cannot assign {type(value).__name__} before Module.__init__() call: "
                f"call super().__init__() first"
            )
        if parameters is None:
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._forget(name, parameters)
            self.register_parameter(name, value)
        elif name in parameters:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as parameter '{name}' "
                    f"(nn.Parameter or None expected). Wrap it: nn.Parameter(...)"
                )
            parameters[name] = None
        elif isinstance(value, Module):
            self._forget(name, self._modules)
            self.register_module(name, value)
        elif name in self._modules:
            if value is not None:
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as child module '{name}' "
                    f"(nn.Module or None expected)"
                )
            self._modules[name] = None
        elif isinstance(value, Buffer):
            self._forget(name, self._buffers)
            self.register_buffer(name, value, value.persistent)
        elif name in self._buffers:
            if value is not None and not isinstance(value, Tensor):
                raise TypeError(
                    f"cannot assign '{type(value).__name__}' as buffer '{name}' "
                    f"(Tensor or None expected)"
                )
            self._buffers[name] = value
        else:
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for kept in (self._parameters, self._buffers, self._modules):
            if name in kept:
                del kept[name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def _forget(self, name: str, kind: Mapping) -> None:
        """Makes room for a name that may stand for something of another kind.

        One of the same kind keeps its place among the others.
        """
        for kept in (self.__dict__, self._parameters, self._buffers, self._modules):
            if kept is not kind and name in kept:
                del kept[name]
        self._non_persistent_buffers_set.discard(name)

    def __dir__(self) -> list[str]:
        names = [*object.__dir__(self), *self._parameters, *self._buffers, *self._modules]
        return sorted({name for name in names if not name[:1].isdigit()})

    def _check_name(self, kind: str, name: str, kept: Mapping) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f'{kind} name must not contain "." or be empty, but got {name!r}')
        if name not in kept and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a parameter; None keeps its place without one."""
        self._check_name("parameter", name, self.__dict__.get("_parameters", ()))
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' "
                f"(nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, "
                f"compute the value in the forward() method."
            )
        self._parameters[name] = hooks.taken(self, hooks.PARAMETER, name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is state but no parameter, such as running statistics.

        Args:
            persistent: whether it is part of the state dict.
        """
        self._check_name("buffer", name, self.__dict__.get("_buffers", ()))
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' "
                f"(Tensor or None required)"
            )
        self._buffers[name] = hooks.taken(self, hooks.BUFFER, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("module", name, self.__dict__.get("_modules", ()))
        self._modules[name] = hooks.taken(self, hooks.MODULE, name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule (as `register_module`)."""
        self.register_module(name, module)

    # ------------------------------------------------------------ the tree

    def get_submodule(self, target: str) -> Module:
        """The submodule at a path such as "encoder.layers.0"; the module itself for ""."""
        found: Module = self
        for name in target.split(".") if target else ():
            inner = getattr(found, name, None)
            if not isinstance(inner, Module):
                what = "has no attribute" if inner is None else "is not an nn.Module:"
                raise AttributeError(f"{type(found).__name__} {what} `{name}`")
            found = inner
        return found

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Puts a module at a path; `strict`: only in the place of another."""
        path, _, name = target.rpartition(".")
        if not name:
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Module):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        if strict:
            self.get_submodule(target)
        setattr(self.get_submodule(path), name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "encoder.weight"."""
        return self._at(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path."""
        return self._at(target, "_buffers", "a buffer")

    def _at(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in getattr(module, kind):
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(module, name)

    def named_modules(
        self, memo: set | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it with their paths, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, below, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        found: dict[Module, None] = {}
        stack: list[Module] = [self]
        while stack:
            module = stack.pop()
            if module not in found:
                found[module] = None
                stack += [one for one in reversed(module._modules.values()) if one is not None]
        return iter(found)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names, each once."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct submodules, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = (
            self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
            if recurse
            else [(prefix, self)]
        )
        for path, module in modules:
            for name, tensor in getattr(module, kind).items():
                if tensor is None or tensor in seen:
                    continue
                if remove_duplicate:
                    seen.add(tensor)
                yield f"{path}.{name}" if path else name, tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their paths; tied ones once."""
        yield from self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters; tied ones once."""
        modules = self.modules() if recurse else (self,)
        found = {one: None for module in modules for one in module._parameters.values()}
        return iter([one for one in found if one is not None])

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """All buffers with their paths; tied ones once."""
        yield from self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """All buffers; tied ones once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    # ------------------------------------------------------------ state

    def state_dict(
        self, *, destination: dict | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers by path; they share the module's storages.

        Args:
            keep_vars: the parameters themselves instead of detached tensors.
        """
        return state_dict.save_all(self, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """Copies tensors from a state dict into the module's parameters and buffers.

        Args:
            strict: raise for keys that are missing or unexpected.
            assign: put the given tensors in the parameters' place, instead of copying.
        """
        return _load_all(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination: dict, prefix: str, keep_vars: bool) -> None:
        state_dict.save(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self, state_dict: dict, prefix: str, local_metadata: dict, strict: bool,
        missing_keys: list[str], unexpected_keys: list[str], error_msgs: list[str],
    ) -> None:  # fmt: skip
        _load(
            self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
            error_msgs,
        )  # fmt: skip

    # ------------------------------------------------------------ changing all of it

    def apply(self: Self, fn: Callable[[Module], None]) -> Self:
        """Calls `fn` with every submodule and the module itself, from the leaves up."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self: Self, mode: bool = True) -> Self:
        """Sets `training` here and below: dropout and batch statistics are on."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Clears `training` here and below."""
        return self.train(False)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Sets `requires_grad` of all parameters."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of all parameters, or sets them to zero."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else parameter.grad.detach().zero_()

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Makes `forward` run as one recorded call (see `nr.compile`), in place."""
        self.__dict__["forward"] = jit.compile(self.forward, *args, **kwargs)

    # ------------------------------------------------------------ printing

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module prints."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = [f"({name}): {_indented(repr(one))}" for name, one in self._modules.items()]
        if not lines:
            if "\n" not in extra:
                return f"{self._get_name()}({extra})"
            return f"{self._get_name()}(\n  {_indented(extra)}\n)"
        body = "\n  ".join([*extra.split("\n"), *lines] if extra else lines)
        return f"{self._get_name()}(\n  {body}\n)"


# `load_state_dict` and its like have a parameter of the module's name.
_load, _load_all = state_dict.load, state_dict.load_all


_CALL = Module.__call__.__code__


def _say_where(called: Module, error: Exception) -> None:
    """Adds to an error the path, from the module that was called, of the one that it arose in."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    inner = [one.f_locals["self"] for one in frames if one.f_code is _CALL]
    paths = {id(module): path for path, module in called.named_modules()}
    module = next((one for one in reversed(inner) if id(one) in paths), called)
    if module is called:
        return
    raised_in = frames[-1].f_globals.get("__name__", "").partition(".")[0]
    place = f"in {paths[id(module)]} ({type(module).__name__})"
    add_place(error, place, raised_in in ("neurarust", "jax"))


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
