"""Steps scaled element by element: RMSprop, and Rprop with the gradient's sign alone."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import average_of_squares, lerp, number, options, with_decay


class RMSprop(Optimizer):
    r"""Gradients divided by a running root mean square (Tieleman and Hinton 2012).

    $v \leftarrow \alpha v + (1-\alpha) g^2,\quad p \leftarrow p - \gamma g / (\sqrt v + \epsilon)$.

    Args:
        lr: the learning rate $\gamma$.
        alpha: $\alpha$.
        weight_decay: added to the gradient as `weight_decay * p`.
        momentum: of the divided gradients.
        centered: divide by the running standard deviation instead (Graves 2013).
        maximize: ascend.
        differentiable: put the step on the tape.
    """

    limits = Optimizer.limits | {"momentum": 0.0, "alpha": 0.0}
    optional = {"momentum_buffer": "momentum", "grad_avg": "centered"}

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
        weight_decay: float = 0, momentum: float = 0, centered: bool = False,
        capturable: bool = False, foreach: bool | None = None, maximize: bool = False,
        differentiable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    @staticmethod
    def init_state(param, group):
        names = ["square_avg"]
        names += ["momentum_buffer"] * (group["momentum"] > 0) + ["grad_avg"] * group["centered"]
        return {name: np.zeros_like(param) for name in names}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        param, grad = with_decay(param, grad, hyper, group)
        square = average_of_squares(state["square_avg"], grad, hyper.alpha)
        state = state | {"square_avg": square}
        if group["centered"]:
            state["grad_avg"] = mean = lerp(state["grad_avg"], grad, 1 - hyper.alpha)
            square = square - mean * mean
        divided = grad / (jnp.sqrt(square) + hyper.eps)
        if "momentum_buffer" in state:
            divided = hyper.momentum * state["momentum_buffer"] + divided
            state["momentum_buffer"] = divided
        return param - hyper.lr * divided, state


class Rprop(Optimizer):
    r"""Resilient backpropagation (Riedmiller and Braun 1993): only the gradient's sign counts.

    An element's step grows by $\eta^+$ while its gradient keeps its sign and shrinks by
    $\eta^-$ when the sign turns; then the element rests for one step.

    Args:
        lr: the first step size.
        etas: $\eta^-, \eta^+$.
        step_sizes: the smallest and the largest step.
        maximize: ascend.
        differentiable: put the step on the tape.
    """

    pairs = ("etas", "step_sizes")

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-2, etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50), *, capturable: bool = False,
        foreach: bool | None = None, maximize: bool = False, differentiable: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        low, high = group["etas"]
        if not 0.0 < low < 1.0 < high:
            raise ValueError(f"Invalid eta values: {low}, {high}")

    @staticmethod
    def init_state(param, group):
        start = float(group["lr"])
        start = complex(start, start) if param.dtype.kind == "c" else start
        return {"prev": np.zeros_like(param), "step_size": np.full_like(param, start)}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        agreement, size = jnp.sign(grad * state["prev"]), state["step_size"]
        factor = jnp.select(
            [agreement > 0, agreement < 0], [number(hyper.etas1), number(hyper.etas0)], 1.0
        )
        smallest, largest = hyper.step_sizes0, hyper.step_sizes1
        size = jnp.clip(
            size * factor.astype(size.dtype), smallest.astype(size.dtype),
            largest.astype(size.dtype),
        )  # fmt: skip
        grad = jnp.where(agreement < 0, jnp.zeros_like(grad), grad)
        return param - jnp.sign(grad) * size, {"prev": grad, "step_size": size}
