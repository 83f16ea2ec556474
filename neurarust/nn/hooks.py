"""Hooks of modules: what they are kept in, and the tape entries behind backward hooks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from ..core.autograd.tape import Edge, Tracked, next_number
from ..core.capture import MODES
from ..core.changes import Changes
from ..core.engine.recording import state
from ..core.engine.value import Aval
from ..core.tensor.gradients import RemovableHandle
from ..core.tensor.tensor import Tensor, wrap

_keys = itertools.count()

# Kinds of hooks that a call has to look at; the others belong to state dicts.
FORWARD_PRE, FORWARD, BACKWARD_PRE, BACKWARD = "forward_pre", "forward", "backward_pre", "backward"
STATE_PRE, STATE, LOAD_PRE, LOAD = "state_dict_pre", "state_dict", "load_pre", "load"
# Kinds of hooks on what a module takes in.
PARAMETER, BUFFER, MODULE = "parameter", "buffer", "module"

# Hooks of all modules, by kind; empty as long as there are none.
EVERYWHERE: dict[str, dict] = {}
# A jitted function traces again under other hooks.
MODES.append(
    lambda: (
        tuple([(kind, *kept) for kind, kept in EVERYWHERE.items() if kept]) if EVERYWHERE else ()
    )
)


class _Handle(RemovableHandle):
    """What registering a hook of a module returns."""

    @property
    def id(self) -> int:
        """The hook's key among those of its kind."""
        return self.hook


def add(hooks: dict[str, dict], kind: str, hook: Any, prepend: bool = False) -> RemovableHandle:
    """Adds a hook to those of its kind; the handle removes it again."""
    kept = hooks.setdefault(kind, {})
    key = next(_keys)
    before = {} if not prepend else dict(kept)
    if prepend:
        kept.clear()
    kept[key] = hook
    kept.update(before)
    return _Handle(kept, key)


def of(hooks: dict[str, dict] | None, kind: str) -> tuple:
    """The hooks of a kind, in order."""
    return tuple(hooks[kind].values()) if hooks and kind in hooks else ()


def every(module: Any, kind: str) -> tuple[tuple[int, Any], ...]:
    """The hooks of a kind that concern a module with their keys: all modules', then its own."""
    own = module._hooks.get(kind) if module._hooks else None
    return (*EVERYWHERE.get(kind, {}).items(), *(own or {}).items())


def taken(module: Any, kind: str, name: str, member: Any) -> Any:
    """What the hooks of all modules make of a parameter, buffer or module on its way in."""
    for hook in of(EVERYWHERE, kind):
        replaced = hook(module, name, member)
        member = member if replaced is None else replaced
    return member


def call(module: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """A module's forward with its hooks around it."""
    done: set[int] = set()
    try:
        for _, (hook, with_kwargs) in every(module, FORWARD_PRE):
            args, kwargs = _before(module, hook, with_kwargs, args, kwargs)
        watch = None
        if state.grad and (every(module, BACKWARD) or every(module, BACKWARD_PRE)):
            watch = _Watch(module)
            args = watch.inputs(args)
        result = module.forward(*args, **kwargs)
        for key, (hook, with_kwargs, _) in every(module, FORWARD):
            done.add(key)
            given = (module, args, kwargs, result) if with_kwargs else (module, args, result)
            replaced = hook(*given)
            result = result if replaced is None else replaced
        return result if watch is None else watch.outputs(result)
    except Exception:
        for key, (hook, with_kwargs, always_call) in every(module, FORWARD):
            if always_call and key not in done:
                hook(*((module, args, kwargs, None) if with_kwargs else (module, args, None)))
        raise


def _before(module: Any, hook: Callable, with_kwargs: bool, args: tuple, kwargs: dict) -> tuple:
    """What one forward-pre hook makes of the arguments."""
    if not with_kwargs:
        result = hook(module, args)
        if result is not None:
            args = result if isinstance(result, tuple) else (result,)
        return args, kwargs
    result = hook(module, args, kwargs)
    if result is None:
        return args, kwargs
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(
            f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), "
            f"but got {result}."
        )
    return result


# ------------------------------------------------------------------ backward hooks


class _Gate:
    """A tape entry that lets gradients pass through a Python function, all at once."""

    __slots__ = ("parents", "avals", "function", "number", "epoch", "hooks", "__weakref__")

    def __init__(self, tensors: Sequence[Tensor], function: Callable[[list], Sequence]):
        self.parents = tuple(one._current_edge() for one in tensors)
        self.avals = tuple(one._aval() for one in tensors)
        self.function = function
        self.number = next_number()
        self.epoch = state.recording.number
        self.hooks = None

    def outputs(self) -> tuple[Aval, ...]:
        return self.avals

    def name(self) -> str:
        return "BackwardHookFunctionBackward"

    def pull(self, cotangents: list[Tracked | None], create_graph: bool) -> list[Tracked | None]:
        given = self.function([None if one is None else wrap(*one) for one in cotangents])
        return [
            None if one is None else (one._value(), one._current_edge() if create_graph else None)
            for one in given
        ]

    def release(self) -> None:
        """Nothing is saved."""


