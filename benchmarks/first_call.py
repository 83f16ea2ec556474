"""The first call of an operation at a new shape, against plain JAX: `-m benchmarks.first_call`.

Each operation is called once in each framework, on a shape that no other call has, and its result
is looked at: that is tracing, compiling and running. Nothing comes from the disk.
"""

from __future__ import annotations

import importlib
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

ONE = """
    abs exp log sin cos tan tanh sinh cosh sqrt square sign floor ceil log1p expm1 exp2 log2 log10
    arcsin arccos arctan arcsinh arccosh arctanh reciprocal isnan isinf isfinite negative positive
    sum mean prod max min any all argmax argmin sort argsort var std median nansum nanmean flip
    ravel trunc logical_not rad2deg deg2rad sinc i0 signbit fix nan_to_num
""".split()
TWO = """
    add subtract multiply divide maximum minimum arctan2 hypot logaddexp logaddexp2 power fmod
    remainder equal not_equal less greater less_equal greater_equal logical_and logical_or
    logical_xor copysign nextafter matmul dot outer kron
""".split()
FLAT = ("dot", "outer")
SMALLEST = 40


def seconds(function: Callable, arguments: list) -> float:
    """From the call to the finished result."""
    start = time.perf_counter()
    jax.block_until_ready(function(*arguments))
    return time.perf_counter() - start


def pair(name: str, place: int, libraries: tuple[Any, Any]) -> tuple[float, float] | None:
    """Seconds here and in JAX, each the first one in turn; None if one has no such function."""
    nr, jnp = libraries
    ours, theirs = getattr(nr, name, None), getattr(jnp, name, None)
    if ours is None or theirs is None:
        return None
    shape = (SMALLEST + place,) if name in FLAT else (SMALLEST + place, 5)
    shape = (SMALLEST + place,) * 2 if name == "matmul" else shape
    data = np.random.default_rng(place).uniform(0.1, 0.9, shape).astype(np.float32)
    count = 1 if name in ONE else 2
    calls = [
        (ours, [nr.tensor(data) for _ in range(count)]),
        (theirs, [jnp.asarray(data) for _ in range(count)]),
    ]
    turns = calls if place % 2 else calls[::-1]
    times = [seconds(*one) for one in turns]
    return (times[0], times[1]) if place % 2 else (times[1], times[0])


def main() -> None:
    os.environ["NEURARUST_CACHE_DIR"] = ""
    nr = importlib.import_module("neurarust")
    (nr.ones(3) + 1).numpy()
    (jnp.ones(3) + 1).block_until_ready()
    found = [pair(name, place, (nr, jnp)) for place, name in enumerate(ONE + TWO)]
    times = [one for one in found if one is not None]
    ratio = statistics.median(ours / theirs for ours, theirs in times)
    mine, other = (statistics.median(one) * 1e3 for one in zip(*times, strict=True))
    print(f"{len(times)} operations, median: {mine:.0f} ms, JAX {other:.0f} ms, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
