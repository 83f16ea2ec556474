"""NVIDIA GPUs: PyTorch's questions, answered by JAX."""

from __future__ import annotations

from typing import Any

from .amp import cuda as amp  # noqa: F401
from .core import device as devices
from .core.engine.recording import synchronize as _synchronize
from .core.ops.random import manual_seed as manual_seed


def is_available() -> bool:
    """Whether this process sees a CUDA device."""
    return devices.device_count("cuda") > 0


def device_count() -> int:
    """How many CUDA devices this process sees."""
    return devices.device_count("cuda")


def current_device() -> int:
    """The number of the default CUDA device."""
    default = devices.default_device()
    return (default.index or 0) if default.type == "cuda" else 0


def get_device_name(device: Any = None) -> str:
    """The name of a CUDA device, such as "NVIDIA H200"."""
    return _device(device).jax().device_kind


def synchronize(device: Any = None) -> None:
    """Runs what is recorded and waits for it."""
    _synchronize()


def _device(device: Any) -> devices.device:
    if isinstance(device, int):
        return devices.device("cuda", device)
    return devices.device("cuda" if device is None else device)


def _memory(device: Any, name: str) -> int:
    stats = _device(device).jax().memory_stats() if is_available() else None
    return int((stats or {}).get(name, 0))


def memory_allocated(device: Any = None) -> int:
    """Bytes in use on a device."""
    return _memory(device, "bytes_in_use")


def max_memory_allocated(device: Any = None) -> int:
    """The most bytes ever in use on a device."""
    return _memory(device, "peak_bytes_in_use")


def memory_reserved(device: Any = None) -> int:
    """Bytes that the allocator holds on a device."""
    return _memory(device, "pool_bytes") or _memory(device, "bytes_limit")


def empty_cache() -> None:
    """Accepted; XLA's allocator keeps its pool."""


def manual_seed_all(seed: int) -> None:
    """Seeds the one stream that serves every device."""
    manual_seed(seed)
