"""Loss scaling for float16: gradients stay in range, and steps of bad ones are skipped."""

from __future__ import annotations

import enum
import warnings
from collections import defaultdict
from typing import Any

import jax.numpy as jnp
import numpy as np

from ..core import device as devices
from ..core import dtype as dtypes
from ..core.autograd.modes import no_grad
from ..core.op import Array, Arrays, Index, Op
from ..core.tensor.dispatch import call, write
from ..core.tensor.tensor import Tensor, from_host, wrap


def _unscaled(grads: Arrays, scale: Array):
    """Gradients divided by the scale, and whether any of them is not finite (0 or 1)."""
    inverse = 1 / scale.astype(jnp.float64)
    bad = jnp.zeros((), jnp.bool_)
    results = []
    for grad in grads:
        bad |= ~jnp.all(jnp.isfinite(grad))
        real = jnp.finfo(grad.dtype).dtype
        wide = jnp.promote_types(real, jnp.float32)
        results.append((grad * inverse.astype(wide)).astype(grad.dtype))
    return [*results, bad.astype(jnp.float32)]


def _next_scale(
    scale: Array, tracker: Array, found: Arrays, growth: Index, backoff: Index, interval: Index
):
    """Smaller after a bad step, larger after `interval` good ones in a row."""
    bad = sum(found) > 0
    count = tracker + 1
    grown = (scale * growth.astype(scale.dtype)).astype(scale.dtype)
    larger = jnp.where((count == interval) & jnp.isfinite(grown), grown, scale)
    count = jnp.where(bad | (count == interval), 0, count).astype(tracker.dtype)
    return jnp.where(bad, scale * backoff.astype(scale.dtype), larger), count


UNSCALED = Op("amp.unscaled", _unscaled, differentiable=False)
NEXT_SCALE = Op("amp.next_scale", _next_scale, differentiable=False)


