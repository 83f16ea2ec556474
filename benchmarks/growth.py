"""How the cost of the GPT's training step grows, and of its compilation: `-m benchmarks.growth`.

Writes `docs/growth.svg` and prints a table: milliseconds of the fastest step against width, depth
and batch, and seconds to the first step (nothing on disk) against depth.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from .__main__ import ROOT, merge, run_once
from .workloads import GROWTH

FRAMEWORKS = ("neurarust", "torch", "jax")
STEPS, SECONDS = 20, 1.0
COLORS = dict(zip(FRAMEWORKS, ("#c2410c", "#64748b", "#0f766e"), strict=True))
Times = dict[tuple[str, str, int], dict[str, float]]


def measured(rounds: int) -> Times:
    """(framework, axis, value) -> the figures of the fastest process."""
    times: Times = {}
    for _ in range(rounds):
        for axis, row in GROWTH.items():
            for number in row:
                for framework in FRAMEWORKS:
                    new = run_once(framework, f"gpt_{axis}_{number}", STEPS, SECONDS)
                    best = merge(times.get((framework, axis, number)), new)
                    if best is not None:
                        times[framework, axis, number] = best
                print(axis, number, file=sys.stderr)
    return times


def table(times: Times) -> Iterable[str]:
    """Markdown, a row for each size."""
    names = ", ".join(FRAMEWORKS)
    yield f"| gpt with | {', ms | '.join(FRAMEWORKS)}, ms | first step, s: {names} |"
    yield "| --- " * (len(FRAMEWORKS) + 2) + "|"
    for axis, row in GROWTH.items():
        for number in row:
            found = [times[framework, axis, number] for framework in FRAMEWORKS]
            steps = " | ".join(f"{one['fastest'] * 1e3:.1f}" for one in found)
            first = ", ".join(f"{one['first']:.2f}" for one in found)
            yield f"| {axis} {number} | {steps} | {first} |"


def plot(times: Times, path: Path) -> None:
    """Four panels with logarithmic axes."""
    from matplotlib import pyplot  # an extra, and only here

    panels = [*((axis, "fastest", 1e3, "ms a step") for axis in GROWTH),
              ("blocks", "first", 1.0, "s to the first step")]  # fmt: skip
    figure, axes = pyplot.subplots(1, len(panels), figsize=(13, 3.2), layout="constrained")
    for place, (axis, key, factor, label) in zip(axes, panels, strict=True):
        for framework in FRAMEWORKS:
            sizes = list(GROWTH[axis])
            values = [times[framework, axis, one][key] * factor for one in sizes]
            place.loglog(sizes, values, "o-", color=COLORS[framework], label=framework, ms=4)
        place.set_xticks(sizes, [str(one) for one in sizes])
        place.minorticks_off()
        place.set_xlabel(axis)
        place.set_title(label, fontsize=10)
        place.grid(alpha=0.3)
    axes[0].legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--plot", type=Path, default=ROOT / "docs" / "growth.svg")
    options = parser.parse_args()
    # The first step is to compile.
    os.environ["NEURARUST_CACHE_DIR"] = ""
    times = measured(options.rounds)
    print("\n".join(table(times)))
    plot(times, options.plot)


if __name__ == "__main__":
    main()
