"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.native import adam
from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import Number, average_of_squares, lerp, options, together, with_decay


class Adam(Optimizer):
    r"""Adam (Kingma and Ba 2015; `amsgrad`: Reddi et al. 2018).

    $m \leftarrow \beta_1 m + (1-\beta_1) g,\quad v \leftarrow \beta_2 v + (1-\beta_2) g^2,\quad
    p \leftarrow p - \gamma \hat m / (\sqrt{\hat v} + \epsilon)$ with bias-corrected moments.

    Args:
        lr: the learning rate $\gamma$.
        betas: $\beta_1, \beta_2$.
        weight_decay: added to the gradient as `weight_decay * p`.
        amsgrad: divide by the largest $v$ so far.
        maximize: ascend.
        differentiable: put the step on the tape.
        decoupled_weight_decay: shrink the parameter instead (AdamW).
    """

    optional = {"max_exp_avg_sq": "amsgrad"}

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        tensors = [isinstance(beta, Tensor) for beta in group["betas"]]
        if any(tensors) and not all(tensors):
            raise ValueError("betas must be either both floats or both Tensors")
        if group["foreach"] and not group["capturable"]:
            if isinstance(group["lr"], Tensor) or any(tensors):
                name = "betas[0]" if any(tensors) else "lr"
                raise ValueError(
                    f"{name} as a Tensor is not supported for capturable=False and foreach=True"
                )

    @staticmethod
    def init_state(param, group):
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * group["amsgrad"]
        return {name: np.zeros_like(param) for name in names}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        rate = hyper.lr / (1 - hyper.betas0**step)
        root = (1 - hyper.betas1**step) ** 0.5
        if group["amsgrad"]:
            param, grad = with_decay(param, grad, hyper, group)
            first = lerp(state["exp_avg"], grad, 1 - hyper.betas0)
            second = average_of_squares(state["exp_avg_sq"], grad, hyper.betas1)
            largest = jnp.maximum(state["max_exp_avg_sq"], second)
            new = param - rate * (first / (jnp.sqrt(largest) / root + hyper.eps))
            names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
            return new, dict(zip(names, (first, second, largest), strict=True))
        decay = Number(1.0)
        if group.get("decoupled_weight_decay") and "weight_decay" not in group:
            decay = 1 - hyper.lr * hyper.weight_decay
        else:
            param, grad = with_decay(param, grad, hyper, group)
        numbers = (
            decay, 1 - hyper.betas0, hyper.betas1, 1 - hyper.betas1, rate, root, hyper.eps,
        )  # fmt: skip
        new, first, second = adam(
            param, grad, state["exp_avg"], state["exp_avg_sq"],
            together(numbers, param.dtype), hyper.latest,
        )  # fmt: skip
        return new, {"exp_avg": first, "exp_avg_sq": second}


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019); arguments as `Adam`'s."""

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *,
        maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
        differentiable: bool = False, fused: bool | None = None,
    ):  # fmt: skip
        super().__init__(**options(locals()), params=params, decoupled_weight_decay=True)
