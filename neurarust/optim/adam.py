"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from optax.tree_utils import tree_update_moment, tree_update_moment_per_elem_norm

from .optimizer import Optimizer


class Adam(Optimizer):
    r"""Adam (Kingma and Ba 2015; `amsgrad`: Reddi et al. 2018).

    $m \leftarrow \beta_1 m + (1-\beta_1) g,\quad v \leftarrow \beta_2 v + (1-\beta_2) g^2,\quad
    p \leftarrow p - \gamma \hat m / (\sqrt{\hat v} + \epsilon)$ with bias-corrected moments.

    Args:
        lr: the learning rate $\gamma$.
        betas: $\beta_1, \beta_2$.
        weight_decay: added to the gradient as `weight_decay * p`.
        amsgrad: divide by the largest $v$ so far.
        decoupled_weight_decay: shrink the parameter instead (AdamW).
        maximize: ascend.
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
            "amsgrad": amsgrad, "maximize": maximize, "foreach": foreach,
            "capturable": capturable, "differentiable": differentiable, "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        })  # fmt: skip

    @staticmethod
    def init_state(param, group):
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * group["amsgrad"]
        return {name: np.zeros_like(param) for name in names}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        kind = param.dtype
        beta1, beta2 = hyper.betas0, hyper.betas1
        if group["decoupled_weight_decay"]:
            param = param * (1 - hyper.lr * hyper.weight_decay).astype(kind)
        else:
            grad = grad + hyper.weight_decay.astype(kind) * param
        first = tree_update_moment(grad, state["exp_avg"], beta1.astype(kind), 1)
        second = tree_update_moment_per_elem_norm(grad, state["exp_avg_sq"], beta2.astype(kind), 2)
        state = state | {"exp_avg": first, "exp_avg_sq": second}
        if group["amsgrad"]:
            second = jnp.maximum(state["max_exp_avg_sq"], second)
            state["max_exp_avg_sq"] = second
        # The corrections are computed in float64, as PyTorch does.
        rate = (hyper.lr / (1 - beta1**step)).astype(kind)
        root = jnp.sqrt(1 / (1 - beta2**step)).astype(kind)
        return param - rate * first / (jnp.sqrt(second) * root + hyper.eps.astype(kind)), state


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); arguments as `Adam`'s."""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *,
        maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=True,
        )  # fmt: skip
