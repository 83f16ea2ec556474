"""Whatever accelerator there is (torch.accelerator)."""

from __future__ import annotations

from .core import device as devices
from .core.engine.recording import synchronize as _synchronize


def _kind() -> str | None:
    return next((kind for kind in ("cuda", "tpu") if devices.device_count(kind)), None)


def is_available() -> bool:
    """Whether this process sees a GPU or TPU."""
    return _kind() is not None


def device_count() -> int:
    """How many accelerators this process sees."""
    kind = _kind()
    return 0 if kind is None else devices.device_count(kind)


def current_accelerator(check_available: bool = False) -> devices.device | None:
    """The accelerator's type as a device, or None."""
    kind = _kind()
    return None if kind is None else devices.device(kind)


def synchronize(device: object = None) -> None:
    """Runs what is recorded and waits for it."""
    _synchronize()
