"""Checkpoints of PyTorch taken in mid-training: both libraries go on from one, side by side."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr

torch = pytest.importorskip("torch")

BEFORE, AFTER = 20, 50
CLASSES, BATCH = 3, 8


def convolutional(T):
    nn = T.nn
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64, CLASSES),
    )  # fmt: skip


def recurrent(T):
    nn = T.nn
    lstm = nn.LSTM(5, 8, batch_first=True)
    return nn.ModuleDict({"lstm": lstm, "head": nn.Linear(8, CLASSES)})


def attending(T):
    nn = T.nn
    layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
    return nn.ModuleDict({"encoder": encoder, "head": nn.Linear(8, CLASSES)})


# How a model is made, what it makes of a batch, and the shape of one input.
MODELS = {
    "cnn": (convolutional, lambda model, x: model(x), (2, 8, 8)),
    "lstm": (recurrent, lambda model, x: model["head"](model["lstm"](x)[0][:, -1]), (6, 5)),
    "transformer": (
        attending, lambda model, x: model["head"](model["encoder"](x).mean(1)), (6, 8)
    ),
}  # fmt: skip
OPTIMIZERS = {
    "Adam": {"lr": 3e-3, "weight_decay": 1e-2},
    "SGD": {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3},
    "LBFGS": {"lr": 0.03, "max_iter": 2, "history_size": 5},
}


class Training:
    """A model and its optimizer in one of the two libraries, and the batches they see."""

    def __init__(self, T, model, kind, dtype):
        build, self.apply, shape = MODELS[model]
        self.T, self.model = T, build(T).to(getattr(T, dtype))
        self.optimizer = getattr(T.optim, kind)(self.model.parameters(), **OPTIMIZERS[kind])
        generator = np.random.default_rng(0)
        # L-BFGS compares its losses with each other: it sees one batch only.
        count = 1 if kind == "LBFGS" else 4
        x = generator.standard_normal((count, BATCH, *shape)).astype(dtype)
        y = generator.integers(0, CLASSES, (count, BATCH))
        self.batches = [(T.tensor(one), T.tensor(two)) for one, two in zip(x, y, strict=True)]
        self.loss = T.nn.CrossEntropyLoss(label_smoothing=0.2)
        self.done = 0

    def step(self):
        x, y = self.batches[self.done % len(self.batches)]
        self.done += 1

        def closure():
            self.optimizer.zero_grad()
            loss = self.loss(self.apply(self.model, x), y)
            loss.backward()
            return loss

        return self.optimizer.step(closure).item()

    def save(self, path):
        states = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        self.T.save({**states, "done": self.done}, path)

    def load(self, path):
        states = self.T.load(path)
        self.model.load_state_dict(states["model"])
        self.optimizer.load_state_dict(states["optimizer"])
        self.done = states["done"]


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("model", MODELS)
def test_training_goes_on(model, kind, tmp_path):
    """From PyTorch's checkpoint both make the same losses; ours goes back to PyTorch too."""
    # Rounding errors grow from step to step, in L-BFGS's many evaluations most of all.
    dtype = "float64" if kind == "LBFGS" else "float32"
    torch.manual_seed(0)
    theirs = Training(torch, model, kind, dtype)
    for _ in range(BEFORE):
        theirs.step()
    theirs.save(tmp_path / "theirs.pt")
    ours = Training(nr, model, kind, dtype)
    ours.load(tmp_path / "theirs.pt")
    losses, expected = ([one.step() for _ in range(AFTER)] for one in (ours, theirs))
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    ours.save(tmp_path / "ours.pt")
    again = Training(torch, model, kind, dtype)
    again.load(tmp_path / "ours.pt")
    losses, expected = ([one.step() for _ in range(3)] for one in (again, theirs))
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


@pytest.mark.parametrize("before", [0, 1, 2, 9])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_checkpoint_passes_through(kind, before, tmp_path):
    """Taken up and saved again without a step; before the first step too."""
    shape, dtype = (3, 2), "float64"
    generator = np.random.default_rng(0)
    start = generator.standard_normal(shape).astype(dtype)
    numbers = OPTIMIZERS[kind] | ({"max_iter": 1} if kind == "LBFGS" else {})

    def made(T, weight):
        parameters = [T.nn.Parameter(T.tensor(weight)), T.nn.Parameter(T.tensor(weight * 2))]
        return parameters, getattr(T.optim, kind)(parameters, **numbers)

    def steps(parameters, optimizer, count):
        def closure():
            optimizer.zero_grad()
            loss = sum(((one**2 + 1).log() ** 2).sum() for one in parameters)
            loss.backward()
            return loss

        return [optimizer.step(closure).item() for _ in range(count)]

    theirs, optimizer = made(torch, start)
    steps(theirs, optimizer, before)
    torch.save([[one.detach() for one in theirs], optimizer.state_dict()], tmp_path / "0.pt")
    expected = steps(theirs, optimizer, 6)
    for number, T in enumerate((nr, torch)):
        parameters, optimizer = made(T, start)
        weights, state = T.load(tmp_path / f"{number}.pt")
        for one, weight in zip(parameters, weights, strict=True):
            one.detach().copy_(weight)
        optimizer.load_state_dict(state)
        T.save([[one.detach() for one in parameters], optimizer.state_dict()],
               tmp_path / f"{number + 1}.pt")  # fmt: skip
        np.testing.assert_allclose(steps(parameters, optimizer, 6), expected, rtol=1e-6)
