"""The base of all optimizers: groups, state, and one recorded call for all parameters."""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import numpy as np

from ..core import device as devices
from ..core.autograd.modes import enable_grad, no_grad
from ..core.capture import reread
from ..core.changes import Told, ToldOfAll
from ..core.engine.interrupts import uninterrupted
from ..core.engine.recording import record, synchronize
from ..core.op import Op
from ..core.ops.sparse import SparseTensor
from ..core.tensor.dispatch import call, check_writable, prepare, write
from ..core.tensor.gradients import RemovableHandle
from ..core.tensor.tensor import Tensor, from_host, wrap
from .hooks import HOOKS, add, hooked
from .hooks import register_optimizer_step_post_hook as register_optimizer_step_post_hook
from .hooks import register_optimizer_step_pre_hook as register_optimizer_step_pre_hook
from .limits import check_limits, check_pairs
from .options import Reading, sorted_options
from .rules import Hyper, step_function

required = object()


class Optimizer:
    """Base of optimizers; updates parameters from their `.grad`.

    A subclass gives its options' defaults and two pure functions over jax arrays. All numbers
    of a group (lr, betas, weight_decay...) travel as data: changing them never recompiles, except
    for a weight decay of the gradient that was zero and left out.

    Args:
        params: tensors, (name, tensor) pairs, or dicts with "params" and the options of a group.
        defaults: options of groups that do not set them.
    """

    # Options that have a smallest value.
    limits: ClassVar[dict[str, float]] = {"lr": 0.0, "weight_decay": 0.0, "eps": 0.0}
    # Options that are two numbers.
    pairs: ClassVar[tuple[str, ...]] = ("betas",)
    # Options that cannot be None.
    needed: ClassVar[tuple[str, ...]] = ("lr",)
    # Whole numbers that decide about the program, such as a number of iterations.
    static: ClassVar[tuple[str, ...]] = ()
    # State that is there and used only while an option is on: its name -> the option's.
    optional: ClassVar[dict[str, str]] = {}
    # Whether sparse gradients are taken: zeros elsewhere would have the same effect.
    sparse: ClassVar[bool] = False
    # Whether a step of bad gradients can be left out inside the recorded update.
    skips: ClassVar[bool] = True
    # Whether PyTorch keeps a step count in this optimizer's state.
    counts_steps: ClassVar[bool] = True
    _op: ClassVar[Op]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "update" in cls.__dict__:
            step = step_function(cls)
            # Whose formula it is: programs with a user's own are not kept on disk.
            step.__module__ = cls.__module__
            cls._op = Op(f"{cls.__name__}.step", step)
        if "step" in cls.__dict__:
            cls.step, cls.skips = hooked(cls.__dict__["step"]), False

    def __init__(self, params: Iterable, defaults: dict[str, Any]):
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = ToldOfAll(Told)
        self.param_groups: list[dict[str, Any]] = []
        self._hooks: dict[str, dict[int, Callable]] = {name: {} for name in HOOKS}
        self._stepping = False
        # For schedules: whether a step was made since one was attached, and the parameters'
        # writes then.
        self._opt_called, self._writes = False, 0
        # Set by a GradScaler: a step changes nothing where this is not zero.
        self._found_inf: Tensor | None = None
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise TypeError(
                f"params argument given to the optimizer should be an iterable of Tensors or "
                f"dicts, but got a {type(params).__name__}. Give model.parameters(), or [tensor]"
            )
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list: params holds no tensors")
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
        if "params" not in group:
            raise KeyError(f"add_param_group: a group needs 'params', but got {list(group)}")
        params = group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections")
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [one[0] for one in params if isinstance(one, tuple)]
        group["params"] = params = [one[1] if isinstance(one, tuple) else one for one in params]
        if names:
            group["param_names"] = names
        if len(names) not in (0, len(params)):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        self._check_params(params)
        if any(("param_names" in other) != bool(names) for other in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if names else 'without'} names to the optimizer"
            )
        for name, default in self.defaults.items():
            if name not in group and default is required:
                raise ValueError(
                    f"parameter group didn't specify a value of required parameter {name}"
                )
            group.setdefault(name, default)
        self.check(group)
        self.param_groups.append(group)

    def _check_params(self, params: list[Tensor]) -> None:
        for param in params:
            if not isinstance(param, Tensor):
                raise TypeError(
                    f"optimizer can only optimize Tensors, but got {type(param).__name__}"
                )
            free = param.is_leaf or param.retains_grad or self.defaults.get("differentiable")
            if not free:
                raise ValueError("can't optimize a non-leaf Tensor")
        mine = {id(one) for one in params}
        if len(mine) < len(params):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error",
                UserWarning,
                stacklevel=4,
            )
        if any(id(one) in mine for other in self.param_groups for one in other["params"]):
            raise ValueError("some parameters appear in more than one parameter group")

    def check(self, group: dict[str, Any]) -> None:
        """Raises for options of a group that make no sense."""
        if group.get("fused"):
            if group.get("differentiable"):
                raise RuntimeError("`fused` does not support `differentiable`")
            if group.get("foreach"):
                raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        for name, option in group.items():
            if isinstance(option, Tensor) and name in self.defaults and option.numel() != 1:
                raise ValueError(f"Tensor {name} must be 1-element")
        check_pairs(group, self.pairs)
        check_limits(group, self.limits, self.needed)

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

    @hooked
    def step(self, closure: Callable | None = None) -> Any:
        """Updates every parameter that has a gradient; ends the unit of work.

        Args:
            closure: recomputes the loss and its gradients; its result is returned.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        # In this order, so that no interrupt comes between a switch and its way back.
        with uninterrupted(), no_grad():
            for group in self.param_groups:
                self._step_group(group)
            if not self._hooks["step_post"]:
                synchronize(wait=False)
        return loss

    def _step_group(self, group: dict[str, Any]) -> None:
        """One recorded call for the parameters of a group that have made equally many steps."""
        together: dict[Tensor, list[Tensor]] = {}
        counts: dict[Any, Tensor] = {}
        resting: set[Tensor] = set()
        needed = {name for name, option in self.optional.items() if group[option]}
        for param in group["params"]:
            state = self.state.get(param)
            if param._grad is None:
                if state:
                    resting.add(state["step"])
                continue
            if not state or (needed and not needed <= state.keys()):
                state = self._begin(param, group, counts)
            together.setdefault(state["step"], []).append(param)
        for step, params in together.items():
            if step in resting:
                # Those that make no step now keep the count that they have shared.
                step = wrap(step._value(), None)
                for param in params:
                    self.state[param]["step"] = step
            self._step_params(group, step, params)

    def _begin(self, param: Tensor, group: dict[str, Any], counts: dict) -> dict[str, Any]:
        """Gives a parameter the state that it does not have yet.

        That is all of it, or what belongs to an option that was switched on in mid-training.
        """
        like = np.broadcast_to(np.zeros((), param.dtype.dtype), param.shape)
        arrays = self.init_state(like, group)
        state = self.state[param]
        if not state or not self.counts_steps:
            state["step"] = _shared_count(counts, 0.0, tuple(arrays), param)
        for name, array in arrays.items():
            if name not in state:
                state[name] = wrap(from_host(array, param.device), None)
        return state

    def _step_params(self, group: dict[str, Any], step: Tensor, params: list[Tensor]) -> None:
        numbers, names, given, static = sorted_options(self, group)
        states = [self.state[param] for param in params]
        unused = [name for name, option in self.optional.items() if not group[option]]
        kept = [name for name in states[0] if name != "step" and name not in unused]
        tensors = [state[name] for state in states for name in kept]
        grads: list[Any] = [
            param._grad if type(param._grad) is not SparseTensor else self.dense(param._grad)
            for param in params
        ]
        layout = (tuple(names), tuple(given), tuple(kept), static)
        args = (params, grads, tensors, [step], list(given.values()), *numbers)
        if group.get("differentiable"):
            with enable_grad():
                made = call(self._op, args, {"layout": layout})
                for tensor, result in zip((*params, *tensors), made, strict=False):
                    check_writable(f"{type(self).__name__}.step", tensor)
                    write(tensor, result)
            write(step, made[-1].detach())
            return
        taken: list[Any] = [*params, *grads, *tensors, step, *given.values()]
        values = [one._storage.value if one._steps is None else one._value() for one in taken]
        # A short cut to the signature: the same step as before, with other numbers.
        kinds = tuple([type(one) for _, one in static])
        key = (layout, kinds, len(params), *[value.aval for value in values])
        signature = self._op.signatures.get(key)
        if signature is None:
            signature, _, _ = prepare(self._op, args, {"layout": layout})
            self._op.signatures[key] = signature
        reread(Reading(self, group))
        made = record(signature, values, tuple(numbers))
        for tensor, value in zip((*params, *tensors, step), made, strict=True):
            if tensor._steps is not None:
                write(tensor, wrap(value, None))
                continue
            storage = tensor._storage
            before = storage.value
            value.fallback = before.array if before.array is not None else before.fallback
            storage.value = value
            storage.version += 1

    def dense(self, grad: SparseTensor) -> Tensor:
        """What `update` gets for a sparse gradient."""
        if not self.sparse:
            raise RuntimeError(
                f"{type(self).__name__}.step: expected dense gradients, but got a sparse one. Take "
                f"SparseAdam, SGD or Adagrad, or give grad.to_dense()"
            )
        return grad.to_dense()

    # ------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """The state and options of every group, with parameters numbered in order."""
        for hook in self._hooks["state_dict_pre"].values():
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            packed = {name: one for name, one in group.items() if name != "params"}
            for param in group["params"]:
                numbers.setdefault(id(param), len(numbers))
            packed["params"] = [numbers[id(param)] for param in group["params"]]
            groups.append(packed)
        state: dict[Any, Any] = {}
        for param, kept in self.state.items():
            shown = {k: one for k, one in kept.items() if k != "step" or self.counts_steps}
            if isinstance(count := shown.get("step"), Tensor):
                # PyTorch adds to each parameter's loaded count: it must not find a shared one.
                shown["step"] = wrap(count._value(), None)
            if shown:
                state[numbers.get(id(param), param)] = shown
        made = {"state": state, "param_groups": groups}
        for hook in self._hooks["state_dict_post"].values():
            made = hook(self, made) or made
        return made

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up the state of an optimizer with groups of equal sizes; tensors are copied."""
        state_dict = dict(state_dict)
        for hook in self._hooks["load_state_dict_pre"].values():
            state_dict = hook(self, state_dict) or state_dict
        if not {"state", "param_groups"} <= state_dict.keys():
            raise KeyError(
                f"load_state_dict: expected an optimizer's state_dict(), with 'state' and "
                f"'param_groups', but got {list(state_dict)}"
            )
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
        state = ToldOfAll(Told)
        before = [dict(group) for group in self.param_groups]
        for saved, group in zip(groups, self.param_groups, strict=True):
            counts: dict[Any, Tensor] = {}
            for number, param in zip(saved["params"], group["params"], strict=True):
                kept = state_dict["state"].get(number)
                if kept is not None:
                    state[param] = self._taken_up(param, group, kept, counts)
        for saved, group in zip(groups, self.param_groups, strict=True):
            params = group["params"]
            group.clear()
            group.update({k: _copied(v) for k, v in saved.items() if k != "params"}, params=params)
        # Where a subclass gives options that older files lack; others stay as they were.
        self.__setstate__({"state": state, "param_groups": self.param_groups})
        for own, group in zip(before, self.param_groups, strict=True):
            for name, option in own.items():
                group.setdefault(name, option)
        for hook in self._hooks["load_state_dict_post"].values():
            hook(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Takes up attributes: all of them from a pickle, state and groups from a state dict."""
        self.__dict__.update(state)

    def _taken_up(
        self, param: Tensor, group: dict[str, Any], kept: dict[str, Any], counts: dict
    ) -> dict[str, Any]:
        """One parameter's loaded state; equal step counts of a group become one shared tensor."""
        kept = {name: one for name, one in kept.items() if one is not None}
        state: dict[str, Any] = Told()
        if hasattr(self, "_op") and ("step" in kept or (kept and not self.counts_steps)):
            done = float(kept.pop("step", 1))
            state["step"] = _shared_count(counts, done, tuple(kept), param)
        shapes = {}
        if type(self).init_state is not Optimizer.init_state:
            like = np.broadcast_to(np.zeros((), param.dtype.dtype), param.shape)
            shapes = {name: one.shape for name, one in self.init_state(like, group).items()}
        for name, one in kept.items():
            state[name] = self.taken_up(param, one)
            wanted, got = shapes.get(name), getattr(state[name], "shape", None)
            if wanted is not None and got is not None and got != wanted:
                raise ValueError(
                    f"load_state_dict: expected {name} of shape {list(wanted)} for a parameter of "
                    f"{list(param.shape)}, but got {list(got)}"
                )
        return state

    def taken_up(self, param: Tensor, one: Any) -> Any:
        """One loaded value: arrays become tensors, of the parameter's type if of its shape."""
        if isinstance(one, (list, tuple)):
            return type(one)(self.taken_up(param, part) for part in one)
        if one is None or isinstance(one, (bool, int, float, str, dict)):
            return copy.copy(one)
        array = np.asarray(one.detach().cpu() if hasattr(one, "detach") else one).copy()
        if array.ndim and array.dtype.kind in "fcV":
            array = array.astype(param.dtype.dtype)
        return wrap(from_host(array, param.device), None)

    # ------------------------------------------------------------ hooks

    def _register(self, name: str, hook: Callable, prepend: bool = False) -> RemovableHandle:
        return add(self._hooks[name], hook, prepend)

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Calls `hook(optimizer, args, kwargs)` before every step; it may return new ones."""
        return self._register("step_pre", hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Calls `hook(optimizer, args, kwargs)` after every step."""
        return self._register("step_post", hook)

    def register_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls `hook(optimizer)` before `state_dict`."""
        return self._register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls `hook(optimizer, state_dict)` on what `state_dict` returns; it may replace it."""
        return self._register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls `hook(optimizer, state_dict)` before loading; it may return another one."""
        return self._register("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """Calls `hook(optimizer)` after loading."""
        return self._register("load_state_dict_post", hook, prepend)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {k}: {group[k]}" for k in sorted(group) if k != "params"]
        return "\n".join([*lines, ")"])


def _shared_count(counts: dict, done: float, names: tuple[str, ...], param: Tensor) -> Tensor:
    """The step count of parameters that are updated together: same count, state, device."""
    key = (done, names, param.device)
    if key not in counts:
        counts[key] = wrap(from_host(np.array(done, np.float32), param.device), None)
    return counts[key]


def _copied(option: Any) -> Any:
    """A loaded option; another library's scalar tensor becomes ours."""
    if hasattr(option, "detach") and not isinstance(option, Tensor):
        return wrap(
            from_host(np.asarray(option.detach().cpu()).copy(), devices.default_device()), None
        )
    return copy.deepcopy(option)
