"""Recurrent networks: RNN, LSTM and GRU of several layers and directions, and their cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..core.ops import recurrent as functions
from ..core.ops.create import zeros
from ..core.ops.movement import cat, stack
from ..core.ops.random import dropout
from ..core.tensor.tensor import Tensor
from . import init
from .factory import not_a_tensor
from .module import Module
from .parameter import made
from .utils.rnn import PackedSequence

States = tuple[Tensor, ...]


class RNNBase(Module):
    """Layers and directions; subclasses say what one layer in one direction does.

    All weights start uniform in (-k, k), k = 1 / sqrt(hidden_size).
    """

    # Rows of the weights, in hidden sizes; how many states go from step to step.
    gates: int
    states = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        proj_size: int = 0, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        name = type(self).__name__
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                f"{name}: dropout should be a number in range [0, 1] representing the "
                f"probability of an element being zeroed, but got {dropout!r}"
            )
        for flag, setting in (
            ("bias", bias), ("batch_first", batch_first), ("bidirectional", bidirectional),
        ):  # fmt: skip
            if not isinstance(setting, bool):
                raise TypeError(f"{flag} should be of type bool, got: {type(setting).__name__}")
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "num_layers": num_layers}
        for what, size in sizes.items():
            if not isinstance(size, int):
                raise TypeError(f"{what} should be of type int, got: {type(size).__name__}")
            if size <= 0:
                raise ValueError(f"{name}: {what} must be greater than zero, but got {size}")
        if proj_size and (self.states != 2 or not 0 < proj_size < hidden_size):
            raise ValueError(
                f"{name}: proj_size is for LSTM only and has to be a positive integer, smaller "
                f"than hidden_size, but got {proj_size}"
            )
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        directions = 2 if bidirectional else 1
        rows, output = self.gates * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else output * directions
            for reverse in range(directions):
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width)}
                shapes["weight_hh"] = (rows, output)
                if bias:
                    shapes["bias_ih"] = shapes["bias_hh"] = (rows,)
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for kind, shape in shapes.items():
                    one = made(*shape, dtype=dtype, device=device)
                    self.register_parameter(f"{kind}_l{layer}{_SUFFIXES[reverse]}", one)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Does nothing: there is no cuDNN memory to arrange."""

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The weights of each layer and direction."""
        return [list(weights.values()) for weights in self._weights()]

    def _weights(self) -> Iterator[dict[str, Tensor]]:
        for layer in range(self.num_layers):
            for suffix in _SUFFIXES[: 2 if self.bidirectional else 1]:
                ends = f"_l{layer}{suffix}"
                kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
                found = ((kind, self._parameters.get(kind + ends)) for kind in kinds)
                yield {kind: one for kind, one in found if one is not None}

    def _layer(self, input: Tensor, states: States, weights: dict, reverse: bool) -> tuple:
        """One layer in one direction: (output, *last states)."""
        raise NotImplementedError

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        if not isinstance(input, Tensor):
            not_a_tensor(type(self).__name__, "input", input)
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 2D or 3D, got {input.ndim}D instead: "
                f"{list(input.shape)}"
            )
        if input.dtype is not self.weight_ih_l0.dtype:
            raise ValueError(
                f"{type(self).__name__}: input dtype ({input.dtype}) does not match weight dtype "
                f"({self.weight_ih_l0.dtype}). Convert input: input.to({self.weight_ih_l0.dtype}), "
                f"or convert model: model.to({input.dtype})"
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{type(self).__name__}: input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.shape[-1]} of input {list(input.shape)}"
            )
        single = input.ndim == 2
        batch_dim = 0 if self.batch_first and not single else 1
        # (time, batch, features)
        x = input.unsqueeze(1) if single else input.transpose(0, 1) if batch_dim == 0 else input
        first = self._first_states(hx, x, x.shape[1], single)
        x, last = self._stacked(x, first, self._layer)
        if single:
            return x.squeeze(1), self._given([one.squeeze(1) for one in last])
        return x.transpose(0, 1) if batch_dim == 0 else x, self._given(last)

    def _given(self, states: list[Tensor]) -> Any:
        """States as the user sees them: a tensor, or a tuple for LSTM."""
        return states[0] if self.states == 1 else tuple(states)

    def _first_states(self, hx: Any, x: Tensor, batch: int, single: bool) -> list[Tensor]:
        """The given states or zeros, each (layers * directions, batch, size)."""
        count = self.num_layers * (2 if self.bidirectional else 1)
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: self.states]
        if hx is None:
            return [zeros(count, batch, size, dtype=x.dtype, device=x.device) for size in sizes]
        given = [hx] if isinstance(hx, Tensor) else list(hx)
        if len(given) != self.states:
            raise RuntimeError(
                f"{type(self).__name__}: expected hx as "
                f"{'a tensor' if self.states == 1 else 'a tuple (h_0, c_0)'}, but got "
                f"{'a tensor' if isinstance(hx, Tensor) else f'{len(given)} tensors'}"
            )
        for one, size in zip(given, sizes, strict=True):
            wanted = (count, size) if single else (count, batch, size)
            if tuple(one.shape) != wanted:
                raise RuntimeError(
                    f"{type(self).__name__}: Expected hidden size {wanted}, got {list(one.shape)}"
                )
        return [one.unsqueeze(1) for one in given] if single else given

    def _stacked(self, x: Tensor, first: list[Tensor], run: Any) -> tuple[Tensor, list[Tensor]]:
        """All layers, one after the other; `run` does one layer in one direction."""
        directions = 2 if self.bidirectional else 1
        split = [one.unbind(0) for one in first]
        last: list[list[Tensor]] = [[] for _ in first]
        outputs: list[Tensor] = []
        for k, weights in enumerate(self._weights()):
            output, *ends = run(x, tuple(one[k] for one in split), weights, k % directions == 1)
            outputs.append(output)
            for kept, end in zip(last, ends, strict=True):
                kept.append(end)
            if len(outputs) == directions:
                x = outputs[0] if directions == 1 else cat(outputs, -1)
                outputs = []
                if self.dropout and k + 1 < len(split[0]):
                    x = dropout(x, self.dropout, self.training)
        return x, [stack(one) for one in last]

    # ------------------------------------------------------------ packed sequences

    def _packed(self, input: PackedSequence, hx: Any) -> tuple[PackedSequence, Any]:
        """Sequences of different lengths; each set of lengths is a program of its own."""
        sizes = input.batch_sizes.tolist()
        order, back = input.sorted_indices, input.unsorted_indices
        first = self._first_states(hx, input.data, sizes[0], False)
        if hx is not None and order is not None:
            first = [one.index_select(1, order) for one in first]

        def run(x: Tensor, states: States, weights: dict, reverse: bool) -> tuple:
            return self._packed_layer(x, sizes, states, weights, reverse)

        x, last = self._stacked(input.data, first, run)
        if back is not None:
            last = [one.index_select(1, back) for one in last]
        packed = PackedSequence(x, input.batch_sizes, order, back)
        return packed, self._given(last)

    def _packed_layer(
        self, x: Tensor, sizes: list[int], first: States, weights: dict, reverse: bool
    ) -> tuple:
        """One layer over packed rows, in pieces during which the batch keeps its size."""
        pieces = _pieces(sizes)
        outputs: list[Tensor] = []
        done: list[list[Tensor]] = [[] for _ in first]
        # Backwards, sequences join in as the batch grows; forwards, they end as it shrinks.
        states = tuple(one[:0] if reverse else one for one in first)
        for start, steps, batch in reversed(pieces) if reverse else pieces:
            now = states[0].shape[0]
            if reverse:
                states = tuple(
                    cat([one, new[now:batch]]) for one, new in zip(states, first, strict=True)
                )
            elif batch < now:
                for kept, one in zip(done, states, strict=True):
                    kept.insert(0, one[batch:])
                states = tuple(one[:batch] for one in states)
            rows = x[start : start + steps * batch].reshape(steps, batch, x.shape[-1])
            output, *ends = self._layer(rows, states, weights, reverse)
            states = tuple(ends)
            outputs.append(output.reshape(steps * batch, output.shape[-1]))
        last = [cat([one, *kept]) for one, kept in zip(states, done, strict=True)]
        return cat(outputs[::-1] if reverse else outputs), *last

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        for name, default in (
            ("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False),
            ("dropout", 0.0), ("bidirectional", False),
        ):  # fmt: skip
            if getattr(self, name) != default:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)


_SUFFIXES = ("", "_reverse")


def _pieces(sizes: list[int]) -> list[tuple[int, int, int]]:
    """(first row, steps, batch) of each run of steps with one batch size."""
    pieces: list[tuple[int, int, int]] = []
    row = 0
    for batch in sizes:
        if pieces and pieces[-1][2] == batch:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + 1, batch)
        else:
            pieces.append((row, 1, batch))
        row += batch
    return pieces


class RNN(RNNBase):
    """Elman network: `h = tanh(W_ih x + b_ih + W_hh h + b_hh)`.

    Args:
        nonlinearity: "tanh" or "relu".
        dropout: after each layer but the last, in training.

    Shape: input (T, N, input_size), or (N, T, ...) with batch_first, or without N; states
    (layers * directions, N, hidden_size).
    """

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1,
        nonlinearity: str = "tanh", bias: bool = True, batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device=device, dtype=dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    def _layer(self, input: Tensor, states: States, weights: dict, reverse: bool) -> tuple:
        biases = weights.get("bias_ih"), weights.get("bias_hh")
        return functions.rnn_layer(
            input, *states, weights["weight_ih"], weights["weight_hh"], *biases,
            self.nonlinearity, reverse,
        )  # fmt: skip


class LSTM(RNNBase):
    """Long short-term memory: `c = f c + i g`, `h = o tanh(c)`, gates i, f, g, o.

    Args:
        proj_size: h is projected to this size.
        dropout: after each layer but the last, in training.

    Shape: as RNN; two states (h, c).

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997.
    """

    gates, states = 4, 2

    def _layer(self, input: Tensor, states: States, weights: dict, reverse: bool) -> tuple:
        biases = weights.get("bias_ih"), weights.get("bias_hh")
        return functions.lstm_layer(
            input, *states, weights["weight_ih"], weights["weight_hh"], *biases,
            weights.get("weight_hr"), reverse,
        )  # fmt: skip


class GRU(RNNBase):
    """Gated recurrent unit: `h = (1 - z) n + z h`, gates r, z, n.

    Shape: as RNN. Source: Cho et al., "Learning phrase representations using RNN
    encoder-decoder", EMNLP 2014.
    """

    gates = 3

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device=device, dtype=dtype,
        )  # fmt: skip

    def _layer(self, input: Tensor, states: States, weights: dict, reverse: bool) -> tuple:
        biases = weights.get("bias_ih"), weights.get("bias_hh")
        return functions.gru_layer(
            input, *states, weights["weight_ih"], weights["weight_hh"], *biases, reverse
        )


class RNNCellBase(Module):
    """One step of one layer."""

    gates: int

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = self.gates * hidden_size
        self.weight_ih = made(rows, input_size, dtype=dtype, device=device)
        self.weight_hh = made(rows, hidden_size, dtype=dtype, device=device)
        for name in ("bias_ih", "bias_hh"):
            one = made(rows, dtype=dtype, device=device) if bias else None
            self.register_parameter(name, one)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _state(self, input: Tensor, hx: Tensor | None, name: str = "hx") -> Tensor:
        if not isinstance(input, Tensor):
            not_a_tensor(type(self).__name__, "input", input)
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 1D or 2D, got {input.ndim}D instead"
            )
        if hx is None:
            shape = (*input.shape[:-1], self.hidden_size)
            return zeros(shape, dtype=input.dtype, device=input.device)
        if hx.ndim not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected {name} to be 1D or 2D, got {hx.ndim}D instead"
            )
        return hx

    def _tensors(self) -> tuple:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """One step of an RNN. Shape: (N, input_size) and (N, hidden_size), or without N."""

    gates = 1

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh",
        device: Any = None, dtype: Any = None,
    ):  # fmt: skip
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        tanh = self.nonlinearity == "tanh"
        cell = functions.rnn_tanh_cell if tanh else functions.rnn_relu_cell
        return cell(input, self._state(input, hx), *self._tensors())

    def extra_repr(self) -> str:
        shown = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + shown


class LSTMCell(RNNCellBase):
    """One step of an LSTM; states (h, c). Shape: as RNNCell."""

    gates = 4

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple:
        h, c = (None, None) if hx is None else hx
        states = [self._state(input, h, "hx[0]"), self._state(input, c, "hx[1]")]
        return tuple(functions.lstm_cell(input, states, *self._tensors()))


class GRUCell(RNNCellBase):
    """One step of a GRU. Shape: as RNNCell."""

    gates = 3

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return functions.gru_cell(input, self._state(input, hx), *self._tensors())