class OptState(enum.Enum):
    """How far an optimizer is since the last `update`."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


def _fresh() -> dict[str, Any]:
    return {"stage": OptState.READY, "found_inf": []}


class GradScaler:
    """Scales the loss, unscales the gradients, skips steps of infinite ones, adapts the scale.

    The scale and its tracker are tensors, and the skip is part of the recorded update, so no
    step waits for a number to be read. Differs from PyTorch in that a skipped step calls the
    optimizer's hooks. Optimizers with a `step` of their own are skipped by looking.

    Args:
        device: "cpu", "cuda" or "tpu".
        init_scale: the first scale.
        growth_factor: what the scale is multiplied by after `growth_interval` good steps.
        backoff_factor: what it is multiplied by after a bad step.
        enabled: False makes every method pass through.
    """

    def __init__(
        self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ):  # fmt: skip
        if enabled and device == "cuda" and not devices.device_count("cuda"):
            warnings.warn(
                "GradScaler is enabled, but CUDA is not available. Disabling.",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._device, self._enabled = device, enabled
        self._init_scale, self._init_growth_tracker = init_scale, 0
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        self._scale: Tensor | None = None
        self._growth_tracker: Tensor | None = None
        self._states: defaultdict[int, dict[str, Any]] = defaultdict(_fresh)

    def _begin(self, device: Any) -> Tensor:
        """The scale; made on first use."""
        if self._scale is None:
            scale = np.array(self._init_scale, np.float32)
            tracker = np.array(self._init_growth_tracker, np.int32)
            self._scale = wrap(from_host(scale, device), None)
            self._growth_tracker = wrap(from_host(tracker, device), None)
        return self._scale

    def _begun(self, name: str) -> tuple[Tensor, Tensor]:
        if self._scale is None or self._growth_tracker is None:
            raise AssertionError(
                f"Attempted {name} but _scale is None. This may indicate your script did not use "
                f"scaler.scale(loss or outputs) earlier in the iteration."
            )
        return self._scale, self._growth_tracker

    def scale(self, outputs: Any) -> Any:
        """Tensors, or lists of them, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._begin(outputs.device).to(outputs.device)
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(one) for one in outputs)
        if hasattr(outputs, "__iter__"):
            return map(self.scale, outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divides an optimizer's gradients by the scale, for example before clipping."""
        if not self._enabled:
            return
        scale, _ = self._begun("unscale_")
        state = self._states[id(optimizer)]
        if state["stage"] is OptState.UNSCALED:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        by_device: dict[Any, list[Tensor]] = {}
        for group in optimizer.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    if param.grad.dtype is dtypes.float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    by_device.setdefault(param.grad.device, []).append(param.grad)
        with no_grad():
            for device, grads in by_device.items():
                *results, bad = call(UNSCALED, (grads, scale.to(device)))
                for grad, result in zip(grads, results, strict=True):
                    write(grad, result)
                state["found_inf"].append(bad)
        state["stage"] = OptState.UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step()`, which changes nothing if a gradient is not finite."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._begun("step")
        state = self._states[id(optimizer)]
        if state["stage"] is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if state["stage"] is OptState.READY:
            self.unscale_(optimizer)
        found = state["found_inf"]
        if not found:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        state["stage"] = OptState.STEPPED
        if not getattr(optimizer, "skips", False):
            return None if any(one.item() for one in found) else optimizer.step(*args, **kwargs)
        total = found[0]
        for one in found[1:]:
            total = total + one.to(total.device)
        optimizer._found_inf = total
        try:
            return optimizer.step(*args, **kwargs)
        finally:
            optimizer._found_inf = None

    def update(self, new_scale: float | Tensor | None = None) -> None:
        """Adapts the scale to what the steps since the last call found, or sets it."""
        if not self._enabled:
            return
        scale, tracker = self._begun("update")
        found = [one.to(scale.device) for state in self._states.values()
                 for one in state["found_inf"]]  # fmt: skip
        with no_grad():
            if isinstance(new_scale, Tensor):
                if new_scale.numel() != 1 or new_scale.requires_grad:
                    raise AssertionError(
                        "new_scale should be a float or a 1-element tensor without requires_grad"
                    )
                scale.copy_(new_scale.reshape(()))
            elif new_scale is not None:
                scale.fill_(new_scale)
            elif not found:
                raise AssertionError("No inf checks were recorded prior to update.")
            else:
                numbers = (self._growth_factor, self._backoff_factor, self._growth_interval)
                made = call(NEXT_SCALE, (scale, tracker, found, *numbers))
                write(scale, made[0])
                write(tracker, made[1])
        self._states = defaultdict(_fresh)

    # ------------------------------------------------------------ reading and saving

    def get_scale(self) -> float:
        """The scale as a number; waits for it."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else self._scale.item()

    def _tracked(self) -> int:
        tracker = self._growth_tracker
        return self._init_growth_tracker if tracker is None else tracker.item()

    def get_growth_factor(self) -> float:
        """What the scale is multiplied by after many good steps."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Sets what the scale is multiplied by after many good steps."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by after a bad step."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Sets what the scale is multiplied by after a bad step."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """After how many good steps in a row the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Sets after how many good steps in a row the scale grows."""
        self._growth_interval = new_interval

    def is_enabled(self) -> bool:
        """Whether this scaler does anything."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """Scale, factors and tracker; empty if not enabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(), "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor, "growth_interval": self._growth_interval,
            "_growth_tracker": self._tracked(),
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes up what `state_dict` returned."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler."
            )
        self._init_scale = float(state_dict["scale"])
        self._init_growth_tracker = int(state_dict["_growth_tracker"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._scale = self._growth_tracker = None

    def __getstate__(self) -> dict[str, Any]:
        if self._states:
            raise AssertionError(
                "A GradScaler instance may only be pickled at the beginning of an iteration, or "
                "at the end after scaler.update()."
            )
        state = self.__dict__ | {"_scale": None, "_growth_tracker": None}
        return state | {"_init_scale": self.get_scale(), "_init_growth_tracker": self._tracked()}
