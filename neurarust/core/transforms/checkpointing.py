"""`checkpoint`: the backward computes a function again instead of keeping what it made."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax

from ..engine.recording import state
from ..errors import CaptureError
from .calls import Call, derived, passed, transformed, wraps
from .on_tape import looks, remember

Policy = str | Callable | None


def checkpoint(function: Callable | None = None, *, policy: Policy = None) -> Callable:
    """The same function, of which the backward keeps only the inputs, and computes it again.

        block = nr.checkpoint(block)        # or @nr.checkpoint, or (policy="dots_saveable")

    Random numbers are the same both times. Buffers that the function writes (running statistics)
    are written once, where PyTorch writes them twice.

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
        made = transformed(
            ("checkpoint", signature, rule),
            lambda: derived(
                f"checkpoint({call.name})",
                jax.checkpoint(signature.function, policy=rule),
                signature,
                signature.inexact,
                # What a policy keeps has to leave the forward.
                residuals=rule is not None,
            ),
        )
        outputs = call.record(made)
        call.write_outside(outputs)
        return call.finish(outputs)

    return checkpointed


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
