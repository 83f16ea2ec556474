"""Recurrent layers, one direction each, and single cells.

A layer is one op: the inputs of all steps meet their weights in one product before the scan.
The gradient is written by hand: the backward scan holds only what depends on the step before,
with the gates' derivatives computed outside it for all steps, and the recurrent weights get
their gradient from one product after it. (LSTM, 2 layers of 128, 50 steps, batch 32, forward
and backward on 2 cores: 17 ms; by differentiating the scan 60 on busy ones. States with the
batch last are slower, by a fifth.) Gradients of gradients work; forward-mode derivatives of a
layer do not.

Shape, everywhere: input (T, N, features), states (N, hidden), w_ih (gates hidden, features),
w_hh (gates hidden, hidden), biases (gates hidden).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from ..define import op
from ..errors import fail
from ..op import Array, Arrays
from .contraction import transposed_product


def _check(operation, input, hidden, w_ih, w_hh, gates, rank, projected=None):
    """Checks a layer's or cell's shapes against its weights."""
    size = w_hh.shape[0] // gates
    state = size if projected is None else projected
    if input.ndim != rank or input.shape[-1] != w_ih.shape[1]:
        fail(
            operation,
            got=f"input {list(input.shape)} and w_ih {list(w_ih.shape)}",
            expected=f"a {rank}-D input of {w_ih.shape[1]} features",
        )
    if w_ih.shape[0] != gates * size or w_hh.shape != (gates * size, state):
        fail(
            operation,
            got=f"w_ih {list(w_ih.shape)} and w_hh {list(w_hh.shape)}",
            expected=f"{gates} x hidden rows in both, and hidden columns in w_hh",
        )
    wanted = (*input.shape[rank - 2 : -1], state)
    if hidden.shape != wanted:
        fail(operation, got=f"hidden state {list(hidden.shape)}", expected=f"{list(wanted)}")


def _project(x: Array, weight: Array, *biases: Array | None) -> Array:
    y = x @ weight.T
    for bias in biases:
        if bias is not None:
            y = y + bias
    return y


def _before(first: Array, states: Array, reverse: bool) -> Array:
    """The state that each step started from."""
    if reverse:
        return jnp.concatenate([states[1:], first[None]])
    return jnp.concatenate([first[None], states[:-1]])


def _last(states: Array, reverse: bool) -> Array:
    return states[0] if reverse else states[-1]


def _outer(gradients: Array, states: Array) -> Array:
    """Sum over steps and batch of gradient x state: a recurrent weight's gradient."""
    rows = gradients.reshape(-1, gradients.shape[-1])
    return transposed_product(rows, states.reshape(-1, states.shape[-1]))


def _turned(weight: Array) -> Array:
    """The transposed weight, in memory: a step's product takes half the time then."""
    return lax.optimization_barrier(weight.T)


# ----------------------------------------------------------------------------------- RNN

_NONLINEARITIES = {"tanh": jnp.tanh, "relu": jax.nn.relu}


def _rnn_states(
    projected: Array, h0: Array, w_hh: Array, nonlinearity: str, reverse: bool
) -> Array:
    function, weight = _NONLINEARITIES[nonlinearity], _turned(w_hh)

    def step(h, x):
        h = function(x + h @ weight)
        return h, h

    return lax.scan(step, h0, projected, reverse=reverse)[1]


def _rnn_forward(projected, h0, w_hh, nonlinearity, reverse):
    states = _rnn_states(projected, h0, w_hh, nonlinearity, reverse)
    return states, (states, h0, w_hh)


def _rnn_backward(nonlinearity, reverse, residuals, dstates):
    states, h0, w_hh = residuals
    slope = 1 - states * states if nonlinearity == "tanh" else (states > 0).astype(states.dtype)

    def step(dh, of_step):
        dstate, slope = of_step
        dz = (dh + dstate) * slope
        return dz @ w_hh, dz

    dh0, dz = lax.scan(step, jnp.zeros_like(h0), (dstates, slope), reverse=not reverse)
    return dz, dh0, _outer(dz, _before(h0, states, reverse))


_rnn = jax.custom_vjp(_rnn_states, nondiff_argnums=(3, 4))
_rnn.defvjp(_rnn_forward, _rnn_backward)


@op(namespace=(), method=False, residuals=True)
def rnn_layer(
    input: Array,
    h0: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    nonlinearity: str = "tanh",
    reverse: bool = False,
):
    """`h = tanh(w_ih x + b_ih + w_hh h + b_hh)` over all steps; (output, last h)."""
    _check("rnn", input, h0, w_ih, w_hh, 1, 3)
    if nonlinearity not in _NONLINEARITIES:
        fail(
            "rnn",
            got=f"nonlinearity={nonlinearity!r}",
            expected="'tanh' or 'relu'",
            kind=ValueError,
        )
    projected = _project(input, w_ih, b_ih, b_hh)
    states = _rnn(projected, h0, w_hh, nonlinearity, reverse)
    return states, _last(states, reverse)


# ---------------------------------------------------------------------------------- LSTM


