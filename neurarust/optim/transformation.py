"""Any optax transformation as an optimizer; Lion, LAMB and others are made this way."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax
from optax import contrib

from ..core.capture import reread
from ..core.engine.recording import record
from ..core.op import Arrays, Index, Op
from ..core.tensor.dispatch import call, prepare, write
from ..core.tensor.tensor import Tensor, wrap
from .optimizer import Optimizer
from .options import is_number, no_number


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
    _begin_op: ClassVar[Op]
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
        given, numbers, layout = self._options_of(group)
        grads = [param._grad for param in params]
        args = (params, grads, leaves, given, *numbers)
        signature, values, data = prepare(self._op, args, {"layout": layout})
        reread(partial(self._read_again, group))
        made = record(signature, values, data)
        for tensor, value in zip((*params, *leaves), made, strict=True):
            write(tensor, wrap(value, None))

    def _options_of(self, group: dict[str, Any]) -> tuple[list[Tensor], list[float], tuple]:
        """A group's options: those that are tensors, numbers, and all else with their names."""
        chosen = {name: group[name] for name in self.defaults}
        vary = [k for k, one in chosen.items() if float in (type(one), type(self.defaults[k]))]
        numbers = {k: float(chosen[k]) for k in vary if is_number(chosen[k])}
        given = {k: one for k, one in chosen.items() if isinstance(one, Tensor)}
        for name in vary:
            if name not in numbers and name not in given:
                raise no_number(self, name, chosen[name])
        static = {k: one for k, one in chosen.items() if k not in numbers and k not in given}
        if self._found_inf is not None:
            given["found_inf"] = self._found_inf
        layout = (tuple(numbers), tuple(given), tuple(static.items()))
        return [*given.values()], [*numbers.values()], layout

    def _read_again(self, group: dict[str, Any]) -> tuple[list[float], Any]:
        """A group's numbers, and a key: with another one the step is another."""
        given, numbers, layout = self._options_of(group)
        # (A scaler's tensor is made anew for each step.)
        return numbers, (layout, [id(one) for one in given if one is not self._found_inf])

    def _first_state(self, group: dict[str, Any], params: list[Tensor]) -> dict[str, Tensor]:
        given, numbers, layout = self._options_of(group)
        made = call(self._begin_op, (params, given, *numbers), {"layout": layout})
        # The names of the leaves do not depend on numbers.
        structs = [param._aval().struct() for param in params]
        chosen = dict.fromkeys((*layout[0], *layout[1]), 0.0) | dict(layout[2])
        chosen.pop("found_inf", None)
        tree = jax.eval_shape(self.factory(**chosen).init, structs)
        paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
        return {
            jax.tree_util.keystr(path): one.detach() for path, one in zip(paths, made, strict=True)
        }


# optax's names -> PyTorch's.
_OURS = {"learning_rate": "lr"}


def _made(
    factory: Callable, layout: tuple, given: Sequence[jax.Array], numbers: Sequence, kind: Any
) -> tuple[optax.GradientTransformation, jax.Array | None]:
    """The transformation for a group's options, and where a GradScaler found an infinity."""
    names, given_names, static = layout
    tensors = {k: x.reshape(()) for k, x in zip(given_names, given, strict=True)}
    bad = tensors.pop("found_inf", None)
    chosen = {k: x.astype(kind) for k, x in zip(names, numbers, strict=True)}
    return factory(**chosen, **tensors, **dict(static)), bad


def _functions(factory: Callable) -> tuple[Callable, Callable]:
    """The pure functions that make optax's state, and update it and the parameters of a group."""

    def begin(params: Arrays, given: Arrays, *numbers: Index, layout):
        kind = jnp.promote_types(jnp.result_type(*params), jnp.float32)
        made, _ = _made(factory, layout, given, numbers, kind)
        return jax.tree_util.tree_leaves(made.init(params))

    def step(params: Arrays, grads: Arrays, leaves: Arrays, given: Arrays, *numbers: Index, layout):
        kind = jnp.promote_types(jnp.result_type(*params), jnp.float32)
        made, bad = _made(factory, layout, given, numbers, kind)
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

    return begin, step


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

    begin, step = _functions(factory)
    # Whose formula it is: programs with a user's own are not kept on disk.
    begin.__module__ = step.__module__ = getattr(transformation, "__module__", "")
    members = {
        "factory": staticmethod(factory),
        "options": parameters | options,
        "__doc__": f"{name}: optax's `{getattr(transformation, '__name__', 'transformation')}`.",
        "_op": Op(f"{name}.step", step, differentiable=False),
        "_begin_op": Op(f"{name}.begin", begin, differentiable=False),
    }
    return type(name, (OptaxOptimizer,), members)


Lion = from_optax(optax.lion, "Lion", lr=1e-4)
Lamb = from_optax(optax.lamb, "Lamb", lr=1e-3)
Lars = from_optax(optax.lars, "Lars", lr=1e-1)
AdaBelief = from_optax(optax.adabelief, "AdaBelief", lr=1e-3)
AdEMAMix = from_optax(contrib.ademamix, "AdEMAMix", lr=1e-3)
Prodigy = from_optax(contrib.prodigy, "Prodigy")
