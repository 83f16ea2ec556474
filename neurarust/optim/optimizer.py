"""The base of all optimizers: groups, state, and one recorded call for all parameters."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from ..core.autograd.modes import enable_grad, no_grad
from ..core.engine.interrupts import uninterrupted
from ..core.engine.recording import record, synchronize
from ..core.op import Arrays, Index, Op
from ..core.tensor.dispatch import prepare, write
from ..core.tensor.gradients import RemovableHandle
from ..core.tensor.tensor import Tensor, from_host, wrap

_required = object()
# Options that PyTorch has for choosing an implementation; there is one here.
IGNORED = {"foreach", "fused", "capturable"}


class Hyper(dict):
    """A group's numbers inside the traced update: float64 scalars, by name."""

    __getattr__ = dict.__getitem__


class Optimizer:
    """Base of optimizers; updates parameters from their `.grad`.

    A subclass gives its options' defaults and two pure functions over jax arrays. All numbers
    of a group (lr, betas, weight_decay...) travel as data: changing them never recompiles.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and the options of a group.
        defaults: options of groups that do not set them.
    """

    # Options that only need to be positive or zero: name -> smallest, or (low, high).
    limits: ClassVar[dict[str, float]] = {"lr": 0.0, "weight_decay": 0.0, "eps": 0.0}
    # Whether PyTorch keeps a step count in this optimizer's state.
    counts_steps: ClassVar[bool] = True
    _op: ClassVar[Op]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._op = Op(f"{cls.__name__}.step", _step_function(cls), differentiable=False)

    def __init__(self, params: Iterable, defaults: dict[str, Any]):
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._pre_hooks: dict[int, Callable] = {}
        self._post_hooks: dict[int, Callable] = {}
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                "but got a Tensor"
            )
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)
        # Parameters that are still to be initialised are so now, in a program of their own.
        synchronize(wait=False)

    # ------------------------------------------------------------ what a subclass writes

    @staticmethod
    def init_state(param: np.ndarray, group: dict[str, Any]) -> dict[str, np.ndarray]:
        """A parameter's state before the first step, as NumPy arrays."""
        raise NotImplementedError

    @staticmethod
    def update(param: Any, grad: Any, state: dict, step: Any, hyper: Hyper, group: dict) -> tuple:
        """One step for one parameter, in jax.

        Args:
            step: how many steps this one makes, from 1; a float64 scalar.
            hyper: the group's numbers, float64 scalars.
            group: the group's other options.
        Returns:
            The new parameter and the new state.
        """
        raise NotImplementedError

    # ------------------------------------------------------------ groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds parameters with options of their own."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections")
        params = [params] if isinstance(params, Tensor) else list(params)
        if params and isinstance(params[0], tuple):
            group["param_names"] = [name for name, _ in params]
            params = [param for _, param in params]
        group["params"] = params
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but got {type(param).__name__}"
                )
            if not (param.is_leaf or param.retains_grad):
                raise ValueError("can't optimize a non-leaf Tensor")
        known = {id(one) for other in self.param_groups for one in other["params"]}
        if any(id(one) in known for one in params):
            raise ValueError("some parameters appear in more than one parameter group")
        for name, default in self.defaults.items():
            if name not in group and default is _required:
                raise ValueError(
                    f"parameter group didn't specify a value of required parameter {name}"
                )
            group.setdefault(name, default)
        self._check(group)
        self.param_groups.append(group)

    def _check(self, group: dict[str, Any]) -> None:
        for name, low in self.limits.items():
            number = group.get(name)
            if number is not None and not isinstance(number, Tensor) and not number >= low:
                raise ValueError(f"Invalid {_SPELLED.get(name, name)}: {number}")
        for k, beta in enumerate(group.get("betas", ())):
            if not isinstance(beta, Tensor) and not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {k}: {beta}")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets the gradients of all parameters, or sets them to zero."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param._grad = None
                elif param._grad is not None:
                    param._grad = param._grad.detach()
                    param._grad.zero_()

    # ------------------------------------------------------------ stepping

    def step(self, closure: Callable | None = None) -> Any:
        """Updates every parameter that has a gradient; ends the unit of work.

        Args:
            closure: recomputes the loss and its gradients; its result is returned.
        """
        for hook in tuple(self._pre_hooks.values()):
            hook(self, (closure,), {})
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad(), uninterrupted():
            for group in self.param_groups:
                self._step_group(group)
            if not self._post_hooks:
                synchronize(wait=False)
        for hook in tuple(self._post_hooks.values()):
            hook(self, (closure,), {})
        synchronize(wait=False)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        """One recorded call for the parameters of a group that have made equally many steps."""
        together: dict[Tensor, list[Tensor]] = {}
        count: Tensor | None = None
        for param in group["params"]:
            if param._grad is None:
                continue
            state = self.state.get(param)
            if not state:
                if count is None:
                    count = wrap(from_host(np.zeros((), np.float32), param.device), None)
                state = self._begin(param, group, count)
            together.setdefault(state["step"], []).append(param)
        for step, params in together.items():
            self._step_params(group, step, params)

    def _begin(self, param: Tensor, group: dict[str, Any], count: Tensor) -> dict[str, Any]:
        like = np.broadcast_to(np.zeros((), param.dtype.dtype), param.shape)
        self.state[param] = state = {"step": count}
        for name, array in self.init_state(like, group).items():
            state[name] = wrap(from_host(array, param.device), None)
        return state

    def _step_params(self, group: dict[str, Any], step: Tensor, params: list[Tensor]) -> None:
        numbers, names, static = _sorted_options(group)
        states = [self.state[param] for param in params]
        kept = [name for name in states[0] if name != "step"]
        tensors = [state[name] for state in states for name in kept]
        grads = [param._grad for param in params]
        layout = (tuple(names), tuple(kept), static)
        args = (params, grads, tensors, [step], *numbers)
        signature, values, data = prepare(self._op, args, {"layout": layout})
        made = record(signature, values, data)
        for tensor, value in zip((*params, *tensors, step), made, strict=True):
            if tensor._steps is not None:
                write(tensor, wrap(value, None))
                continue
            storage = tensor._storage
            before = storage.value
            value.fallback = before.array if before.array is not None else before.fallback
            storage.value = value
            storage.version += 1

    # ------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """The state and options of every group, with parameters numbered in order."""
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {name: one for name, one in group.items() if name != "params"}
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state = {}
        for param, kept in self.state.items():
            shown = {k: one for k, one in kept.items() if k != "step" or self.counts_steps}
            if shown:
                state[numbers[id(param)]] = shown
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up the state of an optimizer with groups of equal sizes; tensors are copied."""
        groups = state_dict["param_groups"]
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        for saved, group in zip(groups, self.param_groups, strict=True):
            if len(saved["params"]) != len(group["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group: {len(saved['params'])} parameters instead of "
                    f"{len(group['params'])}"
                )
        self.state = defaultdict(dict)
        for saved, group in zip(groups, self.param_groups, strict=True):
            counts: dict[float, Tensor] = {}
            for number, param in zip(saved["params"], group["params"], strict=True):
                kept = state_dict["state"].get(number)
                if kept is not None:
                    self.state[param] = self._taken_up(param, kept, counts)
            group.update({k: copy.deepcopy(v) for k, v in saved.items() if k != "params"})

    def _taken_up(self, param: Tensor, kept: dict[str, Any], counts: dict) -> dict[str, Any]:
        """One parameter's loaded state; equal step counts of a group become one shared tensor."""
        state: dict[str, Any] = {}
        done = float(kept["step"]) if "step" in kept else float(bool(kept))
        if done not in counts:
            counts[done] = wrap(from_host(np.array(done, np.float32), param.device), None)
        state["step"] = counts[done]
        for name, one in kept.items():
            if name == "step" or one is None:
                continue
            array = np.asarray(one).copy()
            if array.shape == param.shape and array.dtype.kind in "fc":
                array = array.astype(param.dtype.dtype)
            state[name] = wrap(from_host(array, param.device), None)
        return state

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Calls `hook(optimizer, args, kwargs)` before every step."""
        self._pre_hooks[id(hook)] = hook
        return RemovableHandle(self._pre_hooks, id(hook))

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Calls `hook(optimizer, args, kwargs)` after every step."""
        self._post_hooks[id(hook)] = hook
        return RemovableHandle(self._post_hooks, id(hook))

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])


