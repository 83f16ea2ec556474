"""One workload in one framework, in this process: prints the times as a line of JSON."""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from typing import Any

from .workloads import GROWN, WORKLOADS, Workload

BLOCK = 10
"""Steps between two looks: long enough to hide the look, short enough to find a quiet moment."""


def torch_threads() -> Any:
    torch = importlib.import_module("torch")
    torch.set_num_threads(2)
    return torch


def imperative(T: Any, workload: Workload, wrap: Callable = lambda model: model) -> tuple:
    build = getattr(importlib.import_module("benchmarks.imperative"), workload.model)
    T.manual_seed(0)
    batches = [tuple(map(T.from_numpy, batch)) for batch in workload.batches()]
    return build(T, wrap, **workload.sizes), batches


def run_torch(workload: Workload) -> tuple:
    return imperative(torch_threads(), workload)


def run_torch_compile(workload: Workload) -> tuple:
    torch = torch_threads()
    return imperative(torch, workload, torch.compile)


def run_neurarust(workload: Workload) -> tuple:
    return imperative(importlib.import_module("neurarust"), workload)


def run_neurarust_jit(workload: Workload) -> tuple:
    nr = importlib.import_module("neurarust")
    if workload.inner or workload.jitted:
        chosen = replace(workload, model=workload.jitted or workload.model)
        return imperative(nr, chosen, nr.jit)
    step, batches = imperative(nr, workload)
    return nr.jit(step), batches


def run_jax(workload: Workload) -> tuple:
    jnp = importlib.import_module("jax.numpy")
    build = getattr(importlib.import_module("benchmarks.handwritten"), workload.model)
    batches = [tuple(map(jnp.asarray, batch)) for batch in workload.batches()]
    return build(**workload.sizes), batches


FRAMEWORKS = {
    "neurarust": run_neurarust,
    "nr.jit": run_neurarust_jit,
    "torch": run_torch,
    "jax": run_jax,
    "torch.compile": run_torch_compile,
}


def measure(step: Callable, batches: list, steps: int, seconds: float) -> dict[str, float]:
    """Seconds a step, over blocks that each end with a look at the loss."""
    source = cycle(batches)

    def block() -> float:
        start = time.perf_counter()
        for _ in range(BLOCK):
            loss = step(*next(source))
        block.loss = loss.item()
        return (time.perf_counter() - start) / BLOCK

    started = time.perf_counter()
    step(*next(source)).item()
    first = time.perf_counter() - started
    for _ in range(2):
        block()
    times = []
    started = time.perf_counter()
    while len(times) * BLOCK < steps or time.perf_counter() - started < seconds:
        times.append(block())
    return {
        "fastest": min(times),
        "median": statistics.median(times),
        "first": first,
        "steps": len(times) * BLOCK,
        "loss": block.loss,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("framework", choices=FRAMEWORKS)
    parser.add_argument("workload", choices=WORKLOADS | GROWN)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    step, batches = FRAMEWORKS[options.framework]((WORKLOADS | GROWN)[options.workload])
    print(json.dumps(measure(step, batches, options.steps, options.seconds)))


if __name__ == "__main__":
    main()
