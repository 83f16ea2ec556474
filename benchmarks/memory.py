"""Resident memory over many steps of the MLP: `-m benchmarks.memory` (Linux)."""

from __future__ import annotations

import argparse
import importlib
import os
from itertools import cycle, islice
from pathlib import Path

from .worker import imperative
from .workloads import WORKLOADS

START = 100
"""Steps before the growth is counted: programs are compiled and pools are filled by then."""


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--framework", choices=("neurarust", "torch"), default="neurarust")
    parser.add_argument("--steps", type=int, default=10_000)
    options = parser.parse_args()
    step, batches = imperative(importlib.import_module(options.framework), WORKLOADS["mlp"])
    looks = [START, *range(1_000, options.steps, 1_000), options.steps]
    source, done, start = cycle(batches), 0, 0.0
    print("| step | resident, MiB | growth |\n| --- | --- | --- |")
    for look in looks:
        for batch in islice(source, look - done):
            loss = step(*batch)
        loss.item()
        done, resident = look, resident_mib()
        start = start or resident
        print(f"| {done} | {resident:.1f} | {resident / start - 1:+.2%} |", flush=True)


if __name__ == "__main__":
    main()
