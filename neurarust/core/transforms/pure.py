"""The pure functions of the gradient transforms, from a signature's function."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ..engine.signature import Signature


def conjugate(arrays: Sequence[Any]) -> tuple:
    """PyTorch's gradient of a complex number is the conjugate of JAX's."""
    return tuple([jnp.conj(one) if jnp.iscomplexobj(one) else one for one in arrays])


def followed(signature: Signature) -> Callable[..., tuple]:
    """A signature's function, without derivatives of the results that the tape does not follow."""
    function, inexact = signature.function, signature.inexact

    def stopping(*flat: Any) -> tuple:
        made = zip(function(*flat), inexact, strict=True)
        return tuple([one if carried else jax.lax.stop_gradient(one) for one, carried in made])

    return function if all(inexact) else stopping


def partial(signature: Signature, flat: tuple, wanted: Sequence[int], chosen: int) -> Callable:
    """The first `chosen` outputs as a function of the wanted inputs; all outputs beside them."""

    def function(*moving: Any) -> tuple[tuple, tuple]:
        arrays = list(flat)
        for position, array in zip(wanted, moving, strict=True):
            arrays[position] = array
        outputs = followed(signature)(*arrays)
        return tuple(outputs[:chosen]), tuple(outputs)

    return function


def picked(flat: Sequence[Any], wanted: Sequence[int]) -> tuple:
    return tuple([flat[k] for k in wanted])


def gradient(signature: Signature, wanted: tuple[int, ...]) -> Callable[..., tuple]:
    """All outputs, then the gradients of the first one, a number."""

    def function(*flat: Any) -> tuple:
        moving = picked(flat, wanted)
        (loss,), pull, outputs = jax.vjp(partial(signature, flat, wanted, 1), *moving, has_aux=True)
        return (*outputs, *conjugate(pull((jnp.ones_like(loss),))))

    return function


def pushed(signature: Signature, wanted: tuple[int, ...], chosen: int) -> Callable[..., tuple]:
    """All outputs, then the derivatives of the first ones along given tangents.

    Inputs: those of the signature with the tangents of the wanted ones before the numbers.
    """
    count = len(signature.inputs)

    def function(*flat: Any) -> tuple:
        arrays = (*flat[:count], *flat[count + len(wanted) :])
        tangents = flat[count : count + len(wanted)]
        of = partial(signature, arrays, wanted, chosen)
        _, made, outputs = jax.jvp(of, picked(arrays, wanted), tangents, has_aux=True)
        return (*outputs, *made)

    return function


def jacobian_by_rows(
    signature: Signature, wanted: tuple[int, ...], chosen: int, rows: int | None
) -> Callable[..., tuple]:
    """All outputs, then for each of the first ones its derivative by every wanted input.

    Args:
        rows: how many rows are pulled back at a time (default: all).
    """

    def function(*flat: Any) -> tuple:
        moving = picked(flat, wanted)
        made, pull, outputs = jax.vjp(
            partial(signature, flat, wanted, chosen), *moving, has_aux=True
        )
        blocks: list[Any] = []
        for k, output in enumerate(made):

            def row(cotangent: Any, k: int = k) -> tuple:
                zeros = [jnp.zeros_like(one) for one in made]
                return pull((*zeros[:k], cotangent, *zeros[k + 1 :]))

            found = in_pieces(row, basis(output), rows)
            blocks += [
                one.reshape(output.shape + given.shape)
                for one, given in zip(conjugate(found), moving, strict=True)
            ]
        return (*outputs, *blocks)

    return function


def jacobian_by_columns(
    signature: Signature, wanted: tuple[int, ...], chosen: int
) -> Callable[..., tuple]:
    """The same as by rows, from derivatives along every input."""

    def function(*flat: Any) -> tuple:
        moving = picked(flat, wanted)
        of = partial(signature, flat, wanted, chosen)
        made, push, outputs = jax.linearize(of, *moving, has_aux=True)
        table = []
        for k, given in enumerate(moving):

            def column(tangent: Any, k: int = k) -> tuple:
                zeros = [jnp.zeros_like(one) for one in moving]
                return push(*zeros[:k], tangent, *zeros[k + 1 :])

            columns = jax.vmap(column)(basis(given))  # (inputs, *output) each
            table.append(
                [
                    jnp.moveaxis(one, 0, -1).reshape(output.shape + given.shape)
                    for one, output in zip(columns, made, strict=True)
                ]
            )
        return (*outputs, *[one for row in zip(*table, strict=True) for one in row])

    return function


def basis(array: Any) -> Any:
    """The unit arrays of an array's shape. Shape: (size, *shape)."""
    size = math.prod(array.shape)
    return jnp.eye(size, dtype=array.dtype).reshape(size, *array.shape)


def in_pieces(function: Callable, arrays: Any, size: int | None) -> Any:
    """`function` over the first dimension, some of it at a time: in a loop, so at less memory."""
    if size is None:
        return jax.vmap(function)(arrays)
    return jax.lax.map(function, arrays, batch_size=size)
