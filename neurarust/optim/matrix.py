"""Rules that see a parameter as a matrix: Adafactor and Muon."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core.tensor.tensor import Tensor
from .optimizer import Optimizer
from .rules import Number, lerp, options, where


class Adafactor(Optimizer):
    r"""Adam whose second moments are kept as a row and a column (Shazeer and Stern 2018).

    $\hat v = r c / \mathrm{mean}(r)$ with running means $r, c$ of $g^2$ over the last two
    dimensions; the step $g / \sqrt{\hat v}$ is clipped to a root mean square of `d` and scaled
    by that of the parameter. Vectors keep the whole $v$.

    Args:
        lr: the largest relative step; it is `min(lr, 1/sqrt(t))`.
        beta2_decay: the averages forget with `1 - t**beta2_decay`.
        eps: the smallest $\sqrt{\hat v}$ (None: the type's epsilon), and the smallest root mean
            square of a parameter.
        d: where steps are clipped.
        weight_decay: shrinks the parameter by `lr * weight_decay`.
        maximize: ascend.
    """

    limits = {"lr": 0.0, "weight_decay": 0.0, "d": 1.0}
    pairs = ("eps",)

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-2, beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3), d: float = 1.0,
        weight_decay: float = 0.0, *, foreach: bool | None = None, maximize: bool = False,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        super().check(group)
        if not group["beta2_decay"] <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {group['beta2_decay']}")
        for k, eps in enumerate(group["eps"], 1):
            if eps is not None and not eps >= 0.0:
                raise ValueError(f"epsilon{k} should be >= 0 but is: {eps}")

    @staticmethod
    def init_state(param, group):
        if param.dtype.kind == "c":
            raise RuntimeError("Adafactor does not support complex parameters")
        if param.ndim < 2:
            return {"variance": np.zeros_like(param)}
        rows, columns = param[..., :1], param[..., :1, :]
        return {"row_var": np.zeros_like(rows), "col_var": np.zeros_like(columns)}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        smallest = hyper.get("eps0", Number(jnp.finfo(param.dtype).eps))
        new = step**hyper.beta2_decay
        relative = where(hyper.lr < step**-0.5, hyper.lr, step**-0.5)
        rate = jnp.maximum(hyper.eps1.astype(param.dtype), _rms(param)) * relative
        param = param * (1 - hyper.lr * hyper.weight_decay)
        if grad.ndim > 1:
            rows = lerp(state["row_var"], jnp.mean(grad * grad, -1, keepdims=True), new)
            columns = lerp(state["col_var"], jnp.mean(grad * grad, -2, keepdims=True), new)
            state = {"row_var": rows, "col_var": columns}
            mean = jnp.mean(rows, -2, keepdims=True)
            variance = rows @ columns / jnp.maximum(mean, smallest.astype(mean.dtype))
        else:
            variance = lerp(state["variance"], grad * grad, new)
            state = {"variance": variance}
        floor = (smallest * smallest).astype(variance.dtype)
        move = grad / jnp.sqrt(jnp.maximum(variance, floor))
        clipped = jnp.maximum(jnp.ones((), move.dtype), _rms(move) / hyper.d)
        return param - rate / clipped * move, state


def _rms(array: Any) -> Any:
    """Root mean square."""
    return jnp.sqrt(jnp.mean(array * array))


class Muon(Optimizer):
    r"""Momentum whose matrix is orthogonalized (Jordan et al. 2024), for matrices only.

    $b \leftarrow \mu b + (1-\mu) g,\quad p \leftarrow (1 - \gamma\lambda) p - \gamma' O$ with $O
    \approx U V^T$ of the averaged gradient $U S V^T$, by Newton and Schulz's iteration in bfloat16.

    Args:
        lr: the learning rate $\gamma$.
        weight_decay: $\lambda$.
        momentum: $\mu$.
        nesterov: look ahead: orthogonalize `lerp(g, b, momentum)`.
        ns_coefficients: of the iteration $x \leftarrow a x + (b A + c A^2) x$, $A = x x^T$.
        eps: the smallest norm to divide by.
        ns_steps: iterations.
        adjust_lr_fn: "original" scales the rate by $\sqrt{\max(1, rows/columns)}$,
            "match_rms_adamw" by $0.2 \sqrt{\max(rows, columns)}$.
    """

    counts_steps = False
    static = ("ns_steps",)
    limits = Optimizer.limits | {"momentum": 0.0}

    def __init__(
        self, params: Any, lr: float | Tensor = 1e-3, weight_decay: float = 0.1,
        momentum: float = 0.95, nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7, ns_steps: int = 5, adjust_lr_fn: str | None = None,
    ):  # fmt: skip
        super().__init__(params, options(locals()))

    def check(self, group):
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Adjust learning rate function {group['adjust_lr_fn']} is not supported"
            )
        for param in group["params"]:
            if param.ndim != 2:
                raise ValueError(
                    f"Muon only supports 2D parameters whereas we found a parameter with size: "
                    f"{list(param.shape)}"
                )
        super().check(group)

    @staticmethod
    def init_state(param, group):
        if param.dtype.kind == "c":
            raise RuntimeError("Muon does not support complex parameters")
        return {"momentum_buffer": np.zeros_like(param)}

    @staticmethod
    def update(param, grad, state, step, hyper, group):
        buffer = lerp(state["momentum_buffer"], grad, 1 - hyper.momentum)
        direction = lerp(grad, buffer, hyper.momentum) if group["nesterov"] else buffer
        rows, columns = param.shape
        scale = math.sqrt(max(1, rows / columns))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            scale = 0.2 * math.sqrt(max(rows, columns))
        move = _orthogonalized(direction, hyper, group["ns_steps"]).astype(param.dtype)
        param = param * (1 - hyper.lr * hyper.weight_decay)
        return param - hyper.lr * scale * move, {"momentum_buffer": buffer}


def _orthogonalized(matrix: Any, hyper: Any, steps: int) -> Any:
    """Newton and Schulz's iteration towards the nearest orthogonal matrix, in bfloat16."""
    a, b, c = hyper.ns_coefficients0, hyper.ns_coefficients1, hyper.ns_coefficients2
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).astype(jnp.bfloat16)
    norm = jnp.sqrt(jnp.sum(jnp.square(x.astype(jnp.float32)))).astype(x.dtype)
    x = x / jnp.maximum(norm, hyper.eps.astype(x.dtype))
    for _ in range(steps):
        gram = _product(x, x.T).astype(x.dtype)
        powers = (b * gram.astype(jnp.float32) + c * _product(gram, gram)).astype(x.dtype)
        x = (a * x.astype(jnp.float32) + _product(powers, x)).astype(x.dtype)
    return x.T if tall else x


def _product(first: Any, second: Any) -> Any:
    """The matrix product of bfloat16 matrices, in float32."""
    return jnp.matmul(first, second, preferred_element_type=jnp.float32)
