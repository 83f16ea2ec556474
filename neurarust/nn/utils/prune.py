"""Pruning: parts of a parameter masked out, by size or at random.

`name` becomes `name_orig` (a parameter) times `name_mask` (a buffer), computed before each
forward; pruning again prunes what is left. `remove` makes it permanent.

How to add a method: subclass `BasePruningMethod`, set `PRUNING_TYPE` and write `compute_mask`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np

from ...core import host
from ...core.errors import fail
from ...core.ops.create import ones_like
from ...core.tensor.tensor import Tensor
from ..hooks import FORWARD_PRE
from ..module import Module


class BasePruningMethod(ABC):
    """Base of pruning methods: the hook that computes a pruned tensor, and the rule of its mask.

    A subclass sets `PRUNING_TYPE`, which says what `compute_mask` sees when a tensor is pruned
    again: "unstructured", the elements that are left, in one row; "structured", the slices along
    `self.dim` that are left; "global", everything.
    """

    PRUNING_TYPE: str
    _tensor_name: str | None = None

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, str(self._tensor_name), self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of a tensor.

        Args:
            t: the importance scores.
            default_mask: what earlier pruning left, to be kept within.

        Shape: all the same.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """`name_orig * name_mask`."""
        name = self._name_in(module)
        original = getattr(module, f"{name}_orig")
        return getattr(module, f"{name}_mask").to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None,
        **kwargs: Any,
    ) -> BasePruningMethod:  # fmt: skip
        """Prunes a parameter of a module, the first time or again; the module is changed last.

        Args:
            args, kwargs: the method's own.
            importance_scores: of the parameter's shape; what is least is masked first. Default:
                the parameter as it is pruned now.
        Returns:
            The hook: the method, or a `PruningContainer` of all that were applied.
        """
        earlier = _method_of(module, name)
        if earlier is None and module._parameters.get(name) is None:
            has = [key for key, one in module._parameters.items() if one is not None]
            fail(f"{cls.__name__}.apply",
                 f"{name!r}", f"a parameter of {type(module).__name__}: one of {has}",
                 kind=AttributeError)  # fmt: skip
        method = cls(*args, **kwargs)
        method._tensor_name = name
        value = getattr(module, name)
        scores = _scores(cls.__name__, value, importance_scores)
        hook = method
        if earlier is None:
            mask = method.compute_mask(scores, ones_like(value.detach()))
            _check_mask(cls.__name__, mask, value)
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", value)
        else:
            hook = PruningContainer(*(earlier if isinstance(earlier, PruningContainer) else ()))
            hook._tensor_name = name
            if not isinstance(earlier, PruningContainer):
                hook.add_pruning_method(earlier)
            hook.add_pruning_method(method)
            mask = hook.compute_mask(scores, getattr(module, f"{name}_mask").detach().clone())
            _take_off(module, name)
        module.register_buffer(f"{name}_mask", mask.detach())
        module.register_forward_pre_hook(hook)
        hook(module, None)
        return hook

    def prune(
        self, t: Tensor, default_mask: Tensor | None = None,
        importance_scores: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """A tensor, pruned; arguments as those of `compute_mask` and `apply`."""
        scores = _scores(f"{type(self).__name__}.prune", t, importance_scores)
        mask = ones_like(t.detach()) if default_mask is None else default_mask
        return t * self.compute_mask(scores, default_mask=mask)

    def remove(self, module: Module) -> None:
        """Makes the masked values the parameter; the hook stays, see `prune.remove`."""
        name = self._name_in(module)
        value, original = self.apply_mask(module), module._parameters[f"{name}_orig"]
        for one in (name, f"{name}_orig", f"{name}_mask"):
            delattr(module, one)
        # `apply` put a parameter there.
        original.data = value.detach()  # type: ignore[union-attr]
        module.register_parameter(name, original)

    def _name_in(self, module: Module) -> str:
        if self._tensor_name is None:
            fail(type(self).__name__, f"{type(module).__name__}, which it was not applied to",
                 "a module that it has pruned", f"Call {type(self).__name__}.apply first.",
                 kind=ValueError)  # fmt: skip
        return self._tensor_name


class PruningContainer(BasePruningMethod):
    """The methods that pruned one tensor, in order; the last one makes the next mask."""

    def __init__(self, *args: BasePruningMethod):
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        if args:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Adds a method that acts on the same tensor."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(
                f"PruningContainer: expected a BasePruningMethod, but got {type(method).__name__}"
            )
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                f"PruningContainer: expected methods acting on the parameter named "
                f"'{self._tensor_name}', but got one on '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask so far, with what the last method makes of the part that it still keeps."""
        method = self._pruning_methods[-1]
        scores, mask = t.detach().numpy(), default_mask.detach().numpy().astype(t.dtype.dtype)
        part = _part(method, mask)
        made = method.compute_mask(
            host.on_device(np.ascontiguousarray(scores[part]), t.device),
            default_mask=host.on_device(np.ascontiguousarray(mask[part]), t.device),
        )
        mask = mask.copy()
        mask[part] = made.detach().numpy()
        return host.on_device(mask, t.device)


