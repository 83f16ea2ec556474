"""Optimizers and schedules step for step against PyTorch, and state dicts of one in the other."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from tests.optim.test_optimizer import ROWS as FIRST_ROWS

torch = pytest.importorskip("torch")

# (class's name, options); those of the base tests, and the others.
ROWS = [(row[0].__name__, row[1]) for row in FIRST_ROWS] + [
    ("Adadelta", {"lr": 0.5, "weight_decay": 0.1}),
    ("Adafactor", {"lr": 0.1, "weight_decay": 0.1}),
    ("Adafactor", {"d": 1.5, "eps": (1e-3, 1e-2), "maximize": True}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    ("Adamax", {"lr": 0.1, "weight_decay": 0.1, "maximize": True}),
    ("ASGD", {"lr": 0.1, "t0": 3, "lambd": 0.1}),
    ("NAdam", {"lr": 0.1, "momentum_decay": 0.1, "weight_decay": 0.1}),
    ("NAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.1, "weight_decay": 0.1, "betas": (0.8, 0.9)}),
    ("RAdam", {"lr": 0.1, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("Rprop", {"lr": 0.01, "etas": (0.4, 1.5)}),
]
IDS = [f"{name}-{'-'.join(options)}" for name, options in ROWS]


def train(T, kind, options, steps=12):
    """A small regression; losses and the last weights."""
    generator = np.random.default_rng(0)
    weight = T.nn.Parameter(T.tensor(generator.standard_normal((3, 2)).astype(np.float32)))
    bias = T.nn.Parameter(T.tensor(np.zeros(2, np.float32)))
    x = T.tensor(generator.standard_normal((8, 3)).astype(np.float32))
    y = T.tensor(generator.standard_normal((8, 2)).astype(np.float32))
    optimizer = getattr(T.optim, kind)([{"params": [weight]}, {"params": [bias]}], **options)
    scheduler = T.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((x @ weight + bias - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    return losses, weight.detach().numpy(), optimizer


@pytest.mark.parametrize(("kind", "options"), ROWS, ids=IDS)
def test_training(kind, options):
    losses, weight, optimizer = train(nr, kind, options)
    expected_losses, expected, theirs = train(torch, kind, options)
    np.testing.assert_allclose(losses, expected_losses, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-5)
    state, other = optimizer.state_dict()["state"], theirs.state_dict()["state"]
    assert set(state) == set(other)
    for number in other:
        names = {name for name, one in other[number].items() if one is not None}
        assert set(state[number]) == names
        for name in names:
            got, wanted = np.asarray(state[number][name]), np.asarray(other[number][name])
            np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5)


def foreign(kept, tensor):
    """A state with its tensors made by another library."""
    if isinstance(kept, dict):
        return {name: foreign(one, tensor) for name, one in kept.items()}
    if isinstance(kept, (list, tuple)):
        return type(kept)(foreign(one, tensor) for one in kept)
    return tensor(np.asarray(kept)) if hasattr(kept, "detach") else kept


@pytest.mark.parametrize("taken_from", [torch, nr], ids=["torch", "nr"])
@pytest.mark.parametrize(("kind", "options"), ROWS, ids=IDS)
def test_states_are_exchanged(kind, options, taken_from):
    _, weight, optimizer = train(taken_from, kind, options, steps=3)
    results = []
    for T in (torch, nr):
        parameters = [T.nn.Parameter(T.tensor(one)) for one in (weight, np.zeros(2, np.float32))]
        resumed = getattr(T.optim, kind)([{"params": [one]} for one in parameters], **options)
        resumed.load_state_dict(foreign(optimizer.state_dict(), T.tensor))
        for _ in range(3):
            for one in parameters:
                one.grad = T.ones(*one.shape)
            resumed.step()
        results.append([one.detach().numpy() for one in parameters])
    for one, two in zip(*results, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------------ the rest


@pytest.mark.parametrize("dtype", ["bfloat16", "complex64"])
@pytest.mark.parametrize("kind", ["SGD", "Adam", "RMSprop", "Adagrad", "Rprop", "RAdam"])
def test_other_types(kind, dtype):
    generator = np.random.default_rng(0)
    parts = generator.standard_normal((2, 4, 3)).astype(np.float32)
    seen = []
    for T in (torch, nr):
        kept = T.complex(*map(T.tensor, parts)) if dtype == "complex64" else T.tensor(parts[0])
        parameter = T.nn.Parameter(kept.to(getattr(T, dtype)))
        optimizer = getattr(T.optim, kind)([parameter], lr=0.1)
        for _ in range(4):
            parameter.grad = parameter.detach() * 0.5
            optimizer.step()
        shown = parameter.detach()
        seen.append(np.asarray(shown if dtype == "complex64" else shown.float()))
    tolerance = {"bfloat16": 3e-2, "complex64": 1e-5}[dtype]
    np.testing.assert_allclose(*seen, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "NAdam"])
def test_differentiable_steps(kind):
    """The gradient of a loss after two steps, with respect to the first parameters."""
    seen = []
    for T in (torch, nr):
        start = T.tensor([1.0, -2.0, 3.0], requires_grad=True)
        parameter = start.clone()
        optimizer = getattr(T.optim, kind)([parameter], lr=0.1, differentiable=True)
        for k in range(2):
            parameter.grad = start * (k + 1) + 0.5
            optimizer.step()
        (parameter**2).sum().backward()
        seen.append(start.grad.numpy())
    np.testing.assert_allclose(*seen, rtol=1e-4)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs(search):
    generator = np.random.default_rng(0)
    x, y, start = (generator.standard_normal(shape) for shape in ((8, 4), (8, 3), (4, 3)))
    seen = []
    for T in (torch, nr):
        weight = T.nn.Parameter(T.tensor(start))
        optimizer = T.optim.LBFGS([weight], max_iter=4, history_size=5, line_search_fn=search)

        def closure(T=T, weight=weight, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ((T.tanh(T.tensor(x) @ weight) - T.tensor(y)) ** 2).mean()
            loss.backward()
            return loss

        losses = [optimizer.step(closure).item() for _ in range(4)]
        seen.append([*losses, *weight.detach().numpy().ravel()])
    np.testing.assert_allclose(*seen, rtol=1e-7)


SCHEDULES = [
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 3, "mode": "exp_range",
                  "gamma": 0.9}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 12, "three_phase": True}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 4}),
    ("LinearLR", {"total_iters": 6}),
    ("PolynomialLR", {"total_iters": 9, "power": 2.0}),
    ("MultiStepLR", {"milestones": [2, 5, 5]}),
    ("ConstantLR", {"total_iters": 4}),
    ("ExponentialLR", {"gamma": 0.9}),
]  # fmt: skip


@pytest.mark.parametrize("exchanged", [False, True], ids=["plain", "exchanged"])
@pytest.mark.parametrize(("kind", "options"), SCHEDULES, ids=[row[0] for row in SCHEDULES])
def test_schedules(kind, options, exchanged):
    """Rates and momentum for 12 epochs; `exchanged`: ours go on from the state of theirs."""

    def made(T):
        optimizer = T.optim.SGD([T.nn.Parameter(T.ones(1))], lr=0.1, momentum=0.9)
        return optimizer, getattr(T.optim.lr_scheduler, kind)(optimizer, **options)

    def walk(optimizer, scheduler, epochs):
        rows = []
        for _ in range(epochs):
            optimizer.step()
            scheduler.step()
            group = optimizer.param_groups[0]
            rows.append((group["lr"], group["momentum"], *scheduler.get_last_lr()))
        return rows

    theirs, ours = made(torch), made(nr)
    expected = walk(*theirs, 6)
    if exchanged:
        ours[0].load_state_dict(theirs[0].state_dict())
        ours[1].load_state_dict(theirs[1].state_dict())
    else:
        np.testing.assert_allclose(walk(*ours, 6), expected, rtol=1e-9)
    np.testing.assert_allclose(walk(*ours, 6), walk(*theirs, 6), rtol=1e-9)


# (class, options, options changed before a step, steps in which a parameter has no gradient);
# those that PyTorch can do.
CHANGES = [
    ("Adam", {}, {}, [(1, 1), (4, 0)]),
    ("SGD", {"momentum": 0.9, "dampening": 0.5}, {}, [(0, 1), (4, 0)]),
    ("SGD", {}, {3: {"momentum": 0.9}}, []),
    ("SGD", {"dampening": 0.5}, {3: {"momentum": 0.9}}, [(3, 1)]),
    ("SGD", {"momentum": 0.9, "dampening": 0.5}, {3: {"momentum": 0}, 5: {"momentum": 0.5}}, []),
    ("SGD", {}, {3: {"momentum": 0.9, "nesterov": True}}, []),
    ("RMSprop", {"momentum": 0.9}, {3: {"momentum": 0.0}, 6: {"momentum": 0.9}}, []),
    ("RMSprop", {"centered": True}, {3: {"centered": False}, 6: {"centered": True}}, []),
    ("AdamW", {"amsgrad": True}, {3: {"amsgrad": False}, 6: {"amsgrad": True}}, [(5, 0)]),
    ("Adam", {"weight_decay": 0.1}, {3: {"decoupled_weight_decay": True}}, []),
    ("NAdam", {"weight_decay": 0.1}, {3: {"decoupled_weight_decay": True}}, [(2, 1)]),
    ("RAdam", {}, {3: {"weight_decay": 0.1, "betas": (0.5, 0.6)}}, [(2, 1)]),
    ("Adamax", {}, {3: {"weight_decay": 0.1, "betas": (0.5, 0.6)}}, [(2, 1)]),
    ("Adadelta", {}, {3: {"maximize": True, "rho": 0.5}}, [(2, 1)]),
    ("Adagrad", {}, {3: {"lr_decay": 0.5, "weight_decay": 0.1}}, [(2, 1)]),
    ("ASGD", {}, {3: {"t0": 4.0, "lambd": 0.1}}, [(2, 1)]),
    ("Rprop", {}, {3: {"etas": (0.3, 1.5), "maximize": True}}, [(2, 1)]),
    ("Adafactor", {}, {3: {"weight_decay": 0.1, "maximize": True}}, [(2, 1)]),
]


@pytest.mark.parametrize(("kind", "options", "changes", "resting"), CHANGES)
def test_options_changed_in_mid_training_and_missing_gradients(kind, options, changes, resting):
    seen = []
    for T in (torch, nr):
        generator = np.random.default_rng(0)
        first, grads = (generator.standard_normal(shape) for shape in ((2, 3, 2), (8, 2, 3, 2)))
        parameters = [T.nn.Parameter(T.tensor(one)) for one in first]
        optimizer = getattr(T.optim, kind)(parameters, lr=0.1, **options)
        for step, given in enumerate(grads):
            optimizer.param_groups[0].update(changes.get(step, {}))
            for k, parameter in enumerate(parameters):
                parameter.grad = None if (step, k) in resting else T.tensor(given[k])
            optimizer.step()
        kept = optimizer.state_dict()["state"]
        seen.append(([one.detach().numpy() for one in parameters], kept))
    np.testing.assert_allclose(seen[1][0], seen[0][0], rtol=1e-5, atol=1e-6)
    for number, state in seen[0][1].items():
        for name, one in state.items():
            if one is not None:
                ours = np.asarray(seen[1][1][number][name])
                np.testing.assert_allclose(ours, np.asarray(one), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:Sparse invariant")
@pytest.mark.parametrize("whole_rows", [True, False], ids=["rows", "elements"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("SparseAdam", {}), ("SparseAdam", {"maximize": True}), ("SGD", {"momentum": 0.9}),
     ("SGD", {}), ("Adagrad", {})],
)  # fmt: skip
def test_sparse_gradients(kind, options, whole_rows):
    """Rows or elements in some steps, twice in one, with zeros among them, and no row at all."""
    places = [[0, 2, 0], [], [2, 3, 4], [0], [4, 4]]
    seen = []
    for T in (torch, nr):
        generator = np.random.default_rng(0)
        parameter = T.nn.Parameter(T.tensor(generator.standard_normal((5, 2))))
        optimizer = getattr(T.optim, kind)([parameter], lr=0.1, **options)
        for rows in places:
            at = [rows] if whole_rows else [rows, [k % 2 for k in range(len(rows))]]
            values = generator.standard_normal((len(rows), 2) if whole_rows else len(rows))
            values[1:2] = 0
            indices = T.tensor(np.array(at, np.int64))
            parameter.grad = T.sparse_coo_tensor(indices, T.tensor(values), (5, 2))
            optimizer.step()
        kept = optimizer.state_dict()["state"].get(0, {})
        state = [np.asarray(kept[name].to_dense() if T is torch and kept[name].is_sparse
                            else kept[name]) for name in sorted(kept)
                 if name != "step" and kept[name] is not None]  # fmt: skip
        seen.append([parameter.detach().numpy(), *state])
    for ours, theirs in zip(*seen, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-12)
