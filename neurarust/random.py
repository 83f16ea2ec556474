"""Random state under PyTorch's path: `manual_seed`, `get_rng_state`, `fork_rng`..."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .core.ops.random import get_rng_state as get_rng_state
from .core.ops.random import initial_seed as initial_seed
from .core.ops.random import manual_seed as manual_seed
from .core.ops.random import seed as seed
from .core.ops.random import set_rng_state as set_rng_state


@contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None, enabled: bool = True, device_type: str = "cuda"
) -> Iterator[None]:
    """A block whose random numbers leave the stream outside as it was.

    Differs from PyTorch: one stream serves all devices, so `devices` and `device_type` do not
    matter.
    """
    if not enabled:
        yield
        return
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)
