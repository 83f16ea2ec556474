"""From a call on Tensors to a recorded call: the path that every operation takes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import device as devices
from .. import dtype as dtypes
from ..autograd.tape import Edge, Leaf, apply_tracked
from ..dtype import Defaults
from ..engine.disk_cache import text_of
from ..engine.recording import record, state
from ..engine.signature import baked, build, known
from ..engine.value import Value
from ..op import ARRAYS, EXPONENT, INDEX, NUMERIC, OPERAND, OPS, SCALAR, STATIC, Op
from .storage import Step, View, layout_of, places_of
from .tensor import Body, Tensor, extends, from_host, wrap

_NUMBERS = (float, int, bool, complex)
_LARGEST = 2**63 - 1


def call(
    op: Op,
    args: tuple,
    kwargs: dict[str, Any] | None = None,
    device: devices.device | None = None,
    written: Tensor | None = None,
) -> Any:
    """Calls an op on Tensors and Python values; returns Tensors.

    Args:
        device: where an op without tensor arguments puts its result.
        written: the tensor that an in-place call will write; the result takes its dtype.
    """
    key: list[Any] = [Defaults.floating]
    values: list[Value] = []
    numbers: list[Any] = []
    edges: list[Edge] = []
    tracked = False
    kinds = op.positional
    position = 0
    last = len(kinds) - 1
    for argument in args:
        if isinstance(argument, Tensor):
            value = argument._storage.value if argument._steps is None else argument._value()
            values.append(value)
            key.append(value.aval)
            edge = argument._edge
            edges.append(edge)
            if edge is not None:
                tracked = True
        else:
            kind = kinds[position if position < last else last]
            form = type(argument)
            if form is float and kind in _FLOATS:
                key.append(form)
                numbers.append(argument)
            elif kind == STATIC and (
                form in _PLAIN or (form is tuple and _INTEGERS.issuperset(map(type, argument)))
            ):
                key.append(form)
                key.append(argument)
            else:
                _read(op, kind, argument, key, values, numbers, edges)
                tracked = True
        position += 1
    if kwargs:
        for name, argument in kwargs.items():
            key.append(name)
            _read(op, op.kinds.get(name, STATIC), argument, key, values, numbers, edges)
        tracked = True
    if written is not None:
        key.append(written._aval().dtype)
        key.append("written")
    if not values:
        device = device or devices.default_device()
        key.append(device)
    try:
        signature = op.signatures.get(tuple(key))
    except TypeError:
        raise TypeError(
            f"{op.name}: an argument cannot be part of a program's key, because it is not "
            f"hashable: {[one for one in args if not isinstance(one, Tensor)]} {kwargs or ''}"
        ) from None
    if signature is None:
        if written is None and (answer := _answer(op, args, kwargs or {})) is not NotImplemented:
            return answer
        signature = _build(op, key, args, kwargs or {}, device, written)
    if signature.held is not None:
        kind, places = signature.held
        for place in places:
            dtypes.check_holds(kind, numbers[place])
    if tracked and state.grad:
        outputs, node = apply_tracked(signature, values, tuple(numbers), edges)
    else:
        outputs, node = record(signature, values, tuple(numbers)), None
    if signature.rebuild is None:
        return wrap(outputs, None if node is None else (node, 0))
    if signature.single:
        outputs = (outputs,)
    if node is None:
        return signature.rebuild([wrap(one, None) for one in outputs])
    inexact = signature.inexact
    return signature.rebuild(
        [wrap(one, (node, k) if inexact[k] else None) for k, one in enumerate(outputs)]
    )


def call_pair(op: Op, first: Tensor, second: Any) -> Any:
    """`call(op, (first, second))`, lighter for two Tensors and for a Tensor and a float."""
    value = first._storage.value if first._steps is None else first._value()
    values: tuple[Value, ...]
    numbers: tuple[float, ...]
    if isinstance(second, Tensor):
        other = second._storage.value if second._steps is None else second._value()
        signature = op.signatures.get((Defaults.floating, value.aval, other.aval))
        values, numbers, edges = (value, other), (), (first._edge, second._edge)
        tracked = edges != _UNTRACKED
    elif type(second) is float and op.positional[1] in _FLOATS:
        signature = op.signatures.get((Defaults.floating, value.aval, float))
        values, numbers, edges = (value,), (second,), (first._edge,)
        tracked = edges[0] is not None
    else:
        return call(op, (first, second))
    if signature is None or signature.rebuild is not None:
        return call(op, (first, second))
    if tracked and state.grad:
        output, node = apply_tracked(signature, values, numbers, edges)
        return wrap(output, None if node is None else (node, 0))
    return wrap(record(signature, values, numbers), None)


# What a float is data for.
_FLOATS = frozenset({OPERAND, SCALAR})
_UNTRACKED = (None, None)


def _answer(op: Op, args: tuple, kwargs: dict[str, Any]) -> Any:
    """What an argument of another class of tensors makes of the operation, by its `_operation`.

    A protocol like PyTorch's `__torch_function__`: a method (name, *args, **kwargs) -> result or
    NotImplemented. Such arguments never get a signature, so calls on Tensors do not look for it.
    """
    for argument in (*args, *kwargs.values()):
        if hasattr(type(argument), "_operation"):
            bound = op.signature.bind(*args, **kwargs)
            return argument._operation(op.name, *bound.args, **bound.kwargs)
    return NotImplemented


_PLAIN = frozenset({int, bool, float, str, type(None)})
_INTEGERS = frozenset({int})


def _read(
    op: Op, kind: int, argument: Any, key: list, values: list, numbers: list, edges: list
) -> None:
    """Sorts one argument that is not a positional Tensor into the call's lists."""
    if isinstance(argument, Tensor):
        if kind in (STATIC, SCALAR, INDEX):
            argument = argument.item()
        else:
            value = argument._value()
            values.append(value)
            key.append(value.aval)
            edges.append(argument._edge)
            return
    if isinstance(argument, np.generic):
        argument = argument.item()
    elif isinstance(argument, np.ndarray):
        raise TypeError(
            f"{op.name}(): expected a Tensor, but got a NumPy array. Use nr.from_numpy(array)"
        )
    if kind == ARRAYS:
        _read_members(op, argument, key, values, edges)
        return
    kind_of_number = type(argument)
    if kind_of_number in _NUMBERS and kind in NUMERIC:
        if kind != EXPONENT or not baked(argument):
            if kind_of_number is int and not -_LARGEST <= argument <= _LARGEST:
                argument = float(argument)
                kind_of_number = float
            key.append(kind_of_number)
            numbers.append(argument)
            return
    key.append(kind_of_number)
    key.append(_hashable(argument))


