"""Signatures: an op at given shapes, dtypes and static arguments, traced once.

A signature is a function from a flat tuple of arrays and a flat tuple of numbers to a flat
tuple of arrays. Its outputs' shapes and dtypes come from tracing it once with `jax.jit`,
which also keeps the traced program that every later replay uses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import jax

from .. import device as devices
from .. import dtype as dtypes
from .. import native
from ..observed import unobserved
from ..op import ARRAY, ARRAYS, EXPONENT, INDEX, NUMERIC, SCALAR, STATIC, Op
from . import disk_cache
from .numbers import SCALAR_CODES, SCALAR_DTYPES
from .value import Aval, aval_of

PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


class Reach(NamedTuple):
    """What an output's gradient meets, as bits."""

    # The inputs that it flows to.
    inputs: int = 0
    # The calls inside that keep values for it.
    saving: int = 0


class Signature:
    """A traced op: `function(*arrays, *numbers) -> tuple of arrays`."""

    __slots__ = (
        "name", "function", "inputs", "numbers", "outputs", "device", "rebuild", "inexact",
        "backwards", "residuals", "line", "held", "single", "output", "tracks", "key", "entries",
        "pull", "alone", "reaches",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        function: Callable[..., tuple],
        inputs: Sequence[Aval],
        numbers: str = "",
        device: devices.device | None = None,
        rebuild: Any = None,
        residuals: bool = False,
        differentiable: bool = True,
        outputs: tuple[Aval, ...] | None = None,
    ):
        self.name = name
        self.function = jax.jit(function, inline=True)
        self.inputs = tuple(inputs)
        self.numbers = numbers
        self.device = device or (self.inputs[0].device if self.inputs else devices.CPU)
        self.outputs = self._trace_outputs() if outputs is None else outputs
        self.rebuild = rebuild
        self.single = len(self.outputs) == 1
        self.output = self.outputs[0] if self.outputs else None
        self.inexact = tuple(
            differentiable and one.dtype.category >= dtypes.FLOATING for one in self.outputs
        )
        # Whether any output can carry a gradient.
        self.tracks = True in self.inexact
        # How to differentiate: which inputs need gradients -> Backward.
        self.backwards: dict[Any, Any] = {}
        self.residuals = residuals
        self.line = user_line()
        if device is not None and device.type == "cpu":
            native.begin()
        # The integer type that Python integers must fit, and at which places; others wrap.
        self.held: tuple[dtypes.dtype, tuple[int, ...]] | None = None
        # What it is called on disk, and what is kept there to find it again.
        self.key: str | None = None
        self.entries: Callable[[], dict[str, Any]] = dict
        # (*gradients of the outputs, *arrays, *numbers) -> those of the inputs; None: by jax.vjp.
        self.pull: Callable[..., tuple] | None = None
        # For each output where its gradient flows to; None: from each to all inputs.
        self.reaches: tuple[Reach, ...] | None = None
        # Refers to the program of its last call, if that held nothing else.
        self.alone: Any = None

    def parts(self, k: int) -> tuple:
        """What number `k` is: the operation, and which of its numbers, of what kind."""
        return self.name, k, self.numbers[k]

    def structs(self) -> list[jax.ShapeDtypeStruct]:
        """What the traced function is given: the arrays, then the numbers."""
        arrays = [one.struct() for one in self.inputs]
        return arrays + [jax.ShapeDtypeStruct((), SCALAR_DTYPES[code]) for code in self.numbers]

    def trace(self) -> Any:
        with jax.enable_x64(True), unobserved():
            return self.function.trace(*self.structs())

    def _trace_outputs(self) -> tuple[Aval, ...]:
        return tuple(
            aval_of(tuple(one.shape), dtypes.of(one.dtype), self.device)
            for one in self.trace().out_info
        )

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.inputs))})"


