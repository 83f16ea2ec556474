"""`nr.random`: PyTorch's path to the random state."""

from __future__ import annotations

import pytest

import neurarust as nr


def test_a_forked_stream_leaves_the_one_outside_alone():
    nr.random.manual_seed(3)
    expected = [nr.rand(2).tolist() for _ in range(2)]
    nr.random.manual_seed(3)
    first = nr.rand(2).tolist()
    with nr.random.fork_rng():
        nr.random.manual_seed(7)
        inside = nr.rand(2).tolist()
    assert [first, nr.rand(2).tolist()] == expected and inside not in expected
    with nr.random.fork_rng(enabled=False):
        nr.random.manual_seed(3)
    assert nr.rand(2).tolist() == expected[0]
    assert nr.random.initial_seed() == 3


def test_tensors_made_for_tests():
    made = nr.testing.make_tensor(3, 4, dtype=nr.int8, low=-2, high=3, exclude_zero=True)
    assert made.shape == (3, 4) and made.dtype is nr.int8
    assert {*made.flatten().tolist()} <= {-2, -1, 1, 2}
    made = nr.testing.make_tensor((5,), dtype=nr.complex64, noncontiguous=True, requires_grad=True)
    assert made.shape == (5,) and made.requires_grad and not made.is_contiguous()
    assert nr.testing.make_tensor(2, dtype=nr.bool).dtype is nr.bool


def test_the_nan_hunt_can_be_switched():
    nr.autograd.set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="'log' made a NaN"):
            nr.log(nr.tensor([-1.0])).tolist()
    finally:
        nr.autograd.set_detect_anomaly(False)
    assert nr.log(nr.tensor([-1.0])).isnan().item()
    with nr.autograd.set_detect_anomaly(True), pytest.raises(RuntimeError):
        nr.log(nr.tensor([-1.0])).tolist()
    assert nr.log(nr.tensor([-1.0])).isnan().item()
