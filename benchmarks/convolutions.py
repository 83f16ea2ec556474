"""Single convolutions of many shapes against PyTorch: forward, and forward with backward.

python -m benchmarks.convolutions --rounds 3
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from .turns import fastest, in_turn

FRAMEWORKS = ("neurarust", "torch")
# Batch, channels, outputs, pixels a side, kernel, stride, groups, whether transposed.
GRID = [
    (32, 3, 32, 32, 3, 1, 1, False),
    (32, 16, 16, 32, 3, 1, 1, False),
    (32, 32, 32, 32, 3, 1, 1, False),
    (32, 32, 64, 32, 3, 2, 1, False),
    (32, 64, 64, 16, 3, 1, 1, False),
    (32, 128, 128, 8, 3, 1, 1, False),
    (32, 256, 256, 8, 3, 1, 1, False),
    (8, 64, 64, 56, 3, 1, 1, False),
    (8, 32, 64, 28, 5, 1, 1, False),
    (4, 3, 64, 224, 7, 2, 1, False),
    (8, 64, 256, 56, 1, 1, 1, False),
    (8, 256, 64, 28, 1, 1, 1, False),
    (32, 32, 64, 32, 1, 2, 1, False),
    (8, 64, 64, 28, 3, 1, 64, False),
    (8, 64, 64, 28, 3, 1, 4, False),
    (1, 64, 64, 56, 3, 1, 1, False),
    (1, 256, 256, 14, 3, 1, 1, False),
    (32, 64, 32, 16, 4, 2, 1, True),
]


def measured(framework: str) -> list[tuple[float, float]]:
    """Seconds of each convolution's forward, and of forward and backward."""
    T: Any = importlib.import_module(framework)
    if framework == "torch":
        T.set_num_threads(2)
    wait = getattr(T, "synchronize", lambda: None)
    generator, F = np.random.default_rng(0), T.nn.functional

    def normal(*shape: int) -> Any:
        return T.from_numpy(generator.standard_normal(shape, dtype=np.float32)).requires_grad_()

    def one(batch, channels, outputs, pixels, kernel, stride, groups, transposed):
        x = normal(batch, channels, pixels, pixels)
        if transposed:
            weight, convolve = normal(channels, outputs, kernel, kernel), F.conv_transpose2d
        else:
            weight, convolve = normal(outputs, channels // groups, kernel, kernel), F.conv2d
        options = {"stride": stride, "padding": (kernel - 1) // 2, "groups": groups}

        def forward() -> Any:
            with T.no_grad():
                result = convolve(x, weight, **options)
            wait()
            return result

        given = T.ones_like(forward())

        def both() -> None:
            x.grad = weight.grad = None
            # It is kept, or nobody would compute it.
            result = convolve(x, weight, **options)
            result.backward(given)
            wait()

        return fastest(forward), fastest(both)

    return [one(*shape) for shape in GRID]


def main() -> None:
    best = in_turn("benchmarks.convolutions", FRAMEWORKS, measured, str(__doc__))
    ours, theirs = (best[name] * 1e6 for name in FRAMEWORKS)
    print("| batch, channels, pixels, kernel | forward, us | torch, us | ratio "
          "| both, us | torch, us | ratio |\n|" + " --- |" * 7)  # fmt: skip
    for shape, one, other in zip(GRID, ours, theirs, strict=True):
        batch, channels, outputs, pixels, kernel, stride, groups, transposed = shape
        name = f"{batch} x {channels} to {outputs} at {pixels}, {kernel}x{kernel}"
        name += f" / {stride}" * (stride > 1) + f", {groups} groups" * (groups > 1)
        name += ", transposed" * transposed
        cells = [f"{a:.0f} | {b:.0f} | {a / b:.2f}" for a, b in zip(one, other, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |")
    forward, both = np.exp(np.log(ours / theirs).mean(0))
    print(f"\ngeometric means: forward {forward:.2f}, with backward {both:.2f}")


if __name__ == "__main__":
    main()
