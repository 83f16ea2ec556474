"""A step of 16 small models with BatchNorm: by vmap, and one after the other.

python -m benchmarks.vmap
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import neurarust as nr

MODELS, BATCH, FEATURES, WIDTH, CLASSES = 16, 32, 20, 32, 4


def model() -> nr.nn.Sequential:
    """A classifier of two hidden layers."""
    layer = nr.nn
    return layer.Sequential(
        layer.Linear(FEATURES, WIDTH), layer.BatchNorm1d(WIDTH), layer.ReLU(),
        layer.Linear(WIDTH, WIDTH), layer.BatchNorm1d(WIDTH), layer.ReLU(),
        layer.Linear(WIDTH, CLASSES),
    )  # fmt: skip


def image_model() -> nr.nn.Sequential:
    """A convolutional classifier."""
    layer = nr.nn
    return layer.Sequential(
        layer.Conv2d(1, 8, 3, padding=1), layer.BatchNorm2d(8), layer.ReLU(), layer.MaxPool2d(2),
        layer.Conv2d(8, 16, 3, padding=1), layer.BatchNorm2d(16), layer.ReLU(), layer.MaxPool2d(2),
        layer.Flatten(), layer.Linear(16 * 7 * 7, CLASSES),
    )  # fmt: skip


def separate(models: list, x: nr.Tensor, y: nr.Tensor) -> Callable[[], list]:
    """One step of each model, with an optimizer each."""
    optimizers = [nr.optim.SGD(one.parameters(), lr=0.01, momentum=0.9) for one in models]

    def step() -> list:
        losses = []
        for one, optimizer in zip(models, optimizers, strict=True):
            optimizer.zero_grad()
            loss = nr.nn.functional.cross_entropy(one(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss)
        nr.synchronize()
        return losses

    return step


def together(models: list, x: nr.Tensor, y: nr.Tensor) -> Callable[[], list]:
    """One step of all models by vmap, with one optimizer of the stacked parameters."""
    parameters, buffers = nr.func.stack_module_state(models)
    optimizer = nr.optim.SGD(parameters.values(), lr=0.01, momentum=0.9)

    def loss(p: dict, b: dict) -> nr.Tensor:
        return nr.nn.functional.cross_entropy(nr.func.functional_call(models[0], (p, b), (x,)), y)

    def step() -> list:
        optimizer.zero_grad()
        losses = nr.vmap(loss)(parameters, buffers)
        losses.sum().backward()
        optimizer.step()
        nr.synchronize()
        return list(losses.detach())

    return step


def milliseconds(step: Callable, rounds: int) -> float:
    """The median time of a step, after three to warm up."""
    for _ in range(3):
        step()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main() -> None:
    """Prints both times and their ratio."""
    y = nr.randint(CLASSES, (BATCH,))
    for name, make, x, rounds in (
        ("dense", model, nr.randn(BATCH, FEATURES), 50),
        ("images", image_model, nr.randn(BATCH, 1, 28, 28), 5),
    ):
        alone = milliseconds(separate([make() for _ in range(MODELS)], x, y), rounds)
        mapped = milliseconds(together([make() for _ in range(MODELS)], x, y), rounds)
        print(f"{name}: {MODELS} steps {alone:.2f} ms, by vmap {mapped:.2f} ms, "
              f"ratio {mapped / alone:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
