"""What is measured: the sizes of each workload, its input data and the ratios to reach."""

from __future__ import annotations

import itertools
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
        inner: `nr.jit` wraps the model or function inside the step, not the step: it looks.
        jitted: the function of `imperative` for `nr.jit`, which wraps what is before and after a
            look in mid-step, as JAX by hand has to.
        count: how many batches there are.
    """

    model: str
    batch: Callable[[np.random.Generator], Batch]
    sizes: dict[str, int] = field(default_factory=dict)
    bars: dict[str, float] = field(default_factory=dict)
    inner: bool = False
    jitted: str = ""
    count: int = BATCHES

    def batches(self) -> list[Batch]:
        """A few batches to walk through in turn, the same in every process."""
        generator = np.random.default_rng(0)
        return [self.batch(generator) for _ in range(self.count)]


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


def tokens_of_lengths(batch: int, *lengths: int) -> Callable[..., Batch]:
    """As `tokens`, every batch of another length."""
    turns = itertools.cycle(lengths)

    def make(generator: np.random.Generator) -> Batch:
        return tokens(batch, next(turns))(generator)

    return make


def normal(*shapes: tuple[int, ...]) -> Callable[..., Batch]:
    """Normal numbers of these shapes."""

    def make(generator: np.random.Generator) -> Batch:
        return tuple(generator.standard_normal(shape, dtype=np.float32) for shape in shapes)

    return make


class Pole:
    """A pole to be balanced on a cart (Barto, Sutton and Anderson, 1983).

    An episode ends after one of ten numbers of steps, in turn, and not when the pole falls: every
    block of ten has the same work in every framework, however well its policy does.
    """

    LENGTHS = (10, 31, 64, 22, 47, 13, 58, 26, 40, 18)
    LONGEST = max(LENGTHS)

    def __init__(self) -> None:
        self.generator = np.random.default_rng(0)
        self.lengths = itertools.cycle(self.LENGTHS)

    def reset(self) -> np.ndarray:
        """The first state: place, speed, angle and angular speed."""
        self.state = self.generator.uniform(-0.05, 0.05, 4).astype(np.float32)
        self.left = next(self.lengths)
        return self.state

    def step(self, action: int) -> tuple[np.ndarray, bool]:
        """The state 0.02 s after a push to the left or right, and whether the episode ends."""
        place, speed, angle, turning = self.state
        push = (10.0 if action else -10.0) + 0.05 * turning**2 * np.sin(angle)
        swing = 9.8 * np.sin(angle) - np.cos(angle) * push / 1.1
        swing /= 0.5 * (4 / 3 - 0.1 * np.cos(angle) ** 2 / 1.1)
        pull = (push - 0.05 * swing * np.cos(angle)) / 1.1
        change = 0.02 * np.array([speed, pull, turning, swing], np.float32)
        self.state, self.left = self.state + change, self.left - 1
        return self.state, self.left == 0


def returns(length: int) -> np.ndarray:
    """Standardized discounted sums of one reward a step."""
    sums = np.cumsum(0.99 ** np.arange(length))[::-1]
    return ((sums - sums.mean()) / (sums.std() + 1e-8)).astype(np.float32)


def nothing(_: np.random.Generator) -> Batch:
    """A step that finds its own data."""
    return ()


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
    "gan": Workload("gan", real_and_noise(64), {"width": 128}, {"torch": 0.9}, jitted="gan_halves"),
    # The same without a look in mid-step, as one function, and ending with `zero_grad()`.
    "gan_unseen": Workload("gan", real_and_noise(64), {"width": 128, "looks": 0}, {"torch": 0.9}),
    "lstm": Workload("lstm", labelled(32, 50, 32), {"width": 128}, {"torch": 2.0}),
    "cnn": Workload("cnn", labelled(32, 3, 32, 32), {}, {"jax": 1.05}),
    "resnet": Workload("resnet", labelled(32, 3, 32, 32)),
    "lengths": Workload(
        "gpt", tokens_of_lengths(8, *range(8, 72, 8)), {"width": 128, "context": 64}
    ),
    "vit": Workload("vit", labelled(16, 3, 32, 32), {"width": 192}),
    "pointwise": Workload("pointwise", normal((1024, 1024), (1024, 1024)), inner=True),
    "reinforce": Workload("reinforce", nothing, {"width": 64}, jitted="reinforce_padded"),
    "tiny": Workload("tiny", normal((16,), (16,)), inner=True),
}


def grown(width: int = 128, blocks: int = 4, batch: int = 8) -> Workload:
    """The GPT of another size."""
    return Workload(
        "gpt", tokens(batch, 64), {"width": width, "context": 64, "blocks": blocks}
    )  # fmt: skip


# How the cost of the GPT's step grows: what is varied -> its value -> workload.
GROWTH = {
    "width": {number: grown(width=number) for number in (64, 128, 256, 512)},
    "blocks": {number: grown(blocks=number) for number in (2, 4, 8, 16, 24)},
    "batch": {number: grown(batch=number) for number in (1, 4, 16, 32)},
}
GROWN = {
    f"gpt_{axis}_{number}": workload
    for axis, row in GROWTH.items()
    for number, workload in row.items()
}
