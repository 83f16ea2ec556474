"""Figures of many small calls, each framework in a process of its own, in turn."""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def fastest(call: Callable[[], Any], seconds: float = 0.3) -> float:
    """Seconds of the fastest of many calls."""
    call()
    call()
    best, started = math.inf, time.perf_counter()
    while time.perf_counter() - started < seconds:
        before = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - before)
    return best


def in_turn(
    module: str, frameworks: Sequence[str], measured: Callable[[str], Any], about: str
) -> dict[str, np.ndarray]:
    """The smallest figures of some rounds, by framework; the command line says how many.

    With `--framework` it only measures that one, prints what it found, and ends: so it starts
    itself for each framework.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=about)
    parser.add_argument("--framework", choices=frameworks)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    if options.framework:
        print(json.dumps(measured(options.framework)))
        sys.exit()
    best: dict[str, np.ndarray] = {}
    for _ in range(options.rounds):
        for name in frameworks:
            command = [sys.executable, "-m", module, "--framework", name]
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            found = np.array(json.loads(done.stdout.splitlines()[-1]))
            best[name] = np.minimum(best.get(name, found), found)
    return best
