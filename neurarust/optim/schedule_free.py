"""Optimizers that need no schedule: training and evaluation use different weights."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.autograd.modes import no_grad
from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import Number, average_of_squares, lerp, options, where


class ScheduleFreeAdamW(Optimizer):
    r"""AdamW without a schedule (Defazio et al. 2024, https://arxiv.org/abs/2405.15682).

    Gradients are taken at $y$, Adam moves $z$, and what is evaluated is the average $x$:
    $z \leftarrow z - \gamma d,\quad x \leftarrow (1 - c) x + c z,\quad y = \beta_1 x + (1 -
    \beta_1) z$ with $d = g / (\sqrt{\hat v} + \epsilon) + \lambda y$ and $c$ the step's share of
    all steps' weights $t^r \gamma_{max}^p$.

        optimizer.train(); model.train()    # the parameters are y; so they are at the start
        ...
        optimizer.eval(); model.eval()      # the parameters are x: to evaluate, and to save

    Args:
        lr: the learning rate $\gamma$.
        betas: $\beta_1$ (above 0), $\beta_2$.
        weight_decay: $\lambda$.
        warmup_steps: over so many steps the rate rises to `lr`.
        r: $r$; weighs later steps more.
        weight_lr_power: $p$.
        maximize: ascend.

    The weights' sum is each parameter's own, which makes a difference only where a parameter
    has no gradient in some steps. The authors' optimizer begins in evaluation mode.
    """

    limits = Optimizer.limits | {"warmup_steps": 0}

    def __init__(
        self, params: Any, lr: float | Tensor = 2.5e-3, betas: tuple = (0.9, 0.999),
        eps: float = 1e-8, weight_decay: float = 0, warmup_steps: int = 0, r: float = 0.0,
        weight_lr_power: float = 2.0, *, maximize: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()) | {"train_mode": True})

    def check(self, group):
        super().check(group)
        if not group["betas"][0] > 0:
            raise ValueError(f"Invalid beta parameter at index 0: {group['betas'][0]}, not above 0")

    def eval(self) -> None:
        """Makes the parameters the average, for evaluation; a second call does nothing."""
        self._show(train=False)

    def train(self) -> None:
        """Makes the parameters again those that are trained; a second call does nothing."""
        self._show(train=True)

    def _show(self, train: bool) -> None:
        with no_grad():
            for group in self.param_groups:
                if group["train_mode"] == train:
                    continue
                beta = group["betas"][0]
                for param in group["params"]:
                    state = self.state.get(param)
                    if state:
                        param.lerp_(state["z"], 1 - beta if train else 1 - 1 / beta)
                group["train_mode"] = train

    def _step_group(self, group: dict[str, Any]) -> None:
        if not group["train_mode"]:
            raise RuntimeError(
                "ScheduleFreeAdamW.step: expected the weights of training, but the parameters are "
                "those of evaluation. Call optimizer.train() before the step"
            )
        super()._step_group(group)

    @staticmethod
    def init_state(param, group):
        numbers = {name: np.zeros((), np.float32) for name in ("weight_sum", "lr_max")}
        return {name: np.zeros_like(param) for name in ("z", "exp_avg_sq")} | numbers

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        rate = hyper.lr * (step / where(step < hyper.warmup_steps, hyper.warmup_steps, step))
        highest = Number(state["lr_max"])
        highest = where(highest > rate, highest, rate)
        weight = step**hyper.r * highest**hyper.weight_lr_power
        total = Number(state["weight_sum"]) + weight
        # No weight at all with a rate of 0, as long as it has always been that.
        share = weight / where(total > 0, total, 1)
        square = average_of_squares(state["exp_avg_sq"], grad, hyper.betas1)
        root = jnp.sqrt(square / (1 - hyper.betas1**step)) + hyper.eps
        move = grad / root + hyper.weight_decay * param
        z = jnp.where(step == 1, param, state["z"])
        new = lerp(param, z, share) - rate * (1 - hyper.betas0 * (1 - share)) * move
        z = z - rate * move
        return new, {"z": z, "exp_avg_sq": square, "weight_sum": total, "lr_max": highest}
