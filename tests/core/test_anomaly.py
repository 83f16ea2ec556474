"""The NaN hunt names the first operation that made one, and the user's line."""

from __future__ import annotations

import inspect

import pytest

import neurarust as nr
from neurarust import autograd


def line_of_next() -> str:
    """The place in this file after the caller's line."""
    frame = inspect.currentframe().f_back
    return f"{__file__}:{frame.f_lineno + 1}"


def test_the_first_nan_is_named():
    x = nr.tensor([-1.0, 4.0])
    with pytest.raises(RuntimeError) as caught:
        with autograd.detect_anomaly():
            y = x * 2
            place = line_of_next()
            root = y.sqrt()
            (root + 1).exp().sum().item()
    message = str(caught.value)
    assert "'sqrt' made a NaN from inputs without one" in message
    assert "sqrt(float32[2])" in message and place in message


def test_a_nan_in_the_backward():
    x = nr.tensor([0.0], requires_grad=True)
    with pytest.raises(RuntimeError, match=r"'\w+\.backward' made a NaN"):
        with autograd.detect_anomaly():
            # 0 * inf: the value is fine and the gradient is not.
            (nr.sqrt(x) * 0).sum().backward()
            x.grad.tolist()


def test_each_call_has_its_own_line():
    with pytest.raises(RuntimeError) as caught:
        with autograd.detect_anomaly():
            for number in (1.0, -1.0):
                place = line_of_next()
                nr.tensor([number]).log().item()
    assert place in str(caught.value)


def test_without_nans_nothing_changes():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    optimizer = nr.optim.SGD([x], lr=0.5)

    @autograd.detect_anomaly()
    def step():
        optimizer.zero_grad()
        (x * x).sum().backward()
        optimizer.step()

    step()
    step()
    assert x.tolist() == [0, 0]


def test_nans_of_the_input_are_not_blamed():
    with autograd.detect_anomaly():
        assert repr(nr.tensor([float("nan")]) + 1) == "tensor([nan])"


def test_it_can_be_switched_off_and_ends_with_its_block():
    with autograd.detect_anomaly(check_nan=False):
        nr.tensor([-1.0]).sqrt().tolist()
    with autograd.detect_anomaly():
        pass
    nr.tensor([-1.0]).sqrt().tolist()


def test_what_was_recorded_before_is_not_hunted():
    before = nr.tensor([-1.0]).sqrt()
    with autograd.detect_anomaly():
        nr.tensor([1.0]).sqrt().tolist()
    assert before.isnan().all()
