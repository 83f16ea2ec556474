"""The decorators: `nr.jit`, and PyTorch's name for it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from .function import Jitted


def jit(
    function: Any = None, *, static_argnames: str | Sequence[str] = (), fullgraph: bool = False
) -> Any:
    """A function, method or Module that runs as one recorded call, at the cost of one.

        @nr.jit
        def step(x, y):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            return loss

    Tensors among the arguments are data; Python numbers and strings count by value, other
    objects by identity, and another one means that the Python runs again (compiled programs are
    found again). Everything read and written is kept track of: parameters, buffers, gradients,
    optimizer state, random streams, hyper-parameters and schedules. Python's own effects (print,
    list.append) happen only while it runs, in the first two calls. Results do not share
    memory with arguments or parameters, nor views among them with one another. What a call wrote
    before it raised is taken back.

    The same holds for all that the user's code that ran can see: global variables and those of
    outer functions that it reads, the members that it names of objects, classes and modules,
    elements of lists and dictionaries, contents of NumPy arrays, and of `nn` modules everything,
    with hooks. They are compared at each call, so what it does not name may change as it likes. Of
    containers with more than 1,024 entries only the length counts and entries that the code names,
    of arrays above 1 MiB 512 elements, of memory-mapped ones none. What lies in files, iterators,
    generators of random numbers other than ours, the clock, a cache of `functools`, variables of
    the environment or of contexts, or behind weak references is not seen.

    A function that looks at a value (`item`, `if tensor`), or whose Python values change from
    call to call, runs as plain recording, with one warning that names the line.

    Args:
        static_argnames: arguments that count by value though they are no numbers or strings.
        fullgraph: raise instead of falling back.
    Returns:
        A callable of the same kind: for a Module, a Module that shares its state.
    """
    names = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)
    if function is None:
        return functools.partial(jit, static_argnames=names, fullgraph=fullgraph)
    if not callable(function):
        raise TypeError(f"jit: expected a function or Module, but got {function!r}")
    if names:
        _check_names(function, names)
    if isinstance(getattr(function, "_modules", None), dict):
        return _jitted_module(function, fullgraph)
    return Jitted(function, names, fullgraph)


def compile(
    model: Any = None, *, fullgraph: bool = False, dynamic: bool | None = None,
    backend: str | Callable = "inductor", mode: str | None = None, options: dict | None = None,
    disable: bool = False,
) -> Any:  # fmt: skip
    """PyTorch's name of `jit`.

    Args:
        fullgraph: raise where the function cannot be one program.
        dynamic, backend, mode, options: accepted without effect; XLA compiles each shape.
        disable: return the function as it is.
    """
    if model is None:
        return functools.partial(compile, fullgraph=fullgraph, disable=disable)
    return model if disable else jit(model, fullgraph=fullgraph)


def _jitted_module(module: Any, fullgraph: bool) -> Any:
    """A Module of a subclass whose call is jitted, with the very attributes of the given one."""
    kind = type(module)
    call = Jitted(kind.__call__, (), fullgraph)
    call._name = kind.__name__

    def reduce(self: Any, protocol: Any) -> tuple:
        return _jitted_module, (_with_attributes(kind, self), fullgraph)

    members = {"__call__": call, "__module__": kind.__module__, "__reduce_ex__": reduce}
    return _with_attributes(type(kind.__name__, (kind,), members), module)


def _with_attributes(kind: type, module: Any) -> Any:
    """A Module of another class with the very attributes of this one."""
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", module.__dict__)
    return made


def _check_names(function: Any, names: Sequence[str]) -> None:
    """Raises for static arguments that a function does not have."""
    parameters = inspect.signature(function).parameters
    missing = [one for one in names if one not in parameters]
    if missing and not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        raise ValueError(
            f"jit: static_argnames={missing} are no parameters of "
            f"{getattr(function, '__name__', function)}, which has {[*parameters]}"
        )