def _lstm_gates(z: Array, c: Array):
    """The next cell state, and the gates i, f, g and o in one array.

    As sigmoid(z) is (1 + tanh(z / 2)) / 2, all gates are one tanh. Kept apart from what uses them
    they are computed once: a step of 128 states took 59 us beside its product, and takes 12.
    """
    half, whole = jnp.full(c.shape[-1], 0.5, c.dtype), jnp.ones(c.shape[-1], c.dtype)
    scale = jnp.concatenate([half, half, whole, half])
    gates = lax.optimization_barrier(jnp.tanh(z * scale) * scale + (1 - scale))
    i, f, g, o = jnp.split(gates, 4, -1)
    return lax.optimization_barrier(f * c + i * g), gates, o


def _lstm_scan(projected, h0, c0, w_hh, reverse):
    weight = _turned(w_hh)

    def step(state, x):
        h, c = state
        c, gates, o = _lstm_gates(x + h @ weight, c)
        h = o * jnp.tanh(c)
        return (h, c), (h, c, gates)

    return lax.scan(step, (h0, c0), projected, reverse=reverse)[1]


def _lstm_states(
    projected: Array, h0: Array, c0: Array, w_hh: Array, reverse: bool
) -> tuple[Array, Array]:
    states, cells, _ = _lstm_scan(projected, h0, c0, w_hh, reverse)
    return states, _last(cells, reverse)


def _lstm_forward(projected, h0, c0, w_hh, reverse):
    states, cells, gates = _lstm_scan(projected, h0, c0, w_hh, reverse)
    return (states, _last(cells, reverse)), (states, cells, gates, h0, c0, w_hh)


def _lstm_backward(reverse, residuals, cotangents):
    states, cells, gates, h0, c0, w_hh = residuals
    dstates, dc_last = cotangents
    apart = lax.optimization_barrier
    i, f, g, o = jnp.split(gates, 4, -1)
    squashed = jnp.tanh(cells)
    before = _before(c0, cells, reverse)
    # What the inputs of i, f and g do to the cell state, and that of o to h.
    effect = [g * i * (1 - i), before * f * (1 - f), i * (1 - g * g), squashed * o * (1 - o)]
    cell_to_state = o * (1 - squashed * squashed)

    def step(carry, of_step):
        dh, dc = carry
        dstate, effect, cell_to_state, f = of_step
        dh = apart(dh + dstate)
        dc = apart(dc + dh * cell_to_state)
        dz = apart(effect * apart(jnp.concatenate([dc, dc, dc, dh], -1)))
        return (dz @ w_hh, dc * f), dz

    per_step = (dstates, jnp.concatenate(effect, -1), cell_to_state, f)
    carry = (jnp.zeros_like(h0), dc_last)
    (dh0, dc0), dz = lax.scan(step, carry, per_step, reverse=not reverse)
    return dz, dh0, dc0, _outer(dz, _before(h0, states, reverse))


_lstm = jax.custom_vjp(_lstm_states, nondiff_argnums=(4,))
_lstm.defvjp(_lstm_forward, _lstm_backward)


