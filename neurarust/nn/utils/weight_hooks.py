"""The older weight and spectral norm: a hook recomputes the weight before each forward."""

from __future__ import annotations

from typing import Any

from ...core.autograd.modes import no_grad
from ...core.host import take_over
from ...core.tensor.tensor import Tensor
from ..module import Module
from ..parameter import Parameter
from .norms import (
    as_matrix,
    default_dim,
    first_vectors,
    norm_except,
    power_iterations,
    weight_of,
)


class WeightNorm:
    """Computes `name` from `name_g` and `name_v`."""

    def __init__(self, name: str, dim: int | None):
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """`g v / |v|`."""
        g, v = getattr(module, f"{self.name}_g"), getattr(module, f"{self.name}_v")
        return weight_of(g, v, self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def _attach(module: Module, hook: Any) -> None:
    """Runs the hook before each forward, once for each name."""
    kept = module.__dict__.setdefault("_weight_hooks", {})
    key = (type(hook).__name__, hook.name)
    if key in kept:
        raise RuntimeError(f"Cannot register two {key[0]} hooks on the same parameter {hook.name}")
    kept[key] = (hook, module.register_forward_pre_hook(hook))


def _detach(module: Module, kind: str, name: str) -> Any:
    """Takes the hook of a kind off again."""
    found = module.__dict__.get("_weight_hooks", {}).pop((kind, name), None)
    if found is None:
        raise ValueError(f"{kind} of '{name}' not found in {module}")
    found[1].remove()
    return found[0]


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """A weight as length `name_g` times direction `name_v`; `parametrizations` has the newer form.

    Args:
        dim: the dimension that keeps a length for each index; None for one length.
    """
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    _attach(module, hook)
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(norm_except(weight, hook.dim).detach()))
    module.register_parameter(f"{name}_v", Parameter(weight.detach()))
    hook(module, None)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Makes a weight under `weight_norm` an ordinary parameter again."""
    hook = _detach(module, "WeightNorm", name)
    weight = hook.compute_weight(module).detach()
    for one in (name, f"{name}_g", f"{name}_v"):
        delattr(module, one)
    module.register_parameter(name, Parameter(weight))
    return module


class SpectralNorm:
    """Computes `name` from `name_orig` with the vectors `name_u` and `name_v`."""

    def __init__(self, name: str, n_power_iterations: int, dim: int, eps: float):
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got {n_power_iterations}"
            )
        self.name, self.n_power_iterations = name, n_power_iterations
        self.dim, self.eps = dim, eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """`W / (u W v)`."""
        weight = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            # This form renews v before u.
            new = power_iterations(matrix.t(), v, u, self.n_power_iterations, self.eps)
            take_over(v, new[0])
            take_over(u, new[1])
        u, v = u.clone(), v.clone()
        return weight / u.dot(matrix.mv(v))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12,
    dim: int | None = None,
) -> Module:  # fmt: skip
    """A weight divided by its largest singular value; `parametrizations` has the newer form."""
    dim = default_dim(type(module).__name__) if dim is None else dim
    hook = SpectralNorm(name, n_power_iterations, dim, eps)
    weight = module._parameters.get(name)
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    _attach(module, hook)
    u, v = first_vectors(as_matrix(weight.detach(), dim), eps)
    del module._parameters[name]
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    return module


def remove_spectral_norm(module: Module, name: str = "weight") -> Module:
    """Makes a weight under `spectral_norm` an ordinary parameter again."""
    hook = _detach(module, "SpectralNorm", name)
    with no_grad():
        weight = hook.compute_weight(module, False).detach()
    for one in (name, f"{name}_u", f"{name}_v", f"{name}_orig"):
        delattr(module, one)
    module.register_parameter(name, Parameter(weight))
    return module
