"""Control flow that depends on data: `cond` and `while_loop`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..capture.function import applied
from ..capture.trees import flatten, is_tensor
from ..engine.recording import state
from ..engine.signature import Signature
from ..engine.value import Aval
from ..errors import CaptureError, describe, fail
from ..ops.create import tensor
from .calls import Call, derived, name_of, passed, transformed, wraps
from .pure import followed


def cond(pred: Any, true_fn: Callable, false_fn: Callable, operands: Any = ()) -> Any:
    """`true_fn(*operands)` where `pred` holds, else `false_fn(*operands)`; only one is computed.

    Both functions may use tensors from outside, and gradients flow through the one taken. Under
    vmap both are computed, and each example takes its own.

    Args:
        pred: a Tensor of one element, or a Python bool, which chooses at once.
        operands: the tuple of arguments.
    Raises:
        RuntimeError: the results differ in structure, shape or dtype.
    """
    operands = tuple(operands) if isinstance(operands, (tuple, list)) else (operands,)
    if not is_tensor(pred):
        if not isinstance(pred, (bool, int)):
            raise TypeError(
                f"cond: expected pred to be a bool or a Tensor, but got {type(pred).__name__}"
            )
        return true_fn(*operands) if pred else false_fn(*operands)
    if pred.numel() != 1:
        raise RuntimeError(
            f"cond: expected pred to be a Tensor of one element, but got {describe(pred._aval())}. "
            f"Reduce it (.any(), .all()), or choose element by element with nr.where"
        )
    given = passed(operands, {})
    first, second = [Call("cond", returning_tensors(one), given) for one in (true_fn, false_fn)]
    for one in (first, second):
        one.check_plain()
    _same_results(first, second)
    made = transformed(
        ("cond", pred._aval(), first.signature, second.signature),
        lambda: _conditional(pred._aval(), first, second),
    )
    values, edges = first.inputs()
    others, other_edges = second.inputs()
    count = len(given.tensors)
    edges[:count] = [
        one or other for one, other in zip(edges[:count], other_edges[:count], strict=True)
    ]
    outputs = applied(
        made,
        [pred._value(), *values, *others[count:]],
        (*first.numbers, *second.numbers),
        [None, *edges, *other_edges[count:]],
    )
    return first.captured.rebuild(outputs)[0]


def _conditional(pred: Aval, first: Call, second: Call) -> Signature:
    one, other = first.signature, second.signature
    count, own, more = len(first.tensors), len(one.inputs), len(other.inputs)
    inputs = (pred, *one.inputs, *other.inputs[count:])

    def function(chosen: Any, *flat: Any) -> tuple:
        arrays, numbers = flat[: own + more - count], flat[own + more - count :]
        split = len(one.numbers)

        def taken() -> tuple:
            return followed(one)(*arrays[:own], *numbers[:split])

        def otherwise() -> tuple:
            return followed(other)(*arrays[:count], *arrays[own:], *numbers[split:])

        return jax.lax.cond(chosen.reshape(()) != 0, taken, otherwise)

    either = [a or b for a, b in zip(one.inexact, other.inexact, strict=True)]
    return derived(
        f"cond({first.name}, {second.name})", function, one, either, inputs=inputs,
        numbers=one.numbers + other.numbers, residuals=True,
    )  # fmt: skip


def _same_results(first: Call, second: Call) -> None:
    one, other = first.captured, second.captured
    if one.tree != other.tree:
        raise RuntimeError(
            f"cond: {first.name} and {second.name} must return the same structure, but got "
            f"{one.tree} and {other.tree}"
        )
    check_avals(
        "cond", f"{second.name} must return what {first.name} does",
        second.signature.outputs, first.signature.outputs,
    )  # fmt: skip


def check_avals(what: str, rule: str, got: Sequence[Aval], expected: Sequence[Aval]) -> None:
    """Raises unless these are the shapes and dtypes that a rule asks for."""
    for k, (one, other) in enumerate(zip(got, expected, strict=True)):
        if one is not other:
            raise RuntimeError(
                f"{what}: {rule}, but result {k} is {describe(one)} and not {describe(other)}. "
                f"Convert it with .to(), .reshape() or .expand()"
            )


# ------------------------------------------------------------------ loops


def as_tensors(tree: Any) -> Any:
    """A tree with its Python numbers as Tensors."""
    leaves, structure = flatten(tree)
    return structure.unflatten([
        tensor(one) if isinstance(one, (bool, int, float, complex)) else one for one in leaves
    ])  # fmt: skip


def returning_tensors(function: Callable) -> Callable:
    """The same function, with Python numbers among its results as Tensors."""

    @wraps(function)
    def converted(*args: Any) -> Any:
        return as_tensors(function(*args))

    return converted


def check_carry(call: Call, expected: Any, result: Any) -> None:
    """Raises unless a body returns a carry like the one it was given.

    Args:
        expected: the carry.
        result: what the body returned in its place, as numbers of outputs.
    """
    leaves, tree = flatten(expected)
    outputs, found = flatten(result)
    if found != tree:
        raise RuntimeError(
            f"{call.transform}: {call.name} must return a carry of the structure that it is given, "
            f"{tree}, but it returned {found}"
        )
    check_avals(
        call.transform, f"{call.name} must return a carry like the one it is given",
        [call.signature.outputs[k] for k in outputs], [one._aval() for one in leaves],
    )  # fmt: skip


def while_loop(
    cond_fn: Callable, body_fn: Callable, carried_inputs: Any, *, max_steps: int | None = None
) -> Any:
    """Repeats `carried = body_fn(*carried)` while `cond_fn(*carried)` holds.

    A carry that is no tuple is given as the one argument. Each step draws random numbers of
    its own.

    Gradients need a bound: with `max_steps`, the loop is differentiable, and so are loops in
    Python. Without one, a loop that gradients could flow through runs step by step.

    Args:
        max_steps: at most so many steps are made.
    Returns:
        The last carry, in the structure of the first.
    """
    if max_steps is not None and (type(max_steps) is not int or max_steps < 0):
        fail("while_loop", f"max_steps={max_steps!r}", "None or a whole number from 0 on")
    several = isinstance(carried_inputs, (tuple, list))
    carry = as_tensors(tuple(carried_inputs) if several else (carried_inputs,))
    given = passed(carry, {})
    every = range(len(given.tensors))

    def body(*carried: Any) -> tuple:
        made = body_fn(*carried)
        made = tuple(made) if several and isinstance(made, (tuple, list)) else (made,)
        return as_tensors(made)

    body.__name__ = name_of(body_fn)
    test = Call("while_loop", returning_tensors(cond_fn), given, carried=every, counted=True)
    step = Call("while_loop", body, given, carried=every, counted=True)
    for one in (test, step):
        one.check_plain()
    check_carry(step, carry, step.tree())
    if len(test.signature.outputs) != 1 or test.signature.outputs[0].size != 1:
        raise RuntimeError(
            f"while_loop: expected {test.name} to return a Tensor of one element, but got "
            f"{[describe(one) for one in test.signature.outputs]}"
        )
    values, edges = step.inputs()
    others, _ = test.inputs()
    if max_steps is not None:
        # (Without a step the first carry is the last.)
        edges[: len(given.tensors)] = [one._current_edge() for one in given.tensors]
    tracked = state.grad and step.signature.tracks and any(edges)
    if tracked and max_steps is None:
        return _step_by_step(cond_fn, body, carry, several)
    made = transformed(
        ("while_loop", test.signature, step.signature, max_steps),
        lambda: _loop(test, step, max_steps),
    )
    values += others[len(given.tensors) :]
    edges += [None] * len(test.values)
    outputs = applied(made, values, (*test.numbers, *step.numbers), edges)
    result = step.captured.rebuild(outputs)[0]
    return result if several else result[0]


def _step_by_step(cond_fn: Callable, body: Callable, carry: tuple, several: bool) -> Any:
    """The loop in Python: gradients flow through every step."""
    if state.capture is not None:
        raise CaptureError(
            "while_loop: gradients can flow through the loop, which needs a bound inside a "
            "captured function. Give max_steps=, or call it under nr.no_grad()"
        )
    while bool(cond_fn(*carry)):
        carry = body(*carry)
    return carry if several else carry[0]


def _loop(test: Call, step: Call, max_steps: int | None) -> Signature:
    condition, body = test.signature, step.signature
    count, own = len(step.tensors), 1 + len(step.tensors)
    inputs = (*body.inputs[1:], *condition.inputs[own:])
    total, inside, split = len(inputs), len(body.inputs) - 1, len(condition.numbers)

    def function(*flat: Any) -> tuple:
        closed, more = flat[count:inside], flat[inside:total]
        first, second = flat[total : total + split], flat[total + split :]

        def holds(carried: tuple) -> Any:
            return condition.function(*carried, *more, *first)[0].reshape(()) != 0

        def advance(carried: tuple) -> tuple:
            return (carried[0] + 1, *followed(body)(*carried, *closed, *second))

        start = (jnp.zeros((), jnp.int64), *flat[:count])
        if max_steps is None:
            return jax.lax.while_loop(holds, advance, start)[1:]

        def bounded(carried: tuple, _: Any) -> tuple[tuple, None]:
            return jax.lax.cond(holds(carried), advance, tuple, carried), None

        return jax.lax.scan(bounded, start, length=max_steps)[0][1:]

    return derived(
        f"while_loop({step.name})", function, body,
        [max_steps is not None] * count, inputs=inputs,
        numbers=condition.numbers + body.numbers, residuals=True,
    )  # fmt: skip
