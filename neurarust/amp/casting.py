"""Autocast: chosen operations run in a smaller type.

While it is on somewhere, the function through which operations are called is exchanged for
one that casts their arguments first; while it is off it costs nothing.
"""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core import define, methods
from ..core import device as devices
from ..core import dtype as dtypes
from ..core.capture import MODES
from ..core.op import OPS
from ..core.tensor import dispatch
from ..core.tensor.tensor import Tensor
from .lists import FAST, FLOAT32, LISTED, RULES

# Modules whose `call` the public functions, methods and Python's operators go through.
_CALLERS: tuple[Any, ...] = (define, methods)
_HALF = (dtypes.float16, dtypes.bfloat16)


class _State(threading.local):
    """What one thread has switched on."""

    def __init__(self) -> None:
        # Device type -> the fast type, where autocast is on.
        self.active: dict[str, dtypes.dtype] = {}
        self.fast = {"cpu": dtypes.bfloat16, "cuda": dtypes.float16, "tpu": dtypes.bfloat16}
        self.cache = True


_state = _State()
MODES.append(lambda: tuple(_state.active.items()) if _state.active else ())
_lock = threading.Lock()
# How many threads have autocast on.
_users = 0


def _set(active: dict[str, dtypes.dtype]) -> None:
    """Switches this thread's autocast, and exchanges `call` for the first and last user."""
    global _users
    with _lock:
        _users += bool(active) - bool(_state.active)
        for module in _CALLERS:
            module.call = _casting_call if _users else dispatch.call
        pair: Any = _casting_pair if _users else dispatch.call_pair
        methods.call_pair = pair
    _state.active = active


def _casting_call(op: Any, args: tuple, *rest: Any, **named: Any) -> Any:
    """`dispatch.call` with arguments cast as the lists say."""
    active = _state.active
    if not active or op.name not in LISTED:
        return dispatch.call(op, args, *rest, **named)
    kwargs = rest[0] if rest else None
    tensors = list(_tensors((args, tuple(kwargs.values()) if kwargs else ())))
    place = tensors[0].device.type if tensors else ""
    rule = RULES[place].get(op.name) if place in active else None
    if rule is None or (kwargs and kwargs.get("dtype") is not None):
        return dispatch.call(op, args, *rest, **named)
    wanted = active[place]
    if rule != FAST:
        widest = any(one.dtype is dtypes.float32 for one in tensors)
        wanted = dtypes.float32 if rule == FLOAT32 or widest else wanted
    if kwargs:
        rest = ({name: _cast(one, place, wanted) for name, one in kwargs.items()}, *rest[1:])
    return dispatch.call(op, _cast(args, place, wanted), *rest, **named)


def _casting_pair(op: Any, first: Tensor, second: Any) -> Any:
    return _casting_call(op, (first, second))


def _tensors(arguments: Any) -> Iterable[Tensor]:
    for one in arguments:
        if isinstance(one, Tensor):
            yield one
        elif isinstance(one, (tuple, list)):
            yield from _tensors(one)


def _cast(given: Any, place: str, wanted: dtypes.dtype) -> Any:
    """Floating tensors on a kind of device in another type; float64 stays."""
    if isinstance(given, Tensor):
        kind = given.dtype
        suits = kind is dtypes.float32 or kind in _HALF
        if not suits or kind is wanted or given.device.type != place:
            return given
        return dispatch.call(OPS["_to_dtype"], (given, wanted))
    if isinstance(given, Mapping):
        return {name: _cast(one, place, wanted) for name, one in given.items()}
    if isinstance(given, (list, tuple)):
        return type(given)(_cast(one, place, wanted) for one in given)
    return given