def _through(tensors: list[Tensor], function: Callable[[list], Sequence]) -> list[Tensor]:
    """The same tensors behind a gate; those that need no gradient stay as they are."""
    gate = _Gate(tensors, function)
    edges: list[Edge] = [(gate, k) for k in range(len(tensors))]
    return [
        one if one._current_edge() is None else wrap(one._value(), edge)
        for one, edge in zip(tensors, edges, strict=True)
    ]


class _Watch:
    """One call of a module with backward hooks: a gate before it and one behind it."""

    def __init__(self, module: Any):
        self.module = module
        self.grad_output: tuple | None = None
        self.positions: list[int] = []
        self.count = 0

    def inputs(self, args: tuple) -> tuple:
        """The positional arguments, their tensors behind a gate that calls the hooks."""
        self.count = len(args)
        tensors = [(k, one) for k, one in enumerate(args) if isinstance(one, Tensor)]
        if not any(one._current_edge() is not None for _, one in tensors):
            return args
        self.positions = [k for k, _ in tensors]
        changed = list(args)
        for k, one in zip(
            self.positions, _through([one for _, one in tensors], self.at_inputs), strict=True
        ):
            changed[k] = one
        return tuple(changed)

    def outputs(self, result: Any) -> Any:
        """The result, a tensor or a tuple, list or dict of them, behind a gate."""
        if isinstance(result, Tensor):
            return _through([result], self.at_outputs)[0]
        if isinstance(result, dict):
            passed = self.outputs(list(result.values()))
            return dict(zip(result, passed, strict=True))
        if not isinstance(result, tuple | list):
            return result
        passed = iter(_through([one for one in result if isinstance(one, Tensor)], self.at_outputs))
        made = [next(passed) if isinstance(one, Tensor) else one for one in result]
        return getattr(type(result), "_make", type(result))(made)

    def at_outputs(self, gradients: list) -> Sequence:
        """Runs the backward-pre hooks; also the others where no input needs a gradient."""
        given = tuple(gradients)
        for _, hook in every(self.module, BACKWARD_PRE):
            given = _replaced("backward pre-hook", hook(self.module, given), given)
        self.grad_output = given
        if not self.positions:
            for _, hook in every(self.module, BACKWARD):
                hook(self.module, (None,) * self.count, given)
        return given

    def at_inputs(self, gradients: list) -> Sequence:
        """Runs the backward hooks."""
        if self.grad_output is None:
            # A second derivative, which reaches the inputs without passing the outputs.
            return gradients
        given = [None] * self.count
        for k, gradient in zip(self.positions, gradients, strict=True):
            given[k] = gradient
        for _, hook in every(self.module, BACKWARD):
            result = hook(self.module, tuple(given), self.grad_output)
            given = list(_replaced("backward hook", result, tuple(given)))
        self.grad_output = None
        return [given[k] for k in self.positions]


def _replaced(kind: str, result: Any, given: tuple) -> tuple:
    if result is None:
        return given
    made = result if isinstance(result, tuple) else (result,)
    if len(made) != len(given):
        raise RuntimeError(
            f"{kind} returned an invalid number of gradients: got {len(made)}, "
            f"but expected {len(given)}"
        )
    return made


# ------------------------------------------------------------------ registering


class _Hooks(MutableMapping[int, Callable]):
    """A module's hooks of one kind, by key; changes of them take effect."""

    def __init__(self, module: Any, shown: _Shown):
        self.module, self.shown = module, shown

    def kept(self) -> dict[int, Any]:
        """What the module has of them; a new dictionary if nothing."""
        return (getattr(self.module, self.shown.home) or {}).get(self.shown.kind, {})

    def __getitem__(self, key: int) -> Callable:
        found = self.kept()[key]
        return found[0] if self.shown.flags else found

    def __setitem__(self, key: int, hook: Callable) -> None:
        Changes.count += 1
        members, shown = self.module.__dict__, self.shown
        if members.get(shown.home) is None:
            members[shown.home] = {}
        kept = members[shown.home].setdefault(shown.kind, {})
        kept[key] = (hook, *shown.flags) if shown.flags else hook

    def __delitem__(self, key: int) -> None:
        Changes.count += 1
        del self.kept()[key]

    def __iter__(self) -> Iterator[int]:
        return iter(self.kept())

    def __len__(self) -> int:
        return len(self.kept())

    def __repr__(self) -> str:
        return repr(dict(self))


