"""RMSprop."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from optax.tree_utils import tree_update_moment, tree_update_moment_per_elem_norm

from .optimizer import Optimizer


class RMSprop(Optimizer):
    r"""Gradients divided by a running root mean square (Tieleman and Hinton 2012).

    $v \leftarrow \alpha v + (1-\alpha) g^2,\quad p \leftarrow p - \gamma g / (\sqrt v + \epsilon)$.

    Args:
        lr: the learning rate $\gamma$.
        alpha: $\alpha$.
        momentum: of the divided gradients.
        centered: divide by the running standard deviation instead (Graves 2013).
        maximize: ascend.
    """

    limits = {"lr": 0.0, "eps": 0.0, "momentum": 0.0, "weight_decay": 0.0, "alpha": 0.0}

    def __init__(
        self, params: Any, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0, momentum: float = 0, centered: bool = False,
        capturable: bool = False, foreach: bool | None = None, maximize: bool = False,
        differentiable: bool = False,
    ):  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered,
            "weight_decay": weight_decay, "capturable": capturable, "foreach": foreach,
            "maximize": maximize, "differentiable": differentiable,
        })  # fmt: skip

    @staticmethod
    def init_state(param, group):
        names = ["square_avg"]
        names += ["momentum_buffer"] * (group["momentum"] > 0) + ["grad_avg"] * group["centered"]
        return {name: np.zeros_like(param) for name in names}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        kind = param.dtype
        alpha = hyper.alpha.astype(kind)
        grad = grad + hyper.weight_decay.astype(kind) * param
        square = tree_update_moment_per_elem_norm(grad, state["square_avg"], alpha, 2)
        state = state | {"square_avg": square}
        if group["centered"]:
            mean = tree_update_moment(grad, state["grad_avg"], alpha, 1)
            state["grad_avg"] = mean
            square = square - mean**2
        divided = grad / (jnp.sqrt(square) + hyper.eps.astype(kind))
        if "momentum_buffer" in state:
            divided = hyper.momentum.astype(kind) * state["momentum_buffer"] + divided
            state["momentum_buffer"] = divided
        return param - hyper.lr.astype(kind) * divided, state
