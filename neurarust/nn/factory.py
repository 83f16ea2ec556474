"""Modules that are a function and its settings: activations, losses, poolings, distances."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from ..core.op import ARRAY, kind_of
from .module import Module


def not_a_tensor(operation: str, argument: str, given: Any) -> NoReturn:
    """The error of a module that got something else, in the words of an operation's."""
    raise TypeError(f"{operation}(): argument '{argument}' must be Tensor, not "
                    f"{'None' if given is None else type(given).__name__}")  # fmt: skip


def module_of(
    function: Callable,
    inputs: int = 1,
    settings: Sequence[str] | None = None,
    shown: Sequence[str] | None = None,
    **defaults: Any,
) -> Callable[[type[Module]], type[Module]]:
    """Class decorator: gives a Module the constructor and `forward` that a function implies.

    The constructor takes the function's arguments after its inputs, with their defaults, and
    keeps them as attributes (tensors as buffers); `forward` takes the inputs.

    Args:
        inputs: how many of the function's first arguments `forward` takes.
        settings: the constructor's arguments, in order, if not all the others.
        shown: the settings that print; all but `inplace=False` if left out.
        defaults: defaults that differ from the function's.
    """
    parameters = list(inspect.signature(function).parameters.values())
    names = [one.name for one in parameters[:inputs]]
    by_name = {one.name: one for one in parameters[inputs:]}
    chosen = tuple(by_name) if settings is None else tuple(settings)
    # All arguments up to the last chosen one are given by position.
    last = max((list(by_name).index(name) for name in chosen), default=-1)
    given = [(name, name in chosen, by_name[name].default) for name in list(by_name)[: last + 1]]
    signature = inspect.Signature(
        [
            inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            *[
                by_name[name].replace(
                    kind=inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    default=defaults.get(name, by_name[name].default),
                )
                for name in chosen
            ],
        ]
    )
    tensors = {name for name in chosen if kind_of(by_name[name].annotation) == ARRAY}
    printed = chosen if shown is None else tuple(shown)

    def construct(self: Module, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        for name in chosen:
            if name in tensors:
                self.register_buffer(name, bound.arguments[name])
            else:
                setattr(self, name, bound.arguments[name])
        if "stride" in chosen and self.stride is None:
            self.stride = self.kernel_size

    def forward(self: Module, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != inputs:
            args = tuple(_inputs(self, names, args, kwargs))
        return function(
            *args, *[getattr(self, name) if ours else fixed for name, ours, fixed in given]
        )

    def extra_repr(self: Module) -> str:
        pairs = [(name, getattr(self, name)) for name in printed]
        return ", ".join(
            f"{name}={setting!r}"
            for name, setting in pairs
            if (name, setting) != ("inplace", False)
        )

    construct.__signature__ = signature

    def decorate(cls: type[Module]) -> type[Module]:
        for name, method in (
            ("__init__", construct), ("forward", forward), ("extra_repr", extra_repr),
        ):  # fmt: skip
            if name not in cls.__dict__:
                setattr(cls, name, method)
        return cls

    return decorate


def _inputs(module: Module, names: list[str], args: tuple, kwargs: dict[str, Any]) -> list[Any]:
    """The inputs of a forward that were given by name too."""
    try:
        found = [*args, *[kwargs.pop(name) for name in names[len(args) :]]]
    except KeyError as missing:
        raise TypeError(f"{type(module).__name__}: missing the input {missing}") from None
    if kwargs or len(found) != len(names):
        raise TypeError(
            f"{type(module).__name__}: takes {', '.join(names)}, but got {len(args)} positional "
            f"arguments{f' and {sorted(kwargs)}' if kwargs else ''}"
        )
    return found
