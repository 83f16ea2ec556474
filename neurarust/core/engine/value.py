"""Values: immutable arrays, present or still to be computed."""

from __future__ import annotations

import sys
import weakref
from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from .. import device as devices
from .. import dtype as dtypes
from . import waiting


class Aval:
    """An abstract value: shape, dtype and device. Equal ones are one object."""

    __slots__ = ("shape", "dtype", "device", "size")

    shape: tuple[int, ...]
    dtype: dtypes.dtype
    device: devices.device
    size: int

    def struct(self) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(self.shape, self.dtype.dtype)

    def __repr__(self) -> str:
        return f"{self.dtype.name}[{', '.join(map(str, self.shape))}]"

    def __reduce__(self) -> tuple:
        return aval_of, (self.shape, self.dtype, self.device)


_AVALS: dict[tuple, Aval] = {}


def aval_of(shape: tuple[int, ...], dtype: dtypes.dtype, device: devices.device) -> Aval:
    """The one Aval of this shape, dtype and device."""
    key = (shape, dtype, device)
    found = _AVALS.get(key)
    if found is None:
        found = Aval()
        found.shape, found.dtype, found.device = shape, dtype, device
        found.size = 1
        for length in shape:
            found.size *= length
        found = _AVALS.setdefault(key, found)
    return found


class Value:
    """An immutable array: a `jax.Array`, or output `ref` of a recording not yet run.

    (A `HostValue` holds a NumPy array until somebody wants it on the device.)
    """

    __slots__ = ("aval", "array", "recording", "ref", "fallback")

    aval: Aval
    array: Any
    recording: Any
    ref: int
    # What a written cell goes back to when the program that should fill it fails.
    fallback: Any

    def force(self) -> Any:
        """The jax array; runs the recording that holds it if it has not run yet."""
        if self.array is None:
            self.recording.compute(self)
        return self.array

    def __reduce__(self) -> tuple:
        raise TypeError("a Value is a handle into the engine and cannot be pickled")


# Bytes up to which a host array stays where it is, and programs that take it so.
SMALL, USES = 1 << 20, 4


class HostValue(Value):
    """A NumPy array of moderate size that nobody writes, such as a batch.

    A program takes it as it is, for 2 us and the time to copy it (256 KiB: 20 us, 1 MiB: 90); JAX
    takes 50 to 90 us to put it on the device, which pays off for what many programs need.
    """

    __slots__ = ("uses",)

    uses: int

    def force(self) -> Any:
        if type(self.array) is np.ndarray:
            self.array = uploaded(self.array, self.aval.device)
        return self.array

    def given(self) -> Any:
        """What one more program takes."""
        self.uses += 1
        return self.array if self.uses <= USES else self.force()


def host_value(array: np.ndarray, device: devices.device) -> Value:
    """A Value of a NumPy array that nobody else can write."""
    if array.nbytes > SMALL or device.type != "cpu":
        return value_of(uploaded(array, device), device)
    value = HostValue()
    value.aval = aval_of(array.shape, dtypes.of(array.dtype), device)
    value.array = array
    value.recording = None
    value.ref = 0
    value.fallback = None
    value.uses = 0
    return value


def uploaded(array: np.ndarray, device: devices.device) -> jax.Array:
    """A NumPy array that nobody else can write on a device; on CPU in the same memory, if it can.

    (`jnp.asarray` takes 10 us in place of 18, but compiles for 10 ms for each new shape.)
    """
    target = device.jax()
    with jax.enable_x64(True):
        # Where JAX puts arrays by itself it is not told, so that it may move them.
        # JAX makes the attributes of its config as it starts.
        chosen = jax.config.jax_default_device  # type: ignore[attr-defined]
        alone = chosen is None and target is jax.devices()[0]
        return jax.device_put(array, None if alone else target)


def value_of(array: Any, device: devices.device | None = None) -> Value:
    """A Value that holds a jax array (or tracer) that nobody else will write."""
    if device is None:
        device = _device_of(array)
    value = Value()
    value.aval = aval_of(tuple(array.shape), dtypes.of(array.dtype), device)
    value.array = array
    value.recording = None
    value.ref = 0
    value.fallback = None
    return value


def _device_of(array: Any) -> devices.device:
    if isinstance(array, Tracer):
        return devices.default_device()
    return devices.of_jax(min(array.devices(), key=lambda one: one.id))


def fetched(array: Any) -> np.ndarray:
    """The elements of a jax array, which is waited for.

    Asked for one that is not there yet, XLA gives the task to another of its threads, and the
    next program to that one, too (see `scratch`).
    """
    if not isinstance(array, Tracer) and not array.is_ready():
        waiting.wait(array)
    return np.asarray(array)


# Arrays that someone outside the engine may hold: never donated. Keyed by id; the weak
# reference takes its entry along when the array goes.
EXPORTED: dict[int, weakref.ref] = {}


def export(array: Any) -> Any:
    """Marks a jax array as seen outside the engine, and returns it."""
    key = id(array)
    if key not in EXPORTED:
        EXPORTED[key] = weakref.ref(array, lambda _: EXPORTED.pop(key, None))
    return array


def _references() -> tuple[int, int]:
    """Reference counts that mean "nobody but the engine holds this value".

    Measured once with the very loops that use them, so that they hold for any CPython.
    """
    value = Value()
    single = [(None, None, None, value)]
    several = [(None, None, None, (Value(),))]
    del value
    counts = []
    for _index, entry in enumerate(single):
        outputs = entry[3]
        counts.append(sys.getrefcount(outputs))
    for entry in several:
        for one in entry[3]:
            counts.append(sys.getrefcount(one))
    return counts[0], counts[1]


ALONE, ALONE_IN_TUPLE = _references()