def _read_members(op: Op, argument: Any, key: list, values: list, edges: list) -> None:
    if isinstance(argument, Tensor) or not isinstance(argument, (tuple, list)):
        raise TypeError(
            f"{op.name}(): expected a sequence of Tensors, not {type(argument).__name__}"
        )
    try:
        found = [one._storage.value if one._steps is None else one._value() for one in argument]
        edges += [one._edge for one in argument]
    except AttributeError:
        strange = [one for one in argument if not isinstance(one, Tensor)]
        if not strange:
            raise
        raise TypeError(
            f"{op.name}(): expected Tensor as element of the sequence, "
            f"but got {type(strange[0]).__name__}"
        ) from None
    key.append(len(found))
    key += [value.aval for value in found]
    values += found


def _hashable(argument: Any) -> Any:
    if type(argument) in (list, tuple):
        if _INTEGERS.issuperset(map(type, argument)):
            return tuple(argument)
        return tuple([(type(one), _hashable(one)) for one in argument])
    if isinstance(argument, slice):
        return ("slice", argument.start, argument.stop, argument.step)
    return argument


def _plain(argument: Any) -> Any:
    """Arguments as the slow path wants them: Tensors as Avals, NumPy scalars as numbers."""
    if isinstance(argument, Tensor):
        return argument._value().aval
    if isinstance(argument, np.generic):
        return argument.item()
    if type(argument) in (list, tuple):
        return type(argument)(_plain(one) for one in argument)
    return argument


