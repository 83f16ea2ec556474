"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from .optimizer import Optimizer


class SGD(Optimizer):
    r"""Gradient descent with momentum (Sutskever et al. 2013).

    $b \leftarrow \mu b + (1-\tau) g,\quad p \leftarrow p - \gamma b$, with $g + \mu b$ for $b$
    under Nesterov's rule, and $g$ including `weight_decay * p`.

    Args:
        lr: the learning rate $\gamma$.
        momentum: $\mu$.
        dampening: $\tau$; not applied in the first step.
        nesterov: needs a momentum and no dampening.
        maximize: ascend.
    """

    counts_steps = False
    limits = {"lr": 0.0, "momentum": 0.0, "weight_decay": 0.0}

    def __init__(
        self, params: Any, lr: float = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
        foreach: bool | None = None, differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        })  # fmt: skip

    @staticmethod
    def init_state(param, group):
        return {"momentum_buffer": np.zeros_like(param)} if group["momentum"] else {}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        kind = param.dtype
        grad = grad + hyper.weight_decay.astype(kind) * param
        if "momentum_buffer" in state:
            taken = jnp.where(step == 1, 1, 1 - hyper.dampening).astype(kind)
            momentum = hyper.momentum.astype(kind)
            buffer = momentum * state["momentum_buffer"] + taken * grad
            state = {"momentum_buffer": buffer}
            grad = grad + momentum * buffer if group["nesterov"] else buffer
        return param - hyper.lr.astype(kind) * grad, state
