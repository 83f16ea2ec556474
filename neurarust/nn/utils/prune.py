"""Pruning: parts of a parameter masked out, by size or at random.

`name` becomes `name_orig` (a parameter) times `name_mask` (a buffer), computed before each
forward; pruning again prunes what is left. `remove` makes it permanent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...core import host
from ...core.host import numpy_generator
from ...core.tensor.tensor import Tensor
from ..module import Module
from ..parameter import Parameter

# (scores, kept mask) -> new mask, all NumPy.
Rule = Callable[[np.ndarray, np.ndarray], np.ndarray]


class _Mask:
    """The hook that computes a pruned tensor, with the names of the rules used."""

    def __init__(self, name: str):
        self.name, self.methods = name, []

    def __call__(self, module: Module, inputs: Any) -> None:
        original = module._parameters[f"{self.name}_orig"]
        mask = module._buffers[f"{self.name}_mask"]
        setattr(module, self.name, mask.to(original.dtype) * original)  # type: ignore[union-attr]


def _count(amount: int | float, size: int) -> int:
    """How many of `size` units an amount, a share or a number, means."""
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
    if amount < 0 or (isinstance(amount, float) and amount > 1):
        raise ValueError(
            f"amount={amount} should either be a float in the range [0.0, 1.0] or a "
            f"non-negative integer"
        )
    count = amount if isinstance(amount, int) else round(amount * size)
    if count > size:
        raise ValueError(f"amount={amount} should be at most the {size} that can be pruned")
    return count


def _dropped(scores: np.ndarray, kept: np.ndarray, amount: int | float) -> np.ndarray:
    """`kept` without the units of lowest score, an amount of those that are left."""
    flat = kept.reshape(-1).copy()
    left = np.flatnonzero(flat)
    order = left[np.argsort(scores.reshape(-1)[left], kind="stable")]
    flat[order[: _count(amount, len(left))]] = 0
    return flat.reshape(kept.shape)


def _along(scores: np.ndarray, kept: np.ndarray, amount: int | float, dim: int) -> np.ndarray:
    """As `_dropped` for whole slices along a dimension, one score each."""
    if kept.ndim <= 1:
        raise ValueError("Structured pruning needs a tensor of more than 1 dimension")
    axes = tuple(axis for axis in range(kept.ndim) if axis != dim % kept.ndim)
    slices = _dropped(scores, (kept != 0).any(axes), amount)
    return kept * np.expand_dims(slices, axes)


def _prune(module: Module, name: str, rule: Rule, scores: Tensor | None = None) -> Module:
    """Prunes a tensor of a module, the first time or again, by a rule."""
    mask = module._buffers.get(f"{name}_mask")
    first = mask is None
    original = getattr(module, name if first else f"{name}_orig")
    given = original if scores is None else scores
    if given.shape != original.shape:
        raise ValueError("importance_scores should have the same shape as the parameter")
    before = np.ones(tuple(original.shape)) if first else mask.numpy()  # type: ignore[union-attr]
    after = rule(given.detach().numpy(), before).astype(original.dtype.dtype)
    new = host.on_device(after, original.device)
    if first:
        del module._parameters[name]
        module.register_parameter(f"{name}_orig", original)
        module.register_buffer(f"{name}_mask", new)
        hook = _Mask(name)
        kept = module.__dict__.setdefault("_pruned", {})
        kept[name] = (hook, module.register_forward_pre_hook(hook))
    else:
        setattr(module, f"{name}_mask", new)
    module._pruned[name][0](module, None)
    return module


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    return numpy_generator().random(shape)


def identity(module: Module, name: str) -> Module:
    """Masks nothing, but sets everything up."""
    return _prune(module, name, lambda scores, kept: kept)


def random_unstructured(module: Module, name: str, amount: int | float) -> Module:
    """Masks an amount (a share, or a number) of the elements at random."""
    return _prune(module, name, lambda scores, kept: _dropped(_noise(kept.shape), kept, amount))


def l1_unstructured(
    module: Module, name: str, amount: int | float, importance_scores: Tensor | None = None
) -> Module:
    """Masks the elements of smallest size (or score)."""
    return _prune(
        module, name, lambda scores, kept: _dropped(np.abs(scores), kept, amount),
        importance_scores,
    )  # fmt: skip


def random_structured(module: Module, name: str, amount: int | float, dim: int) -> Module:
    """Masks an amount of the slices along `dim` at random."""
    return _prune(
        module, name,
        lambda scores, kept: _along(_noise((kept.shape[dim],)), kept, amount, dim),
    )  # fmt: skip


def ln_structured(
    module: Module, name: str, amount: int | float, n: float | str, dim: int,
    importance_scores: Tensor | None = None,
) -> Module:  # fmt: skip
    """Masks the slices along `dim` of smallest n-norm."""

    def rule(scores: np.ndarray, kept: np.ndarray) -> np.ndarray:
        order = 2.0 if isinstance(n, str) else n
        rows = np.moveaxis(scores * (kept != 0), dim, 0).reshape(scores.shape[dim], -1)
        return _along(np.linalg.norm(rows, order, 1), kept, amount, dim)

    return _prune(module, name, rule, importance_scores)


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Masks what is 0 in `mask`."""
    return _prune(module, name, lambda scores, kept: kept * (mask.numpy() != 0))


def global_unstructured(
    parameters: Iterable[tuple[Module, str]], pruning_method: Callable[..., Module],
    importance_scores: dict | None = None, *, amount: int | float,
) -> None:  # fmt: skip
    """Masks an `amount` of all elements of several parameters together.

    Args:
        pruning_method: `l1_unstructured` or `random_unstructured` (PyTorch takes the classes).
    """
    chosen = list(parameters)
    if pruning_method not in (l1_unstructured, random_unstructured):
        raise TypeError("global_unstructured takes l1_unstructured or random_unstructured")
    scores, masks = [], []
    for module, name in chosen:
        value = (importance_scores or {}).get((module, name), getattr(module, name))
        value = np.abs(value.detach().numpy())
        scores.append(value if pruning_method is l1_unstructured else _noise(value.shape))
        mask = module._buffers.get(f"{name}_mask")
        masks.append(np.ones(value.shape) if mask is None else mask.numpy())
    flat = [np.concatenate([one.reshape(-1) for one in kind]) for kind in (scores, masks)]
    after = _dropped(flat[0], flat[1], amount)
    ends = np.cumsum([one.size for one in masks])[:-1]
    for (module, name), mask, part in zip(chosen, masks, np.split(after, ends), strict=True):
        new = part.reshape(mask.shape)
        _prune(module, name, lambda scores, kept, new=new: new)


def remove(module: Module, name: str) -> Module:
    """Makes the pruning of a parameter permanent: the masked values are the parameter."""
    if name not in module.__dict__.get("_pruned", {}):
        raise ValueError(f"Parameter '{name}' of module {module} has to be pruned first")
    hook, handle = module._pruned.pop(name)
    hook(module, None)
    value = getattr(module, name).detach()
    handle.remove()
    for one in (name, f"{name}_orig", f"{name}_mask"):
        delattr(module, one)
    module.register_parameter(name, Parameter(value))
    return module


def is_pruned(module: Module) -> bool:
    """Whether a module, or one below it, has a pruned parameter."""
    return any(one.__dict__.get("_pruned") for one in module.modules())
