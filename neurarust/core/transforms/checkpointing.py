"""`checkpoint`: the backward computes a function again instead of keeping what it made."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from .. import dtype as dtypes
from ..engine.recording import state
from ..engine.signature import Signature
from ..errors import CaptureError
from .calls import Call, derived, passed, transformed, wraps
from .on_tape import looks, remember

Policy = str | Callable | None


def checkpoint(function: Callable | None = None, *, policy: Policy = None) -> Callable:
    """The same function, of which the backward keeps only the inputs, and computes it again.

        block = nr.checkpoint(block)        # or @nr.checkpoint, or (policy="dots_saveable")

    Random numbers are the same both times. Differs from PyTorch: buffers that the function writes
    (running statistics) are written once, not twice.

    A function that looks at a value runs as it is, with one warning.

    Args:
        policy: what to keep all the same: a name of `jax.checkpoint_policies`, such as
            "dots_saveable" (matrix products), or such a policy.
    Source: Chen et al., "Training deep nets with sublinear memory cost", 2016.
    """
    rule = policy_of(policy)
    if function is None:
        return lambda one: checkpoint(one, policy=policy)
    body = function

    @wraps(body)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if not state.grad or looks(body):
            return body(*args, **kwargs)
        try:
            call = Call("checkpoint", body, passed(args, kwargs), writes_outside=True)
        except CaptureError as error:
            remember(body)
            warnings.warn(f"{error}. The function runs without checkpoint", stacklevel=2)
            return body(*args, **kwargs)
        signature = call.signature
        alone = signature.device.type == "cpu"
        made = transformed(
            ("checkpoint", signature, rule), lambda: _checkpointed(call, rule, alone)
        )
        outputs = call.record(made, numbers=(1,) * alone)
        call.write_outside(outputs)
        return call.finish(outputs)

    return checkpointed


def _checkpointed(call: Call, rule: Callable | None, alone: bool) -> Signature:
    signature = call.signature
    function = jax.checkpoint(signature.function, policy=rule)
    if alone:
        function = _recomputing_alone(signature, function)
    return derived(
        f"checkpoint({call.name})", function, signature, signature.inexact,
        numbers=signature.numbers + "i" * alone,
        # What a policy keeps has to leave the forward.
        residuals=rule is not None,
        reaches=signature.reaches,
    )  # fmt: skip


def _recomputing_alone(signature: Signature, body: Callable) -> Callable[..., tuple]:
    """The function with one number more, always 1; its backward is a branch taken if it is.

    On CPU, XLA's scheduler computes what `jax.checkpoint` repeats as early as it can, so that
    no memory is saved (measured: 12 blocks took 240 MiB with and without). A branch that XLA
    cannot foresee is one step for it, which waits for the cotangents (68 MiB).
    """
    wanted = [k for k, one in enumerate(signature.inputs) if one.dtype.category >= dtypes.FLOATING]
    inexact = [k for k, one in enumerate(signature.inexact) if one]
    avals = [signature.inputs[k] for k in wanted]

    @jax.custom_vjp
    def function(*flat: Any) -> tuple:
        return signature.function(*flat[:-1])

    def forward(*flat: Any) -> tuple[tuple, tuple]:
        def moving(*some: Any) -> tuple[tuple, tuple]:
            full = list(flat[:-1])
            for position, one in zip(wanted, some, strict=True):
                full[position] = one
            outputs = body(*full)
            return tuple([outputs[k] for k in inexact]), outputs

        _, pull, outputs = jax.vjp(moving, *[flat[k] for k in wanted], has_aux=True)
        return outputs, (pull, flat[-1])

    def backward(kept: tuple, cotangents: tuple) -> tuple:
        pull, one = kept

        def nothing(_: tuple) -> tuple:
            return tuple([jnp.zeros(aval.shape, aval.dtype.dtype) for aval in avals])

        given = tuple([cotangents[k] for k in inexact])
        pulled = jax.lax.cond(one == 1, pull, nothing, given)
        found = dict(zip(wanted, pulled, strict=True))
        total = len(signature.inputs) + len(signature.numbers) + 1
        return tuple([found.get(k) for k in range(total)])

    function.defvjp(forward, backward)
    return function


def policy_of(policy: Policy) -> Callable | None:
    """A policy by its name in `jax.checkpoint_policies`."""
    if policy is None or callable(policy):
        return policy
    found = getattr(jax.checkpoint_policies, policy, None)
    if found is None or policy.startswith("_"):
        names = [name for name in dir(jax.checkpoint_policies) if not name.startswith("_")]
        raise ValueError(
            f"checkpoint: expected policy to be one of {', '.join(names)}, but got {policy!r}"
        )
    return found
