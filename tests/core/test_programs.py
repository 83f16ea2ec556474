"""Random imperative programs against NumPy: values, and gradients by finite differences.

NumPy's views share memory as ours do, so that one program runs on both. The large set, against
PyTorch, is in `tests/differential`.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import neurarust as nr

SHAPE = (3, 4)
LARGEST = 40


def relu(library: Any, x: Any) -> Any:
    return library.where(x > 0, x, x * 0)


def assign(index: Any, value: Any):
    def run(_: Any, x: Any) -> None:
        x[index] = value(x)

    return run


def change(function: Any):
    def run(_: Any, x: Any) -> None:
        function(x)

    return run


def scaled(x: Any) -> None:
    x *= 0.5


def shifted(x: Any) -> None:
    x += x[..., :1] * 0.25


# (library, array or tensor) -> a new one, or None if it was changed in place.
VIEWS = {
    "transpose": lambda _, x: x.T,
    "rows": lambda _, x: x[1:],
    "column": lambda _, x: x[..., 0],
    "steps": lambda _, x: x[..., ::2],
    "last": lambda _, x: x[-1, ...],
    "new axis": lambda _, x: x[None],
}
RESULTS = {
    "double": lambda _, x: x * 2 - 0.5,
    "square": lambda _, x: x * x / 4,
    "sine": lambda library, x: library.sin(x),
    "tanh": lambda library, x: library.tanh(x),
    "relu": relu,
    "sum": lambda _, x: x.sum(0),
    "mean": lambda _, x: x.mean(),
    "product": lambda _, x: x @ x.T / 8,
    "stacked": lambda library, x: library.stack([x, x * 3]),
    "picked": lambda _, x: x[[0, -1, 0]],
    "masked": lambda _, x: x[x > 0.1] * 2,
    "branch": lambda _, x: x + 1 if float(x.sum()) > 0 else x * 1.5,
    "broadcast": lambda library, x: x[..., None] * library.asarray([1.0, -2.0]),
}
WRITES = {
    "scale": change(scaled),
    "shift": change(shifted),
    "first": assign(0, lambda x: x[-1] * 0.5 + 1),
    "every other": assign((..., slice(None, None, 2)), lambda x: 0.75),
    "part of a transpose": change(lambda x: scaled(x.T[0:1])),
    "clip": change(lambda x: x.__setitem__(x > 1, 0.5)),
}
TABLES = [VIEWS, RESULTS, WRITES, WRITES]


def run(library: Any, leaf: Any, seed: int, look: bool = False) -> tuple[list, Any]:
    """The pool that the program of a seed makes from a leaf, and the sum of its squares."""
    draw = random.Random(seed)
    pool = [leaf * 1.0, leaf[0] * 1.5]
    for step in range(draw.randint(4, 10)):
        draw.seed(100 * seed + step)
        table = draw.choice(TABLES)
        name = draw.choice(sorted(table))
        x = draw.choice(pool)
        if x.ndim:
            made = table[name](library, x)
            if made is not None and np.prod(made.shape) <= LARGEST:
                pool.append(made)
        if look:
            np.array(pool[-1].detach())
    total = sum((one * one).sum() for one in pool)
    return pool, total


def loss(array: np.ndarray, seed: int) -> float:
    # NumPy gives scalars where a tensor of no dimension stays a tensor; programs skip both.
    return float(run(np, array, seed)[1])


def eager(program):
    with nr.eager_mode():
        return program()


@pytest.mark.parametrize("seed", range(30))
def test_values_and_gradients(seed):
    array = np.random.default_rng(seed).standard_normal(SHAPE)
    expected, total = run(np, array, seed)
    leaf = nr.tensor(array, requires_grad=True)
    # Most run op by op, where programs share what is compiled.
    if seed % 5:
        pool, value = eager(lambda: run(nr, leaf, seed, look=seed % 5 == 1))
        eager(value.backward)
    else:
        pool, value = run(nr, leaf, seed)
        value.backward()
    assert len(pool) == len(expected)
    for mine, other in zip(pool, expected, strict=True):
        np.testing.assert_allclose(mine.detach().numpy(), other, rtol=1e-9, atol=1e-12)
    assert value.item() == pytest.approx(float(total), rel=1e-9)
    numeric = np.zeros(SHAPE)
    for place in np.ndindex(SHAPE):
        step = np.zeros(SHAPE)
        step[place] = 1e-6
        numeric[place] = (loss(array + step, seed) - loss(array - step, seed)) / 2e-6
    np.testing.assert_allclose(leaf.grad.numpy(), numeric, rtol=1e-5, atol=1e-5)
