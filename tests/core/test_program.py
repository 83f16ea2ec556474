"""Programs: what leaves them, whose memory they reuse, what is kept, and what failure leaves."""

from __future__ import annotations

import copy
import gc
import random
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import program as programs
from neurarust.core.engine.value import aval_of
from neurarust.core.errors import ProgramError, RecompilationWarning
from neurarust.core.host import take_over


def last_program():
    return nr.explain().programs[-1]


# ------------------------------------------------------------------ liveness


def test_only_what_is_held_leaves_a_program():
    nr.synchronize()
    x = nr.ones(3)
    y = (x * 2).exp()
    z = y + 1
    del x, y
    z.tolist()
    assert len(last_program().live) == 1
    y = (nr.ones(3) * 3).exp()
    z = y + 1
    z.tolist()
    assert len(last_program().live) == 2 and y.sum().item() == pytest.approx(3 * np.exp(3))


def test_nothing_held_runs_nothing():
    nr.synchronize()
    before = nr.explain()
    nr.ones(7) * 7.5
    nr.synchronize()
    after = nr.explain()
    assert (after.compilations, after.hits) == (before.compilations, before.hits)


def test_what_backward_saved_is_freed_by_it():
    """After backward only the parameters, gradients and the loss are outputs."""
    nr.synchronize()
    weight = nr.ones(4, requires_grad=True)
    nr.synchronize()
    hidden = (weight * 3).tanh()
    loss = (hidden * hidden).sum()
    del hidden
    loss.backward()
    loss.item()
    gc.collect()
    assert len(last_program().live) == 2


# ------------------------------------------------------------------ donation


def array_of(tensor: nr.Tensor) -> jax.Array:
    """The array in a tensor's cell, fetched without marking it as seen."""
    nr.synchronize()
    return tensor._storage.value.array


def test_parameters_and_optimizer_state_are_updated_in_place():
    weight = nr.ones(64, 64, requires_grad=True)
    optimizer = nr.optim.Adam([weight], lr=0.1)

    def step():
        optimizer.zero_grad()
        (weight * weight).sum().backward()
        optimizer.step()

    step()
    step()
    old = [array_of(weight), array_of(optimizer.state[weight]["exp_avg"])]
    places = [array.unsafe_buffer_pointer() for array in old]
    step()
    assert all(array.is_deleted() for array in old)
    new = [array_of(weight), array_of(optimizer.state[weight]["exp_avg"])]
    # Each its own, though the gradient, which is held too, comes first and has the same shape.
    assert places == [array.unsafe_buffer_pointer() for array in new]


def test_cells_that_take_up_another_type():
    """One cell becomes what the other was, so that no result is left for one of two inputs."""
    x, y = nr.ones(40, 5), nr.ones(40, 5, dtype=nr.float64)
    nr.synchronize()
    x.data = x.double() * 2
    del y
    assert x.dtype is nr.float64 and x.sum().item() == 400
    a, b = nr.ones(64), nr.ones(8, 8)
    nr.synchronize()
    a.data, total = b * 3, (a.sum() + b.sum())
    del b
    assert (a.sum().item(), total.item()) == (192, 128)


def test_in_place_methods_reuse_memory():
    x = nr.zeros(1000)
    old = array_of(x)
    x.add_(1)
    nr.synchronize()
    assert old.is_deleted() and x.sum().item() == 1000


HOLD = {
    "tensor": lambda t: t.detach().clone() * 1,
    "numpy": lambda t: t.detach().numpy(),
    "numpy view": lambda t: t.detach().numpy()[1:, ::2],
    "asarray": lambda t: np.asarray(t.detach()),
    "jax": lambda t: jnp.asarray(t.detach()),
    "own jax array": lambda t: t.detach().__jax_array__(),
    "jax view": lambda t: jnp.asarray(t.detach()).T,
    "dlpack": lambda t: np.from_dlpack(t.detach()),
    "dlpack to jax": lambda t: jax.dlpack.from_dlpack(t.detach()),
    "pytree leaf": lambda t: jax.tree_util.tree_leaves(t)[0],
    "clone": lambda t: t.detach().clone(),
    "deepcopy": lambda t: copy.deepcopy(t),
    "saved for backward": lambda t: (t * t).sum(),
    "contiguous transpose": lambda t: t.detach().T.contiguous(),
    "reshaped copy": lambda t: t.detach().T.reshape(-1),
    "tensor of the array": lambda t: nr.from_jax(t.detach().__jax_array__()),
    "same value taken over": lambda t: take_over(nr.zeros(t.shape), t.detach()),
}


