"""nr.jit of whole training steps: the numbers of imperative code."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import neurarust as nr
from neurarust.amp import GradScaler, autocast
from neurarust.core.errors import JitWarning

F = nr.nn.functional


@pytest.fixture(autouse=True)
def no_fallback():
    """A function that falls back where the test does not expect it fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", JitWarning)
        yield


def settled(jitted) -> bool:
    return not jitted._plain and any(one.settled for kept in jitted._kinds.values() for one in kept)


def close(one, other, rtol=1e-5):
    np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-6)


# ------------------------------------------------------------------ training steps

OPTIMIZERS = {
    "sgd": lambda p: nr.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: nr.optim.Adam(p, lr=0.01),
    "adamw": lambda p: nr.optim.AdamW(p, lr=0.01),
}


def trainer(kind):
    """A model, its optimizer, and a step with everything in it."""
    nr.manual_seed(0)
    model = nr.nn.Sequential(nr.nn.Linear(8, 16), nr.nn.ReLU(), nr.nn.Linear(16, 4))
    if kind == "adamw":
        model.insert(1, nr.nn.BatchNorm1d(16)).insert(3, nr.nn.Dropout(0.3))
    optimizer = OPTIMIZERS[kind](model.parameters())
    scheduler = nr.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        nr.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        return loss

    return model, optimizer, step


def snapshot(model, optimizer):
    found = [one.tolist() for one in model.state_dict().values()]
    found += [one.grad.tolist() for one in model.parameters()]
    for kept in optimizer.state_dict()["state"].values():
        found += [one.tolist() for one in kept.values()]
    return [*found, optimizer.param_groups[0]["lr"], nr.get_rng_state().tolist()]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_training_step(kind):
    runs = []
    for wrap in (lambda step: step, nr.jit):
        model, optimizer, step = trainer(kind)
        step = wrap(step)
        data = [(nr.randn(6, 8), nr.randint(0, 4, (6,))) for _ in range(5)]
        nr.synchronize()
        losses = [step(*one).item() for one in data]
        runs.append([losses, *snapshot(model, optimizer)])
    assert settled(step)
    for plain, jitted in zip(*runs, strict=True):
        close(jitted, plain)


def test_a_step_is_one_call_and_ends_the_unit_of_work():
    _, _, step = trainer("adam")
    step = nr.jit(step)
    data = nr.randn(6, 8), nr.randint(0, 4, (6,))
    for _ in range(4):
        loss = step(*data)
    nr.synchronize()
    programs = nr.explain().compilations
    for _ in range(3):
        loss = step(*data)
        assert loss._storage.value.array is not None
    assert nr.explain().compilations == programs
    assert "step[" in str(nr.explain())


def test_state_is_donated():
    model, optimizer, step = trainer("adam")
    step = nr.jit(step)
    data = nr.randn(6, 8), nr.randint(0, 4, (6,))
    for _ in range(4):
        step(*data)
    weight = model[0].weight
    state_of = optimizer.state[weight]["exp_avg"]
    arrays = [one._storage.value.array for one in (weight, state_of)]
    step(*data)
    assert all(one.is_deleted() for one in arrays)


def test_learning_rates_are_read_again():
    weight = nr.ones(1, requires_grad=True)
    optimizer = nr.optim.SGD([weight], lr=1.0)

    @nr.jit
    def step():
        optimizer.zero_grad()
        weight.sum().backward()
        optimizer.step()

    for rate in (1.0, 2.0, 3.0, 4.0):
        optimizer.param_groups[0]["lr"] = rate
        step()
    assert weight.item() == -9 and settled(step)
    optimizer.param_groups[0]["maximize"] = True
    step()
    assert weight.item() == -5


@pytest.mark.parametrize("kind", [tuple, list])
def test_options_in_a_list_are_read_again(kind):
    def trained(wrap):
        nr.manual_seed(0)
        model = nr.nn.Linear(3, 2)
        optimizer = nr.optim.Adam(model.parameters(), lr=0.1)
        (group,) = optimizer.param_groups
        group["betas"] = kind([0.9, 0.99])

        def train(x):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()

        train = wrap(train)
        for step in range(8):
            if step == 5 and kind is list:
                group["betas"][0] = 0.2
            elif step == 5:
                group["betas"] = (0.2, 0.99)
            train(nr.ones(4, 3) * (step + 1))
        assert wrap is not nr.jit or settled(train)
        return model.weight.detach().numpy()

    close(trained(nr.jit), trained(lambda train: train))


def test_several_models_and_optimizers():
    def build():
        nr.manual_seed(1)
        first, second = nr.nn.Linear(3, 3), nr.nn.Linear(3, 1)
        optimizers = nr.optim.Adam(first.parameters()), nr.optim.SGD(second.parameters(), lr=0.1)

        def step(x):
            hidden = first(x).tanh()
            second(hidden.detach()).pow(2).mean().backward()
            optimizers[1].step()
            optimizers[1].zero_grad()
            loss = -second(hidden).mean()
            loss.backward()
            optimizers[0].step()
            for one in optimizers:
                one.zero_grad(set_to_none=False)
            return loss

        return first, second, step

    x = nr.randn(4, 3)
    runs = []
    for wrap in (lambda step: step, nr.jit):
        first, second, step = build()
        step = wrap(step)
        losses = [step(x).item() for _ in range(6)]
        parts = [*first.parameters(), *second.parameters()]
        runs.append([losses, *[p.tolist() for p in parts], *[p.grad.tolist() for p in parts]])
    assert settled(step)
    for plain, jitted in zip(*runs, strict=True):
        close(jitted, plain)


