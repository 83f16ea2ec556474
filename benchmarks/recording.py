"""Python time of one small op, without gradients and with its backward: `-m benchmarks.recording`.

A chain of 100 ops is timed as it is recorded; running it is waited for outside the timer. With
`--framework torch` the same script times eager PyTorch, which runs each op at once.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import statistics
import time
from collections.abc import Callable
from typing import Any

OPS = 100
REPEATS = 300


def chain(x: Any) -> Any:
    for _ in range(OPS):
        x = x * 1.0001
    return x


def without_gradients(T: Any) -> Callable[[], Any]:
    x = T.ones(8)

    def run():
        with T.no_grad():
            return chain(x)

    return run


def with_backward(T: Any) -> Callable[[], Any]:
    x = T.ones(8, requires_grad=True)

    def run():
        x.grad = None
        chain(x).sum().backward()
        return x.grad

    return run


def microseconds(run: Callable[[], Any]) -> tuple[float, float]:
    """Fastest and median time per op."""
    times = []
    gc.disable()  # as timeit does
    for repeat in range(REPEATS):
        start = time.perf_counter()
        result = run()
        times.append((time.perf_counter() - start) / OPS * 1e6)
        result.sum().item()
        if repeat % 50 == 0:
            gc.collect()
    gc.enable()
    return min(times), statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=("neurarust", "torch"), default="neurarust")
    T = importlib.import_module(parser.parse_args().framework)
    print("| one op, Python time in us | fastest | median | bar |\n| --- | --- | --- | --- |")
    for name, build, bar in (
        ("no gradients", without_gradients, 2),
        ("with its backward", with_backward, 5),
    ):
        fastest, median = microseconds(build(T))
        print(f"| {name} | {fastest:.2f} | {median:.2f} | {bar} |")


if __name__ == "__main__":
    main()
