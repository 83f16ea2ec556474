"""Devices: PyTorch's names for what JAX can compute on."""

from __future__ import annotations

import functools
import threading
from typing import Any

import jax

_PLATFORMS = {"cpu": "cpu", "cuda": "gpu", "tpu": "tpu"}
_TYPES = {"cpu": "cpu", "gpu": "cuda", "cuda": "cuda", "rocm": "cuda", "tpu": "tpu"}


class device:
    """Where a Tensor lives: `nr.device("cpu")`, `nr.device("cuda", 1)`, `nr.device("tpu:0")`.

    Also a context: tensors created inside it go to the device by default. Differs from
    PyTorch: two spellings of one device ("cuda" and "cuda:0") are one object.
    """

    __slots__ = ("type", "index", "_previous", "__weakref__")
    type: str
    index: int | None

    def __new__(cls, type: str | int | device, index: int | None = None) -> device:
        if isinstance(type, device):
            return type
        if isinstance(type, int):
            type, index = jax_type(jax.devices()[0]), type
        if not isinstance(type, str):
            raise TypeError(f"device: expected a name like 'cuda:0', but got {type!r}")
        kind, _, number = type.partition(":")
        if number:
            if index is not None or not number.isdecimal():
                raise RuntimeError(f"device: invalid device string: {type!r}")
            index = int(number)
        if kind not in _PLATFORMS:
            known = ", ".join(_PLATFORMS)
            raise RuntimeError(f"device: expected one of {known} device type, but got {type!r}")
        return _interned(kind, Defaults.numbers.get(kind, 0) if index is None else index)

    def jax(self) -> Any:
        """The jax device; an error that says what there is if it is missing."""
        return _jax_device(self)

    def __enter__(self) -> device:
        state.stack.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        state.stack.pop()

    def __repr__(self) -> str:
        if self.type == "cpu" and not self.index:
            return "device(type='cpu')"
        return f"device(type='{self.type}', index={self.index or 0})"

    def __str__(self) -> str:
        return "cpu" if self.type == "cpu" and not self.index else f"{self.type}:{self.index or 0}"

    def __reduce__(self) -> tuple:
        return device, (str(self),)


class _State(threading.local):
    """The stack of `with device:` contexts of one thread."""

    def __init__(self) -> None:
        self.stack: list[device] = []


class Defaults:
    """The process-wide default device, and the numbers that names without one stand for."""

    device: device | None = None
    numbers: dict[str, int] = {}


state = _State()


@functools.cache
def _interned(kind: str, index: int) -> device:
    self = object.__new__(device)
    self.type = kind
    self.index = None if kind == "cpu" and index == 0 else index
    return self


@functools.cache
def _jax_device(wanted: device) -> Any:
    index = wanted.index or 0
    try:
        found = jax.local_devices(backend=_PLATFORMS[wanted.type])
    except RuntimeError as error:
        raise RuntimeError(
            f"device: {wanted} is not available: this process has {jax.devices()}. Install the "
            f"matching extra (for example neurarust[cuda12]) or use device='cpu'"
        ) from error
    if index >= len(found):
        raise RuntimeError(
            f"device: invalid device ordinal: {wanted} was asked for, but there are "
            f"{len(found)} {wanted.type} devices"
        )
    return found[index]


def jax_type(jax_device: Any) -> str:
    platform: str = jax_device.platform
    return _TYPES.get(platform, platform)


@functools.cache
def of_jax(jax_device: Any) -> device:
    """Our name of a jax device."""
    kind = jax_type(jax_device)
    for index, one in enumerate(jax.local_devices(backend=_PLATFORMS.get(kind, kind))):
        if one == jax_device:
            return _interned(kind, index)
    return _interned(kind, jax_device.id)


def default_device() -> device:
    """Where new tensors go: the innermost context, else the set default, else the CPU."""
    if state.stack:
        return state.stack[-1]
    return Defaults.device or CPU


def of(wanted: object) -> device:
    """The device for a device, a name, a CUDA number, or None (the default)."""
    if wanted is None:
        return default_device()
    if isinstance(wanted, device):
        return wanted
    # Anything else raises TypeError there.
    return device(wanted)  # type: ignore[arg-type]


def get_default_device() -> device:
    """Where new tensors go."""
    return default_device()


def set_default_device(wanted: device | str | None) -> None:
    """Sets where new tensors go; None restores the CPU."""
    Defaults.device = None if wanted is None else of(wanted)


def set_current(wanted: device) -> None:
    """Makes a device the one that its type's name without a number stands for."""
    Defaults.numbers[wanted.type] = wanted.index or 0


def device_count(kind: str) -> int:
    """How many devices of a type this process sees."""
    try:
        return len(jax.local_devices(backend=_PLATFORMS[kind]))
    except RuntimeError:
        return 0


CPU = device("cpu")