_SPELLED = {"lr": "learning rate", "eps": "epsilon value", "weight_decay": "weight_decay value"}


def _sorted_options(group: dict[str, Any]) -> tuple[list, list[str], tuple]:
    """A group's options as numbers, their names, and static options."""
    numbers: list[Any] = []
    names: list[str] = []
    static: list[tuple] = []
    for name, option in group.items():
        if name in ("params", "param_names", "initial_lr") or name in IGNORED:
            continue
        if isinstance(option, Tensor):
            option = option.item()
        if isinstance(option, (bool, str, type(None))):
            static.append((name, option))
        elif isinstance(option, (tuple, list)):
            for k, one in enumerate(option):
                numbers.append(float(one))
                names.append(f"{name}{k}")
        elif isinstance(option, (int, float)):
            numbers.append(float(option))
            names.append(name)
    return numbers, names, tuple(static)


def _step_function(cls: type[Optimizer]) -> Callable:
    """The pure function that updates a list of parameters by the class's `update`."""

    def step(
        params: Arrays, grads: Arrays, tensors: Arrays, steps: Arrays, *numbers: Index, layout
    ):
        names, kept, static = layout
        hyper = Hyper(zip(names, numbers, strict=True))
        group = dict(static)
        count = steps[0] + 1
        new_params, new_tensors = [], []
        for k, (param, grad) in enumerate(zip(params, grads, strict=True)):
            mine = tensors[k * len(kept) : (k + 1) * len(kept)]
            state = dict(zip(kept, mine, strict=True))
            if group.get("maximize"):
                grad = -grad
            param, state = cls.update(param, grad, state, count.astype("float64"), hyper, group)
            new_params.append(param)
            new_tensors += [state[name] for name in kept]
        return [*new_params, *new_tensors, count]

    return step
