"""Modules as functions of their parameters; `func.functional_call` is made of the one here."""

from __future__ import annotations

from typing import Any

from ...core.tensor.tensor import Tensor
from ..module import Module


def functional_call(
    module: Module, parameters_and_buffers: dict[str, Tensor], args: Any = None,
    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`module(*args, **kwargs)` with these tensors in the place of its parameters and buffers.

    Buffers that the module writes in place (running statistics) are written where they were
    given; one that it puts in another's place is found in the dict. The module itself stays as it
    was.

    Args:
        args: the tuple of arguments; anything else is the one argument.
        tie_weights: a tensor that the module has under several names is replaced under all.
        strict: raise unless all parameters and buffers are given, and nothing else.
    Raises:
        KeyError: a name that the module does not have (PyTorch passes over some of them); under
            `strict` a RuntimeError, as for one that is missing.
        TypeError: what was given is no Tensor.
        ValueError: different tensors for the names of one.
    """
    places = _places(module)
    _check_given(module, parameters_and_buffers, places, strict)
    given = _tied(parameters_and_buffers, places) if tie_weights else parameters_and_buffers
    if strict:
        _check_complete(module, given, places)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    before = {name: kept[key] for name, (kept, key) in places.items() if name in given}
    try:
        for name, one in given.items():
            kept, key = places[name]
            kept[key] = one
        return module(*arguments, **(kwargs or {}))
    finally:
        for name, one in before.items():
            kept, key = places[name]
            if name in parameters_and_buffers and key in kept:
                parameters_and_buffers[name] = kept[key]
            kept[key] = one


def _places(module: Module) -> dict[str, tuple[dict, str]]:
    """The dict and key that hold each parameter and buffer of a module, by full name."""
    found = {}
    for prefix, one in module.named_modules(remove_duplicate=False):
        for kept in (one._parameters, one._buffers):
            for key in kept:
                found[f"{prefix}.{key}" if prefix else key] = (kept, key)
    return found


def _check_given(module: Module, given: dict, places: dict, strict: bool) -> None:
    unknown = sorted(given.keys() - places.keys())
    if unknown:
        raise (RuntimeError if strict else KeyError)(
            f"functional_call: {type(module).__name__} has no parameter or buffer named "
            f"{', '.join(unknown)}. It has {', '.join(places) or 'none'}"
        )
    for name, one in given.items():
        if one is not None and not isinstance(one, Tensor):
            raise TypeError(f"functional_call: {name} must be a Tensor, not {type(one).__name__}")


def _check_complete(module: Module, given: dict, places: dict) -> None:
    missing = [
        name for name, (kept, key) in places.items() if name not in given and kept[key] is not None
    ]
    if missing:
        raise RuntimeError(
            f"functional_call: strict=True needs every parameter and buffer of "
            f"{type(module).__name__}, but {', '.join(missing)} are missing"
        )


def _tied(given: dict, places: dict) -> dict:
    """The tensors given, also under the other names that the module has for the same ones."""
    names: dict[int, list[str]] = {}
    for name, (kept, key) in places.items():
        if kept[key] is not None:
            names.setdefault(id(kept[key]), []).append(name)
    full = dict(given)
    for name in given:
        kept, key = places[name]
        for other in names.get(id(kept[key]), ()):
            if full.setdefault(other, given[name]) is not given[name]:
                raise ValueError(
                    f"functional_call: {name} and {other} are one tensor in the module, but "
                    f"different ones were given. Give one of them, or tie_weights=False"
                )
    return full
