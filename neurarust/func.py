"""Transforms under torch.func's names, and Modules as functions of their parameters."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from .core.capture.function import is_tensor
from .core.ops.movement import stack
from .core.tensor.tensor import Tensor
from .core.transforms import grad as grad
from .core.transforms import grad_and_value as grad_and_value
from .core.transforms import hessian as hessian
from .core.transforms import jacfwd as jacfwd
from .core.transforms import jacrev as jacrev
from .core.transforms import jvp as jvp
from .core.transforms import linearize as linearize
from .core.transforms import vjp as vjp
from .core.transforms import vmap as vmap


def functional_call(
    module: Any, parameter_and_buffer_dicts: Any, args: Any = None,
    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """`module(*args, **kwargs)` with these tensors in the place of its parameters and buffers.

        def loss(parameters, x, y):
            return cross_entropy(functional_call(model, parameters, (x,)), y)

    Buffers that the module writes in place (running statistics) are written where they were
    given; the module itself stays as it was.

    Args:
        parameter_and_buffer_dicts: a dict of names to Tensors, or a tuple of such dicts.
        args: the tuple of arguments; anything else is the one argument.
        tie_weights: a tensor that the module has under several names is replaced under all.
        strict: raise unless all parameters and buffers are given, and nothing else.
    """
    given = _merged(parameter_and_buffer_dicts)
    places = _places(module)
    _check_names(module, given, places, strict)
    if tie_weights:
        given = _tied(given, places)
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    before = [(kept, key, kept[key]) for kept, key in (places[name] for name in given)]
    try:
        for name, one in given.items():
            kept, key = places[name]
            kept[key] = one
        return module(*arguments, **(kwargs or {}))
    finally:
        for kept, key, one in before:
            kept[key] = one


def _merged(dicts: Any) -> dict[str, Tensor]:
    dicts = (dicts,) if isinstance(dicts, dict) else dicts
    if not isinstance(dicts, (tuple, list)) or not all(isinstance(one, dict) for one in dicts):
        raise ValueError(
            f"functional_call: Expected parameter_and_buffer_dicts to be a dict, or a list/tuple "
            f"of dicts, but got {type(dicts).__name__}"
        )
    given: dict[str, Tensor] = {}
    for one in dicts:
        twice = given.keys() & one.keys()
        if twice:
            raise ValueError(f"functional_call: {sorted(twice)} appeared in multiple dictionaries")
        given.update(one)
    return given


def _places(module: Any) -> dict[str, tuple[dict, str]]:
    """The dict and key that hold each parameter and buffer of a module, by full name."""
    found = {}
    for prefix, one in module.named_modules(remove_duplicate=False):
        for kept in (one._parameters, one._buffers):
            for key in kept:
                found[f"{prefix}.{key}" if prefix else key] = (kept, key)
    return found


def _check_names(module: Any, given: dict, places: dict, strict: bool) -> None:
    kind = type(module).__name__
    unknown = sorted(given.keys() - places.keys())
    if unknown:
        raise KeyError(
            f"functional_call: {kind} has no parameter or buffer named {', '.join(unknown)}. It "
            f"has {', '.join(places) or 'none'}"
        )
    for name, one in given.items():
        if one is not None and not is_tensor(one):
            raise TypeError(f"functional_call: {name} must be a Tensor, not {type(one).__name__}")
    missing = [
        name for name, (kept, key) in places.items() if name not in given and kept[key] is not None
    ]
    if strict and missing:
        raise RuntimeError(
            f"functional_call: strict=True needs every parameter and buffer of {kind}, but "
            f"{', '.join(missing)} are missing"
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


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The parameters and the buffers of several Modules of one kind, each stacked.

        parameters, buffers = stack_module_state(models)
        vmap(lambda p, b, x: functional_call(models[0], (p, b), (x,)), (0, 0, None))(
            parameters, buffers, x)

    Shape: (models, *shape). Parameters that require grad are leaves that do.
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    kinds = {type(one) for one in models}
    if len(kinds) != 1:
        raise RuntimeError(
            f"stack_module_state: Expected all models to be of the same class, but got "
            f"{', '.join(sorted(kind.__name__ for kind in kinds))}"
        )
    if not (all(one.training for one in models) or not any(one.training for one in models)):
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    parameters = _stacked([dict(one.named_parameters()) for one in models])
    buffers = _stacked([dict(one.named_buffers()) for one in models])
    return parameters, buffers


def _stacked(states: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    made = {}
    for name, first in states[0].items():
        members = [one[name] for one in states]
        if len({one.requires_grad for one in members}) != 1:
            raise RuntimeError(
                f"stack_module_state: Expected {name} of all models to have the same requires_grad"
            )
        stacked = stack([one.detach() for one in members])  # type: ignore[attr-defined]
        made[name] = stacked.requires_grad_(first.requires_grad)
    return made


def __getattr__(name: str) -> Any:
    """What needs `nn`, which is imported on first use."""
    if name == "replace_all_batch_norm_modules_":
        return getattr(importlib.import_module(f"{__package__}.nn.normalization"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
