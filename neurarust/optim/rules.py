"""What update rules are written with, and the one recorded step that runs them.

A rule is a formula over a parameter, its gradient and its state. Its numbers are `Number`s, so
that `param - hyper.lr * grad` is computed in the parameter's own type, while `1 - hyper.beta`
keeps all digits, as Python numbers do in PyTorch.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..core.op import Arrays, Index, computed_once


class Number:
    """A float64 scalar that takes the type of the array it meets, as a Python number does.

    What is made of numbers alone is made once, however many parameters need it: half of a
    program's operations were such arithmetic before.
    """

    __slots__ = ("value", "made")
    # NumPy's scalars and arrays leave the work to us.
    __array_ufunc__ = None

    def __init__(self, value: Any):
        self.value = jnp.asarray(value, jnp.float64)
        # Type -> this number as an array; operation with another number -> that and the result.
        self.made: dict[Any, Any] = {}

    def astype(self, dtype: Any) -> Any:
        """The number as an array."""
        if dtype not in self.made:
            self.made[dtype] = computed_once(self.value.astype(dtype))
        return self.made[dtype]


def _meeting(operation: Callable, swapped: bool) -> Callable:
    def apply(mine: Any, other: Any) -> Any:
        return operation(other, mine) if swapped else operation(mine, other)

    def meet(self: Number, other: Any) -> Any:
        if not isinstance(other, (Number, int, float)):
            return apply(self.astype(jnp.finfo(other.dtype).dtype), other)
        key = operation, swapped, id(other) if isinstance(other, Number) else other
        if key not in self.made:
            result = apply(self.value, number(other))
            # The other number is kept, so that its id stays its own.
            self.made[key] = other, result if result.dtype == jnp.bool_ else Number(result)
        return self.made[key][1]

    return meet


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(Number, f"__{_name}__", _meeting(getattr(operator, _name), False))
    setattr(Number, f"__r{_name}__", _meeting(getattr(operator, _name), True))
for _name in ("lt", "le", "gt", "ge", "eq"):
    setattr(Number, f"__{_name}__", _meeting(getattr(operator, _name), False))


class Hyper(dict):
    """A group's numbers inside the traced update, by name: `hyper.lr`, `hyper.betas0`."""

    __getattr__ = dict.__getitem__


def number(value: Any) -> Any:
    """A Number as an array of float64; anything else as it is."""
    return value.value if isinstance(value, Number) else value


def together(numbers: Sequence[Number], dtype: Any) -> Any:
    """Some numbers as one array, which is made once for all parameters."""
    first, key = numbers[0], (dtype, *map(id, numbers))
    if key not in first.made:
        # (They are kept, so that their ids stay their own.)
        array = jnp.stack([one.value for one in numbers]).astype(dtype)
        first.made[key] = computed_once(array), numbers
    return first.made[key][0]


def where(condition: Any, first: Any, second: Any) -> Any:
    """One of two numbers."""
    return Number(jnp.where(condition, number(first), number(second)))


def lerp(start: Any, end: Any, weight: Any) -> Any:
    """`start + weight * (end - start)`: a running average takes up `end`."""
    return start + weight * (end - start)


def average_of_squares(average: Any, grad: Any, beta: Any) -> Any:
    """`beta * average + (1 - beta) * grad^2`."""
    return beta * average + (1 - beta) * (grad * grad)


def with_decay(param: Any, grad: Any, hyper: Hyper, group: dict[str, Any]) -> tuple[Any, Any]:
    """Weight decay: of the parameter itself if decoupled (AdamW), else in the gradient.

    None at all is an option of the group, for which no program reads the parameters once more.
    """
    if "weight_decay" in group:
        return param, grad
    if group.get("decoupled_weight_decay"):
        return param * (1 - hyper.lr * hyper.weight_decay), grad
    return param, grad + hyper.weight_decay * param


def options(local: dict[str, Any]) -> dict[str, Any]:
    """A constructor's arguments as options of a group."""
    return {k: one for k, one in local.items() if k not in ("self", "params", "__class__")}


# ------------------------------------------------------------------ the recorded step


def _entered(array: Any) -> Any:
    """An array as rules see it: half types in float32, complex numbers as pairs of reals."""
    if jnp.iscomplexobj(array):
        return jnp.stack([array.real, array.imag], -1)
    if array.dtype in (jnp.float16, jnp.bfloat16):
        return array.astype(jnp.float32)
    return array


def _left(result: Any, like: Any) -> Any:
    """The result of a rule in the type of the array that it replaces."""
    if jnp.iscomplexobj(like):
        return (result[..., 0] + 1j * result[..., 1]).astype(like.dtype)
    return result.astype(like.dtype)


def step_function(cls: Any) -> Callable:
    """The pure function that updates a list of parameters by a class's `update`.

    With `found_inf` among the given tensors, a step of bad gradients changes nothing.
    """

    def step(
        params: Arrays, grads: Arrays, tensors: Arrays, steps: Arrays, given: Arrays,
        *numbers: Index, layout,
    ):  # fmt: skip
        names, given_names, kept, static = layout
        hyper = Hyper(zip(names, map(Number, numbers), strict=True))
        hyper |= {k: Number(one.reshape(())) for k, one in zip(given_names, given, strict=True)}
        hyper |= {k: Number(one) for k, one in static if k == "weight_decay"}
        # A backward pass comes to the first parameter's gradient last.
        hyper = Hyper(hyper | {"latest": grads[0] if grads else None})
        group, count = dict(static), steps[0] + 1
        size, counted = len(kept), Number(count)

        def updated(param: Any, grad: Any, *mine: Any) -> list:
            state = {name: _entered(one) for name, one in zip(kept, mine, strict=True)}
            grad = _entered(-grad if group.get("maximize") else grad)
            new, state = cls.update(_entered(param), grad, state, counted, hyper, group)
            pairs = zip(kept, mine, strict=True)
            return [_left(new, param), *(_left(state[k], one) for k, one in pairs)]

        new_params, new_tensors = [], []
        known: dict[tuple, Callable] = {}
        for k, (param, grad) in enumerate(zip(params, grads, strict=True)):
            arrays = (param, grad, *tensors[k * size : (k + 1) * size])
            kind = tuple([(one.shape, one.dtype) for one in arrays])
            # The first of its kind makes the numbers; for others the formula is traced once.
            new, *state = known.get(kind, updated)(*arrays)
            known.setdefault(kind, jax.jit(updated))
            new_params.append(new)
            new_tensors += state
        results = [*new_params, *new_tensors, count]
        if "found_inf" not in given_names:
            return results
        before = (*params, *tensors, steps[0])
        bad = hyper.found_inf > 0
        return [jnp.where(bad, old, new) for old, new in zip(before, results, strict=True)]

    return step
