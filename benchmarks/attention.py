"""Causal attention over many steps, forward and backward: `-m benchmarks.attention`.

Milliseconds, and MiB that the peak of a process grows by, compiling included: for each length and
framework a process of its own.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time

from .peaks import peak_mib
from .turns import ROOT

LENGTHS = (1024, 2048, 4096, 8192)
HEADS, WIDTH = 4, 32
ROUNDS = 5


def measured(framework: str, length: int) -> tuple[float, float]:
    """The fastest of some rounds in milliseconds, and the growth in MiB."""
    T = importlib.import_module(framework)
    if framework == "torch":
        T.set_num_threads(2)
    inputs = [T.randn(1, HEADS, length, WIDTH, requires_grad=True) for _ in range(3)]
    sum(one.sum().item() for one in inputs)
    before, best = peak_mib(), float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = T.nn.functional.scaled_dot_product_attention(*inputs, is_causal=True)
        result.sum().backward()
        sum(one.grad.sum().item() for one in inputs)
        best = min(best, time.perf_counter() - start)
        for one in inputs:
            one.grad = None
    return best * 1e3, peak_mib() - before


def in_a_process(framework: str, length: int) -> str:
    command = [sys.executable, "-m", "benchmarks.attention", "--of", framework, str(length)]
    return subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", nargs=2, metavar=("FRAMEWORK", "LENGTH"))
    options = parser.parse_args()
    if options.of:
        milliseconds, growth = measured(options.of[0], int(options.of[1]))
        print(f"{milliseconds:.0f} | {growth:.0f}")
        return
    print("| steps | neurarust, ms | MiB | torch, ms | MiB |\n| --- | --- | --- | --- | --- |")
    for length in LENGTHS:
        ours, theirs = (in_a_process(one, length) for one in ("neurarust", "torch"))
        print(f"| {length:,} | {ours} | {theirs} |", flush=True)


if __name__ == "__main__":
    main()