def _build(
    op: Op, key: list, args: tuple, kwargs: dict[str, Any], device: Any, written: Tensor | None
) -> Any:
    """The first call of its kind: traces the op and keeps its signature."""
    if device is not None:
        device.jax()
    plain = []
    for position, argument in enumerate(args):
        kind = op.positional[min(position, len(op.positional) - 1)] if op.positional else STATIC
        if isinstance(argument, Tensor) and kind in (STATIC, SCALAR, INDEX):
            argument = argument.item()
        plain.append(_large(op, kind, _plain(argument)))
    named = {}
    for name, argument in kwargs.items():
        kind = op.kinds.get(name, STATIC)
        if isinstance(argument, Tensor) and kind in (STATIC, SCALAR, INDEX):
            argument = argument.item()
        named[name] = _large(op, kind, _plain(argument))
    target = None if written is None else written._aval()
    signature = known(
        _name_on_disk(op, key), lambda: build(op, tuple(plain), named, device, target)
    )
    op.signatures[tuple(key)] = signature
    return signature


def _name_on_disk(op: Op, key: list) -> str | None:
    """What a call's signature is called on disk; None for ops that users define."""
    text = None if op.home is None else text_of(tuple(key))
    return None if text is None else f"{op.home}{text}"


def _large(op: Op, kind: int, argument: Any) -> Any:
    if kind in NUMERIC and type(argument) is int:
        if not -_LARGEST <= argument <= _LARGEST:
            return float(argument)
    return argument


def prepare(op: Op, args: tuple, kwargs: dict[str, Any]) -> tuple[Any, list[Value], tuple]:
    """The signature of a call, its Values and its numbers, for callers that record themselves."""
    key: list[Any] = [Defaults.floating]
    values: list[Value] = []
    numbers: list[Any] = []
    edges: list[Edge] = []
    kinds = op.positional
    last = len(kinds) - 1
    for position, argument in enumerate(args):
        kind = kinds[position if position < last else last]
        if kind == ARRAYS:
            _read_members(op, argument, key, values, edges)
        else:
            _read(op, kind, argument, key, values, numbers, edges)
    for name, argument in kwargs.items():
        key.append(name)
        _read(op, op.kinds[name], argument, key, values, numbers, edges)
    signature = op.signatures.get(tuple(key))
    if signature is None:
        signature = _build(op, key, args, kwargs, None, None)
    return signature, values, tuple(numbers)


# ------------------------------------------------------------------ views


