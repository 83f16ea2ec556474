"""Loops over a dimension: `scan`, and `associative_scan` in parallel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from ..capture.function import applied
from ..capture.trees import flatten, is_tensor
from ..engine.signature import Signature
from ..engine.value import Aval, aval_of
from ..errors import dimension, fail
from .calls import Call, derived, passed, transformed
from .control_flow import as_tensors, check_avals, check_carry, returning_tensors


def scan(
    combine_fn: Callable, init: Any, xs: Any = None, length: int | None = None, *, dim: int = 0,
    reverse: bool = False, unroll: int = 1,
) -> tuple[Any, Any]:  # fmt: skip
    """A loop that carries a state: `carry, y = combine_fn(carry, x)` for each x.

    Compiled once whatever the length; gradients flow to `init`, `xs` and tensors from outside.
    Each step draws random numbers of its own.

    Args:
        init: the first carry, a tree of Tensors; every step returns one of its shapes.
        xs: a tree of Tensors, which the loop goes over along `dim`; None with `length`.
        length: the number of steps, where there are no xs.
        reverse: from the last x to the first; ys keep the places of their x.
        unroll: how many steps the compiler lays out at once.
    Returns:
        (last carry, ys): ys stacked along dimension 0.
    """
    if type(unroll) is not int or unroll < 1:
        fail("scan", f"unroll={unroll!r}", "a whole number from 1 on")
    carry = as_tensors(init)
    slices, _ = flatten(xs)
    size = _length("scan", slices, dim, length)
    given = passed((carry, xs), {})
    state_count = len(flatten(carry)[0])
    avals = [
        one._aval() if k < state_count else _slice(one._aval(), dim)
        for k, one in enumerate(given.tensors)
    ]
    call = Call(
        "scan",
        returning_tensors(combine_fn),
        given,
        avals=avals,
        carried=range(len(given.tensors)),
        counted=True,
    )
    call.check_plain()
    tree = call.tree()
    if not isinstance(tree, tuple) or len(tree) != 2:
        raise RuntimeError(
            f"scan: expected {call.name} to return a tuple (carry, y), but got "
            f"{type(tree).__name__}"
        )
    check_carry(call, carry, tree[0])
    batches = [one._aval() for one in given.tensors]
    made = transformed(
        ("scan", call.signature, state_count, size, dim, reverse, unroll),
        lambda: _loop(call, batches, state_count, size, dim, reverse, unroll),
    )
    last, ys = call.finish(call.record(made))
    # (Without a step the first carry is the last, with its gradient.)
    return (last if size else carry), ys


def _loop(
    call: Call, avals: list[Aval], carried: int, size: int, dim: int, reverse: bool, unroll: int
) -> Signature:
    body, given = call.signature, len(avals)

    def function(*flat: Any) -> tuple:
        start, slices, closed = flat[:carried], flat[carried:given], flat[given:]
        slices = [jnp.moveaxis(one, dim, 0) for one in slices]

        def step(carry: tuple, one: tuple) -> tuple[tuple, tuple]:
            number, x = one
            outputs = body.function(number, *carry, *x, *closed)
            return outputs[:carried], outputs[carried:]

        last, ys = jax.lax.scan(
            step, start, (jnp.arange(size), slices), size, reverse=reverse, unroll=unroll
        )
        return (*last, *ys)

    return derived(
        f"scan({call.name})", function, body, body.inexact,
        inputs=(*avals, *body.inputs[1 + given :]), residuals=True,
    )  # fmt: skip


def associative_scan(
    combine_fn: Callable, xs: Any, dim: int = 0, reverse: bool = False,
    combine_mode: str = "pointwise",
) -> Any:  # fmt: skip
    """All partial results of an associative function: y[0] = x[0], y[k] = combine(y[k-1], x[k]).

    Computed in a logarithmic number of parallel rounds.

    Args:
        combine_fn: takes two elements (slices along `dim`, in the tree of `xs`), gives one.
        combine_mode: accepted without effect.
    Source: Blelloch, "Prefix sums and their applications", 1990.
    """
    slices, _ = flatten(xs)
    size = _length("associative_scan", slices, dim, None)
    given = passed((xs, xs), {})
    count = len(slices)
    avals = [_slice(one._aval(), dim) for one in given.tensors]
    call = Call(
        "associative_scan",
        returning_tensors(combine_fn),
        given,
        avals=avals,
        carried=range(len(given.tensors)),
    )
    call.check_plain()
    outputs, tree = flatten(call.tree())
    if tree != flatten(xs)[1]:
        raise RuntimeError(
            f"associative_scan: {call.name} must return the structure of its arguments, "
            f"{flatten(xs)[1]}, but it returned {tree}"
        )
    check_avals(
        "associative_scan", f"{call.name} must return an element like its arguments",
        [call.signature.outputs[k] for k in outputs], avals[:count],
    )  # fmt: skip
    batches = [one._aval() for one in slices]
    made = transformed(
        ("associative_scan", call.signature, size, dim, reverse),
        lambda: _rounds(call, batches, dim, reverse),
    )
    # The elements are one input of the scan, though the function was given them twice.
    values, edges = call.inputs()
    pairs = zip(edges[:count], edges[count : 2 * count], strict=True)
    edges = [one or other for one, other in pairs] + edges[2 * count :]
    return call.finish(applied(made, values[count:], call.numbers, edges))


def _rounds(call: Call, avals: list[Aval], dim: int, reverse: bool) -> Signature:
    body, count = call.signature, len(avals)

    def function(*flat: Any) -> tuple:
        closed = flat[count:]

        def combine(first: list, second: list) -> list:
            together = jax.vmap(lambda a, b: list(body.function(*a, *b, *closed)))
            return together(first, second)

        elements = [jnp.moveaxis(one, dim, 0) for one in flat[:count]]
        made = jax.lax.associative_scan(combine, elements, reverse=reverse)
        return tuple([jnp.moveaxis(one, 0, dim) for one in made])

    return derived(
        f"associative_scan({call.name})", function, body, body.inexact,
        inputs=(*avals, *body.inputs[2 * count :]),
    )  # fmt: skip


def _length(what: str, slices: list, dim: int, length: int | None) -> int:
    """How many steps there are."""
    sizes = []
    for one in slices:
        if not is_tensor(one):
            raise TypeError(f"{what}: expected xs to hold Tensors, but got {type(one).__name__}")
        if not one.ndim:
            raise RuntimeError(f"{what}: expected xs with a dimension to go over, but got a scalar")
        sizes.append(one.shape[dimension(what, dim, one.ndim)])
    if length is not None:
        sizes.append(length)
    if not sizes:
        raise RuntimeError(f"{what}: expected xs or length=, but got neither")
    if len(set(sizes)) != 1:
        raise RuntimeError(
            f"{what}: expected all xs (and length) to agree along dimension {dim}, but got "
            f"lengths {sizes}"
        )
    return sizes[0]


def _slice(aval: Aval, dim: int) -> Aval:
    shape = list(aval.shape)
    del shape[dim]
    return aval_of(tuple(shape), aval.dtype, aval.device)
