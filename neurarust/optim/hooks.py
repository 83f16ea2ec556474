"""Hooks around an optimizer's step and state dict, its own and those of every optimizer."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from ..core.capture import MODES
from ..core.engine.recording import synchronize
from ..core.tensor.gradients import RemovableHandle

HOOKS = (
    "step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre",
    "load_state_dict_post",
)  # fmt: skip
_numbers = itertools.count()
# Hooks of every optimizer.
_global_hooks: dict[str, dict[int, Callable]] = {"step_pre": {}, "step_post": {}}
# A jitted function traces again under other hooks.
MODES.append(
    lambda: tuple(map(tuple, _global_hooks.values())) if any(_global_hooks.values()) else ()
)


def hooked(step: Callable) -> Callable:
    """A `step` that calls the hooks and ends the unit of work."""

    @functools.wraps(step)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._stepping:
            return step(self, *args, **kwargs)
        for hook in (*_global_hooks["step_pre"].values(), *self._hooks["step_pre"].values()):
            changed = hook(self, args, kwargs)
            if changed is not None:
                if not isinstance(changed, tuple) or len(changed) != 2:
                    raise RuntimeError(
                        f"a step_pre_hook must return None or (args, kwargs), but got {changed}"
                    )
                args, kwargs = changed
        self._stepping = True
        try:
            result = step(self, *args, **kwargs)
        finally:
            self._stepping = False
        self._opt_called = True
        for hook in (*self._hooks["step_post"].values(), *_global_hooks["step_post"].values()):
            hook(self, args, kwargs)
        synchronize(wait=False)
        return result

    # Functions take attributes.
    run.hooked = True  # type: ignore[attr-defined]
    return run


def add(hooks: dict[int, Callable], hook: Callable, prepend: bool) -> RemovableHandle:
    """Adds a hook behind the others, or before them; the handle removes it again."""
    number = next(_numbers)
    later = dict(hooks) if prepend else {}
    for one in later:
        del hooks[one]
    hooks[number] = hook
    hooks.update(later)
    return RemovableHandle(hooks, number)


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """Calls `hook(optimizer, args, kwargs)` before every step of every optimizer."""
    return add(_global_hooks["step_pre"], hook, False)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """Calls `hook(optimizer, args, kwargs)` after every step of every optimizer."""
    return add(_global_hooks["step_post"], hook, False)