class _Shown:
    """PyTorch's attribute of a module for the hooks of one kind.

    Args:
        flags: what is kept beside a hook that is put here.
    """

    def __init__(self, kind: str, *flags: bool, home: str = "_hooks"):
        self.kind, self.flags, self.home = kind, flags, home

    def __get__(self, module: Any, _: type | None = None) -> Any:
        return self if module is None else _Hooks(module, self)

    def __set__(self, module: Any, given: MutableMapping[int, Callable]) -> None:
        hooks, given = _Hooks(module, self), dict(given)
        hooks.clear()
        hooks.update(given)


class _WithoutModule:
    """A hook that is not told whose it is."""

    def __init__(self, hook: Callable):
        self.hook = hook

    def __call__(self, module: Any, *args: Any) -> Any:
        return self.hook(*args)


class Hooked:
    """The part of a Module that keeps its hooks."""

    # Hooks by kind; None as long as there are none, so that a call asks one question.
    _hooks: dict[str, dict] | None = None
    # Those of state dicts.
    _state_hooks: dict[str, dict] | None = None
    _forward_pre_hooks = _Shown(FORWARD_PRE, False)
    _forward_hooks = _Shown(FORWARD, False, False)
    _backward_pre_hooks, _backward_hooks = _Shown(BACKWARD_PRE), _Shown(BACKWARD)
    _state_dict_pre_hooks = _Shown(STATE_PRE, home="_state_hooks")
    _state_dict_hooks = _Shown(STATE, True, home="_state_hooks")
    _load_state_dict_pre_hooks = _Shown(LOAD_PRE, home="_state_hooks")
    _load_state_dict_post_hooks = _Shown(LOAD, home="_state_hooks")

    def _add_hook(self, kind: str, hook: Any, prepend: bool = False) -> RemovableHandle:
        if self._hooks is None:
            self.__dict__["_hooks"] = {}
        # No None any more: it was set in `__dict__`.
        return add(self._hooks, kind, hook, prepend)  # type: ignore[arg-type]

    def _add_state_hook(self, kind: str, hook: Any) -> RemovableHandle:
        if self._state_hooks is None:
            self.__dict__["_state_hooks"] = {}
        # No None any more: it was set in `__dict__`.
        return add(self._state_hooks, kind, hook)  # type: ignore[arg-type]

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """`hook(module, args)` before each forward; what it returns takes the arguments' place.

        Args:
            with_kwargs: the hook is `hook(module, args, kwargs)` and returns both or None.
        """
        return self._add_hook(FORWARD_PRE, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:  # fmt: skip
        """`hook(module, args, output)` after each forward; it may return another output.

        Args:
            with_kwargs: the hook is `hook(module, args, kwargs, output)`.
            always_call: also call it, with output None, when forward raises.
        """
        return self._add_hook(FORWARD, (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """`hook(module, grad_output)` before the module's backward; it may return another."""
        return self._add_hook(BACKWARD_PRE, hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """`hook(module, grad_input, grad_output)` after the module's backward.

        What it returns takes grad_input's place. Only positional inputs take part.
        """
        return self._add_hook(BACKWARD, hook, prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """The older name of `register_full_backward_hook`, which PyTorch's does only in part."""
        return self.register_full_backward_hook(hook)

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """`hook(module, prefix, keep_vars)` before `state_dict` collects."""
        return self._add_state_hook(STATE_PRE, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """`hook(module, state_dict, prefix, local_metadata)` after `state_dict` collected."""
        return self._add_state_hook(STATE, (hook, False))

    def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
        """As `register_state_dict_post_hook`, but what the hook returns is the state dict."""
        return self._add_state_hook(STATE, (hook, True))

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """`hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)` before the module's tensors are filled."""

        return self._add_state_hook(LOAD_PRE, hook)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable, with_module: bool = False
    ) -> RemovableHandle:
        """The older form, whose hook does not get the module without `with_module`."""
        return self._add_state_hook(LOAD_PRE, hook if with_module else _WithoutModule(hook))

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """`hook(module, incompatible_keys)` after the module and all below it were filled."""
        return self._add_state_hook(LOAD, hook)


# ------------------------------------------------------------------ hooks of all modules


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """`hook(module, args)` before each forward of every module."""
    return add(EVERYWHERE, FORWARD_PRE, (hook, False))


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """`hook(module, args, output)` after each forward of every module."""
    return add(EVERYWHERE, FORWARD, (hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """`hook(module, grad_output)` before each backward of every module."""
    return add(EVERYWHERE, BACKWARD_PRE, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """`hook(module, grad_input, grad_output)` after each backward of every module."""
    return add(EVERYWHERE, BACKWARD, hook)


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """`hook(module, name, parameter)` whenever a module takes a parameter; may replace it."""
    return add(EVERYWHERE, PARAMETER, hook)


def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """`hook(module, name, buffer)` whenever a module takes a buffer; may replace it."""
    return add(EVERYWHERE, BUFFER, hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """`hook(module, name, submodule)` whenever a module takes a submodule; may replace it."""
    return add(EVERYWHERE, MODULE, hook)