class Identity(BasePruningMethod):
    """Masks nothing, but sets everything up."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return default_mask


class RandomUnstructured(BasePruningMethod):
    """Masks elements at random.

    Args:
        amount: a share in [0, 1], or a number, of the elements that are left.
    """

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: int | float):
        self.amount = _checked(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return _without_least(_noise(t.shape), default_mask, self.amount)


class L1Unstructured(BasePruningMethod):
    """Masks the elements of smallest size; `amount` as `RandomUnstructured`'s."""

    PRUNING_TYPE = "unstructured"

    def __init__(self, amount: int | float):
        self.amount = _checked(amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        return _without_least(np.abs(t.detach().numpy()), default_mask, self.amount)

    @classmethod
    def apply(
        cls, module: Module, name: str, amount: int | float,
        importance_scores: Tensor | None = None,
    ) -> BasePruningMethod:  # fmt: skip
        return super().apply(module, name, amount, importance_scores=importance_scores)


class RandomStructured(BasePruningMethod):
    """Masks slices along `dim` at random.

    Args:
        amount: a share in [0, 1], or a number, of the slices that are left.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: int | float, dim: int = -1):
        self.amount, self.dim = _checked(amount), dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        axes = _other_axes(type(self).__name__, t, self.dim)
        return _without_least(_noise((t.shape[self.dim],)), default_mask, self.amount, axes)


class LnStructured(BasePruningMethod):
    """Masks the slices along `dim` of smallest n-norm; `amount` as `RandomStructured`'s.

    Args:
        n: order of the norm: a number, "fro", or "nuc" (of slices that are matrices).
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: int | float, n: float | str, dim: int = -1):
        self.amount, self.n, self.dim = _checked(amount), n, dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        axes = _other_axes(type(self).__name__, t, self.dim)
        values = t.detach().numpy()
        if self.n == "nuc":
            norms = np.linalg.norm(values, "nuc", axes)
        else:
            rows = np.moveaxis(values, self.dim, 0).reshape(t.shape[self.dim], -1)
            norms = np.linalg.norm(rows, 2 if self.n == "fro" else float(self.n), 1)
        return _without_least(norms, default_mask, self.amount, axes)

    @classmethod
    def apply(
        cls, module: Module, name: str, amount: int | float, n: float | str, dim: int,
        importance_scores: Tensor | None = None,
    ) -> BasePruningMethod:  # fmt: skip
        return super().apply(module, name, amount, n, dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Masks what is 0 in `mask`, of the tensor's shape."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor):
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        _check_mask("CustomFromMask", self.mask, default_mask)
        return default_mask * self.mask.to(default_mask.dtype)


# ------------------------------------------------------------------ functions


def identity(module: Module, name: str) -> Module:
    """Applies `Identity`."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: int | float) -> Module:
    """Applies `RandomUnstructured`."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(
    module: Module, name: str, amount: int | float, importance_scores: Tensor | None = None
) -> Module:
    """Applies `L1Unstructured`."""
    L1Unstructured.apply(module, name, amount, importance_scores)
    return module


def random_structured(module: Module, name: str, amount: int | float, dim: int) -> Module:
    """Applies `RandomStructured`."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: int | float, n: float | str, dim: int,
    importance_scores: Tensor | None = None,
) -> Module:  # fmt: skip
    """Applies `LnStructured`."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Applies `CustomFromMask`."""
    CustomFromMask.apply(module, name, mask=mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: type[BasePruningMethod],
    importance_scores: dict | None = None, **kwargs: Any,
) -> None:  # fmt: skip
    """Prunes several parameters together, as if they were one row of elements.

    Args:
        pruning_method: a class of PRUNING_TYPE "unstructured", such as `L1Unstructured`.
        importance_scores: by (module, name); default: the parameters.
        kwargs: the method's own, such as `amount`.
    """
    if not isinstance(pruning_method, type) or not issubclass(pruning_method, BasePruningMethod):
        fail("global_unstructured", f"pruning_method={pruning_method!r}",
             "a subclass of BasePruningMethod", "Pass the class, such as prune.L1Unstructured.",
             kind=TypeError)  # fmt: skip
    if not isinstance(importance_scores, dict | None):
        kind = type(importance_scores).__name__
        fail("global_unstructured", kind, "importance_scores as a dict", kind=TypeError)
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        fail("global_unstructured", f"{pruning_method.__name__} of PRUNING_TYPE "
             f"{method.PRUNING_TYPE!r}", "a method of PRUNING_TYPE 'unstructured'",
             kind=TypeError)  # fmt: skip
    chosen = list(parameters)
    values = [getattr(module, name) for module, name in chosen]
    scores, masks = [], []
    for (module, name), value in zip(chosen, values, strict=True):
        given = (importance_scores or {}).get((module, name))
        scores.append(_scores("global_unstructured", value, given).numpy().reshape(-1))
        mask = getattr(module, f"{name}_mask", None)
        masks.append(np.ones(value.numel()) if mask is None else mask.numpy().reshape(-1))
    if not chosen:
        return
    after = PruningContainer(method).compute_mask(
        host.on_device(np.concatenate(scores), values[0].device),
        host.on_device(np.concatenate(masks), values[0].device),
    )
    parts = after.split([one.numel() for one in values])
    for (module, name), value, part in zip(chosen, values, parts, strict=True):
        custom_from_mask(module, name, part.reshape(value.shape).to(value.device))