def contents(held) -> np.ndarray:
    return np.array(held.detach().numpy() if isinstance(held, nr.Tensor) else held)


@pytest.mark.parametrize("name", HOLD)
def test_what_a_user_holds_keeps_its_numbers(name):
    weight = nr.arange(12.0).reshape(3, 4).clone().requires_grad_()
    optimizer = nr.optim.SGD([weight], lr=0.5)
    for step in range(3):
        held = HOLD[name](weight)
        if step:
            nr.synchronize()
        expected = contents(held).copy() if step == 2 else None
        optimizer.zero_grad()
        (weight * 2).sum().backward()
        optimizer.step()
        weight.detach().mul_(1.5)
        nr.synchronize()
        if expected is not None:
            assert np.array_equal(contents(held), expected)
        if name == "saved for backward":
            held.backward()


@pytest.mark.parametrize("seed", range(15))
def test_no_held_array_is_ever_donated(seed):
    """Random updates of a few cells, with random things held from them on the way."""
    draw = random.Random(seed)
    cells = [nr.full((3, 4), float(k), requires_grad=k < 2) for k in range(3)]
    optimizer = nr.optim.SGD(cells[:2], lr=0.25, momentum=0.5)
    held: list[tuple[str, object, np.ndarray]] = []
    for _ in range(25):
        cell = draw.choice(cells)
        action = draw.choice(["hold", "hold", "step", "write", "look", "swap", "forget"])
        if action == "hold":
            name = draw.choice(sorted(set(HOLD) - {"saved for backward"}))
            thing = HOLD[name](cell)
            held.append((name, thing, contents(thing).copy()))
        elif action == "step":
            optimizer.zero_grad()
            ((cells[0] * cells[1]).sum() + (cells[0] * cells[2].detach()).sum() / 8).backward()
            optimizer.step()
        elif action == "write":
            cell.detach()[draw.randrange(3)] += 1
        elif action == "look":
            cell.tolist()
        elif action == "swap":
            cell.data = cell.detach() + 0
        elif held:
            held.pop(draw.randrange(len(held)))
        for name, thing, _ in held:
            assert not isinstance(thing, jax.Array) or not thing.is_deleted(), name
    for name, thing, expected in held:
        assert np.array_equal(contents(thing), expected), name


def test_two_tensors_of_one_array_are_not_donated_twice():
    x = nr.ones(5)
    y = x.detach().clone()
    nr.synchronize()
    x += 1
    y += 2
    nr.synchronize()
    assert x.tolist() == [2] * 5 and y.tolist() == [3] * 5
    array = jnp.ones(5)
    one, other = nr.from_jax(array), nr.from_jax(array)
    one.mul_(2)
    other.mul_(3)
    assert (array.tolist(), one.tolist(), other.tolist()) == ([1] * 5, [2] * 5, [3] * 5)


# ------------------------------------------------------------------ the cache


def test_the_least_recently_used_program_goes(monkeypatch):
    nr.synchronize()
    programs.clear()
    monkeypatch.setattr(programs, "CAPACITY", 3)
    x = nr.ones(2)
    x.tolist()

    def run(count):
        y = x
        for _ in range(count):
            y = y + 1
        before = nr.explain().compilations
        y.tolist()
        return nr.explain().compilations - before

    assert [run(count) for count in (1, 2, 3)] == [1, 1, 1]
    assert [run(count) for count in (1, 4)] == [0, 1]
    assert len(nr.explain().programs) == 3
    assert [run(count) for count in (1, 3, 2)] == [0, 0, 1]


def test_explain_says_why_with_the_users_line():
    nr.synchronize()
    programs.clear()
    x = nr.ones(2, 3)
    x.tolist()

    def step(tensor, last):
        y = tensor * 2
        y = y + 1
        y = y.exp() if last == "exp" else y.sinh()
        y.tolist()

    step(x, "exp")
    assert "new: begins with" in last_program().reason and "mul" in last_program().reason
    step(x, "exp")
    assert last_program().hits == 1
    step(x, "sinh")
    reason = last_program().reason
    assert "at op 2: sinh(float32[2, 3]) instead of exp" in reason
    assert f"{__file__}:" in reason
    explanation = nr.explain()
    assert explanation.hits >= 1 and "programs compiled in" in str(explanation)
    y = x * 2
    z = y + 1
    w = z.exp()
    w.tolist()
    assert "but other results are held" in last_program().reason


