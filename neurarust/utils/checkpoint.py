"""`utils.checkpoint`: PyTorch's spelling of `nr.checkpoint`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..core import transforms
from ..core.transforms.checkpointing import Policy


def checkpoint(
    function: Callable, *args: Any, use_reentrant: bool | None = None, context_fn: Any = None,
    determinism_check: str = "default", debug: bool = False, early_stop: bool = True,
    preserve_rng_state: bool = True, policy: Policy = None, **kwargs: Any,
) -> Any:  # fmt: skip
    """`function(*args, **kwargs)`, of which the backward keeps only the inputs.

    Args:
        use_reentrant, determinism_check, debug, early_stop: accepted without effect: there is one
            implementation, and it is deterministic.
        preserve_rng_state: accepted; random numbers are the same both times in any case.
        context_fn: not taken; say with `policy` what to keep.
        policy: see `nr.checkpoint`.
    """
    if context_fn is not None:
        raise TypeError(
            "checkpoint: context_fn is not supported, because nothing runs at the recomputation. "
            "Choose what to keep with policy=, for example policy='dots_saveable'"
        )
    return transforms.checkpoint(function, policy=policy)(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None,
    preserve_rng_state: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """A Sequential (or list of functions) in segments, all but the last one checkpointed."""
    layers = list(functions.children()) if hasattr(functions, "children") else list(functions)
    if not 0 < segments <= len(layers):
        raise ValueError(
            f"checkpoint_sequential: expected 1 to {len(layers)} segments, but got {segments}"
        )
    size = len(layers) // segments
    for k in range(segments - 1):
        part = _Segment(layers[k * size : (k + 1) * size])
        input = checkpoint(part, input, use_reentrant=use_reentrant, **kwargs)
    return _Segment(layers[(segments - 1) * size :])(input)


class _Segment:
    """Layers one after the other."""

    def __init__(self, layers: Sequence[Callable]):
        self.layers = layers

    def __call__(self, input: Any) -> Any:
        for layer in self.layers:
            input = layer(input)
        return input
