"""Writes of what is computed from the array that is written."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import neurarust as nr
from neurarust.core.engine import overlaps

SOURCE = np.arange(1, 17)
# Forms in which XLA sees the array that is written.
FORMS = {
    "reshaped": lambda a: (a * 2).reshape(4, 4),
    "reshaped before": lambda a: (a * 2).reshape(4, 4) + 1,
    "part of a reshaped one": lambda a: jnp.concatenate([a, a]).reshape(8, 4)[3:7] * 2,
    "an input": lambda a: a.reshape(4, 4),
    "squeezed": lambda a: (a * 2).reshape(1, 4, 1, 4).squeeze((0, 2)),
    "a product": lambda a: jnp.einsum("abc,cd->abd", a.reshape(2, 2, 4), jnp.ones((4, 4), a.dtype))[
        1
    ].repeat(2, 0),
    "written before": lambda a: (a * 2).reshape(4, 4).at[2].set(a[:4]),
}
READS = {
    "rows": lambda x: x[:-1],
    "flat": lambda x: x.reshape(-1)[2:14].reshape(3, 4),
    "backwards": lambda x: x[::-1][1:],
    "shifted sums": lambda x: x[:-1] + x[1:],
}
WRITES = {
    "slice": lambda x, part: lax.dynamic_update_slice(x, part, (1, 0)[: x.ndim]),
    "set": lambda x, part: x.at[1:].set(part),
    "add": lambda x, part: x.at[1:].add(part),
    "min": lambda x, part: x.at[1:].min(part),
}


def compiled(function, *given):
    """What a function gives as a program is compiled for CPU, and whether it was changed."""
    traced = jax.jit(function).trace(*given)
    closed = overlaps.apart(traced.jaxpr)
    run = jax.jit(overlaps._inlined(closed)).lower(*given).compile()
    return np.asarray(run(*given)[0]), closed is not traced.jaxpr


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("form", FORMS)
def test_a_part_that_is_read_while_it_is_written(form, write):
    for read in READS.values():
        for dtype in (np.float32, np.int32):

            def program(a, read=read):
                x = FORMS[form](a)
                return WRITES[write](x, read(x))

            given = SOURCE.astype(dtype)
            found, changed = compiled(program, given)
            with jax.disable_jit():
                wanted = np.asarray(program(jnp.asarray(given)))
            np.testing.assert_array_equal(found, wanted)
            assert found.dtype == dtype and changed


def looped(a):
    def step(_, carried):
        x = carried.reshape(4, 4)
        return lax.dynamic_update_slice(x, x[:-1], (1, 0)).reshape(-1) + 1

    return lax.fori_loop(0, 3, step, a)


def scanned(a):
    def step(carried, _):
        x = carried.reshape(4, 4)
        return x.at[1:].set(x[:-1]).reshape(-1) + 1, None

    return lax.scan(step, a, None, length=3)[0]


def branched(a):
    def shifted(a):
        x = a.reshape(4, 4)
        return x.at[1:].set(x[:-1]).reshape(-1)

    return lax.cond(a[0] > 0, shifted, lambda a: a, a)


@pytest.mark.parametrize("program", [looped, scanned, branched])
def test_loops_and_branches(program):
    found, changed = compiled(program, SOURCE.astype(np.float32))
    with jax.disable_jit():
        np.testing.assert_array_equal(found, program(jnp.asarray(SOURCE, jnp.float32)))
    assert changed


@pytest.mark.parametrize(
    "program",
    [
        lambda a, b: WRITES["slice"](a * 2, (a * 2)[:-1] + b[:-1]),
        lambda a, b: WRITES["add"](WRITES["set"](a, a[:-1]) + b, a[1:]),
        lambda a, b: lax.fori_loop(0, 3, lambda _, x: x.at[1:].set(x[:-1]) + 1, a),
        lambda a, b: jnp.zeros(16).at[0].set(a[0]).at[1:].set(b[1:]),
        lambda a, b: a.reshape(4, 4).at[1:].set(b[:12].reshape(3, 4)),
        lambda a, b: lax.dynamic_update_slice(a.reshape(4, 4), b.reshape(4, 4)[:1], (2, 0)),
        lambda a, b: a.reshape(4, 4).at[jnp.array([0, 1])].set(a.reshape(4, 4)[2:]),
        lambda a, b: a + b,
    ],
)
def test_other_programs_stay_as_they_are(program):
    """Those of arrays as they lie, of something else, or at several indices."""
    given = np.arange(16, dtype=np.float32), np.arange(16, dtype=np.float32) ** 2
    found, changed = compiled(program, *given)
    assert not changed
    np.testing.assert_array_equal(found, program(*map(jnp.asarray, given)))


def test_rows_moved_down():
    y = nr.arange(16.0).view(4, 4)
    y[1:] = y[:-1].clone()
    assert y[:, 0].tolist() == [0, 0, 4, 8]
    x = nr.zeros(4, 4)
    x.view(16)[:] = nr.arange(16.0)
    x[2:] = x[:-2] + 0
    assert x[:, 0].tolist() == [0, 4, 0, 4]


def test_gradients_of_rows_moved_down():
    """The first row is there twice, the second once, the last one is gone."""
    x = nr.arange(12.0).requires_grad_()
    y = (x * 2).view(3, 4)
    y[1:] = y[:-1].clone()
    y.sum().backward()
    assert x.grad.tolist() == [4.0] * 4 + [2.0] * 4 + [0.0] * 4
