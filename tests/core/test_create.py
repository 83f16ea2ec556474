"""Tensors from nothing and from other arrays: dtypes, keywords and errors."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr

FACTORIES = {
    "zeros": lambda **k: nr.zeros(2, 3, **k),
    "ones": lambda **k: nr.ones((2, 3), **k),
    "empty": lambda **k: nr.empty(2, 3, **k),
    "full": lambda **k: nr.full((2, 3), 1.5, **k),
    "arange": lambda **k: nr.arange(3, **k),
    "linspace": lambda **k: nr.linspace(0, 1, 3, **k),
    "eye": lambda **k: nr.eye(3, **k),
    "zeros_like": lambda **k: nr.zeros_like(nr.ones(2), **k),
    "ones_like": lambda **k: nr.ones_like(nr.ones(2), **k),
    "empty_like": lambda **k: nr.empty_like(nr.ones(2), **k),
    "full_like": lambda **k: nr.full_like(nr.ones(2), 2, **k),
}


@pytest.mark.parametrize("name", FACTORIES)
def test_keywords(name):
    made = FACTORIES[name](dtype=nr.float64, requires_grad=True, device="cpu")
    assert made.dtype is nr.float64 and made.requires_grad and made.is_leaf
    assert made.device == nr.device("cpu")


def test_default_dtypes():
    assert nr.zeros(1).dtype is nr.float32
    assert nr.arange(3).dtype is nr.int64
    assert nr.arange(0, 1, 0.5).dtype is nr.float32
    assert nr.full((2,), 1).dtype is nr.int64
    assert nr.full((2,), True).dtype is nr.bool
    assert nr.full((2,), 1j).dtype is nr.complex64
    assert nr.linspace(0, 4, 5).dtype is nr.float32


def test_like_keeps_dtype_and_shape():
    for one in (nr.zeros_like, nr.ones_like, nr.empty_like):
        made = one(nr.arange(3, dtype=nr.int16))
        assert made.dtype is nr.int16 and made.shape == (3,)


def test_from_jax():
    array = jnp.arange(3.0)
    made = nr.from_jax(array)
    assert made.dtype is nr.float32 and made.tolist() == [0, 1, 2]
    made += 1
    assert np.asarray(array).tolist() == [0, 1, 2]


def test_arange_counts_as_pytorch():
    assert nr.arange(1, 2.5, 0.5).tolist() == [1.0, 1.5, 2.0]
    assert nr.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert nr.arange(0).tolist() == []
    with pytest.raises(RuntimeError, match="bound"):
        nr.arange(5, 0)
    with pytest.raises(RuntimeError, match="step"):
        nr.arange(0, 5, 0)


def test_out_takes_the_size_and_keeps_its_dtype():
    made = nr.empty(0, dtype=nr.int64)
    assert nr.arange(0, 6, 2, out=made) is made and made.tolist() == [0, 2, 4]
    assert nr.ones(2, out=made).tolist() == [1, 1] and made.dtype is nr.int64
    assert nr.eye(2, out=made).tolist() == [[1, 0], [0, 1]]
    assert nr.linspace(0, 2, 3, out=made).tolist() == [0, 1, 2] == made.tolist()


def test_wrong_sizes():
    with pytest.raises(RuntimeError, match="negative"):
        nr.zeros(-1)
    with pytest.raises(RuntimeError, match="steps"):
        nr.linspace(0, 1, -1)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("name", [one for one in dir(nr.signal.windows) if one[0] != "_"])
def test_windows_of_no_and_one_element(name, symmetric):
    given = {"general_cosine": {"a": [0.5, 0.5]}, "general_hamming": {"alpha": 0.5}}.get(name, {})
    window = getattr(nr.signal.windows, name)
    assert window(0, sym=symmetric, **given).tolist() == []
    assert window(1, sym=symmetric, **given).tolist() == [1.0]


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([np.ones(2), np.zeros(2)], nr.float64),
        ([np.float32(1), 2.0], nr.float32),
        ([np.int32(1), 2.5], nr.float32),
        ([np.int16(1), np.int32(2)], nr.int32),
        ([nr.tensor(1, dtype=nr.int16), 2], nr.int64),
        ([True, np.bool_(False)], nr.bool),
        ([1.0, 2], nr.float32),
    ],
)
def test_the_dtype_of_sequences_of_arrays(data, dtype):
    assert nr.tensor(data).dtype is dtype


def test_pythons_types_are_dtypes():
    assert nr.zeros(1, dtype=float).dtype is nr.float64 and nr.ones(1).to(int).dtype is nr.int64
    assert nr.zeros(1, dtype=complex).dtype is nr.complex128
    assert nr.zeros(1, dtype=bool).dtype is nr.bool
