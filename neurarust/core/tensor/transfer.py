"""Moving a tensor to another device, with the gradient's way back."""

from __future__ import annotations

import jax

from .. import device as devices
from ..autograd.tape import Edge, Tracked, next_number
from ..engine.recording import state
from ..engine.value import Aval, Value, value_of
from .tensor import Tensor, wrap


def transfer(tensor: Tensor, device: devices.device) -> Tensor:
    """A copy of a tensor on another device; runs what the tensor depends on."""
    edge = tensor._current_edge()
    value = _moved(tensor._value(), device)
    if edge is None or not state.grad:
        return wrap(value, None)
    return wrap(value, (_Transfer(edge, tensor.device, value.aval), 0))


def _moved(value: Value, device: devices.device) -> Value:
    with jax.enable_x64(True):
        return value_of(jax.device_put(value.force(), device.jax()), device)


class _Transfer:
    """The tape entry of a transfer: its gradient goes to where the input was."""

    __slots__ = ("parents", "source", "aval", "number", "epoch", "hooks", "__weakref__")

    def __init__(self, edge: Edge, source: devices.device, aval: Aval):
        self.parents = (edge,)
        self.source = source
        self.aval = aval
        self.number = next_number()
        self.epoch = state.recording.number
        self.hooks = None

    def outputs(self) -> tuple[Aval, ...]:
        return (self.aval,)

    def name(self) -> str:
        return "ToCopyBackward0"

    def pull(self, cotangents: list[Tracked | None], create_graph: bool) -> list[Tracked]:
        # A node of one output is only visited when its gradient has arrived.
        value, edge = cotangents[0]  # type: ignore[misc]
        moved = transfer(wrap(value, edge if create_graph else None), self.source)
        return [(moved._storage.value, moved._edge)]

    def release(self) -> None:
        """Nothing is saved."""