@pytest.mark.parametrize("jitted", [False, True])
def test_accumulation(jitted):
    weight = nr.tensor([1.0, 2.0], requires_grad=True)

    def micro(x):
        ((weight * x) ** 2).sum().backward()

    run = nr.jit(micro) if jitted else micro
    expected = np.zeros(2)
    for k in range(9):
        run(nr.full((2,), float(k)))
        expected += 2 * k * k * weight.detach().numpy()
        close(weight.grad, expected)
        if k in (3, 6):
            kept = weight.grad
            weight.grad = None
            expected = np.zeros(2)
            assert kept.tolist() != [0, 0]
    assert not jitted or settled(run)


def test_gradients_keep_their_identity_when_they_accumulate():
    weight = nr.ones(2, requires_grad=True)
    step = nr.jit(lambda: weight.sum().backward())
    step()
    gradient = weight.grad
    for _ in range(4):
        step()
    assert weight.grad is gradient and gradient.tolist() == [5, 5]


def test_autocast_and_loss_scaling():
    def build():
        nr.manual_seed(0)
        model = nr.nn.Sequential(nr.nn.Linear(8, 16), nr.nn.ReLU(), nr.nn.Linear(16, 4))
        optimizer = nr.optim.AdamW(model.parameters(), lr=0.01)
        scaler = GradScaler("cpu", growth_interval=2)

        def step(x, y):
            optimizer.zero_grad()
            with autocast("cpu"):
                loss = F.cross_entropy(model(x), y)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nr.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            return loss

        return scaler, step

    data = [(nr.randn(6, 8), nr.randint(0, 4, (6,))) for _ in range(5)]
    data[3][0][0, 0] = float("inf")
    runs = []
    for wrap in (lambda step: step, nr.jit):
        scaler, step = build()
        step = wrap(step)
        runs.append([*[step(*one).item() for one in data], scaler.get_scale()])
    assert settled(step)
    np.testing.assert_allclose(runs[1], runs[0], rtol=1e-5)


def test_autocast_outside_is_a_guard():
    function = nr.jit(lambda x, y: x @ y)
    for _ in range(3):
        assert function(nr.ones(2, 2), nr.ones(2, 2)).dtype is nr.float32
        with autocast("cpu"):
            assert function(nr.ones(2, 2), nr.ones(2, 2)).dtype is nr.bfloat16


def test_weights_that_share_values():
    """A target network begins with the very values of the model, and follows it."""

    def build():
        nr.manual_seed(0)
        model, target = nr.nn.Linear(3, 3), nr.nn.Linear(3, 3)
        target.load_state_dict(model.state_dict())
        optimizer = nr.optim.SGD(model.parameters(), lr=0.1)

        def step(x):
            with nr.no_grad():
                goal = target(x) + 1
            loss = ((model(x) - goal) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            with nr.no_grad():
                for new, old in zip(model.parameters(), target.parameters(), strict=True):
                    old.mul_(0.9).add_(new, alpha=0.1)
            return loss

        return step

    x = nr.randn(4, 3)
    plain, jitted = build(), nr.jit(build())
    close([jitted(x).item() for _ in range(6)], [plain(x).item() for _ in range(6)])
    assert settled(jitted)


def test_schedules_in_a_row_and_rates_in_tensors():
    def build():
        weight = nr.ones(1, requires_grad=True)
        other = nr.ones(1, requires_grad=True)
        rate = nr.tensor(0.5)
        optimizer = nr.optim.SGD([weight], lr=1.0)
        second = nr.optim.SGD([other], lr=rate)
        schedules = nr.optim.lr_scheduler
        scheduler = schedules.SequentialLR(
            optimizer,
            [schedules.LinearLR(optimizer, total_iters=2), schedules.ExponentialLR(optimizer, 0.5)],
            [2],
        )

        def step():
            for one in (optimizer, second):
                one.zero_grad()
            (weight + other).sum().backward()
            optimizer.step()
            scheduler.step()
            second.step()

        def run(call):
            found = []
            for k in range(6):
                rate.fill_(0.5 / (k + 1))
                call()
                found += [weight.item(), other.item(), *scheduler.get_last_lr()]
            return found

        return step, run

    step, run = build()
    expected = run(step)
    step, run = build()
    jitted = nr.jit(step)
    close(run(jitted), expected)
    assert settled(jitted)


def test_data_that_is_written_in_place():
    """`p.data -= ...` assigns the memory that `p` has already."""
    runs = []
    for wrap in (nr.jit, lambda step: step):
        nr.manual_seed(0)
        model, x = nr.nn.Linear(3, 2), nr.randn(5, 3)

        def step(x, model=model):
            model.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            for one in model.parameters():
                one.data -= 0.1 * one.grad.data
            model.weight.data /= model.weight.data.norm()
            return loss

        step = wrap(step)
        runs.append([step(x).item() for _ in range(5)])
        assert model.weight.norm().item() == pytest.approx(1)
        assert model.weight.is_leaf and model.weight.requires_grad
    np.testing.assert_allclose(*runs, rtol=1e-5)
