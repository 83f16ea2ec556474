"""`torch.jit`: what TorchScript would compile runs as the Python that it is."""

from __future__ import annotations

import builtins
import typing
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..nn.module import Module
from .hints import NoEffect as optimized_execution
from .hints import NoEffect as strict_fusion
from .hints import hint, no, nothing
from .refusal import refused

__all__ = [
    "Attribute", "CompilationUnit", "Error", "Final", "Future", "ScriptFunction", "ScriptModule",
    "annotate", "enable_onednn_fusion", "export", "fork", "freeze", "ignore", "interface",
    "is_scripting", "is_tracing", "isinstance", "load", "onednn_fusion_enabled",
    "optimize_for_inference", "optimized_execution", "save", "script", "script_if_tracing",
    "script_method", "set_fusion_strategy", "strict_fusion", "trace", "trace_module", "unused",
    "wait",
]  # fmt: skip

_WHY = (
    "torch.jit.script and torch.jit.trace return what they are given, so there is no TorchScript "
    "to store or read. Save model.state_dict(), and load it into a model that its own code makes"
)

Final = typing.Final
Error = RuntimeError
CompilationUnit = refused("torch.jit.CompilationUnit", _WHY)
ScriptFunction = refused("torch.jit.ScriptFunction", "torch.jit.script returns the function")
load = refused("torch.jit.load", _WHY)
save = refused("torch.jit.save", _WHY)

ignore = unused = export = interface = script_method = script_if_tracing = hint
_overload = _overload_method = _script_if_tracing = hint
enable_onednn_fusion = set_fusion_strategy = nothing
is_scripting = is_tracing = onednn_fusion_enabled = no


def _save(*_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError(f"save of what torch.jit returned is not supported: {_WHY}")


class ScriptModule(Module):
    """A Module; the base of models in the style of `@torch.jit.script_method`."""

    save = _save


class RecursiveScriptModule(ScriptModule):
    """The name of what `torch.jit.script` makes of a Module in PyTorch; here it is that Module."""


def _as_it_is(given: Any) -> Any:
    """What was given; its `save`, which it has for TorchScript's sake, says what to do instead."""
    if builtins.isinstance(given, Module) and not hasattr(given, "save"):
        vars(given)["save"] = _save
    return given


def script(obj: Any, *_: Any, **__: Any) -> Any:
    """`obj` itself: a function, a Module or a class."""
    return _as_it_is(obj)


def trace(func: Any, example_inputs: Any = None, *_: Any, **__: Any) -> Any:
    """`func` itself. Differs from PyTorch: its branches stay branches."""
    return _as_it_is(func)


def trace_module(mod: Module, inputs: Mapping, *_: Any, **__: Any) -> Module:
    """`mod` itself."""
    return _as_it_is(mod)


def freeze(mod: Module, *_: Any, **__: Any) -> Module:
    """`mod` itself, which has to be in eval mode."""
    if mod.training:
        raise RuntimeError(
            "Freezing is currently only implemented for modules in eval mode. Please call .eval() "
            "on your module before freezing."
        )
    return mod


def optimize_for_inference(mod: Module, *_: Any, **__: Any) -> Module:
    """`mod` itself: XLA fuses what it runs."""
    return mod


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value; the type is for TorchScript."""
    return the_value


def Attribute(value: Any, type: Any) -> Any:
    """The value; the type is for TorchScript."""
    return value


def isinstance(obj: Any, target_type: Any) -> bool:
    """Python's `isinstance`, which also takes generic types such as `list[int]`."""
    kinds = target_type if builtins.isinstance(target_type, tuple) else (target_type,)
    return builtins.isinstance(obj, tuple(typing.get_origin(kind) or kind for kind in kinds))


class Future:
    """The result of `fork`, which is there already."""

    def __init__(self, value: Any = None):
        self._value = value

    def wait(self) -> Any:
        return self._value

    value = wait

    def done(self) -> bool:
        return True

    def then(self, callback: Callable) -> Future:
        return Future(callback(self))


def fork(func: Callable, *args: Any, **kwargs: Any) -> Future:
    """Runs `func` at once, as PyTorch does outside of TorchScript."""
    return Future(func(*args, **kwargs))


def wait(future: Future) -> Any:
    """The result of a `fork`."""
    return future.wait()