class autocast:
    """Context and decorator: operations of PyTorch's lists run in a smaller type.

    Args:
        device_type: "cpu", "cuda" or "tpu": whose tensors.
        dtype: `bfloat16` or `float16`; by default the device's.
        enabled: False inside another autocast switches it off.
        cache_enabled: accepted; equal casts of one program are one in any case.
    """

    def __init__(
        self, device_type: str, dtype: dtypes.dtype | None = None, enabled: bool = True,
        cache_enabled: bool | None = None,
    ):  # fmt: skip
        if not isinstance(device_type, str):
            raise ValueError(
                f"Expected `device_type` of type `str`, got: `{type(device_type).__name__}`"
            )
        if not is_autocast_available(device_type):
            raise RuntimeError(
                f"User specified an unsupported autocast device_type '{device_type}'"
            )
        self.device = device_type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        if enabled and device_type != "cpu" and not devices.device_count(device_type):
            warnings.warn(
                f"{device_type.upper()} is not available. Disabling autocast.",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        elif enabled and self.fast_dtype not in _HALF:
            warnings.warn(
                f"In {device_type.upper()} autocast, but the target dtype is not supported. "
                f"Disabling autocast. It only supports bfloat16 and float16",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        self._enabled = enabled
        self._cache_enabled = _state.cache if cache_enabled is None else cache_enabled
        self._before: list[tuple[dict, bool]] = []

    def __enter__(self) -> autocast:
        self._before.append((_state.active, _state.cache))
        active = {k: one for k, one in _state.active.items() if k != self.device}
        _set(active | ({self.device: self.fast_dtype} if self._enabled else {}))
        _state.cache = self._cache_enabled
        return self

    def __exit__(self, *_: object) -> None:
        active, _state.cache = self._before.pop()
        _set(active)

    def __call__(self, function: Callable) -> Callable:
        if not callable(function):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(function).__name__}"
            )

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return inside


def is_autocast_available(device_type: str) -> bool:
    """Whether there are lists for a kind of device."""
    return device_type in RULES


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether autocast is on for a kind of device, in this thread."""
    return device_type in _state.active


def set_autocast_enabled(device_type: str, enabled: bool) -> None:
    """Switches autocast on or off for a kind of device, in this thread."""
    active = {k: one for k, one in _state.active.items() if k != device_type}
    _set(active | ({device_type: get_autocast_dtype(device_type)} if enabled else {}))


def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """The fast type for a kind of device, in this thread."""
    return _state.active.get(device_type) or _state.fast.get(device_type, dtypes.bfloat16)


def set_autocast_dtype(device_type: str, dtype: dtypes.dtype) -> None:
    """Sets the fast type for a kind of device, in this thread."""
    _state.fast[device_type] = dtype
    if device_type in _state.active:
        _set(_state.active | {device_type: dtype})


def is_autocast_cache_enabled() -> bool:
    """What `set_autocast_cache_enabled` set last; nothing depends on it."""
    return _state.cache


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Accepted; equal casts of one program are one in any case."""
    _state.cache = enabled


def clear_autocast_cache() -> None:
    """Does nothing: there is no cache of casts."""


def custom_fwd(
    fwd: Callable | None = None, *, device_type: str, cast_inputs: dtypes.dtype | None = None
) -> Callable:
    """Decorator of `autograd.Function.forward`: how it behaves under autocast.

    Args:
        cast_inputs: cast floating tensors to this type and run with autocast off; by default
            it runs with autocast as it is.
    """
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        enabled = is_autocast_enabled(device_type)
        ctx._dtype = get_autocast_dtype(device_type)
        ctx._fwd_used_autocast = enabled and cast_inputs is None
        if cast_inputs is None or not enabled:
            return fwd(ctx, *args, **kwargs)
        with autocast(device_type, enabled=False):
            args, kwargs = (_cast(one, device_type, cast_inputs) for one in (args, kwargs))
            return fwd(ctx, *args, **kwargs)

    return forward


def custom_bwd(bwd: Callable | None = None, *, device_type: str) -> Callable:
    """Decorator of `autograd.Function.backward`: it runs with autocast as the forward did."""
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, dtype=ctx._dtype, enabled=ctx._fwd_used_autocast):
            return bwd(ctx, *args, **kwargs)

    return backward
