"""Each workload in each framework, each in its own process, in turn: a table of ratios.

python -m benchmarks --only mlp gpt --rounds 3 --json results.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from .worker import FRAMEWORKS
from .workloads import WORKLOADS

ROOT = Path(__file__).resolve().parent.parent
Results = dict[str, dict[str, dict[str, float]]]


def run_once(framework: str, workload: str, steps: int, seconds: float) -> dict | None:
    """The figures of one process, or None if it failed."""
    command = [sys.executable, "-m", "benchmarks.worker", framework, workload]
    command += ["--steps", str(steps), "--seconds", str(seconds)]
    done = subprocess.run(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["no message"]
        print(f"{workload} in {framework} failed: {reason[0]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def merge(known: dict | None, new: dict | None) -> dict | None:
    """The faster process of two, step for step."""
    if known is None or new is None:
        return known or new
    return known | {key: min(known[key], new[key]) for key in ("fastest", "median", "first")}


def ratio(row: dict, workload: str, other: str) -> str:
    """`0.81 (0.85)`: our fastest step over the other's, and the bar."""
    ours, theirs = row.get("neurarust"), row.get(other)
    if not ours or not theirs:
        return "-"
    bar = WORKLOADS[workload].bars.get(other)
    value = f"{ours['fastest'] / theirs['fastest']:.2f}"
    return f"{value} ({bar})" if bar else value


def table(results: Results, frameworks: list[str]) -> str:
    """Markdown: milliseconds of the fastest step (median in brackets), then our ratios (bar)."""
    others = [name for name in frameworks if name != "neurarust"]
    head = ["workload", *(f"{name}, ms" for name in frameworks), *(f"/ {name}" for name in others)]
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    for workload, row in results.items():
        cells = [workload]
        for name in frameworks:
            found = row.get(name)
            cells.append(
                f"{found['fastest'] * 1e3:.2f} ({found['median'] * 1e3:.2f})" if found else "-"
            )
        cells += [ratio(row, workload, other) for other in others]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument(
        "--frameworks", nargs="+", choices=FRAMEWORKS, default=["neurarust", "torch", "jax"]
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100, help="at least so many in each process")
    parser.add_argument("--seconds", type=float, default=2.0, help="and at least so long")
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    options = parser.parse_args()

    results: Results = {workload: {} for workload in options.only}
    for number in range(options.rounds):
        for workload in options.only:
            for framework in options.frameworks:
                new = run_once(framework, workload, options.steps, options.seconds)
                best = merge(results[workload].get(framework), new)
                if best is not None:
                    results[workload][framework] = best
            done = ", ".join(
                f"{name} {row['fastest'] * 1e3:.2f} ms" for name, row in results[workload].items()
            )
            print(f"round {number + 1}: {workload}: {done}", file=sys.stderr)
    print(f"{os.cpu_count()} cores, fastest of {options.rounds} rounds (median):\n")
    print(table(results, options.frameworks))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
