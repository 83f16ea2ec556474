"""Shapes that never came before: `-m benchmarks.new_shapes`.

Seconds for a GPT to write a text, one token longer at each step, and to train on batches of ever
another length, from the first call on; nothing comes from the disk. Each framework runs in its own
process, in turn; NeuraRust also without drafts (`core/engine/drafts.py`). JAX's step is written by
hand and jitted; it writes no text, for which one would pad.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

from .worker import FRAMEWORKS
from .workloads import VOCABULARY, WORKLOADS, tokens_of_lengths

ROUNDS, TOKENS = 3, 30
LENGTHS = range(8, 48, 2)
ROWS = {
    "torch": ("torch", {}),
    "neurarust": ("neurarust", {}),
    "neurarust without drafts": ("neurarust", {"NEURARUST_DRAFTS": "0"}),
    "jax": ("jax", {}),
}
TASKS = ("writing", "training")
TASKS_OF = dict.fromkeys(ROWS, TASKS) | {"jax": ("training",)}


def writing(framework: str) -> float:
    """Seconds for a text of TOKENS tokens."""
    T = importlib.import_module(framework)
    T.manual_seed(0)
    models: list[Any] = []
    importlib.import_module("benchmarks.imperative").gpt(
        T, lambda one: models.append(one) or one, width=64, context=TOKENS + 1
    )
    model = models[0].eval()
    text = T.tensor([[VOCABULARY // 2]])
    start = time.perf_counter()
    with T.no_grad():
        for _ in range(TOKENS):
            text = T.cat([text, model(text)[:, -1:].argmax(-1)], 1)
    text.tolist()
    return time.perf_counter() - start


def training(framework: str) -> float:
    """Seconds for a step with each of LENGTHS."""
    batch = tokens_of_lengths(8, *LENGTHS)
    workload = replace(WORKLOADS["lengths"], batch=batch, count=len(LENGTHS))
    step, batches = FRAMEWORKS[framework](workload)
    start = time.perf_counter()
    for one in batches:
        step(*one).item()
    return time.perf_counter() - start


def measured(row: str, task: str) -> float:
    """One run in a process of its own."""
    framework, environment = ROWS[row]
    command = [sys.executable, "-m", "benchmarks.new_shapes", "--run", framework, task]
    given = os.environ | {"NEURARUST_CACHE_DIR": ""} | environment
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", nargs=2, metavar=("FRAMEWORK", "TASK"))
    chosen = parser.parse_args().run
    if chosen:
        print({"writing": writing, "training": training}[chosen[1]](chosen[0]))
        return
    print("| | writing | training |\n| --- | --- | --- |")
    for row in ROWS:
        tasks = {task: min(measured(row, task) for _ in range(ROUNDS)) for task in TASKS_OF[row]}
        cells = [f"{tasks[one]:.2f}" if one in tasks else "" for one in TASKS]
        print(f"| {row} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
