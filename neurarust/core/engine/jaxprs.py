"""Reading traced programs (jaxprs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

# Where the equations of a call stand among its parameters.
CALLS = {"jit": "jaxpr", "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr"}

# Operations whose result at a place depends on the operands' elements at that place.
ELEMENTWISE = frozenset(
    """
    add sub mul div rem pow max min neg sign abs floor ceil round is_finite exp exp2 log expm1
    log1p sqrt rsqrt cbrt square integer_pow tanh sin cos tan logistic erf erfc erf_inv atan2 sinh
    cosh asin acos atan eq ne lt le gt ge and or not xor select_n clamp convert_element_type
    add_any copy real imag conj complex nextafter
    """.split()
)


def equations(jaxpr: Any) -> Iterator[Any]:
    """A program's equations, and in the place of a call those that it calls."""
    for equation in jaxpr.eqns:
        inner = CALLS.get(equation.primitive.name)
        if inner is None:
            yield equation
        else:
            yield from equations(equation.params[inner].jaxpr)


def executions(jaxpr: Any, times: int = 1, branches: bool = False) -> Iterator[tuple[Any, int]]:
    """A program's equations and those inside them, and how often each is computed.

    The steps of a `while` loop are not known, they count as one; nor is the branch of a `cond`,
    and none of them counts, or all do with `branches`.
    """
    for equation in jaxpr.eqns:
        yield equation, times
        if equation.primitive.name == "cond" and not branches:
            continue
        repeated = equation.params["length"] if equation.primitive.name == "scan" else 1
        for body in bodies(equation):
            yield from executions(body, times * repeated, branches)


def bodies(equation: Any) -> Iterator[Any]:
    """The programs among an equation's parameters."""
    for parameter in equation.params.values():
        for one in parameter if isinstance(parameter, (tuple, list)) else (parameter,):
            body = getattr(one, "jaxpr", one)
            if hasattr(body, "eqns"):
                yield body


def is_literal(one: Any) -> bool:
    """Whether an equation's input is a number, `one.val`, and not a variable.

    The class is `jax.extend.core.Literal`, whose import takes 25 ms.
    """
    return hasattr(one, "val")


def distinct(equations: Sequence[Any]) -> tuple[list[Any], dict[Any, Any]]:
    """The equations without those that repeat an earlier one, and what stands for their results."""
    same: dict[Any, Any] = {}
    found: dict[Any, list[Any]] = {}
    kept = []
    for equation in equations:
        inputs = [one if is_literal(one) else same.get(one, one) for one in equation.invars]
        named = [
            (one.aval, np.asarray(one.val).tobytes()) if is_literal(one) else one for one in inputs
        ]
        key = (equation.primitive, *named, *equation.params.items())
        try:
            results = found.setdefault(key, equation.outvars)
        except TypeError:  # parameters without a hash
            results = equation.outvars
        if results is equation.outvars:
            kept.append(equation.replace(invars=inputs))
        else:
            same.update(zip(equation.outvars, results, strict=True))
    return kept, same


def evaluate(
    closed: Any, inputs: Sequence[Any], compute: Callable[[Any, list], Sequence[Any]]
) -> list:
    """A program's results, where `compute` gives those of an equation of its inputs."""
    jaxpr = closed.jaxpr
    known = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    known.update(zip(jaxpr.invars, inputs, strict=True))

    def read(one: Any) -> Any:
        return one.val if is_literal(one) else known[one]

    for equation in jaxpr.eqns:
        results = compute(equation, [*map(read, equation.invars)])
        known.update(zip(equation.outvars, results, strict=True))
    return [*map(read, jaxpr.outvars)]


def bind(equation: Any, given: Sequence[Any], changed: dict[str, Any] | None = None) -> list:
    """The results of an equation's operation on other arrays, with some parameters changed."""
    primitive = equation.primitive
    parameters = primitive.get_bind_params(equation.params | (changed or {}))
    results = primitive.bind(*given, **parameters)
    return list(results) if primitive.multiple_results else [results]
