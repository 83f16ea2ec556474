"""Transforms under torch.func's names, and Modules as functions of their parameters."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

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

    Args:
        parameter_and_buffer_dicts: a dict of names to Tensors, or a tuple of such dicts.

    Other arguments and errors as `nn.utils.stateless.functional_call`'s, which this calls.
    """
    given = _merged(parameter_and_buffer_dicts)
    return _nn("utils.stateless").functional_call(
        module, given, args, kwargs, tie_weights=tie_weights, strict=strict
    )


def _merged(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, dict):
        return dicts
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
        stacked = stack([one.detach() for one in members])
        made[name] = stacked.requires_grad_(first.requires_grad)
    return made


def _nn(name: str) -> Any:
    """A module of `nn`, which is imported on first use."""
    return importlib.import_module(f"{__package__}.nn.{name}")


def __getattr__(name: str) -> Any:
    if name == "replace_all_batch_norm_modules_":
        return getattr(_nn("normalization"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