@op(namespace=(), method=False, residuals=True)
def lstm_layer(
    input: Array,
    h0: Array,
    c0: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    w_hr: Array | None = None,
    reverse: bool = False,
):
    """LSTM over all steps: `c = f c + i g`, `h = o tanh(c)`; (output, last h, last c).

    Args:
        w_hr: (projection, hidden), a projection of h at each step.

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; with forget gates.
    """
    width = None if w_hr is None else w_hr.shape[0]
    _check("lstm", input, h0, w_ih, w_hh, 4, 3, width)
    if c0.shape != (input.shape[1], w_hh.shape[0] // 4):
        fail(
            "lstm",
            got=f"cell state {list(c0.shape)}",
            expected=f"[{input.shape[1]}, {w_hh.shape[0] // 4}]",
        )
    projected = _project(input, w_ih, b_ih, b_hh)
    if w_hr is None:
        states, c = _lstm(projected, h0, c0, w_hh, reverse)
        return states, _last(states, reverse), c

    def step(state, x):
        h, c = state
        c, _, o = _lstm_gates(x + h @ w_hh.T, c)
        h = (o * jnp.tanh(c)) @ w_hr.T
        return (h, c), h

    (h, c), states = lax.scan(step, (h0, c0), projected, reverse=reverse)
    return states, h, c


# ----------------------------------------------------------------------------------- GRU


def _gru_gates(x: Array, recurrent: Array, h: Array):
    """The next state, and (r, z) in one array, n and the recurrent part of n.

    As in the LSTM, gates are computed once, and their sigmoid by a tanh.
    """
    size = h.shape[-1]
    x_n, h_n = x[..., 2 * size :], recurrent[..., 2 * size :]
    gates = jnp.tanh((x + recurrent)[..., : 2 * size] * 0.5) * 0.5 + 0.5
    gates = lax.optimization_barrier(gates)
    r, z = jnp.split(gates, 2, -1)
    n = lax.optimization_barrier(jnp.tanh(x_n + r * h_n))
    return n + z * (h - n), (gates, n, h_n)


def _gru_scan(projected, h0, w_hh, b_hh, reverse):
    weight = _turned(w_hh)

    def step(h, x):
        recurrent = lax.optimization_barrier(h @ weight + b_hh)
        h, parts = _gru_gates(x, recurrent, h)
        return h, (h, parts)

    return lax.scan(step, h0, projected, reverse=reverse)[1]


def _gru_states(projected: Array, h0: Array, w_hh: Array, b_hh: Array, reverse: bool) -> Array:
    return _gru_scan(projected, h0, w_hh, b_hh, reverse)[0]


def _gru_forward(projected, h0, w_hh, b_hh, reverse):
    states, parts = _gru_scan(projected, h0, w_hh, b_hh, reverse)
    return states, (states, parts, h0, w_hh)


def _gru_backward(reverse, residuals, dstates):
    states, parts, h0, w_hh = residuals
    gates, n, h_n = parts
    r, z = jnp.split(gates, 2, -1)
    before = _before(h0, states, reverse)
    # What each gate's input does to the next state.
    by_n = (1 - z) * (1 - n * n)
    by_r = by_n * h_n * r * (1 - r)
    by_z = (before - n) * z * (1 - z)
    recurrent = jnp.concatenate([by_r, by_z, by_n * r], -1)

    def step(dh, of_step):
        dstate, recurrent, z = of_step
        dh = lax.optimization_barrier(dh + dstate)
        tiled = lax.optimization_barrier(jnp.concatenate([dh, dh, dh], -1))
        return dh * z + lax.optimization_barrier(recurrent * tiled) @ w_hh, dh

    per_step = (dstates, recurrent, z)
    dh0, dh = lax.scan(step, jnp.zeros_like(h0), per_step, reverse=not reverse)
    drecurrent = recurrent * jnp.tile(dh, 3)
    dprojected = jnp.concatenate([by_r, by_z, by_n], -1) * jnp.tile(dh, 3)
    return dprojected, dh0, _outer(drecurrent, before), jnp.sum(drecurrent, (0, 1))


_gru = jax.custom_vjp(_gru_states, nondiff_argnums=(4,))
_gru.defvjp(_gru_forward, _gru_backward)


@op(namespace=(), method=False, residuals=True)
def gru_layer(
    input: Array,
    h0: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
    reverse: bool = False,
):
    """GRU over all steps: `h = (1 - z) n + z h`, the reset gate after the recurrent product.

    Gives (output, last h). Source: Cho et al., "Learning phrase representations using RNN
    encoder-decoder", EMNLP 2014.
    """
    _check("gru", input, h0, w_ih, w_hh, 3, 3)
    b_hh = jnp.zeros(w_hh.shape[0], w_hh.dtype) if b_hh is None else b_hh
    states = _gru(_project(input, w_ih, b_ih), h0, w_hh, b_hh, reverse)
    return states, _last(states, reverse)


# --------------------------------------------------------------------------------- cells
# Shape: input (N, features) or (features), states likewise.


def _parts(
    operation: str, gates: int, input: Array, h: Array, w_ih: Array, w_hh: Array,
    b_ih: Array | None, b_hh: Array | None,
) -> tuple[Array, Array]:  # fmt: skip
    """What a cell's input and its state add to the gates."""
    _check(operation, input, h, w_ih, w_hh, gates, input.ndim)
    return _project(input, w_ih, b_ih), _project(h, w_hh, b_hh)


@op(method=False)
def rnn_tanh_cell(
    input: Array,
    hx: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
):
    """`tanh(w_ih x + b_ih + w_hh h + b_hh)`"""
    x, recurrent = _parts("rnn_tanh_cell", 1, input, hx, w_ih, w_hh, b_ih, b_hh)
    return jnp.tanh(x + recurrent)


@op(method=False)
def rnn_relu_cell(
    input: Array,
    hx: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
):
    """`relu(w_ih x + b_ih + w_hh h + b_hh)`"""
    x, recurrent = _parts("rnn_relu_cell", 1, input, hx, w_ih, w_hh, b_ih, b_hh)
    return jax.nn.relu(x + recurrent)


@op(method=False)
def lstm_cell(
    input: Array,
    hx: Arrays,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
):
    """One LSTM step from the states hx = (h, c) to the next (h, c)."""
    h, c = hx
    x, recurrent = _parts("lstm_cell", 4, input, h, w_ih, w_hh, b_ih, b_hh)
    c, _, o = _lstm_gates(x + recurrent, c)
    return o * jnp.tanh(c), c


@op(method=False)
def gru_cell(
    input: Array,
    hx: Array,
    w_ih: Array,
    w_hh: Array,
    b_ih: Array | None = None,
    b_hh: Array | None = None,
):
    """One GRU step from the state hx to the next."""
    x, recurrent = _parts("gru_cell", 3, input, hx, w_ih, w_hh, b_ih, b_hh)
    return _gru_gates(x, recurrent, hx)[0]