def take_view(view: View, tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """A tensor that looks at another's storage through one more step."""
    seen = call(view.op, (tensor, *args), kwargs)
    return attach(seen, tensor, Step(view, args, kwargs))


def attach(seen: Tensor, tensor: Tensor, step: Step) -> Tensor:
    """Makes a result that shows part of `tensor` a view of it."""
    seen._cache = seen._storage.value
    storage = tensor._storage
    seen._storage = storage
    seen._seen = storage.version
    steps = tensor._steps
    seen._steps = (step,) if steps is None else (*steps, step)
    if state.grad or tensor._edge is None:
        # A tensor that is itself an alias off the tape has no base either.
        seen._base = tensor if steps is None else tensor._base
    return seen


@extends(Tensor)
class _Looking(Body):
    __slots__ = ()

    def _look(self: Tensor) -> None:
        """Replays the steps of a view, on the tape where its base is."""
        storage, base = self._storage, self._base
        current = base if base is not None else wrap(storage.value, None)
        previous = state.grad
        state.grad = True
        try:
            for step in self._steps or ():
                current = call(step.view.op, (current, *step.args), step.kwargs)
        finally:
            state.grad = previous
        self._cache = current._storage.value
        self._seen = storage.version
        if base is not None:
            self._edge = current._edge


# ------------------------------------------------------------------ writing


def call_inplace(op: Op, tensor: Tensor, args: tuple, kwargs: dict[str, Any]) -> Tensor:
    """`tensor.op_(...)`: the result takes the tensor's place in its storage."""
    check_writable(op.name + "_", tensor)
    result = call(op, (tensor, *args), kwargs, written=tensor)
    write(tensor, result)
    return tensor


def check_writable(name: str, tensor: Tensor) -> None:
    """Refuses in-place changes of leaves that require grad, while gradients are recorded."""
    if not state.grad:
        return
    edge = tensor._current_edge()
    if edge is not None and type(edge[0]) is Leaf:
        raise RuntimeError(
            f"{name}: a leaf Variable that requires grad is being used in an in-place operation. "
            f"Wrap the change in nr.no_grad(), or write to tensor.data"
        )
    base = tensor._base
    if tensor._steps is not None and base is not None and base._edge is not None:
        if type(base._edge[0]) is Leaf:
            raise RuntimeError(
                f"{name}: a view of a leaf Variable that requires grad is being used in an "
                f"in-place operation. Wrap the change in nr.no_grad(), or write to tensor.data"
            )


def write(tensor: Tensor, result: Tensor) -> None:
    """Puts a result of the tensor's shape and dtype into its storage, through its view steps."""
    if state.capture is not None:
        state.capture.wrote(tensor)
    storage = tensor._storage
    if tensor._steps is None:
        value = result._value()
        before = storage.value
        if value.array is None and value.fallback is None:
            value.fallback = before.array if before.array is not None else before.fallback
        storage.value = value
        storage.version += 1
        if state.grad:
            tensor._edge = result._edge
        return
    base = tensor._base
    whole = base if base is not None and state.grad else wrap(storage.value, None)
    steps, beyond = _to_write(whole._aval(), tensor._steps)
    levels = [whole]
    for step in steps if beyond else steps[:-1]:
        levels.append(call(step.view.op, (levels[-1], *step.args), step.kwargs))
    part = result
    if beyond:
        part = _written_at_once(levels.pop(), part, beyond)
    for level, step in zip(reversed(levels), reversed(steps), strict=True):
        if step.view.write is None:
            raise _shares_elements(step)
        part = call(step.view.write, (level, part, *step.args), step.kwargs)
    value = part._storage.value
    before = storage.value
    value.fallback = before.array if before.array is not None else before.fallback
    storage.value = value
    storage.version += 1
    if base is not None and state.grad:
        base._edge = part._edge
    if base is None and state.grad:
        tensor._edge = result._edge


def _to_write(aval: Any, steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """The steps of a view that are written back one by one, and those that are at once.

    In a view whose elements overlap, the old ones of other parts would be written over the new.
    """
    for k, step in enumerate(steps[:-1]):
        if not step.view.overlaps:
            continue
        if not any(one.view.recodes for one in steps[k:]):
            return steps[:k], steps[k:]
        if _overlap(places_of(layout_of(aval, steps[:k])[0].shape, (step,))):
            raise RuntimeError(
                f"{step.view.op.name}: elements that are one in memory cannot be written as parts, "
                f"conjugates or another dtype. Take that view first, and this one of it: "
                f"x.imag.unfold(...)"
            )
    return steps, ()


def _overlap(places: np.ndarray) -> bool:
    return np.unique(places).size < places.size


def _written_at_once(whole: Tensor, part: Tensor, steps: tuple[Step, ...]) -> Tensor:
    places = places_of(whole._aval().shape, steps)
    expanded = [one for one in steps if one.view.write is None]
    if expanded and _overlap(places):
        raise _shares_elements(expanded[0])
    return call(OPS["_write_places"], (whole, part, wrap(from_host(places, whole.device), None)))


def _shares_elements(step: Step) -> RuntimeError:
    return RuntimeError(
        f"{step.view.op.name}: this view cannot be written, because more than one of its "
        f"elements refers to a single memory location. Clone it first"
    )


def set_out(op_name: str, out: Tensor, result: Tensor) -> Tensor:
    """`out=`: writes a result into a given tensor, which takes the result's shape."""
    if not isinstance(out, Tensor):
        raise TypeError(f"{op_name}: out must be a Tensor, but got {type(out).__name__}")
    if not isinstance(result, Tensor):
        raise TypeError(f"{op_name}: out= cannot take a {type(result).__name__}")
    if state.grad and (out._current_edge() is not None or result._edge is not None):
        raise RuntimeError(
            f"{op_name}(): functions with out=... arguments don't support automatic "
            f"differentiation, but one of the arguments requires grad."
        )
    wanted = out._aval().dtype
    if not dtypes.can_cast(result._aval().dtype, wanted):
        raise RuntimeError(
            f"{op_name}: result type {result.dtype} can't be cast to the desired output type "
            f"{wanted}"
        )
    if result._aval().dtype is not wanted:
        result = call(OPS["_to_dtype"], (result, wanted))
    if out._aval().shape == result._aval().shape:
        write(out, result)
    elif out._steps is None:
        if state.capture is not None:
            state.capture.wrote(out)
        out._storage.value = result._storage.value
        out._storage.version += 1
    else:
        raise RuntimeError(
            f"{op_name}: out is a view of shape {list(out.shape)}, but the result has shape "
            f"{list(result.shape)}"
        )
    return out