class Traced(NamedTuple):
    """What tracing found out about a signature, for the disk."""

    name: str
    inputs: tuple[Aval, ...]
    numbers: str
    device: devices.device
    rebuild: Any
    residuals: bool
    differentiable: bool
    outputs: tuple[Aval, ...]
    held: tuple[dtypes.dtype, tuple[int, ...]] | None
    pulls: bool


def traced(signature: Signature) -> Traced:
    return Traced(
        signature.name, signature.inputs, signature.numbers, signature.device, signature.rebuild,
        signature.residuals, signature.tracks, signature.outputs, signature.held,
        signature.pull is not None,
    )  # fmt: skip


def untraced(found: Traced, make: Callable[[], Signature]) -> Signature:
    """A signature from what the disk knows; `make` traces it when its function is needed."""
    made = cache(make)
    signature = Signature(
        found.name, lambda *flat: made().function(*flat), found.inputs, found.numbers,
        found.device, found.rebuild, found.residuals, found.differentiable, found.outputs,
    )  # fmt: skip
    signature.held = found.held
    if found.pulls:
        signature.pull = lambda *flat: _pull(made())(*flat)
    return signature


def _pull(signature: Signature) -> Callable[..., tuple]:
    assert signature.pull is not None
    return signature.pull


def known(key: str | None, make: Callable[[], Signature]) -> Signature:
    """The signature that `make` gives, untraced where the disk knows it."""
    found = disk_cache.load(key)
    signature = make() if found is None else untraced(found, make)
    if key is not None:
        signature.key = key
        signature.entries = lambda: {key: traced(signature)}
    return signature


def user_line() -> str:
    """`file:line` of the innermost frame outside this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _internal(frame.f_code.co_filename):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _internal(filename: str) -> bool:
    return filename.startswith(PACKAGE) or f"{os.sep}jax{os.sep}" in filename


# ------------------------------------------------------------------ from a call to a signature


def build(
    op: Op,
    args: tuple,
    kwargs: dict[str, Any],
    device: devices.device | None,
    written: Aval | None = None,
) -> Signature:
    """The signature of a call; the slow path, once per kind of call.

    Args:
        args, kwargs: the arguments, with Avals in the place of Tensors.
        device: where an op without tensors puts its result.
        written: the tensor that an in-place call writes; the result is cast to its dtype.
    """
    try:
        op.signature.bind(*args, **kwargs)
    except TypeError as error:
        parameters = str(op.signature).replace("'", "")
        raise TypeError(f"{op.name}{parameters}: {error}") from None
    reader = _Reader(op)
    names = [name for name in op.parameters if op.kinds[name] >= 0]
    arguments: list[Any] = []
    for position, argument in enumerate(args):
        name = names[min(position, len(op.positional) - 1)]
        arguments.append(reader.read(name, argument))
    keywords = {name: reader.read(name, argument) for name, argument in kwargs.items()}
    place = reader.place(device)
    target = reader.result_dtype()
    number_dtype = target or reader.number_dtype()
    rebuild: list[Any] = [None]

    def fill(flat: tuple) -> tuple[list, dict]:
        given = (flat[: len(reader.avals)], flat[len(reader.avals) :], target, number_dtype)
        filled = [_fill(one, *given) for one in arguments]
        return filled, {name: _fill(one, *given) for name, one in keywords.items()}

    def function(*flat: Any) -> tuple:
        filled, named = fill(flat)
        result = op.function(*filled, **named)
        if isinstance(result, (tuple, list)):
            rebuild[0] = getattr(type(result), "_make", type(result))
            return tuple(result)
        if written is not None:
            result = _as_written(op.name, result, written)
        return (result,)

    try:
        signature = Signature(
            op.name, function, reader.avals, "".join(reader.numbers), place,
            residuals=op.residuals, differentiable=op.differentiable,
        )  # fmt: skip
    except Exception as error:
        raise _explained(op, error, reader) from _cause(error)
    signature.rebuild = rebuild[0]
    if op.gradient is not None and all(one.dtype.is_floating_point for one in reader.avals):
        gradient, count = op.gradient, sum(signature.inexact)

        def pull(*flat: Any) -> tuple:
            filled, named = fill(flat[count:])
            given = flat[0] if count == 1 else flat[:count]
            return gradient(given, *filled, **named)

        signature.pull = pull
    if reader.held and number_dtype is not None and number_dtype.category == dtypes.INTEGER:
        signature.held = number_dtype, tuple(reader.held)
    return signature


def _as_written(name: str, result: Any, written: Aval) -> Any:
    """The result of an in-place call in the written tensor's dtype; its shape must fit."""
    found = dtypes.of(result.dtype)
    if not dtypes.can_cast(found, written.dtype):
        raise RuntimeError(
            f"{name}_: result type {found} can't be cast to the desired output type {written.dtype}"
        )
    if tuple(result.shape) != written.shape:
        raise RuntimeError(
            f"{name}_: output with shape {list(written.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)}"
        )
    return result.astype(written.dtype.dtype)


