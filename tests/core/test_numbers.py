"""Numbers of a program: packed by kind, with one place for a call and its backward."""

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import numbers, program
from neurarust.core.engine.recording import state


def packed_of(compute):
    """The numbers of what `compute` records, and its result."""
    nr.synchronize()
    result = compute()
    return numbers.packed(state.recording.entries), result


@pytest.mark.parametrize("number", [0.125, 2])
def test_one_number_of_several_calls_has_a_place_for_each(number):
    """Which calls take the same object may change with every step, and must not compile again."""
    x = nr.ones(3)
    found, result = packed_of(lambda: (x + number) * number)
    assert [one.tolist() for one in found.vectors] == [[number, number]]
    assert found.sharing is None
    np.testing.assert_array_equal(result.numpy(), np.full(3, (1 + number) * number, np.float32))


def test_weights_that_are_now_and_then_one_object_compile_once():
    x = nr.ones(4)
    nr.synchronize()

    def step(first, second):
        return ((x * first + 1.5) * second).tolist()

    one, other = 1.0, 3.0
    assert step(one, other) == [7.5] * 4
    before = program.state.compilations
    assert step(other, one) == [4.5] * 4
    assert step(one, one) == [2.5] * 4
    assert program.state.compilations == before


def test_kinds_that_no_call_has_are_left_out():
    x = nr.ones(2, dtype=nr.complex64)
    found, result = packed_of(lambda: x * (2 + 1j) * 0.5)
    assert [one.dtype.name for one in found.vectors] == ["float64", "complex128"]
    np.testing.assert_array_equal(result.numpy(), np.full(2, 1 + 0.5j, np.complex64))


def test_a_backward_shares_the_numbers_of_its_forward():
    x = nr.ones(3, requires_grad=True)
    nr.synchronize()
    (x * 0.25).backward(nr.tensor([1.0, 1.0, 1.0]))
    assert state.recording.entries
    found = numbers.packed(state.recording.entries)
    assert [one.tolist() for one in found.vectors] == [[0.25]]
    assert found.sharing == (0, 0)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(3, 0.25, np.float32))


@pytest.mark.parametrize("scale", [2.0, 3.0])
def test_a_jitted_function_packs_its_constants_once(scale):
    @nr.jit
    def scaled(x):
        return (x + 0.5) * 2.0 - scale

    x = nr.ones(2, requires_grad=True)  # else the calls would not be recorded at all
    for _ in range(4):
        assert scaled(x).tolist() == [3.0 - scale] * 2
    scaled(x)
    signature = state.recording.entries[-1][0]
    first = numbers.packed(state.recording.entries)
    nr.synchronize()
    again = scaled(x)
    assert state.recording.entries[-1][0] is signature
    assert numbers.packed(state.recording.entries) is first
    assert again.tolist() == [3.0 - scale] * 2
