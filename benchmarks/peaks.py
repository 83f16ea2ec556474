"""Peak of the resident memory in training, beyond what importing takes: `-m benchmarks.peaks`.

Each workload trains 20 steps in each framework in a process of its own, and its loss is looked at
after each. NeuraRust compiles anew ("cold"), and once more finds its programs on disk.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from itertools import cycle, islice

from .turns import ROOT
from .worker import FRAMEWORKS
from .workloads import GROWN, WORKLOADS

STEPS = 20
CHOSEN = ("gpt", "resnet", "gpt_width_512")
COMPARED = ("torch", "jax")


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def grown(framework: str, workload: str) -> float:
    """MiB that the peak of this process grows by in training."""
    module = __import__("neurarust" if framework.startswith(("neurarust", "nr")) else framework)
    ones = module.numpy.ones(2) if framework == "jax" else module.ones(2)
    ones.sum().item()  # what the first call of all allocates counts as importing
    before = peak_mib()
    step, batches = FRAMEWORKS[framework]((WORKLOADS | GROWN)[workload])
    for batch in islice(cycle(batches), STEPS):
        step(*batch).item()
    return peak_mib() - before


def in_a_process(framework: str, workload: str, cache: str) -> float:
    command = [sys.executable, "-m", "benchmarks.peaks", "--of", framework, workload]
    environment = os.environ | {"NEURARUST_CACHE_DIR": cache}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", nargs=2, metavar=("FRAMEWORK", "WORKLOAD"))
    options = parser.parse_args()
    if options.of:
        print(grown(*options.of))
        return
    print("| MiB | neurarust, cold | from disk |", " | ".join(COMPARED), "|")
    print("| --- |" + " --- |" * (2 + len(COMPARED)))
    for workload in CHOSEN:
        with tempfile.TemporaryDirectory() as cache:
            found = [in_a_process("neurarust", workload, cache) for _ in range(2)]
        found += [in_a_process(one, workload, "") for one in COMPARED]
        print(f"| {workload} |", " | ".join(f"{one:.0f}" for one in found), "|", flush=True)


if __name__ == "__main__":
    main()
