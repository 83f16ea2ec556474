"""A function of arrays compiled for its device.

For a CPU its convolutions get their channels last, our kernels their calls, and XLA options chosen
by what the function computes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import jax

from .. import device as devices
from ..settings import are_deterministic_algorithms_enabled
from . import contents, drafts, layout, libraries, overlaps, prompt, scratch

# Options that this XLA turned out not to have.
_unknown: set[str] = set()
_NO_OPTION = re.compile(r"No such compile option: '(\w+)'")


def compiled(
    traced: Any, inputs: Sequence, donated: tuple[int, ...], device: devices.device, draft: bool
) -> tuple[Any, Any]:
    """The traced function lowered, and compiled.

    Args:
        traced: of the inputs, by `jax.jit`.
        donated: positions of the inputs that it may write over.
        draft: whether in a hurry (see `drafts`).
    """
    if device.type != "cpu":
        exact = device.type == "cuda" and are_deterministic_algorithms_enabled()
        return _with_options(traced.lower(), {"xla_gpu_deterministic_ops": True} if exact else {})
    closed = overlaps.apart(traced.jaxpr)
    jaxpr = closed.jaxpr
    convolves = contents.convolves(jaxpr)
    options = scratch.options() | libraries.options(jaxpr, convolves)
    turns = contents.transposes(jaxpr)
    if convolves or contents.multiplies_pictures(jaxpr):
        function = layout.channels_last(closed)
    elif not draft and not turns and (pieces := _pieces(closed, inputs)):
        function, options = pieces, options | prompt.OPTIONS
    elif contents.calls_kernels(jaxpr):
        function = layout.with_kernels(closed)
    elif turns:
        function = layout.channels_last(closed)
    else:
        function = None if closed is traced.jaxpr else layout.with_kernels(closed)
    if function is not None:
        traced = jax.jit(function, donate_argnums=donated).trace(*inputs)
    return _with_options(traced.lower(), options | drafts.OPTIONS if draft else options)


def _pieces(closed: Any, inputs: Sequence) -> Any:
    """A small program's function, in pieces; None if it is not small, or cannot be cut."""
    if not prompt.is_small(closed.jaxpr):
        return None
    function = layout.with_kernels(closed, small=True)
    return prompt.in_pieces(jax.jit(function).trace(*inputs).jaxpr)


def _with_options(lowered: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    """Lowered and compiled, with those of the options that XLA has and the user has not set."""
    users = os.environ.get("XLA_FLAGS", "")
    while True:
        given = {
            name: one for name, one in options.items() if name not in _unknown and name not in users
        }
        try:
            return lowered, lowered.compile(given)
        except jax.errors.JaxRuntimeError as error:
            found = _NO_OPTION.search(str(error))
            if found is None or found[1] not in given:
                raise
            _unknown.add(found[1])
