"""Modes of one thread: whether gradients are recorded, and whether ops wait at all."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..engine.recording import state, synchronize


class _Mode:
    """A context that is also a decorator, as PyTorch's modes are."""

    def __call__(self, function: Callable) -> Callable:
        if inspect.isgeneratorfunction(function):
            return self._stepping(function)

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self.copy():
                return function(*args, **kwargs)

        return inside

    def _stepping(self, function: Callable) -> Callable:
        """A generator that is in the mode while it runs, and not while its caller does."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            generator = function(*args, **kwargs)
            go_on = functools.partial(generator.send, None)
            while True:
                try:
                    with self.copy():
                        given = go_on()
                except StopIteration as end:
                    return end.value
                try:
                    go_on = functools.partial(generator.send, (yield given))
                except GeneratorExit:
                    with self.copy():
                        generator.close()
                    raise
                except BaseException as error:
                    go_on = functools.partial(generator.throw, error)

        return inside

    def copy(self) -> _Mode:
        return type(self)()

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError


class _GradMode(_Mode):
    enabled = False

    def __enter__(self) -> _GradMode:
        self.previous = state.grad
        state.grad = self.enabled
        return self

    def __exit__(self, *_: object) -> None:
        state.grad = self.previous


class no_grad(_GradMode):
    """Context and decorator: nothing inside goes on the tape (torch.no_grad)."""

    def __new__(cls, function: Callable | None = None) -> Any:
        # `@nr.no_grad` without parentheses decorates too.
        self = super().__new__(cls)
        return self if function is None else self(function)

    def __init__(self, function: Callable | None = None):
        pass


class enable_grad(_GradMode):
    """Context and decorator: gradients are recorded inside, even within `no_grad`."""

    enabled = True

    def __new__(cls, function: Callable | None = None) -> Any:
        self = super().__new__(cls)
        return self if function is None else self(function)

    def __init__(self, function: Callable | None = None):
        pass


class set_grad_enabled(_GradMode):
    """Switches gradients on or off at once; as a context, until its end."""

    def __init__(self, mode: bool):
        self.previous = state.grad
        self.enabled = bool(mode)
        state.grad = self.enabled

    def __enter__(self) -> set_grad_enabled:
        state.grad = self.enabled
        return self

    def __call__(self, function: Callable) -> Callable:
        state.grad = self.previous
        return super().__call__(function)

    def copy(self) -> _Mode:
        return set_grad_enabled(self.enabled)


class inference_mode(_Mode):
    """`no_grad` for code that never needs gradients afterwards.

    Differs from PyTorch: tensors made inside are ordinary tensors and may be used in
    recorded code later, because nothing saved for backward can be spoiled.
    """

    def __new__(cls, mode: bool | Callable = True) -> Any:
        self = super().__new__(cls)
        if callable(mode):
            self.mode = True
            return self(mode)
        return self

    def __init__(self, mode: bool = True):
        self.mode = mode

    def __enter__(self) -> inference_mode:
        self.previous = (state.grad, state.inference)
        if self.mode:
            state.grad, state.inference = False, True
        else:
            state.inference = False
        return self

    def __exit__(self, *_: object) -> None:
        state.grad, state.inference = self.previous

    def copy(self) -> _Mode:
        return inference_mode(self.mode)


class eager_mode(_Mode):
    """Runs after every op, by the same code path as recording: for debugging."""

    def __init__(self, mode: bool = True):
        self.mode = mode

    def __enter__(self) -> eager_mode:
        synchronize(wait=False)
        self.previous = state.eager
        state.eager = self.mode
        return self

    def __exit__(self, *_: object) -> None:
        state.eager = self.previous

    def copy(self) -> _Mode:
        return eager_mode(self.mode)


def is_grad_enabled() -> bool:
    """Whether calls go on the tape in this thread."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return state.inference
