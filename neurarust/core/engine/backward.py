"""Gradients of signatures: derived once by `jax.vjp`, then recorded like any call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from . import disk_cache
from .jaxprs import is_literal
from .numbers import SCALAR_DTYPES
from .signature import Signature, Traced, traced, untraced
from .value import Aval


class Backward:
    """How to get the gradients of a signature's inputs from those of its outputs.

    `signature` takes (saved inputs or residuals, cotangents of the inexact outputs) and the
    forward's numbers; it gives a gradient for each input in `wanted`.
    """

    __slots__ = ("signature", "forward", "wanted", "keep", "keeps_all", "saved_parent", "outputs")

    signature: Signature
    # Recorded instead of the op itself, where residuals are saved; else None.
    forward: Signature | None
    wanted: tuple[int, ...]
    # Which inputs are saved (of `forward`'s outputs, which residuals).
    keep: tuple[int, ...]
    keeps_all: bool
    # For each kept input, its position in `wanted`, or -1.
    saved_parent: tuple[int, ...]
    # Which outputs bring cotangents.
    outputs: tuple[int, ...]


class Derived(NamedTuple):
    """A Backward for the disk: its fields, with the signatures as what tracing found."""

    signature: Traced
    forward: Traced | None
    fields: dict[str, Any]


_FIELDS = ("wanted", "keep", "keeps_all", "saved_parent", "outputs")


def derive(signature: Signature, wanted: tuple[int, ...], residuals: bool) -> Backward:
    """The Backward of a signature for the inputs in `wanted`, by `jax.vjp`."""
    if signature.key is None:
        return _derive(signature, wanted, residuals)
    key = f"backward({signature.key},{wanted},{residuals})"
    found = disk_cache.load(key)
    if found is None:
        backward = _derive(signature, wanted, residuals)
    else:
        # What another process saved decides what this one is given.
        saved = found.fields["keep"]
        backward = _underived(found, cache(lambda: _derive(signature, wanted, residuals, saved)))
    forward, pull = backward.forward, backward.signature

    def entries() -> dict[str, Any]:
        fields = {name: getattr(backward, name) for name in _FIELDS}
        derived = Derived(traced(pull), None if forward is None else traced(forward), fields)
        return {**signature.entries(), key: derived}

    pull.key, pull.entries = key, entries
    if forward is not None:
        forward.key, forward.entries = f"forward-{key}", entries
    return backward


def _underived(found: Derived, derived: Callable[[], Backward]) -> Backward:
    """A Backward from what the disk knows; derived when one of its functions is needed."""
    backward = Backward()
    for name, field in found.fields.items():
        setattr(backward, name, field)
    backward.signature = untraced(found.signature, lambda: derived().signature)
    backward.forward = None
    if found.forward is not None:
        backward.forward = untraced(found.forward, lambda: _forward(derived()))
    return backward


def _forward(backward: Backward) -> Signature:
    assert backward.forward is not None
    return backward.forward


def _derive(
    signature: Signature, wanted: tuple[int, ...], residuals: bool, keep: Any = None
) -> Backward:
    backward = Backward()
    backward.wanted = wanted
    backward.outputs = tuple(k for k, inexact in enumerate(signature.inexact) if inexact)
    backward.forward = None
    count = len(signature.inputs)
    cotangents = [signature.outputs[k] for k in backward.outputs]
    if residuals:
        return _derive_with_residuals(signature, backward, cotangents)

    def pull(*flat: Any) -> tuple:
        arrays = flat[:count]
        given = flat[count : count + len(cotangents)]
        numbers = flat[count + len(cotangents) :]
        if signature.pull is not None:
            gradients = signature.pull(*given, *arrays, *numbers)
            return tuple(gradients[k] for k in wanted)
        _, pullback = _linearized(signature, backward, arrays, numbers)
        return _conjugate(pullback(_conjugate(given)))

    full = jax.jit(pull, inline=True)
    name = f"{signature.name}.backward"
    numbers = [jax.ShapeDtypeStruct((), SCALAR_DTYPES[code]) for code in signature.numbers]
    with jax.enable_x64(True):
        structs = [one.struct() for one in (*signature.inputs, *cotangents)]
        used = _used(full.trace(*structs, *numbers).jaxpr.jaxpr)
    backward.keep = tuple(k for k in range(count) if used[k]) if keep is None else keep
    backward.keeps_all = len(backward.keep) == count

    def kept(*flat: Any) -> tuple:
        saved = dict(zip(backward.keep, flat, strict=False))
        arrays = [
            saved[k] if k in saved else jnp.zeros(one.shape, one.dtype.dtype)
            for k, one in enumerate(signature.inputs)
        ]
        return full(*arrays, *flat[len(backward.keep) :])

    inputs = [signature.inputs[k] for k in backward.keep] + cotangents
    backward.signature = Signature(name, kept, inputs, signature.numbers, signature.device)
    backward.saved_parent = tuple(wanted.index(k) if k in wanted else -1 for k in backward.keep)
    return backward


def _derive_with_residuals(
    signature: Signature, backward: Backward, cotangents: list[Aval]
) -> Backward:
    """The forward also returns what its backward needs (scans, attention, decompositions)."""
    count = len(signature.inputs)
    treedef: list[Any] = [None]

    def forward(*flat: Any) -> tuple:
        outputs, pullback = _linearized(signature, backward, flat[:count], flat[count:])
        leaves, treedef[0] = jax.tree_util.tree_flatten(pullback)
        return (*outputs, *leaves)

    backward.forward = Signature(
        signature.name, forward, signature.inputs, signature.numbers, signature.device
    )
    plain = len(signature.outputs)
    residuals = backward.forward.outputs[plain:]
    backward.keep = tuple(range(plain, plain + len(residuals)))
    backward.keeps_all = False
    backward.saved_parent = (-1,) * len(residuals)

    def pull(*flat: Any) -> tuple:
        pullback = jax.tree_util.tree_unflatten(treedef[0], flat[: len(residuals)])
        given = flat[len(residuals) : len(residuals) + len(cotangents)]
        return _conjugate(pullback(_conjugate(given)))

    backward.signature = Signature(
        f"{signature.name}.backward", pull, [*residuals, *cotangents], signature.numbers,
        signature.device,
    )  # fmt: skip
    return backward


def _linearized(
    signature: Signature, backward: Backward, arrays: tuple, numbers: tuple
) -> tuple[tuple, Callable]:
    """All outputs, and the pullback from the inexact ones to the wanted inputs."""

    def partial(*wanted: Any) -> tuple:
        full = list(arrays)
        for position, array in zip(backward.wanted, wanted, strict=True):
            full[position] = array
        outputs = signature.function(*full, *numbers)
        return tuple(outputs[k] for k in backward.outputs), outputs

    _, pullback, outputs = jax.vjp(partial, *(arrays[k] for k in backward.wanted), has_aux=True)
    return outputs, pullback


def _conjugate(arrays: Sequence[Any]) -> tuple:
    """PyTorch's gradient of a complex number is the conjugate of JAX's."""
    return tuple(jnp.conj(one) if jnp.iscomplexobj(one) else one for one in arrays)


def _used(jaxpr: Any) -> list[bool]:
    """Which of a jaxpr's inputs its outputs depend on."""
    needed = {id(one) for one in jaxpr.outvars if not is_literal(one)}
    for equation in reversed(jaxpr.eqns):
        if equation.effects or any(id(one) in needed for one in equation.outvars):
            needed.update(id(one) for one in equation.invars if not is_literal(one))
    return [id(one) in needed for one in jaxpr.invars]