# ------------------------------------------------------------------ failures


@pytest.fixture
def failing(monkeypatch):
    """A switch: while it is on, programs fail as if memory had run out."""
    switch = {"on": False}
    call = programs.Program.__call__

    def run(self, vectors, leaves):
        if switch["on"]:
            raise MemoryError("out of memory: 1 TiB wanted")
        return call(self, vectors, leaves)

    monkeypatch.setattr(programs.Program, "__call__", run)
    yield switch
    switch["on"] = False


def test_a_failed_step_leaves_the_parameters(failing):
    weight = nr.tensor([1.0, 2.0], requires_grad=True)
    optimizer = nr.optim.SGD([weight], lr=0.5, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss = (weight * weight).sum()
        loss.backward()
        optimizer.step()
        return loss

    step()
    kept = weight.tolist(), optimizer.state[weight]["momentum_buffer"].tolist()
    failing["on"] = True
    with pytest.raises(MemoryError, match="1 TiB wanted"):
        step()
    assert (weight.tolist(), optimizer.state[weight]["momentum_buffer"].tolist()) == kept
    assert weight.requires_grad and weight.is_leaf
    failing["on"] = False
    assert step().item() == pytest.approx(sum(one**2 for one in kept[0]))
    assert weight.tolist() != kept[0]


def test_values_of_a_failed_program_say_what_happened(failing):
    x = nr.ones(3)
    x.tolist()
    y = x * 2
    z = y.sum()
    failing["on"] = True
    with pytest.raises(MemoryError, match="1 TiB"):
        z.item()
    failing["on"] = False
    for use in (y.tolist, z.item, lambda: y + 1):
        with pytest.raises(ProgramError, match="never computed.*MemoryError: out of memory: 1 TiB"):
            use()
    assert x.tolist() == [1, 1, 1]


def test_a_failed_write_leaves_its_target(failing):
    x, matrix, host = nr.arange(3.0), nr.zeros(2, 2), nr.tensor([1.0, 2.0])
    nr.synchronize()
    x.mul_(2)
    matrix[0] = 7
    host += 1
    failing["on"] = True
    with pytest.raises(MemoryError):
        nr.synchronize()
    failing["on"] = False
    assert x.tolist() == [0, 1, 2] and matrix.tolist() == [[0, 0], [0, 0]]
    assert host.tolist() == [1, 2]
    x += 1
    assert x.tolist() == [1, 2, 3]


def test_a_program_that_failed_is_compiled_again(failing):
    x = nr.ones(3)
    x.tolist()
    failing["on"] = True
    with pytest.raises(MemoryError):
        (x.cosh() * 3).tolist()
    failing["on"] = False
    assert (x.cosh() * 3).tolist() == pytest.approx([3 * np.cosh(1)] * 3)


# ------------------------------------------------------------------ many programs


def test_a_script_that_keeps_compiling_is_told_why(monkeypatch):
    monkeypatch.setattr(programs, "MANY", 3)
    monkeypatch.setattr(programs, "LONG", 0.0)
    monkeypatch.setattr(programs.state, "told", False)
    monkeypatch.setattr(programs.state, "alike", {})

    def run(length):
        return (nr.ones(length) * 2).exp().log1p().sum().item()

    for length in (211, 212, 211, 211):
        run(length)
    with pytest.warns(RecompilationWarning, match=r"compiled 3 times.* shapes") as caught:
        run(213)
    assert caught[0].filename == __file__
    assert "differs from program" in str(caught[0].message) or "new:" in str(caught[0].message)
    run(214)  # Once is enough.


A, B = (aval_of((size,), nr.float32, nr.device("cpu")) for size in (3, 4))


@pytest.mark.parametrize(
    ("outputs", "leaves", "replaced", "order"),
    [
        ([A, A, A, B], [A, A], {0: 2, 1: 1}, (2, 1, 0, 3)),  # each its own, the gradient last
        ([A, A, B], [A, B], {}, (0, 2, 1)),  # the first of its type
        ([A, A], [A, A], {1: 0}, (1, 0)),  # what is left
        ([B, A], [A, B], {0: 0}, (1, 0)),  # a cell that took up another type
    ],
)
def test_results_come_in_the_order_of_what_they_replace(outputs, leaves, replaced, order):
    call = (SimpleNamespace(outputs=outputs), ())
    values = [SimpleNamespace(aval=one) for one in leaves]
    live = tuple(range(len(outputs)))
    assert programs._order((call,), live, tuple(range(len(leaves))), values, replaced) == order
