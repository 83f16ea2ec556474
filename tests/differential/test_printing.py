"""What tensors print as, against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import neurarust as nr

# Expressions of T, which stands for either library.
CASES = """
T.tensor([1e-5, 1.0])
T.tensor([1e5, 1.0])
T.tensor([1e8 + 8])
T.tensor([1e9, 2e9])
T.tensor([1e30, 1e-30])
T.tensor([0.00012, 0.1])
T.tensor([1e-3, 1.0, 999.0])
T.tensor([1e-3, 1.0, 1001.0])
T.tensor(1e-10)
T.tensor([0.0, 0.0])
T.tensor([-0.0, 1.0])
T.tensor([-1.5, 10.25, 100.125])
T.tensor([[1.0], [22.5]])
T.tensor(float("nan"))
T.tensor([float("inf"), -float("inf")])
T.tensor([2.0, float("nan")])
T.tensor([65504.0], dtype=T.float16)
T.tensor([1.0, 0.1], dtype=T.bfloat16)
T.tensor([1.5 + 2j, 1e5 + 1j])
T.tensor([1 + 2j], dtype=T.complex128)
T.ones(2, 2, dtype=T.complex64)
T.tensor(1.5 + 0.5j)
T.arange(24.0).reshape(2, 2, 3, 2)
T.arange(50.0) / 3
T.arange(2000)
T.arange(20).reshape(1, 20) * 1000000
T.zeros(10, 10, 11)
T.zeros(1001)
T.zeros(3, 0, 2)
T.tensor([], dtype=T.int64)
T.ones(1200, requires_grad=True)
T.arange(1001.0).requires_grad_() * 2
T.ones(3, 3, requires_grad=True) * 2
(T.ones(5, requires_grad=True) * 2).sum()
T.ones(7, 7, requires_grad=True).exp()
T.tensor([1, 2], dtype=T.uint8)
T.tensor([[True], [False]])
""".strip().splitlines()


def ours(tensor: nr.Tensor) -> str:
    """Our text in PyTorch's words."""
    return repr(tensor).replace("neurarust.", "torch.")


@pytest.fixture(autouse=True)
def default_options():
    yield
    for library in (nr, torch):
        library.set_printoptions(profile="default")


@pytest.mark.parametrize("case", CASES)
def test_prints_as_pytorch(case):
    assert ours(eval(case, {"T": nr})) == repr(eval(case, {"T": torch}))


@pytest.mark.parametrize("seed", range(60))
def test_random_tensors(seed):
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, 9, generator.integers(1, 4)))
    array = generator.standard_normal(shape) * 10.0 ** generator.integers(-6, 7)
    if seed % 3 == 0:
        array = np.round(array)
    if seed % 5 == 0:
        array.reshape(-1)[0] = [np.nan, np.inf, 0.0][seed % 3]
    dtype = ["float32", "float64", "int64", "complex64"][seed % 4]
    if dtype == "int64":
        array = np.nan_to_num(array, posinf=0)
    array = array.astype(dtype)
    options = {"precision": [2, 4, 6][seed % 3], "linewidth": [60, 80, 120][seed % 3]}
    for library in (nr, torch):
        library.set_printoptions(**options, threshold=[20, 1000][seed % 2])
    assert ours(nr.from_numpy(array)) == repr(torch.from_numpy(array))
