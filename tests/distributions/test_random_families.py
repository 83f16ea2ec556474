"""Draws with tensors for parameters: binomial, _standard_gamma, _sample_dirichlet."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr

COUNT = 5_000


def test_binomial():
    nr.manual_seed(0)
    count, prob = nr.full((COUNT, 2), 10.0), nr.tensor([0.2, 0.7])
    drawn = nr.binomial(count, prob.expand(COUNT, 2))
    assert drawn.dtype is nr.float32 and drawn.shape == (COUNT, 2)
    np.testing.assert_allclose(drawn.mean(0), [2.0, 7.0], rtol=0.05)
    assert bool(((drawn >= 0) & (drawn <= 10) & (drawn % 1 == 0)).all())


@pytest.mark.parametrize("dtype", [nr.float64, nr.float32, nr.bfloat16])
def test_standard_gamma(dtype):
    nr.manual_seed(0)
    drawn = nr._standard_gamma(nr.full((COUNT,), 2.5, dtype=dtype))
    assert drawn.dtype is dtype
    np.testing.assert_allclose(drawn.float().mean(), 2.5, rtol=0.1)


def test_sample_dirichlet():
    nr.manual_seed(0)
    drawn = nr._sample_dirichlet(nr.tensor([1.0, 2.0, 5.0]).expand(COUNT, 3))
    np.testing.assert_allclose(drawn.sum(-1), np.ones(COUNT), rtol=1e-5)
    np.testing.assert_allclose(drawn.mean(0), [0.125, 0.25, 0.625], rtol=0.1)


def test_generators():
    numbers = nr.full((4,), 2.0)
    one, two = (
        nr._standard_gamma(numbers, generator=nr.Generator().manual_seed(5)) for _ in range(2)
    )
    assert one.tolist() == two.tolist()