def remove(module: Module, name: str) -> Module:
    """Makes the pruning of a parameter permanent: the masked values are the parameter."""
    hook = _method_of(module, name)
    if hook is None:
        raise ValueError(
            f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed"
        )
    hook.remove(module)
    _take_off(module, name)
    return module


def is_pruned(module: Module) -> bool:
    """Whether a module, or one below it, has a pruned parameter."""
    return any(True for one in module.modules() for _ in _hooks_of(one))


# ------------------------------------------------------------------ the hooks of a module


def _hooks_of(module: Module) -> Iterator[tuple[int, BasePruningMethod]]:
    """The pruning methods among a module's hooks, with their keys."""
    for key, (hook, _) in (module._hooks or {}).get(FORWARD_PRE, {}).items():
        if isinstance(hook, BasePruningMethod):
            yield key, hook


def _method_of(module: Module, name: str) -> BasePruningMethod | None:
    """What prunes a tensor of a module."""
    return next((hook for _, hook in _hooks_of(module) if hook._tensor_name == name), None)


def _take_off(module: Module, name: str) -> None:
    for key in [key for key, hook in _hooks_of(module) if hook._tensor_name == name]:
        # `_hooks_of` found the hook there.
        del module._hooks[FORWARD_PRE][key]  # type: ignore[index]


# ------------------------------------------------------------------ masks


def _checked(amount: int | float) -> int | float:
    if isinstance(amount, bool) or not isinstance(amount, Real):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if not amount >= 0 or (not isinstance(amount, Integral) and amount > 1):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0, 1] or a "
            f"non-negative integer"
        )
    return amount


def _scores(operation: str, value: Tensor, given: Tensor | None) -> Tensor:
    """The scores given, or the values themselves."""
    if given is not None and given.shape != value.shape:
        fail(operation, f"shape {list(given.shape)}",
             f"importance_scores of the tensor's shape {list(value.shape)}",
             kind=ValueError)  # fmt: skip
    return (value if given is None else given).detach()


def _check_mask(operation: str, mask: Tensor, like: Tensor) -> None:
    if mask.shape != like.shape:
        fail(operation, f"shape {list(mask.shape)}",
             f"a mask of the tensor's shape {list(like.shape)}", kind=ValueError)  # fmt: skip


def _other_axes(operation: str, t: Tensor, dim: int) -> tuple[int, ...]:
    """All dimensions but `dim`."""
    if t.ndim <= 1:
        raise ValueError(
            f"{operation}: Structured pruning can only be applied to multidimensional tensors, but "
            f"got shape {list(t.shape)}"
        )
    if not -t.ndim <= dim < t.ndim:
        raise IndexError(f"{operation}: Invalid index dim={dim} for tensor of {list(t.shape)}")
    return tuple(axis for axis in range(t.ndim) if axis != dim % t.ndim)


def _part(method: BasePruningMethod, mask: np.ndarray) -> Any:
    """The index of what a method sees of a tensor that was pruned before."""
    kind = method.PRUNING_TYPE
    if kind == "unstructured":
        return mask == 1
    if kind == "global":
        return (slice(None),) * mask.ndim
    name = type(method).__name__
    if kind != "structured":
        fail(name, f"PRUNING_TYPE={kind!r}", "'unstructured', 'structured' or 'global'",
             kind=ValueError)  # fmt: skip
    dim = getattr(method, "dim", None)
    if dim is None:
        raise AttributeError(
            f"{name}: methods of PRUNING_TYPE 'structured' need to have the attribute `dim`"
        )
    if not -mask.ndim <= dim < mask.ndim:
        raise IndexError(f"{name}: Invalid index dim={dim} for tensor of {list(mask.shape)}")
    axes = tuple(axis for axis in range(mask.ndim) if axis != dim % mask.ndim)
    part: list[Any] = [slice(None)] * mask.ndim
    part[dim] = mask.sum(axes) != 0
    return tuple(part)


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    return host.numpy_generator().random(shape)


def _without_least(
    scores: np.ndarray, mask: Tensor, amount: int | float, axes: tuple[int, ...] = ()
) -> Tensor:
    """A mask without an amount of the units of lowest score; `axes` are within a unit."""
    size = scores.size
    count = int(amount) if isinstance(amount, Integral) else round(amount * size)
    if count > size:
        raise ValueError(
            f"amount={amount} should be smaller than the number of parameters to prune={size}"
        )
    kept = np.ones(size, mask.dtype.dtype)
    kept[np.argsort(scores.reshape(-1), kind="stable")[:count]] = 0
    kept = np.expand_dims(kept.reshape(scores.shape), axes)
    return host.on_device(mask.detach().numpy() * kept, mask.device)
