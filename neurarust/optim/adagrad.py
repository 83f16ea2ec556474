"""Rates that shrink with the squares of past gradients: Adagrad and Adadelta."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import average_of_squares, options, with_decay


class Adagrad(Optimizer):
    r"""Gradients divided by the root of the sum of all their squares (Duchi et al. 2011).

    $s \leftarrow s + g^2,\quad p \leftarrow p - \frac{\gamma}{1 + (t-1)\eta}\, g / (\sqrt s +
    \epsilon)$.

    Args:
        lr: the learning rate $\gamma$.
        lr_decay: $\eta$.
        weight_decay: added to the gradient as `weight_decay * p`.
        initial_accumulator_value: $s$ at the start.
        maximize: ascend.
        differentiable: put the step on the tape.
    """

    limits = Optimizer.limits | {"lr_decay": 0.0, "initial_accumulator_value": 0.0}
    sparse = True

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-2, lr_decay: float = 0,
        weight_decay: float = 0, initial_accumulator_value: float = 0, eps: float = 1e-10,
        foreach: bool | None = None, *, maximize: bool = False, differentiable: bool = False,
        fused: bool | None = None,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        start = group["initial_accumulator_value"]
        start = complex(start, start) if param.dtype.kind == "c" else start
        return {"sum": np.full_like(param, start)}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        total = state["sum"] + grad * grad
        rate = hyper.lr / (1 + (step - 1) * hyper.lr_decay)
        return param - rate * (grad / (jnp.sqrt(total) + hyper.eps)), {"sum": total}


class Adadelta(Optimizer):
    r"""Steps in the units of past steps (Zeiler 2012).

    $v \leftarrow \rho v + (1-\rho) g^2,\quad d = g \sqrt{(u + \epsilon)/(v + \epsilon)},\quad
    u \leftarrow \rho u + (1-\rho) d^2,\quad p \leftarrow p - \gamma d$.

    Args:
        lr: the factor $\gamma$.
        rho: $\rho$.
        weight_decay: added to the gradient as `weight_decay * p`.
        maximize: ascend.
        differentiable: put the step on the tape.
    """

    def __init__(
        self, params: Any, lr: float | Tensor = 1.0, rho: float = 0.9, eps: float = 1e-6,
        weight_decay: float = 0, foreach: bool | None = None, *, capturable: bool = False,
        maximize: bool = False, differentiable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        if not 0.0 <= group["rho"] <= 1.0:
            raise ValueError(f"Invalid rho value: {group['rho']}")
        super().check(group)

    @staticmethod
    def init_state(param, group):
        return {name: np.zeros_like(param) for name in ("square_avg", "acc_delta")}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        square = average_of_squares(state["square_avg"], grad, hyper.rho)
        past = state["acc_delta"]
        delta = jnp.sqrt(past + hyper.eps) / jnp.sqrt(square + hyper.eps) * grad
        past = average_of_squares(past, delta, hyper.rho)
        return param - hyper.lr * delta, {"square_avg": square, "acc_delta": past}