class _Reader:
    """Sorts the arguments of one call into arrays, numbers and static values."""

    def __init__(self, op: Op):
        self.op = op
        self.avals: list[Aval] = []
        self.names: list[str] = []
        self.numbers: list[str] = []
        # Which of them are integers that stand for no tensor, and may not wrap.
        self.held: list[int] = []
        self.promoted_tensors: list[Aval] = []
        self.promoted_numbers: list[dtypes.dtype] = []

    def read(self, name: str, argument: Any) -> tuple:
        kind = self.op.kinds[name]
        if type(argument) is Aval:
            if kind in (STATIC, SCALAR, INDEX, ARRAYS):
                wanted = "a sequence of Tensors" if kind == ARRAYS else "a Python value"
                raise TypeError(f"{self.op.name}(): argument '{name}' must be {wanted}, not Tensor")
            return self._array(name, argument)
        if argument is None and kind != STATIC and name not in self.op.optional:
            raise TypeError(f"{self.op.name}(): argument '{name}' must be Tensor, not None")
        if kind == ARRAYS and argument is not None:
            return ("list", [self.read_member(name, one) for one in argument])
        if kind == ARRAY and argument is not None:
            raise TypeError(
                f"{self.op.name}(): argument '{name}' must be Tensor, not {type(argument).__name__}"
            )
        if kind in NUMERIC and is_number(argument):
            if (
                kind != INDEX
                and self.op.promote
                and (self.op.promoted is None or name in self.op.promoted)
            ):
                self.promoted_numbers.append(dtypes.of_number(argument))
            if kind == EXPONENT and baked(argument):
                return ("static", argument)
            if kind in (SCALAR, EXPONENT) and type(argument) is int:
                self.held.append(len(self.numbers))
            self.numbers.append(SCALAR_CODES[type(argument)])
            as_is = kind == INDEX
            return ("number", len(self.numbers) - 1, type(argument), as_is)
        if kind in NUMERIC and argument is not None:
            raise TypeError(
                f"{self.op.name}(): argument '{name}' must be a Tensor or a number, "
                f"not {type(argument).__name__}"
            )
        return ("static", static_value(argument))

    def read_member(self, name: str, argument: Any) -> tuple:
        if type(argument) is not Aval:
            raise TypeError(
                f"{self.op.name}(): expected Tensor as element of argument '{name}', "
                f"but got {type(argument).__name__}"
            )
        return self._array(name, argument)

    def _array(self, name: str, aval: Aval) -> tuple:
        promoted = bool(self.op.promote) and (self.op.promoted is None or name in self.op.promoted)
        if promoted:
            self.promoted_tensors.append(aval)
        self.avals.append(aval)
        self.names.append(name)
        return ("array", len(self.avals) - 1, promoted)

    def place(self, device: devices.device | None) -> devices.device:
        """The one device of the call."""
        if not self.avals:
            return device or devices.default_device()
        first = next((one for one in self.avals if one.shape), self.avals[0])
        for name, aval in zip(self.names, self.avals, strict=True):
            if aval.device is not first.device and (aval.shape or aval.device.type != "cpu"):
                raise RuntimeError(
                    f"{self.op.name}: Expected all tensors to be on the same device, but "
                    f"'{self.names[self.avals.index(first)]}' is on {first.device} and '{name}' "
                    f"is on {aval.device}. Move one with .to(device)"
                )
        return first.device

    def result_dtype(self) -> dtypes.dtype | None:
        """PyTorch's result type of the promoted arguments."""
        if not self.op.promote or not (self.promoted_tensors or self.promoted_numbers):
            return None
        result = dtypes.promote(
            [one.dtype for one in self.promoted_tensors if one.shape],
            [one.dtype for one in self.promoted_tensors if not one.shape],
            self.promoted_numbers,
        )
        if self.op.promote == "float" and result.category <= dtypes.INTEGER:
            return dtypes.default_dtype()
        return result

    def number_dtype(self) -> dtypes.dtype | None:
        """What numbers become in an op that does not promote: the first floating input's type."""
        for aval in self.avals:
            if aval.dtype.category >= dtypes.FLOATING:
                return aval.dtype
        return None


