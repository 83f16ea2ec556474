"""NVIDIA GPUs: PyTorch's questions, answered by JAX."""

from __future__ import annotations

from typing import Any, NamedTuple

from .amp import cuda as amp  # noqa: F401 (`torch.cuda.amp`)
from .core import device as devices
from .core import dtype as _dtypes
from .core.engine.recording import synchronize as _synchronize
from .core.errors import OutOfMemoryError as OutOfMemoryError
from .core.legacy import old_type as _old_type
from .core.ops.random import get_rng_state as _get_rng_state
from .core.ops.random import manual_seed as manual_seed
from .core.ops.random import set_rng_state as _set_rng_state
from .streams import Event as Event
from .streams import Stream as Stream

FloatTensor = _old_type("FloatTensor", _dtypes.float32, "cuda")
DoubleTensor = _old_type("DoubleTensor", _dtypes.float64, "cuda")
HalfTensor = _old_type("HalfTensor", _dtypes.float16, "cuda")
ByteTensor = _old_type("ByteTensor", _dtypes.uint8, "cuda")
IntTensor = _old_type("IntTensor", _dtypes.int32, "cuda")
LongTensor = _old_type("LongTensor", _dtypes.int64, "cuda")
BoolTensor = _old_type("BoolTensor", _dtypes.bool_, "cuda")


def is_available() -> bool:
    """Whether this process sees a CUDA device."""
    return devices.device_count("cuda") > 0


def device_count() -> int:
    """How many CUDA devices this process sees."""
    return devices.device_count("cuda")


def current_device() -> int:
    """The number of the default CUDA device."""
    default = devices.default_device()
    return (default if default.type == "cuda" else devices.device("cuda")).index or 0


def set_device(device: Any) -> None:
    """Makes a CUDA device the one that "cuda" without a number stands for.

    Raises:
        RuntimeError: if there is no such device.
    """
    chosen = _device(device)
    chosen.jax()
    devices.set_current(chosen)


class device:
    """Context: "cuda" without a number stands for this CUDA device."""

    def __init__(self, device: Any):
        self.device = _device(device)

    def __enter__(self) -> device:
        self._before = devices.device(self.device.type)
        set_device(self.device)
        return self

    def __exit__(self, *_: object) -> None:
        devices.set_current(self._before)


def is_initialized() -> bool:
    """Whether CUDA devices can be used; JAX starts them when they are first asked for."""
    return is_available()


def init() -> None:
    """Accepted: JAX starts CUDA when it is first asked for."""


def get_device_name(device: Any = None) -> str:
    """The name of a CUDA device, such as "NVIDIA H200"."""
    return _device(device).jax().device_kind


class DeviceProperties(NamedTuple):
    """What is known of a CUDA device."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int


def get_device_properties(device: Any = None) -> DeviceProperties:
    """Name, compute capability, bytes of memory that programs may use, multiprocessors."""
    found = _device(device).jax()
    major, minor = get_device_capability(device)
    stats = found.memory_stats() or {}
    return DeviceProperties(
        found.device_kind, major, minor, int(stats.get("bytes_limit", 0)),
        int(getattr(found, "core_count", 0)),
    )  # fmt: skip


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability, such as (9, 0)."""
    major, _, minor = str(_device(device).jax().compute_capability).partition(".")
    return int(major), int(minor or 0)


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether there is a device for bfloat16; from compute capability 8 on without emulation."""
    return is_available() and (including_emulation or get_device_capability()[0] >= 8)


def current_stream(device: Any = None) -> Stream:
    """The device's one stream."""
    return Stream(_device(device))


def default_stream(device: Any = None) -> Stream:
    """The device's one stream."""
    return Stream(_device(device))


def stream(stream: Stream | None) -> Any:
    """Context in which a stream is the current one; changes nothing."""
    return Stream(_device(None)) if stream is None else stream


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


def max_memory_reserved(device: Any = None) -> int:
    """The most bytes that the allocator ever held on a device."""
    return _memory(device, "peak_pool_bytes") or memory_reserved(device)


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Bytes that are free for programs, and all that they may use."""
    limit = _memory(device, "bytes_limit")
    return limit - memory_allocated(device), limit


def memory_stats(device: Any = None) -> dict[str, Any]:
    """The allocator's figures under XLA's names; empty without a CUDA device."""
    return dict(_device(device).jax().memory_stats() or {}) if is_available() else {}


def get_rng_state(device: Any = None) -> Any:
    """The state of the one stream of random numbers that serves every device."""
    return _get_rng_state()


def set_rng_state(new_state: Any, device: Any = None) -> None:
    """Sets the state of the one stream of random numbers that serves every device."""
    _set_rng_state(new_state)


def empty_cache() -> None:
    """Accepted; XLA's allocator keeps its pool."""


def manual_seed_all(seed: int) -> None:
    """Seeds the one stream that serves every device."""
    manual_seed(seed)
