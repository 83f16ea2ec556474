"""A model answers one request at a time, and each answer is looked at; a small model learns so.

python -m benchmarks.answers --rounds 3
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .turns import fastest, in_turn

FRAMEWORKS = ("neurarust", "nr.jit", "torch")
CONTEXT = 64


class Model(NamedTuple):
    """A module of torch's or neurarust's, and the shapes of the requests it gets."""

    name: str
    build: Callable[[Any], Any]
    shapes: tuple[tuple[int, ...], ...]


def _mlp(T: Any) -> Any:
    nn = T.nn
    return nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10)
    )


def _rows(name: str, build: Callable[[Any], Any], *shape: int) -> list[Model]:
    return [Model(f"{name}, {rows}", build, ((rows, *shape),)) for rows in (1, 4, 16)]


MODELS = [
    *_rows("Linear(512, 512)", lambda T: T.nn.Linear(512, 512), 512),
    *_rows("Linear(2048, 2048)", lambda T: T.nn.Linear(2048, 2048), 2048),
    *_rows("MLP 784, 256, 256, 10", _mlp, 784),
    *_rows("LSTM(256), 20 steps", lambda T: T.nn.LSTM(256, 256, batch_first=True), 20, 256),
    *_rows("GRU(128), 50 steps", lambda T: T.nn.GRU(128, 128, batch_first=True), 50, 128),
    *_rows("LSTMCell(256)", lambda T: T.nn.LSTMCell(256, 256), 256),
    *_rows(
        "encoder layer (256), 16 tokens",
        lambda T: T.nn.TransformerEncoderLayer(256, 4, 1024, batch_first=True), 16, 256,
    ),
]  # fmt: skip
# Rows and features of the batches, which come from the host.
TRAINED = [(8, 4), (32, 64), (64, 128), (128, 784)]
WRITING = [128, 512]


def _first(result: Any) -> Any:
    while isinstance(result, tuple):
        result = result[0]
    return result


def answering(T: Any, wrap: Callable, model: Model) -> Callable[[], Any]:
    module = model.build(T).eval()
    requests = [T.from_numpy(np.random.default_rng(0).standard_normal(shape, np.float32))
                for shape in model.shapes]  # fmt: skip
    answer = wrap(lambda *given: _first(module(*given)))

    def ask() -> Any:
        with T.no_grad():
            return answer(*requests).numpy()

    return ask


def learning(T: Any, wrap: Callable, rows: int, features: int) -> Callable[[], float]:
    """A training step of a small MLP whose loss is looked at."""
    nn, numbers = T.nn, np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(features, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = T.optim.SGD(model.parameters(), lr=0.01)
    inputs = numbers.standard_normal((20, rows, features), np.float32)
    classes = numbers.integers(0, 10, (20, rows))
    turns = itertools.cycle(range(20))

    @wrap
    def step(x: Any, y: Any) -> Any:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    def turn() -> float:
        k = next(turns)
        return step(T.from_numpy(inputs[k]), T.from_numpy(classes[k])).item()

    return turn


def writing(T: Any, wrap: Callable, width: int) -> Callable[[], int]:
    """One token of a GPT of four blocks that keeps the keys and values of the last ones."""
    nn, heads = T.nn, 4

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.given, self.taken = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
            self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)

        def forward(self, x: Any, keys: Any, values: Any) -> tuple:
            q, k, v = (
                one.view(1, 1, heads, -1).transpose(1, 2)
                for one in self.given(self.first(x)).chunk(3, -1)
            )
            keys, values = T.cat([keys[:, :, 1:], k], 2), T.cat([values[:, :, 1:], v], 2)
            found = nn.functional.scaled_dot_product_attention(q, keys, values)
            x = x + self.taken(found.transpose(1, 2).reshape(1, 1, width))
            return x + self.down(nn.functional.gelu(self.up(self.second(x)))), keys, values

    blocks = nn.ModuleList([Block() for _ in range(4)])
    table, head = nn.Embedding(1000, width), nn.Linear(width, 1000)
    empty = T.zeros(1, heads, CONTEXT, width // heads)
    held = T.zeros(1, 1, dtype=T.int64), [(empty, empty)] * 4

    @wrap
    def step(token: Any, cached: list) -> tuple:
        x, kept = table(token), []
        for block, (keys, values) in zip(blocks, cached, strict=True):
            x, keys, values = block(x, keys, values)
            kept.append((keys, values))
        return head(x)[:, -1].argmax(-1, keepdim=True), kept

    def turn() -> int:
        nonlocal held
        with T.no_grad():
            held = step(*held)
        return held[0].item()

    return turn


def measured(framework: str) -> list[float]:
    """Seconds of the fastest turn of each."""
    T = importlib.import_module("torch" if framework == "torch" else "neurarust")
    wrap = T.jit if framework == "nr.jit" else lambda function: function
    if framework == "torch":
        T.set_num_threads(2)
    T.manual_seed(0)
    turns = [
        *(answering(T, wrap, model) for model in MODELS),
        *(learning(T, wrap, *sizes) for sizes in TRAINED),
        *(writing(T, wrap, width) for width in WRITING),
    ]
    found = []
    for turn in turns:
        # (A jitted call goes straight to its program after 64 that ran alone.)
        for _ in range(100):
            turn()
        found.append(fastest(turn, 0.5))
    return found


def main() -> None:
    best = in_turn(__spec__.name, FRAMEWORKS, measured, __doc__ or "")
    names = [
        *(model.name for model in MODELS),
        *(f"training step, {rows} x {features}" for rows, features in TRAINED),
        *(f"a token, width {width}" for width in WRITING),
    ]
    print("| what, rows | neurarust, us | nr.jit, us | torch, us | / torch | nr.jit / torch |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, imperative, jitted, torch in zip(
        names, *(best[one] * 1e6 for one in FRAMEWORKS), strict=True
    ):
        print(
            f"| {name} | {imperative:.0f} | {jitted:.0f} | {torch:.0f} "
            f"| {imperative / torch:.2f} | {jitted / torch:.2f} |"
        )
    ratios = [np.exp(np.log(best[one] / best["torch"]).mean()) for one in FRAMEWORKS[:2]]
    print(f"\nGeometric means: {ratios[0]:.2f}, nr.jit {ratios[1]:.2f}")


if __name__ == "__main__":
    main()
