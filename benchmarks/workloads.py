"""What is measured: the sizes of each workload, its input data and the ratios to reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

Batch = tuple[np.ndarray, ...]
VOCABULARY = 65
LATENT = 64
PIXELS = 784
LEARNING_RATE = 1e-3
BATCHES = 8


@dataclass(frozen=True)
class Workload:
    """One row of the result table.

    Args:
        model: function of that name in `imperative` and `handwritten`.
        sizes: its keyword arguments.
        batch: makes the arrays of one training step.
        bars: the ratio to reach against each framework, where there is one.
    """

    model: str
    batch: Callable[[np.random.Generator], Batch]
    sizes: dict[str, int] = field(default_factory=dict)
    bars: dict[str, float] = field(default_factory=dict)

    def batches(self) -> list[Batch]:
        """A few batches to walk through in turn, the same in every process."""
        generator = np.random.default_rng(0)
        return [self.batch(generator) for _ in range(BATCHES)]


def labelled(batch: int, *shape: int, classes: int = 10) -> Callable[..., Batch]:
    """Normal inputs `(batch, *shape)` and class numbers `(batch,)`."""

    def make(generator: np.random.Generator) -> Batch:
        inputs = generator.standard_normal((batch, *shape), dtype=np.float32)
        return inputs, generator.integers(0, classes, (batch,), dtype=np.int64)

    return make


def tokens(batch: int, length: int) -> Callable[..., Batch]:
    """Token numbers `(batch, length)` and the numbers that follow them."""

    def make(generator: np.random.Generator) -> Batch:
        text = generator.integers(0, VOCABULARY, (batch, length + 1), dtype=np.int64)
        return np.ascontiguousarray(text[:, :-1]), np.ascontiguousarray(text[:, 1:])

    return make


def real_and_noise(batch: int) -> Callable[..., Batch]:
    """Images `(batch, pixels)` in [-1, 1] and the noise `(batch, latent)` of a generator."""

    def make(generator: np.random.Generator) -> Batch:
        real = np.tanh(generator.standard_normal((batch, PIXELS), dtype=np.float32))
        return real, generator.standard_normal((batch, LATENT), dtype=np.float32)

    return make


WORKLOADS = {
    "mlp": Workload("mlp", labelled(64, PIXELS), {"width": 128}, {"torch": 0.85, "jax": 1.3}),
    "mlp_wide": Workload("mlp", labelled(256, PIXELS), {"width": 1024}, {"torch": 1.05}),
    "gpt_small": Workload("gpt", tokens(2, 16), {"width": 64, "context": 16}, {"torch": 0.6}),
    "gpt": Workload(
        "gpt", tokens(8, 64), {"width": 128, "context": 64}, {"torch": 1.1, "jax": 1.05}
    ),
    "gan": Workload("gan", real_and_noise(64), {"width": 128}, {"torch": 0.9}),
    "lstm": Workload("lstm", labelled(32, 50, 32), {"width": 128}, {"torch": 2.0}),
    "cnn": Workload("cnn", labelled(32, 3, 32, 32), {}, {"jax": 1.05}),
    "resnet": Workload("resnet", labelled(32, 3, 32, 32)),
}
