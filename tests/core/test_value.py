"""Values: small arrays from the host go into programs as they are."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import program, value

from .subprocesses import run


def held(tensor: nr.Tensor) -> type:
    return type(tensor._value().array)


def test_small_host_arrays_stay_until_many_programs_took_them():
    array = np.arange(4, dtype=np.float32)
    tensor = nr.from_numpy(array)
    array[:] = 100
    for number in range(value.USES + 2):
        assert held(tensor) is (np.ndarray if number <= value.USES else type(nr.ones(1)._array()))
        assert (tensor * 2 + number).tolist() == [number, 2 + number, 4 + number, 6 + number]


def test_large_host_arrays_are_brought_at_once():
    assert held(nr.from_numpy(np.zeros(value.SMALL, np.float32))) is not np.ndarray


def test_where_an_input_lies_makes_no_other_program():
    weight = nr.rand(3).clone()
    for _ in range(2):
        (nr.from_numpy(np.ones(3, np.float32)) * weight).sum().item()
    before = program.state.compilations
    for _ in range(value.USES + 2):
        (nr.from_numpy(np.ones(3, np.float32)) * weight).sum().item()
    assert program.state.compilations == before


def test_host_arrays_in_views_writes_and_gradients():
    tensor = nr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (tensor * nr.tensor([2.0, 3.0, 4.0])).sum().backward()
    assert tensor.grad.tolist() == [2.0, 3.0, 4.0]
    written = nr.tensor([1.0, 2.0, 3.0])
    written[1:] += nr.tensor([10.0, 20.0])
    assert written.tolist() == [1.0, 12.0, 23.0]
    assert nr.tensor(5.0).item() == 5.0


def test_large_arrays_are_brought_without_compiling_and_are_not_the_users():
    script = """
    import jax, numpy as np
    import neurarust as nr
    nr.ones(2).tolist()
    compiled = []
    tell = lambda name, *_, **__: compiled.append(name)
    jax.monitoring.register_event_duration_secs_listener(tell)
    array = np.ones(4321, np.float32)
    made = [nr.tensor(array), nr.from_numpy(array), nr.as_tensor(array), nr.asarray(array)]
    array[:] = 5
    assert all((one.numpy() == 1).all() for one in made)
    print(compiled)
    """
    assert run(script).strip() == "[]"


@pytest.mark.parametrize("size", [3, 3000])
def test_writes_and_masks_take_an_array_as_it_is_now(size):
    values, mask, places = np.ones(size, np.float32), np.ones(size, bool), np.arange(size)
    written, masked = nr.zeros(size), nr.zeros(size)
    written[:] = values
    masked[mask] = 2.0
    taken = (nr.arange(size) * 2)[places]
    values[:], mask[:], places[:] = 5, False, 0
    assert (written.numpy() == 1).all() and (masked.numpy() == 2).all()
    assert (taken.numpy() == 2 * np.arange(size)).all()


def test_arrays_are_waited_for_before_they_are_fetched():
    class Array:
        done = False

        def is_ready(self):
            return self.done

        def block_until_ready(self):
            self.done = True

        def __array__(self, dtype=None, copy=None):
            assert self.done
            return np.ones(2)

    assert value.fetched(Array()).tolist() == [1.0, 1.0]


def test_programs_of_host_arrays_alone_run_on_their_device():
    run(
        """
        import neurarust as nr
        for name in ("cpu", "cpu:1"):
            made = nr.tensor([1.0, 2.0], device=name) * 2
            assert made.tolist() == [2.0, 4.0] and made.device is nr.device(name), made
            assert made._array().devices() == {nr.device(name).jax()}
        """,
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
