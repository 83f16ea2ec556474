"""Writes into part of an array of which what is written is computed.

`x[1:] = x[:-1]` reads what it writes over. XLA for CPU writes such a part in place, element by
element, and takes care that nothing is read after it was written, but not where it sees the array
through a reshape: `x = (a * 2).reshape(4, 4)` and the line above give the first row four times
(jax 0.10 and 0.12). It moves reshapes, and makes some where products are more than matrices. So
such a write into all but a program's input, a constant, or what is computed of them element by
element becomes a choice for each element between the old one and the new: one pass over the whole
array in place of its part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from .jaxprs import CALLS, ELEMENTWISE, bind, distinct, evaluate, executions, is_literal

# Operations whose result is the same memory in another form.
_FORMS = frozenset(
    {"bitcast_convert_type", "broadcast_in_dim", "convert_element_type", "copy", "copy_p",
     "expand_dims", "optimization_barrier", "reshape", "squeeze", "stop_gradient", "transpose"}
)  # fmt: skip
# Writes that combine the old elements with the new.
_COMBINED = frozenset({"scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max"})
_WRITES = frozenset({"dynamic_update_slice", "scatter", *_COMBINED})


def apart(closed: Any) -> Any:
    """A program for CPU whose writes read nothing that they wrote; itself if that is so already."""
    if not any(_is_write(one) for one, _ in executions(closed.jaxpr, branches=True)):
        return closed
    inlined = jax.make_jaxpr(_inlined(closed))(*closed.in_avals)
    changed: dict[int, Callable[..., list]] = {
        id(one): _chosen for one in _dangerous(inlined.jaxpr)
    }
    for one in inlined.jaxpr.eqns:
        bodies = _safe_bodies(one)
        if bodies:
            changed[id(one)] = _with_bodies(bodies)
    if not changed:
        return closed
    return jax.make_jaxpr(_inlined(inlined, changed))(*closed.in_avals)


def _is_write(equation: Any) -> bool:
    """Whether XLA may write the result over the first input, at one place."""
    if equation.primitive.name not in _WRITES:
        return False
    if equation.primitive.name == "dynamic_update_slice":
        return True
    # Scattering at one index is a write of one part.
    indices = equation.invars[1].aval.shape
    return all(length == 1 for length in indices[:-1])


def _inlined(closed: Any, changed: dict[int, Callable] | None = None) -> Callable[..., list]:
    """The function of arrays that a jaxpr stands for, with what it calls in the calls' places.

    Args:
        changed: id of an equation -> what gives its results, of the equation and its inputs.
    """
    changes = changed or {}

    def compute(equation: Any, given: list) -> list:
        inner = CALLS.get(equation.primitive.name)
        if inner is not None:
            return evaluate(equation.params[inner], given, compute)
        return changes.get(id(equation), bind)(equation, given)

    return lambda *arrays: evaluate(closed, arrays, compute)


def _dangerous(jaxpr: Any) -> list[Any]:
    """Writes of what is computed of the array, where that may be another array's memory."""
    found = []
    _, same = distinct(jaxpr.eqns)
    makers = {same.get(one, one): each for each in jaxpr.eqns for one in each.outvars}
    # Whether an array has a memory of its own shape.
    own = {one: True for one in (*jaxpr.invars, *jaxpr.constvars)}
    for equation in jaxpr.eqns:
        shaped = _keeps_shapes(equation, own)
        own.update(dict.fromkeys(equation.outvars, shaped))
        first = equation.invars[0] if equation.invars else None
        if not _is_write(equation) or is_literal(first) or own[first]:
            continue
        array = same.get(first, first)
        sources = {array}
        while array in makers and makers[array].primitive.name in _FORMS:
            if is_literal(makers[array].invars[0]):
                break
            array = same.get(makers[array].invars[0], makers[array].invars[0])
            sources.add(array)
        parts = [one for one in equation.invars[1:] if not is_literal(one)]
        if _comes_from(sources, parts, makers, same):
            found.append(equation)
    return found


def _keeps_shapes(equation: Any, own: dict[Any, bool]) -> bool:
    """Whether a result's memory has its shape because those of the inputs have theirs."""
    name = equation.primitive.name
    arrays = [one for one in equation.invars if not is_literal(one)]
    if name in _WRITES:
        arrays = arrays[:1]
    elif name not in ELEMENTWISE and name not in ("broadcast_in_dim", "iota"):
        return False
    shapes = {one.aval.shape for one in equation.outvars}
    return all(not one.aval.shape or own[one] and one.aval.shape in shapes for one in arrays)


def _comes_from(sources: set[Any], results: list[Any], makers: dict, same: dict) -> bool:
    """Whether one of the results is computed of one of the sources."""
    waiting, seen = [same.get(one, one) for one in results], set()
    while waiting:
        one = waiting.pop()
        if one in sources:
            return True
        if one not in seen and one in makers:
            seen.add(one)
            inputs = [each for each in makers[one].invars if not is_literal(each)]
            waiting += [same.get(each, each) for each in inputs]
    return False


def _chosen(equation: Any, given: list) -> list:
    """A write as a choice for each element between the old one and the new."""
    array, *others = given
    ones = jnp.ones_like(others[0 if equation.primitive.name == "dynamic_update_slice" else 1])
    zeros = jnp.zeros_like(array)
    if equation.primitive.name == "dynamic_update_slice":
        written = lax.dynamic_update_slice(zeros, ones, others[1:])
    else:
        numbers, mode = (equation.params[one] for one in ("dimension_numbers", "mode"))
        written = lax.scatter(zeros, others[0], ones, numbers, mode=mode)
    chosen = written != 0
    # (Where the old elements count, they are there.)
    before = lax.select(chosen, array, zeros) if equation.primitive.name in _COMBINED else zeros
    (made,) = bind(equation, [before, *others])
    return [lax.select(chosen, made, array)]


def _safe_bodies(equation: Any) -> dict[str, Any]:
    """The parameters of a loop or branches whose programs have to change, changed."""
    found = {}
    for name, parameter in equation.params.items():
        several = isinstance(parameter, (tuple, list))
        held = [*parameter] if several else [parameter]
        safe = [apart(one) if hasattr(one, "jaxpr") else one for one in held]
        if any(one is not other for one, other in zip(safe, held, strict=True)):
            found[name] = type(parameter)(safe) if several else safe[0]
    return found


def _with_bodies(bodies: dict[str, Any]) -> Callable[[Any, list], list]:
    return lambda equation, given: bind(equation, given, bodies)
