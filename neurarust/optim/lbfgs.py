"""L-BFGS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..core.autograd.modes import enable_grad, no_grad
from ..core.op import Array, Arrays, Index, Op
from ..core.tensor.dispatch import call, write
from ..core.tensor.tensor import Tensor, from_host, wrap
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer
from .rules import options

# The memory grows by this factor, so that its length decides about few programs.
GROWTH = 4


def _flat(tensors: Arrays):
    """All tensors in one vector; complex numbers as pairs."""
    pairs = [jnp.stack([x.real, x.imag], -1) if jnp.iscomplexobj(x) else x for x in tensors]
    return jnp.concatenate([x.reshape(-1) for x in pairs])


def _moved(params: Arrays, direction: Array, t: Index):
    """The parameters moved along a direction."""
    step, begin, moved = t.astype(direction.dtype) * direction, 0, []
    for param in params:
        count = param.size * (2 if jnp.iscomplexobj(param) else 1)
        part = step[begin : begin + count]
        part = jax.lax.complex(part[::2], part[1::2]) if jnp.iscomplexobj(param) else part
        moved.append(param + part.reshape(param.shape).astype(param.dtype))
        begin += count
    return moved


def _measured(loss: Array, grad: Array, direction: Array):
    """What is looked at: loss, largest gradient, slope, largest element of the direction."""
    found = (loss.reshape(()), jnp.max(jnp.abs(grad)), grad @ direction)
    return jnp.stack([x.astype(jnp.float64) for x in (*found, jnp.max(jnp.abs(direction)))])


def _direction(
    grad: Array, before: Array, direction: Array, t: Index, dirs: Array, steps: Array, ro: Array,
    scale: Array, count: Array,
):  # fmt: skip
    """Takes up the last step, and multiplies the gradient by the inverse Hessian so far.

    Nocedal's two loops (Nocedal and Wright 2006, algorithm 7.4) over the memory: changes of the
    gradient `dirs`, steps `steps`, and the inverses `ro` of their products; zeros are empty rows.
    """
    change, step = grad - before, direction * t.astype(grad.dtype)
    product = change @ step
    taken = product > 1e-10
    rows = dirs.shape[0]
    place = jnp.minimum(count, rows - 1)

    def remember(memory, row):
        shifted = jnp.where(count == rows, jnp.roll(memory, -1, 0), memory)
        return jnp.where(taken, shifted.at[place].set(row), memory)

    dirs, steps, ro = remember(dirs, change), remember(steps, step), remember(ro, 1 / product)
    scale = jnp.where(taken, product / (change @ change), scale)

    def backwards(k, carry):
        vector, weights = carry
        row = rows - 1 - k
        weight = (steps[row] @ vector) * ro[row]
        return vector - weight * dirs[row], weights.at[row].set(weight)

    def forwards(row, vector):
        return vector + steps[row] * (weights[row] - (dirs[row] @ vector) * ro[row])

    vector, weights = jax.lax.fori_loop(0, rows, backwards, (-grad, jnp.zeros_like(ro)))
    vector = jax.lax.fori_loop(0, rows, forwards, vector * scale)
    count = jnp.where(taken, jnp.minimum(count + 1, rows), count)
    return vector, dirs, steps, ro, scale, count, weights


def _grown(memory: Arrays, *, rows):
    """The memory with empty rows at its end."""
    return [jnp.pad(x, [(0, rows - len(x))] + [(0, 0)] * (x.ndim - 1)) for x in memory]


FLAT = Op("LBFGS.flat", _flat, differentiable=False)
MOVED = Op("LBFGS.moved", _moved, differentiable=False)
MEASURED = Op("LBFGS.measured", _measured, differentiable=False)
GROWN = Op("LBFGS.grown", _grown, differentiable=False)
DIRECTION = Op("LBFGS.direction", _direction, differentiable=False)
# The state's names of the memory: the rows, and what `_direction` returns besides.
MEMORY = ("old_dirs", "old_stps", "ro")


class LBFGS(Optimizer):
    """Newton's method with a limited memory of steps for the Hessian (Liu and Nocedal 1989).

    `step` needs a closure that clears the gradients, computes the loss and its gradients, and
    returns the loss; it is called several times. There can be one group only.

    Args:
        lr: the step length, or the first one that the line search tries.
        max_iter: iterations in one step.
        max_eval: evaluations of the closure in one step; 1.25 `max_iter` if None.
        tolerance_grad: stop when no element of the gradient is larger.
        tolerance_change: stop when loss or parameters change less.
        history_size: how many steps are remembered.
        line_search_fn: "strong_wolfe" or None.
    """

    limits = {"lr": 0.0}

    def __init__(
        self, params: Any, lr: float | Tensor = 1, max_iter: int = 20,
        max_eval: int | None = None, tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ):  # fmt: skip
        max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        super().__init__(params, options(locals()))
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        self._params: list[Tensor] = self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Callable) -> Any:
        """Makes up to `max_iter` iterations; returns the loss before them."""
        group, state = self.param_groups[0], self.state[self._params[0]]
        lr, searched = float(group["lr"]), group["line_search_fn"]
        if searched not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        original, grad = self._evaluate(closure)
        loss, steepest, _, _ = self._look(original, grad, grad)
        evaluations, iteration = 1, 0
        state["func_evals"] += 1
        while iteration < group["max_iter"] and steepest > group["tolerance_grad"]:
            iteration += 1
            state["n_iter"] += 1
            direction = self._next_direction(state, grad)
            before, state["prev_flat_grad"], state["prev_loss"] = loss, grad, loss
            _, _, slope, largest = self._look(original, grad, direction)
            state["d"], state["t"] = direction, lr
            if state["n_iter"] == 1:
                state["t"] = lr * min(1.0, 1.0 / float(grad.abs().sum()))
            if slope > -group["tolerance_change"]:
                break
            if searched:
                limit = group["max_eval"] - evaluations
                point, calls = strong_wolfe(
                    self._along(closure, direction), Point(0.0, loss, slope, grad), state["t"],
                    largest, limit,
                )  # fmt: skip
                loss, grad, state["t"] = point.loss, point.grad, point.t
                self._move(direction, point.t)
                _, steepest, _, _ = self._look(original, grad, direction)
            else:
                calls = 0
                self._move(direction, state["t"])
                if iteration < group["max_iter"]:
                    # After the last iteration nothing depends on the loss.
                    made, grad = self._evaluate(closure)
                    loss, steepest, _, _ = self._look(made, grad, direction)
                    calls = 1
            evaluations += calls
            state["func_evals"] += calls
            still = largest * abs(state["t"]) <= group["tolerance_change"]
            still = still or abs(loss - before) < group["tolerance_change"]
            if still or evaluations >= group["max_eval"]:
                break
        return original

    def _evaluate(self, closure: Callable) -> tuple[Any, Tensor]:
        """The loss and the gradients in one vector."""
        with enable_grad():
            loss = closure()
        zeros = [p.detach() * 0 if p._grad is None else p._grad for p in self._params]
        return loss, call(FLAT, (zeros,))

    def _look(self, loss: Any, grad: Tensor, direction: Tensor) -> list[float]:
        """`_measured` as numbers; runs what was recorded."""
        if not isinstance(loss, Tensor):
            loss = wrap(from_host(np.array(float(loss)), grad.device), None)
        return call(MEASURED, (loss, grad, direction)).tolist()

    def _move(self, direction: Tensor, t: float) -> None:
        moved = call(MOVED, (self._params, direction, t))
        for param, result in zip(self._params, moved, strict=True):
            write(param, result)

    def _along(self, closure: Callable, direction: Tensor) -> Callable[[float], Point]:
        """The loss and its slope as a function of the step length; the parameters stay."""
        start = [wrap(param._value(), None) for param in self._params]

        def evaluate(t: float) -> Point:
            self._move(direction, t)
            made, grad = self._evaluate(closure)
            for param, value in zip(self._params, start, strict=True):
                write(param, value)
            loss, _, slope, _ = self._look(made, grad, direction)
            return Point(t, loss, slope, grad)

        return evaluate

    def _next_direction(self, state: dict[str, Any], grad: Tensor) -> Tensor:
        """The direction of the next step; takes up the last one."""
        if state["n_iter"] == 1:
            return -grad
        if "count" not in state:
            kind, size = grad.dtype.dtype, grad.numel()
            rows = np.zeros((0, size), kind)
            start = (rows, rows, np.zeros(0, kind), np.ones((), kind), np.zeros((), np.int64))
            for name, one in zip((*MEMORY, "H_diag", "count"), start, strict=True):
                state[name] = wrap(from_host(one, grad.device), None)
        # The memory has at least a row for each iteration made, up to its limit.
        rows, limit = state["ro"].shape[0], self.param_groups[0]["history_size"]
        if rows < min(state["n_iter"] - 1, limit):
            wanted = min(max(rows, 2) * GROWTH, limit)
            grown = call(GROWN, ([state[name] for name in MEMORY],), {"rows": wanted})
            state.update(zip(MEMORY, grown, strict=True))
        memory = [state[name] for name in (*MEMORY, "H_diag", "count")]
        made = call(DIRECTION, (grad, state["prev_flat_grad"], state["d"], state["t"], *memory))
        names = (*MEMORY, "H_diag", "count", "al")
        state.update(zip(names, made[1:], strict=True))
        return made[0]

    # ------------------------------------------------------------ state

    def state_dict(self) -> dict[str, Any]:
        """As PyTorch's: the memory as lists of vectors."""
        made = super().state_dict()
        for number, kept in made["state"].items():
            if "count" in kept:
                filled = int(kept["count"])
                lists = {name: list(kept[name][:filled].unbind(0)) for name in MEMORY}
                weights = kept.get("al")
                if isinstance(weights, Tensor):
                    spare = [None] * (self.param_groups[0]["history_size"] - filled)
                    lists["al"] = [*weights[:filled].unbind(0), *spare]
                made["state"][number] = {k: v for k, v in kept.items() if k != "count"} | lists
        return made

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up what `state_dict` returned, ours or PyTorch's."""
        super().load_state_dict(state_dict)
        for param, kept in self.state.items():
            if "old_dirs" not in kept or isinstance(kept["old_dirs"], Tensor):
                continue
            kind, size = param.dtype.to_real().dtype, kept["d"].numel()
            for name, shape in zip(MEMORY, ((-1, size), (-1, size), (-1,)), strict=True):
                rows = np.array([np.asarray(one) for one in kept[name]], kind).reshape(shape)
                kept[name] = wrap(from_host(rows, param.device), None)
            count = np.array(kept["ro"].shape[0], np.int64)
            scale = np.array(float(kept["H_diag"]), kind)
            kept["t"] = float(kept["t"])
            kept["count"] = wrap(from_host(count, param.device), None)
            kept["H_diag"] = wrap(from_host(scale, param.device), None)
