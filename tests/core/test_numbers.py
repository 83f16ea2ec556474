"""Numbers of a program: packed by kind, with one place for those that are one."""

import math

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import numbers, program
from neurarust.core.engine.recording import state


def packed(level=numbers.EQUAL):
    """How the numbers of what is recorded are packed, and the arrays."""
    given = numbers.numbers_of(state.recording.entries)
    signatures = [one[0] for one in state.recording.entries]
    packing = numbers.Packing(signatures, given.tuples, level)
    return packing, packing.vectors(given.flat)


def test_equal_numbers_of_the_same_operation_have_one_place():
    x = nr.ones(3)
    nr.synchronize()
    result = (x + 0.125) * 0.125 + 0.125 + 0.25
    packing, vectors = packed()
    assert [one.tolist() for one in vectors] == [[0.125, 0.125, 0.25]]
    assert packing.sharing == (0, 1, 0, 3)
    _, vectors = packed(numbers.ONE_TUPLE)
    assert [one.tolist() for one in vectors] == [[0.125, 0.125, 0.125, 0.25]]
    wanted = (1 + 0.125) * 0.125 + 0.125 + 0.25
    np.testing.assert_array_equal(result.numpy(), np.full(3, wanted, np.float32))


def test_numbers_that_were_equal_compile_once_more_when_they_differ():
    x = nr.ones(4)
    nr.synchronize()

    def step(first, second, third):
        return (x * first + 1.5 + second).mul(third).tolist()

    before = program.state.compilations
    assert step(2.0, 1.5, 3.0) == [15.0] * 4
    assert program.state.compilations == before + 1
    assert step(3.0, 1.5, 2.0) == [12.0] * 4  # what differed may be equal, and the other way
    assert step(2.0, 1.5, 2.0) == [10.0] * 4
    assert program.state.compilations == before + 1
    assert step(2.0, 2.5, 2.0) == [12.0] * 4
    assert program.state.compilations == before + 2
    assert (
        "other Python numbers are equal" in next(reversed(program.state.programs.values())).reason
    )
    for second in (1.5, 4.5, math.inf):
        assert step(2.0, second, 2.0) == [2 * (3.5 + second)] * 4
    assert program.state.compilations == before + 2


def test_nothing_is_shared_when_a_tuple_is_no_longer_one():
    x = nr.ones(3)
    nr.synchronize()
    result = (x + 0.5) + 0.5
    (first, one, given, made), (second, two, _, last) = state.recording.entries
    together = numbers.numbers_of([(first, one, given, made), (second, two, given, last)])
    levels = (numbers.EQUAL, numbers.ONE_TUPLE, numbers.NONE)
    found = [numbers.Packing([first, second], together.tuples, level) for level in levels]
    assert [one.sharing for one in found] == [(0, 0), (0, 0), None]
    assert [one.vectors((0.5, 0.25)) is None for one in found] == [True, True, False]
    assert result.tolist() == [2.0] * 3


def test_zeros_of_two_signs_are_not_the_same():
    x = nr.tensor([1.0, -1.0])

    def signs(first, second):
        return (x.mul(first).reciprocal() + x.mul(second).reciprocal()).tolist()

    for first, second in ((2.0, 2.0), (0.0, 0.0), (-0.0, 0.0), (-0.0, -0.0), (0.0, -0.0)):
        one, other = np.float32([math.copysign(math.inf, first), math.copysign(math.inf, second)])
        if first:
            one = other = np.float32(0.5)
        with np.errstate(invalid="ignore"):
            wanted = one * np.float32([1, -1]) + other * np.float32([1, -1])
        np.testing.assert_array_equal(signs(first, second), wanted)


def test_complex_numbers_whose_zeros_differ_are_not_the_same():
    x = nr.ones(1, dtype=nr.complex128)
    above, below = complex(-1, 0.0), complex(-1, -0.0)
    for first, second in ((above, above), (above, below), (below, below), (below, above)):
        made = nr.cat([x.mul(first), x.mul(second)]).numpy()
        assert np.signbit(made.imag).tolist() == [first is below, second is below]


def test_nan_and_integers_are_told_apart():
    x, counts = nr.ones(2), nr.ones(2, dtype=nr.int64)
    nr.synchronize()
    result = x.mul(math.nan).mul(1.0), counts.mul(1).mul(True).mul(0).add(False).add(0)
    packing, vectors = packed()
    assert packing.kinds == "fi"
    assert [one.size for one in vectors] == [2, 3]
    assert [one.tolist() for one in result[1:]] == [[0, 0]]
    assert np.isnan(result[0].numpy()).all()


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
    nr.synchronize()
    result = x * (2 + 1j) * 0.5
    _, vectors = packed()
    assert [one.dtype.name for one in vectors] == ["float64", "complex128"]
    np.testing.assert_array_equal(result.numpy(), np.full(2, 1 + 0.5j, np.complex64))


def test_a_backward_shares_the_numbers_of_its_forward():
    x = nr.ones(3, requires_grad=True)
    nr.synchronize()
    (x * 0.25).backward(nr.tensor([1.0, 1.0, 1.0]))
    assert state.recording.entries
    for level in (numbers.EQUAL, numbers.ONE_TUPLE):
        packing, vectors = packed(level)
        assert [one.tolist() for one in vectors] == [[0.25]]
        assert packing.sharing == (0, 0)
    np.testing.assert_array_equal(x.grad.numpy(), np.full(3, 0.25, np.float32))


@pytest.mark.parametrize("scale", [2.0, 3.0])
def test_a_jitted_function_packs_its_constants_once(scale):
    @nr.jit
    def scaled(x):
        return (x + 0.5) * 2.0 - scale

    x = nr.ones(2, requires_grad=True)  # else the calls would not be recorded at all
    for _ in range(4):
        assert scaled(x).tolist() == [3.0 - scale] * 2
    seen = []
    for _ in range(2):
        result = scaled(x)
        constants = state.recording.entries[-1][2]
        assert result.tolist() == [3.0 - scale] * 2
        compiled = next(reversed(program.state.programs.values()))
        seen.append((compiled, constants, compiled.packing.vectors(constants)))
    assert all(one is other for one, other in zip(*seen, strict=True))


def test_numbers_that_come_again_stay_on_the_device():
    x = nr.ones(3)
    nr.synchronize()
    first = x * 0.5
    packing, vectors = packed()
    again = [packing.vectors((0.5,)) for _ in range(6)]
    assert again[0] is vectors
    assert [type(one[0]) is np.ndarray for one in again] == [True] * 3 + [False] * 3
    assert [one[0].tolist() for one in again] == [[0.5]] * 6
    assert packing.vectors((0.25,))[0].tolist() == [0.25]
    assert [(x * scale).tolist() for scale in [2.0] * 7 + [3.0]] == [[2.0] * 3] * 7 + [[3.0] * 3]
    assert first.tolist() == [0.5] * 3
