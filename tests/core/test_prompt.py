"""Small programs run on the thread that calls them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr
from neurarust.core import device as devices
from neurarust.core import native
from neurarust.core.engine import compiling, layout, program, prompt
from neurarust.core.ops import threefry

# From so many counted operations on, XLA hands a program over to another thread.
HANDED_OVER = 1000


def chain(x, y, times=60):
    for _ in range(times):
        x = x * 0.99 + y
    return x


def several(x, y):
    """Results from early and late pieces, an input, a number, and other types."""
    early = x - y
    whole = chain(x, y)
    place = jnp.argmax(whole)
    return early, x, 3.0, place, whole > early, jax.lax.bitcast_convert_type(whole, jnp.uint32)


def repeated(x, y):
    """The same again is not computed again, so that its last bits are the same."""
    return chain(jnp.sin(x), y, 33), chain(jnp.sin(x), y, 33)


def with_loop(x, y):
    x = jax.lax.fori_loop(0, 3, lambda _, x: x * 0.5 + y, x)
    return jax.lax.cond(x[0] > 0, lambda x: chain(x, y, 9)[:4], lambda x: x[4:8], chain(x, y))


def with_keys(x, y):
    words = chain(x, y)[:2].astype(jnp.uint32)
    for _ in range(10):
        key = threefry.keys(words)
        words = jax.random.bits(key, (2,), np.uint32)
    return x + words[0].astype(jnp.float32)


def with_calls(x, y):
    return jax.nn.softmax(jax.jit(chain)(jax.nn.relu(x), y)), jnp.linalg.norm(chain(y, x))


def cast(x, y):
    """Weak types: of Python numbers alone."""
    half = jnp.exp(x).astype(jnp.float16)
    return chain(half, y.astype(jnp.float16)), jnp.where(x > 0, 1, 2) * 2, chain(x, 1.0)


@pytest.mark.parametrize(
    "function", [chain, several, repeated, with_loop, with_keys, with_calls, cast]
)
def test_pieces_compute_what_the_whole_does(function):
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((2, 16)).astype(np.float32)
    with jax.enable_x64(True):
        closed = jax.make_jaxpr(function)(x, y)
        assert prompt.is_small(closed.jaxpr)
        flat = layout.with_kernels(closed, small=True)
        pieces = prompt.in_pieces(jax.make_jaxpr(flat)(x, y))
        assert pieces is not None
        compiled = jax.jit(pieces).lower(x, y).compile()
        assert compiled.cost_analysis()["flops"] < HANDED_OVER
        got, expected = compiled(x, y), jax.tree.leaves(jax.jit(function)(x, y))
    assert len(got) == len(expected)
    if function is repeated:
        np.testing.assert_array_equal(*got)
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=2e-3 if one.dtype == np.float16 else 1e-5)


def test_the_last_bits_do_not_depend_on_where_pieces_end():
    def normalized(x):
        x = (x - x.mean()) / jnp.sqrt(x.var() + 1e-5)
        for k in range(15):
            x = x * 0.9 + jnp.sin(x) * k
        return x, (x * x).sum(), jnp.sqrt(x / jnp.linalg.norm(x)).sum()

    x = np.random.default_rng(0).standard_normal(16).astype(np.float32)
    copies = [x.copy() for _ in range(5)]
    closed = jax.make_jaxpr(lambda *copies: [*map(normalized, copies)])(*copies)
    pieces = prompt.in_pieces(jax.make_jaxpr(layout.with_kernels(closed, small=True))(*copies))
    assert pieces is not None
    results = jax.jit(pieces)(*copies)
    for one, other in zip(results[3:], results, strict=False):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("function", "size"),
    [
        (lambda x, y: x + y, 16),  # XLA runs it at once
        (chain, 2000),  # large results
        (lambda x, y: x[:, None] @ y[None, :] @ x, 100),  # likewise
        (lambda x, y: [chain(x, y) for _ in range(8)], 16),  # many operations
    ],
)
def test_others_stay_as_they_are(function, size):
    x = np.ones(size, np.float32)
    assert not prompt.is_small(jax.make_jaxpr(function)(x, x).jaxpr)


@pytest.mark.parametrize("bound", [1_000, None])
def test_loops_of_many_steps_stay_as_they_are(bound):
    """XLA counts one step: Python would wait for all of them."""

    def function(x, steps):
        steps = steps if bound is None else bound
        return jax.lax.fori_loop(0, steps, lambda _, x: chain(x, x), x)

    assert not prompt.is_small(jax.make_jaxpr(function)(np.ones(16, np.float32), 7).jaxpr)


def test_an_effect_keeps_a_program_whole():
    def function(x):
        jax.debug.print("{}", x[0])
        return chain(x, x)

    assert not prompt.is_small(jax.make_jaxpr(function)(np.ones(16, np.float32)).jaxpr)


def test_an_operation_that_is_too_large_for_a_piece():
    closed = jax.make_jaxpr(lambda x, y: jnp.sort(jnp.outer(x, y).ravel()))(*np.ones((2, 16)))
    assert prompt.is_small(closed.jaxpr)
    assert (
        prompt.in_pieces(jax.make_jaxpr(layout.with_kernels(closed, small=True))(*np.ones((2, 16))))
        is None
    )


@pytest.mark.skipif(not native.available(), reason="no C compiler")
@pytest.mark.parametrize(("columns", "in_pieces"), [(64, True), (256, False)])
def test_products_stay_the_kernels_whether_it_is_cut_or_not(columns, in_pieces):
    """(The largest of 256 is an operation too large for a piece.)"""

    def function(x, weight):
        return [jnp.argmax(chain(x @ weight, 1.0, 5))]

    x, weight = np.ones(512, np.float32), np.eye(512, columns, dtype=np.float32)
    with jax.enable_x64(True):
        traced = jax.jit(function).trace(x, weight)
        assert prompt.is_small(traced.jaxpr.jaxpr)
        lowered, made = compiling.compiled(traced, (x, weight), (), devices.CPU, False)
        (place,) = made(x, weight)
    assert ("while" in lowered.as_text()) == in_pieces
    assert "neurarust_product" in lowered.as_text() and int(place) == 0


@pytest.mark.parametrize("jitted", [False, True])
def test_a_loop_of_small_operations(jitted):
    function = nr.jit(chain) if jitted else chain
    x = nr.linspace(-1, 1, 16)
    for _ in range(3):
        function(x, x)
    nr.synchronize()
    program.clear()
    result = function(x, x)
    np.testing.assert_allclose(
        result.numpy(), chain(np.linspace(-1, 1, 16), np.linspace(-1, 1, 16)), rtol=1e-5
    )
    (only,) = program.state.programs.values()
    assert only.function.cost_analysis()["flops"] < HANDED_OVER


@pytest.mark.skipif(not native.available(), reason="no C compiler")
@pytest.mark.parametrize("shape", [(6,), (1, 6), (8, 6), (2, 3, 6)])
def test_a_small_network_and_its_gradient(shape):
    model = nr.nn.Sequential(
        nr.nn.Linear(6, 48), nr.nn.Tanh(), nr.nn.Linear(48, 40), nr.nn.ReLU(), nr.nn.Linear(40, 3)
    )
    arrays = [one.detach().numpy() for one in model.parameters()]
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)

    def reference(arrays, x):
        first, a, second, b, third, c = arrays
        x = jax.nn.relu(jnp.tanh(x @ first.T + a) @ second.T + b)
        return x @ third.T + c

    given = nr.from_numpy(x)
    nr.synchronize()
    program.clear()
    result = model(given)
    np.testing.assert_allclose(result.detach().numpy(), reference(arrays, x), rtol=1e-4, atol=1e-6)
    (only,) = program.state.programs.values()
    assert only.function.cost_analysis()["flops"] < HANDED_OVER
    model(given).square().sum().backward()
    expected = jax.grad(lambda arrays: (reference(arrays, x) ** 2).sum())(arrays)
    for one, other in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(one.grad.numpy(), other, rtol=1e-4, atol=1e-5)
