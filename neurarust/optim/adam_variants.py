"""Adam's relatives: Adamax, NAdam, RAdam, SparseAdam."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.ops.create import ones_like
from ..core.ops.movement import stack
from ..core.ops.sparse import SparseTensor
from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import Number, average_of_squares, lerp, options, where, with_decay


class Adamax(Optimizer):
    r"""Adam with the largest gradient in place of the root mean square (Kingma and Ba 2015).

    $u \leftarrow \max(\beta_2 u, |g| + \epsilon),\quad p \leftarrow p - \gamma \hat m / u$.

    Args: as `Adam`'s.
    """

    def __init__(
        self, params: Any, lr: float | Tensor = 2e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, capturable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        return {name: np.zeros_like(param) for name in ("exp_avg", "exp_inf")}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        first = lerp(state["exp_avg"], grad, 1 - hyper.betas0)
        largest = jnp.maximum(hyper.betas1 * state["exp_inf"], jnp.abs(grad) + hyper.eps)
        rate = hyper.lr / (1 - hyper.betas0**step)
        return param - rate * (first / largest), {"exp_avg": first, "exp_inf": largest}


class NAdam(Optimizer):
    r"""Adam with Nesterov momentum (Dozat 2016).

    With $\mu_t = \beta_1 (1 - 0.96^{t \psi} / 2)$, the gradient counts $(1 - \mu_t) / (1 - \prod
    \mu)$ and the average $\mu_{t+1} / (1 - \prod \mu \cdot \mu_{t+1})$.

    Args: as `Adam`'s.
        momentum_decay: $\psi$.
    """

    limits = Optimizer.limits | {"momentum_decay": 0.0}

    def __init__(
        self, params: Any, lr: float | Tensor = 2e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False, *, foreach: bool | None = None,
        maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        zeros = {name: np.zeros_like(param) for name in ("exp_avg", "exp_avg_sq")}
        return {"mu_product": np.ones((), np.float32), **zeros}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        first = lerp(state["exp_avg"], grad, 1 - hyper.betas0)
        second = average_of_squares(state["exp_avg_sq"], grad, hyper.betas1)
        now = hyper.betas0 * (1 - 0.5 * 0.96 ** (step * hyper.momentum_decay))
        after = hyper.betas0 * (1 - 0.5 * 0.96 ** ((step + 1) * hyper.momentum_decay))
        product = Number(state["mu_product"]) * now
        root = jnp.sqrt(second / (1 - hyper.betas1**step)) + hyper.eps
        move = hyper.lr * (1 - now) / (1 - product) * (grad / root)
        move = move + hyper.lr * after / (1 - product * after) * (first / root)
        return param - move, {"mu_product": product, "exp_avg": first, "exp_avg_sq": second}


class RAdam(Optimizer):
    r"""Rectified Adam (Liu et al. 2020): momentum alone until the variance can be trusted.

    With $\rho_\infty = 2/(1-\beta_2) - 1$ and $\rho = \rho_\infty - 2t \beta_2^t/(1-\beta_2^t)$,
    Adam's step is scaled by $\sqrt{(\rho-4)(\rho-2)\rho_\infty / ((\rho_\infty-4)(\rho_\infty-2)
    \rho)}$ once $\rho > 5$.

    Args: as `Adam`'s.
    """

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
        differentiable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        return {name: np.zeros_like(param) for name in ("exp_avg", "exp_avg_sq")}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        first = lerp(state["exp_avg"], grad, 1 - hyper.betas0)
        second = average_of_squares(state["exp_avg_sq"], grad, hyper.betas1)
        kept = hyper.betas1**step
        limit = 2 / (1 - hyper.betas1) - 1
        length = limit - 2 * step * kept / (1 - kept)
        trusted = length > 5
        safe = where(trusted, length, 6)
        rectifier = (safe - 4) * (safe - 2) * limit / ((limit - 4) * (limit - 2) * safe)
        adaptive = (rectifier * (1 - kept)) ** 0.5 / (jnp.sqrt(second) + hyper.eps)
        scale = jnp.where(trusted, adaptive, jnp.ones_like(second))
        rate = hyper.lr / (1 - hyper.betas0**step)
        return param - rate * (first * scale), {"exp_avg": first, "exp_avg_sq": second}


class SparseAdam(Optimizer):
    """Adam for what a gradient has; other elements and their averages stay as they are.

    A sparse COO gradient (`parameter.grad = nr.sparse_coo_tensor(...)`) has the elements at its
    places, zeros among them; a dense one has the rows (of the first dimension) that are not all
    zero.

    Differs from PyTorch: dense gradients are taken, since those of `nn.Embedding(sparse=True)`
    are dense here. Of the rows that were looked up, those with a gradient of exactly zero then
    rest, where PyTorch moves them by their average.

    Args: as `Adam`'s.
    """

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, maximize: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        for name in ("lr", "eps"):
            if not isinstance(group[name], Tensor) and not group[name] > 0:
                raise ValueError(f"Invalid {name}: {group[name]}")
        if any(param.is_complex() for param in group["params"]):
            raise ValueError("SparseAdam does not support complex parameters")

    def dense(self, grad):
        """The gradient, and behind it where it has elements. Shape: (2, *parameter)."""
        places, values = grad._indices(), grad._values().detach()
        there = SparseTensor(places, ones_like(values), grad.shape)
        return stack([grad.detach().to_dense(), there.to_dense()])

    @staticmethod
    def init_state(param, group):
        return {name: np.zeros_like(param) for name in ("exp_avg", "exp_avg_sq")}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        if grad.ndim > param.ndim:
            grad, touched = grad[0], grad[1] != 0
        else:
            touched = jnp.any(grad != 0, axis=tuple(range(1, grad.ndim)), keepdims=True)
        first = lerp(state["exp_avg"], grad, 1 - hyper.betas0)
        second = average_of_squares(state["exp_avg_sq"], grad, hyper.betas1)
        rate = hyper.lr * (1 - hyper.betas1**step) ** 0.5 / (1 - hyper.betas0**step)
        moved = param - rate * (first / (jnp.sqrt(second) + hyper.eps))
        return jnp.where(touched, moved, param), {
            "exp_avg": jnp.where(touched, first, state["exp_avg"]),
            "exp_avg_sq": jnp.where(touched, second, state["exp_avg_sq"]),
        }
