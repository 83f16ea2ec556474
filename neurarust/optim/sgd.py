"""Stochastic gradient descent, and its average."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.native import descent, momentum, nesterov
from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import Number, lerp, options, together, where, with_decay


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
        differentiable: put the step on the tape.
    """

    counts_steps = False
    limits = {"lr": 0.0, "momentum": 0.0, "weight_decay": 0.0}
    optional = {"momentum_buffer": "momentum"}
    sparse = True

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-3, momentum: float = 0, dampening: float = 0,
        weight_decay: float | Tensor = 0, nesterov: bool = False, *, maximize: bool = False,
        foreach: bool | None = None, differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        return {"momentum_buffer": np.zeros_like(param)} if group["momentum"] else {}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        if "momentum_buffer" not in state:
            numbers = together((hyper.weight_decay, hyper.lr), param.dtype)
            return descent(param, grad, numbers, hyper.latest), state
        taken = where(step == 1, 1, 1 - hyper.dampening)
        numbers = together((hyper.weight_decay, hyper.momentum, taken, hyper.lr), param.dtype)
        rule = nesterov if group["nesterov"] else momentum
        new, buffer = rule(param, grad, state["momentum_buffer"], numbers, hyper.latest)
        return new, {"momentum_buffer": buffer}


class ASGD(Optimizer):
    r"""Averaged gradient descent (Polyak and Juditsky 1992); the average is `state[p]["ax"]`.

    $p \leftarrow (1 - \lambda \eta_t) p - \eta_t g$ with $\eta_t = \gamma / (1 + \lambda \gamma
    t)^\alpha$; averaging begins after `t0` steps.

    Args:
        lr: the learning rate $\gamma$.
        lambd: the decay $\lambda$.
        alpha: $\alpha$.
        weight_decay: added to the gradient as `weight_decay * p`.
        maximize: ascend.
        differentiable: put the step on the tape.
    """

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-2, lambd: float = 1e-4, alpha: float = 0.75,
        t0: float = 1e6, weight_decay: float = 0, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False, capturable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        return {
            "eta": np.array(float(group["lr"]), np.float32),
            "mu": np.ones((), np.float32),
            "ax": np.zeros_like(param),
        }

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        rate, share = Number(state["eta"]), Number(state["mu"])
        param = param * (1 - hyper.lambd * rate) - rate * grad
        average = jnp.where(share == 1, param, lerp(state["ax"], param, share))
        counted = where(step - hyper.t0 > 1, step - hyper.t0, 1)
        return param, {
            "eta": hyper.lr / (1 + hyper.lambd * hyper.lr * step) ** hyper.alpha,
            "mu": 1 / counted,
            "ax": average,
        }
