"""Any optax transformation as an optimizer; Lion, LAMB and others are made this way."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from optax import contrib

from ..core.engine.recording import record
from ..core.op import Arrays, Index, Op
from ..core.tensor.dispatch import prepare, write
from ..core.tensor.tensor import Tensor, from_host, wrap
from .optimizer import Optimizer


class OptaxOptimizer(Optimizer):
    """Base of optimizers made by `from_optax`: one transformation over all of a group.

    The state of a group stays with its first parameter that has a gradient, an array for each
    leaf of optax's state, named by its path. The same parameters must have gradients in every
    step.
    """

    counts_steps = False
    # Some transformations can do without a rate.
    needed = ()
    # Makes the transformation from the group's options, and their names and defaults.
    factory: Callable[..., optax.GradientTransformation]
    options: dict[str, Any]

    def __init__(self, params: Any, lr: Any = None, **options: Any):
        if lr is not None:
            options["lr"] = lr
        unknown = set(options) - set(self.options)
        if unknown:
            raise TypeError(
                f"{type(self).__name__}: got {sorted(unknown)}, expected of {list(self.options)}"
            )
        defaults = self.options | options
        for name, option in defaults.items():
            if option is inspect.Parameter.empty:
                raise TypeError(f"{type(self).__name__}: needs {name}=")
            # A whole number where a number may change in small steps.
            if type(option) is int and type(self.options[name]) is not int:
                defaults[name] = float(option)
        super().__init__(params, defaults)

    def _step_group(self, group: dict[str, Any]) -> None:
        params = [param for param in group["params"] if param._grad is not None]
        if not params:
            return
        state = self.state[params[0]]
        if not state:
            state.update(self._first_state(group, params))
        leaves = [one for name, one in state.items() if name != "step"]
        chosen = {name: group[name] for name in self.defaults}
        numbers = {k: one for k, one in chosen.items() if type(one) is float}
        given = {k: one for k, one in chosen.items() if isinstance(one, Tensor)}
        static = {k: one for k, one in chosen.items() if k not in numbers and k not in given}
        if self._found_inf is not None:
            given["found_inf"] = self._found_inf
        grads = [param._grad for param in params]
        args = (params, grads, leaves, list(given.values()), *numbers.values())
        layout = (tuple(numbers), tuple(given), tuple(static.items()))
        signature, values, data = prepare(self._op, args, {"layout": layout})
        made = record(signature, values, data)
        for tensor, value in zip((*params, *leaves), made, strict=True):
            write(tensor, wrap(value, None))

    def _first_state(self, group: dict[str, Any], params: list[Tensor]) -> dict[str, Tensor]:
        arrays = [np.asarray(param.detach().cpu()) for param in params]
        tree = self.factory(**{name: group[name] for name in self.defaults}).init(arrays)
        paths = jax.tree_util.tree_flatten_with_path(tree)[0]
        return {
            jax.tree_util.keystr(path): wrap(from_host(np.asarray(one), params[0].device), None)
            for path, one in paths
        }


# optax's names -> PyTorch's.
_OURS = {"learning_rate": "lr"}


def _step_function(factory: Callable) -> Callable:
    """The pure function that updates the parameters of a group and optax's state."""

    def step(params: Arrays, grads: Arrays, leaves: Arrays, given: Arrays, *numbers: Index, layout):
        names, given_names, static = layout
        kind = jnp.promote_types(jnp.result_type(*params), jnp.float32)
        tensors = {k: x.reshape(()) for k, x in zip(given_names, given, strict=True)}
        bad = tensors.pop("found_inf", None)
        chosen = {k: x.astype(kind) for k, x in zip(names, numbers, strict=True)}
        made = factory(**chosen, **tensors, **dict(static))
        structure = jax.tree_util.tree_structure(jax.eval_shape(made.init, params))
        state = jax.tree_util.tree_unflatten(structure, leaves)
        updates, state = made.update(grads, state, params)
        before = [*params, *leaves]
        moved: Any = optax.apply_updates(params, updates)
        after = [*moved, *jax.tree_util.tree_leaves(state)]
        results = [new.astype(old.dtype) for old, new in zip(before, after, strict=True)]
        if bad is None:
            return results
        return [jnp.where(bad > 0, old, new) for old, new in zip(before, results, strict=True)]

    return step


def from_optax(
    transformation: Callable | optax.GradientTransformation, name: str = "Optax", **options: Any
) -> type[OptaxOptimizer]:
    """An optimizer class that runs an optax transformation: `from_optax(optax.lion)(params, lr)`.

    Args:
        transformation: a transformation, or what makes one, such as `optax.lion` or
            `lambda lr: optax.chain(optax.clip_by_global_norm(1.0), optax.adam(lr))`. Its
            parameters become options of groups (`learning_rate` as `lr`); those that are floats
            travel as data and may change at any step.
        name: the class's name.
        options: other defaults of its options.
    """
    parameters: dict[str, Any] = {}
    if not isinstance(transformation, optax.GradientTransformation):
        for parameter in inspect.signature(transformation).parameters.values():
            if parameter.kind is not parameter.VAR_KEYWORD:
                parameters[_OURS.get(parameter.name, parameter.name)] = parameter.default

    def factory(**chosen: Any) -> optax.GradientTransformation:
        if isinstance(transformation, optax.GradientTransformation):
            return transformation
        if "lr" in chosen and "lr" not in inspect.signature(transformation).parameters:
            chosen["learning_rate"] = chosen.pop("lr")
        return transformation(**chosen)

    step = _step_function(factory)
    # Whose formula it is: programs with a user's own are not kept on disk.
    step.__module__ = getattr(transformation, "__module__", "")
    members = {
        "factory": staticmethod(factory),
        "options": parameters | options,
        "__doc__": f"{name}: optax's `{getattr(transformation, '__name__', 'transformation')}`.",
        "_op": Op(f"{name}.step", step, differentiable=False),
    }
    return type(name, (OptaxOptimizer,), members)


Lion = from_optax(optax.lion, "Lion", lr=1e-4)
Lamb = from_optax(optax.lamb, "Lamb", lr=1e-3)
Lars = from_optax(optax.lars, "Lars", lr=1e-1)
AdaBelief = from_optax(optax.adabelief, "AdaBelief", lr=1e-3)
AdEMAMix = from_optax(contrib.ademamix, "AdEMAMix", lr=1e-3)
Prodigy = from_optax(contrib.prodigy, "Prodigy")