def _fill(
    one: tuple, arrays: tuple, numbers: tuple, target: dtypes.dtype | None,
    number_dtype: dtypes.dtype | None,
) -> Any:  # fmt: skip
    """The value of one read argument inside the traced function."""
    what = one[0]
    if what == "array":
        array = arrays[one[1]]
        return array.astype(target.dtype) if target is not None and one[2] else array
    if what == "list":
        return [_fill(member, arrays, numbers, target, number_dtype) for member in one[1]]
    if what == "number":
        number = numbers[one[1]]
        if one[3]:
            return number
        if one[2] is complex and number_dtype and number_dtype.category < dtypes.COMPLEX:
            return number.astype(number_dtype.to_complex().dtype)
        if one[2] is float and number_dtype and number_dtype.category < dtypes.FLOATING:
            return number
        return number if number_dtype is None else number.astype(number_dtype.dtype)
    return one[1]


def is_number(argument: Any) -> bool:
    return isinstance(argument, (int, float, complex))


def baked(exponent: Any) -> bool:
    """Whether an exponent chooses the algorithm: small whole and half numbers do."""
    if isinstance(exponent, complex):
        return False
    return abs(exponent) <= 8 and float(2 * exponent).is_integer()


def static_value(argument: Any) -> Any:
    """A static argument as the op's function gets it: our dtypes as NumPy's, lists as tuples."""
    if isinstance(argument, dtypes.dtype):
        return argument.dtype
    if isinstance(argument, (list, tuple)) and type(argument) in (list, tuple):
        return tuple(static_value(one) for one in argument)
    return argument


def _explained(op: Op, error: Exception, reader: _Reader) -> Exception:
    """An error of the op's own gets its name; one from JAX is told in terms of the call."""
    if _raised_here(error):
        text, name = str(error), op.name.lstrip("_")
        # What `fail` raises begins with the public name, which may differ from the op's.
        named = text if name in text or ": expected " in text else f"{name}: {text}"
        return type(error)(named).with_traceback(error.__traceback__)
    got = ", ".join(f"{name}={aval}" for name, aval in zip(reader.names, reader.avals, strict=True))
    first = str(error).strip().partition("\n")[0]
    return RuntimeError(f"{op.name}: {first} (called with {got or 'no tensors'})")


def _cause(error: Exception) -> Exception | None:
    return None if _raised_here(error) else error


def _raised_here(error: Exception) -> bool:
    traceback = error.__traceback__
    last = ""
    while traceback is not None:
        last = traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next
    return last.startswith(PACKAGE) and not isinstance(error, (AttributeError, AssertionError))
