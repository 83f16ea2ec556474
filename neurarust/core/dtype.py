"""Element types and PyTorch's rules for combining them."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np

# Categories order the kinds of numbers: a higher one decides the type of a result.
BOOL, INTEGER, FLOATING, COMPLEX = range(4)


class dtype:
    """The element type of a Tensor: `nr.float32`, `nr.int64`, ...

    Differs from PyTorch: `nr.dtype` objects are also understood by NumPy and JAX
    (`numpy.dtype(nr.float32)`).
    """

    __slots__ = ("name", "dtype", "itemsize", "category", "__weakref__")

    def __init__(self, name: str):
        self.name = name
        # NumPy and JAX read this attribute when they are given one of our types.
        self.dtype = np.dtype(getattr(jnp, "bool_" if name == "bool" else name))
        self.itemsize = self.dtype.itemsize
        if name == "bool":
            self.category = BOOL
        elif "int" in name:
            self.category = INTEGER
        else:
            self.category = COMPLEX if name.startswith("complex") else FLOATING

    @property
    def is_floating_point(self) -> bool:
        return self.category == FLOATING

    @property
    def is_complex(self) -> bool:
        return self.category == COMPLEX

    @property
    def is_signed(self) -> bool:
        return self.category != BOOL and not self.name.startswith("uint")

    def to_real(self) -> dtype:
        """The type of a complex number's parts; other types stay."""
        return {complex64: float32, complex128: float64}.get(self, self)

    def to_complex(self) -> dtype:
        """The complex type whose parts are of this type."""
        if self.category == COMPLEX:
            return self
        return complex128 if self is float64 else complex64

    def __repr__(self) -> str:
        return f"neurarust.{self.name}"

    def __reduce__(self) -> tuple:
        return by_name, (self.name,)


_NAMES = (
    "bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64",
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip
BY_NAME = {name: dtype(name) for name in _NAMES}


def by_name(name: str) -> dtype:
    """The type called `name`."""
    return BY_NAME[name]


BY_NUMPY = {one.dtype: one for one in BY_NAME.values()}

bool_ = BY_NAME["bool"]
uint8, uint16, uint32, uint64 = (BY_NAME[f"uint{bits}"] for bits in (8, 16, 32, 64))
int8, int16, int32, int64 = (BY_NAME[f"int{bits}"] for bits in (8, 16, 32, 64))
float16, bfloat16 = BY_NAME["float16"], BY_NAME["bfloat16"]
float32, float64 = BY_NAME["float32"], BY_NAME["float64"]
complex64, complex128 = BY_NAME["complex64"], BY_NAME["complex128"]


class Defaults:
    """The process-wide default floating-point type."""

    floating = float32


def default_dtype() -> dtype:
    return Defaults.floating


def of(kind: object) -> dtype:
    """The `dtype` for ours, NumPy's, JAX's or Python's name of a type."""
    if isinstance(kind, dtype):
        return kind
    try:
        # What is no dtype raises TypeError, which is caught.
        return BY_NUMPY[np.dtype(kind)]  # type: ignore[call-overload]
    except (TypeError, KeyError):
        known = ", ".join(_NAMES)
        raise TypeError(f"dtype: {kind!r} is not an element type; known are {known}") from None


def check_holds(kind: dtype, number: object) -> None:
    """Raises for a Python number that a type cannot hold."""
    if type(number) is int and kind.category == INTEGER:
        info = np.iinfo(kind.dtype)
        held = info.min <= number <= info.max
    else:
        held = type(number) is not complex or kind.is_complex
    if not held:
        raise RuntimeError(f"value {number} cannot be converted to {kind} without overflow")


def of_number(number: object) -> dtype:
    """The type that a Python number has in PyTorch's rules."""
    if isinstance(number, bool):
        return bool_
    if isinstance(number, int):
        return int64
    if isinstance(number, float):
        return Defaults.floating
    return Defaults.floating.to_complex()


@functools.cache
def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type to which both can be cast (torch.promote_types)."""
    if type1 is type2:
        return type1
    with jax.enable_x64(True):
        return of(jnp.promote_types(of(type1).dtype, of(type2).dtype))


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """One step of the rule: `lower` counts only where its category is above `higher`'s."""
    if higher is None or lower is None:
        return higher or lower
    if higher.category == COMPLEX:
        return higher
    if higher.category == FLOATING:
        return higher.to_complex() if lower.category == COMPLEX else higher
    if higher.category == BOOL or lower.category >= FLOATING:
        return promote_types(higher, lower)
    return higher


def promote(dimensioned: list[dtype], scalars: list[dtype], numbers: list[dtype]) -> dtype:
    """The result type of tensors with dimensions, 0-dim tensors and Python numbers.

    Each later group counts only where its category (bool < int < float < complex) is above
    the earlier ones' (the "Type Promotion" page of torch's Tensor Attributes).
    """
    groups = []
    for group in (dimensioned, scalars, numbers):
        groups.append(functools.reduce(promote_types, group) if group else None)
    result = _combine(groups[0], _combine(groups[1], groups[2]))
    if result is None:
        raise TypeError("result type: needs at least one tensor or number")
    return result


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether PyTorch's in-place rules allow a cast (no fall of category)."""
    return of(from_).category <= of(to).category
