"""Recordings: the same numbers however they are cut, few programs, and threads."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import recording

# ------------------------------------------------------------------ the same numbers

# Programs: functions of a function that is called with every intermediate tensor.


def perceptron(look):
    nr.manual_seed(0)
    first = nr.randn(4, 8, dtype=nr.float64, requires_grad=True)
    second = nr.randn(8, 2, dtype=nr.float64, requires_grad=True)
    optimizer = nr.optim.SGD([first, second], lr=0.1, momentum=0.9)
    x = nr.randn(5, 4, dtype=nr.float64)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        hidden = look(nr.tanh(x @ first))
        loss = look(((look(hidden @ second) - 1) ** 2).mean())
        loss.backward()
        look(first.grad)
        optimizer.step()
        losses.append(loss)
    return [first, second, nr.stack(losses)]


def mutations(look):
    x = nr.arange(12.0, dtype=nr.float64).reshape(3, 4)
    row = look(x[1])
    row.mul_(2)
    look(x)
    x[:, 0] = look(row.sum())
    y = look(x.T.contiguous())
    y[0] -= x[:, 1]
    x.copy_(y.reshape(3, 4))
    return [x, row, y]


def branches(look):
    x = nr.tensor(3.0, dtype=nr.float64, requires_grad=True)
    y = x
    while y < 100:
        y = look(y * x) if int(y) % 2 else look(y + 1)
    y.backward()
    return [y, x.grad]


def noise(look):
    generator = nr.Generator().manual_seed(5)
    x = look(nr.rand(3, generator=generator))
    mask = look(nr.bernoulli(x, generator=generator))
    return [
        x,
        mask,
        look(nr.randperm(5, generator=generator)),
        nr.randint(9, (4,), generator=generator),
    ]


def second_derivatives(look):
    x = nr.tensor([0.5, -1.0], dtype=nr.float64, requires_grad=True)
    y = look((x**3).exp().sum())
    (slope,) = nr.autograd.grad(y, x, create_graph=True)
    look(slope)
    (curvature,) = nr.autograd.grad(slope.sum(), x)
    return [y, slope, curvature]


@pytest.mark.parametrize("program", [perceptron, mutations, branches, noise, second_derivatives])
def test_recorded_eager_and_looked_at_agree(program):
    def read(tensor):
        tensor.tolist()
        return tensor

    found = []
    for look, mode in ((lambda x: x, nullcontext()), (read, nullcontext()), (read, nr.eager_mode()),
                       (lambda x: x, nr.eager_mode())):  # fmt: skip
        with mode:
            found.append([one.tolist() for one in program(look)])
    for other in found[1:]:
        for one, reference in zip(other, found[0], strict=True):
            np.testing.assert_allclose(one, reference, rtol=1e-12)


# ------------------------------------------------------------------ when it runs


def pending(tensor: nr.Tensor) -> bool:
    return tensor._storage.value.array is None


@pytest.mark.parametrize(
    "look",
    [
        nr.Tensor.item, nr.Tensor.tolist, nr.Tensor.numpy, repr, bool, float, int,
        lambda x: np.asarray(x), lambda x: nr.synchronize(), lambda x: x.__dlpack__(),
        lambda x: [1, 2, 3, 4][x.long()], lambda x: f"{x:.1f}", lambda x: x.nonzero(),
        lambda x: nr.allclose(x, x), lambda x: x.equal(x),
    ],
)  # fmt: skip
def test_a_look_runs_the_recording(look):
    x = nr.tensor(1.0) + 1
    assert pending(x)
    look(x)
    assert not pending(x)


def test_what_needs_no_data_does_not_run():
    x = nr.ones(2, 3) * 2
    _ = x.shape, x.dtype, x.device, len(x), x.numel(), x.T.stride(), x.is_contiguous()
    y = x[1, 1:].reshape(2, 1)
    y += 1
    assert pending(x)


def test_the_optimizers_step_ends_a_unit_of_work():
    weight = nr.ones(2, requires_grad=True)
    optimizer = nr.optim.SGD([weight], lr=1.0)
    loss = (weight * weight).sum()
    loss.backward()
    assert pending(loss)
    optimizer.step()
    assert not pending(loss) and not pending(weight)


def test_eager_mode_runs_at_once():
    with nr.eager_mode():
        assert not pending(nr.ones(1) + 1)
        with nr.eager_mode(False):
            assert pending(nr.ones(1) + 1)
    x = nr.ones(1) + 1
    assert pending(x)
    with nr.eager_mode():
        assert not pending(x)

    @nr.eager_mode()
    def function():
        return nr.ones(1) + 1

    assert not pending(function())


# ------------------------------------------------------------------ few programs


def compiled(action) -> int:
    before = nr.explain().compilations
    action()
    nr.synchronize()
    return nr.explain().compilations - before


def test_scalars_do_not_recompile():
    x = nr.ones(3, requires_grad=True)

    def step(number):
        y = (x * number + number).sub(number, alpha=number).clamp(min=number)
        nr.synchronize()
        y.sum().item()
        return (x - number / 3) ** number

    # Exponents that are small whole or half numbers choose an algorithm; these are none.
    for number in (1.1, 1.2):
        step(number).tolist()
    assert compiled(lambda: [step(1.1 + k / 7).tolist() for k in range(1, 9)]) == 0
    optimizer = nr.optim.SGD([x], lr=0.1)

    def train(rate):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        x.sum().backward()
        optimizer.step()

    train(0.1)
    train(0.2)
    assert compiled(lambda: [train(k / 100) for k in range(20)]) == 0


def test_random_numbers_and_seeds_do_not_recompile():
    def draw(seed):
        nr.manual_seed(seed)
        return (nr.rand(3) + nr.dropout(nr.randn(3), seed / 10 + 0.1)).tolist()

    draw(0)
    assert compiled(lambda: [draw(seed) for seed in range(5)]) == 0


def test_a_steady_loop_compiles_nothing_after_its_third_step():
    nr.manual_seed(0)
    weight = nr.randn(4, 4, requires_grad=True)
    optimizer = nr.optim.Adam([weight], lr=0.01)
    scheduler = nr.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    data = nr.randn(40, 4)

    def epoch(steps):
        for k in range(steps):
            for half in range(2):
                x = data[4 * (k % 5) + 2 * half : 4 * (k % 5) + 2 * half + 2]
                loss = (nr.dropout(x @ weight, 0.5) ** 2).mean() / 2
                loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            scheduler.step()

    epoch(3)
    assert compiled(lambda: epoch(12)) == 0


# ------------------------------------------------------------------ the size cap


@pytest.fixture
def small_capacity(monkeypatch):
    """Recordings of 50 calls at most."""
    nr.synchronize()
    monkeypatch.setattr(recording, "CAPACITY", 50)
    recording.state.recordings.clear()
    recording.recording_on(nr.device("cpu"))
    yield
    nr.synchronize()
    recording.state.recordings.clear()
    recording.recording_on(nr.device("cpu"))


def test_an_endless_loop_is_cut_on_its_period(small_capacity):
    """A hand-written update with no natural end runs as few programs that match each other."""
    weight = nr.zeros(3)
    target = nr.tensor([1.0, 2.0, 3.0])

    def loop(steps):
        nonlocal weight
        for _ in range(steps):
            error = weight - target
            slope = error * 2
            velocity = slope * 0.05
            weight = weight - velocity
        return weight

    assert compiled(lambda: loop(200)) <= 4
    assert compiled(lambda: loop(2000)) <= 3
    np.testing.assert_allclose(weight.numpy(), [1, 2, 3], rtol=1e-5)


def test_the_cap_holds(small_capacity):
    x = nr.zeros(1)
    longest = 0
    for k in range(500):
        x = x + k if k % 7 else x.abs()
        longest = max(longest, len(recording.state.recording.entries))
    assert longest <= 50 and x.item() == sum(k for k in range(500) if k % 7)


@pytest.mark.parametrize(
    ("sequence", "period"),
    [("abcabcabcabc", 3), ("aaaaaaaa", 1), ("xyzabababab", 2), ("abcdefgh", 0), ("a", 0), ("", 0)],
)
def test_the_period_of_a_sequence(sequence, period):
    assert recording._period(list(sequence)) == period


def test_the_cut_goes_through_a_backward(small_capacity):
    x = nr.tensor([0.5, 1.5], requires_grad=True)
    y = x
    for _ in range(120):
        y = y * 1.01
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [1.01**120] * 2, rtol=1e-4)


# ------------------------------------------------------------------ threads


def in_thread(function):
    """What a function returns, or raises, in a thread of its own."""
    box: list = []

    def run():
        try:
            box.append(function())
        except BaseException as error:
            box.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]


def test_a_value_made_in_one_thread_is_read_in_another():
    pending_there = in_thread(lambda: nr.ones(3) * 2)
    assert pending(pending_there)
    more = pending_there + 1
    assert more.tolist() == [3, 3, 3] and pending_there.tolist() == [2, 2, 2]
    here = nr.ones(3) * 5
    assert in_thread(lambda: (here + 1).tolist()) == [6, 6, 6]


def test_a_graph_crosses_threads():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    loss = in_thread(lambda: (x * x).sum())
    loss.backward()
    assert x.grad.tolist() == [2, 4]
    in_thread(lambda: (x * 3).sum().backward())
    assert x.grad.tolist() == [5, 7]


def test_modes_belong_to_a_thread():
    with nr.no_grad(), nr.eager_mode():
        assert in_thread(nr.is_grad_enabled)
        assert pending(in_thread(lambda: nr.ones(1) + 1))


def test_many_threads_record_at_once():
    """Each has a recording; they share signatures, programs and some tensors."""
    shared = nr.arange(6.0).reshape(2, 3)

    def work(number):
        weight = nr.full((3,), float(number), requires_grad=True)
        for step in range(12):
            loss = ((shared * weight).sum() + step) ** 2
            if step % 3 == number % 3:
                loss.item()
            loss.backward()
            with nr.no_grad():
                weight -= 1e-4 * weight.grad
            weight.grad = None
        return weight.tolist()

    expected = [work(number) for number in range(4)]
    found: list = [None] * 4
    threads = [threading.Thread(target=lambda k=k: found.__setitem__(k, work(k))) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_reader_interrupts_a_recorder():
    """One thread appends to a chain while another keeps reading its newest value."""
    newest = [nr.zeros(2) + 0]
    done = threading.Event()
    read = []

    def append():
        x = newest[0]
        for _ in range(300):
            x = x + 1
            newest[0] = x
        done.set()

    thread = threading.Thread(target=append)
    thread.start()
    while not done.is_set():
        read.append(newest[0].tolist()[0])
    thread.join(60)
    assert newest[0].tolist() == [300, 300]
    assert read == sorted(read) and all(number == int(number) for number in read)


def test_an_input_of_a_call_that_ctrl_c_ended_does_no_harm():
    x, y = nr.arange(3.0), nr.ones(2)
    for interrupted in (False, True, False, True):
        made = x * 3 + 1
        if interrupted:
            recording.state.recording.leaf(y._value())
        assert made.tolist() == [1.0, 4.0, 7.0]
