"""Scratch memory of large programs stays with the process, that of compiling them goes back."""

from __future__ import annotations

import ctypes

import jax
import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import scratch

from .subprocesses import run

resource = pytest.importorskip("resource")

# Page faults of a run of a program with 32 MB of scratch memory, in a process of its own: of the
# median one, since a thread that first needs memory in one of them has some to fetch.
COUNT = """
import resource, statistics
import neurarust as nr
F = nr.nn.functional
x, weight = nr.rand(32, 32, 64, 64), nr.rand(32, 32, 3, 3)
def run():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    F.conv2d(F.conv2d(x, weight, padding=1).relu(), weight).sum().item()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for _ in range(8):
    run()
print(statistics.median_low(run() for _ in range(9)))
"""


@pytest.mark.skipif(
    jax.__version_info__ >= (0, 12),
    reason="there the C library's settings change nothing: 16,000 page faults with and without",
)
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not the GNU C library")
def test_a_run_fetches_no_memory_from_the_system():
    # The user's own setting is left alone: the C library's default fetches it all, every time.
    fetched = int(run(COUNT, MALLOC_MMAP_THRESHOLD_="131072"))
    assert fetched > 8_000  # 32 MB are 8,192 pages
    assert int(run(COUNT)) < fetched / 10


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize(("rows", "large"), [(1100, True), (500, False)])
def test_which_programs_are_large(monkeypatch, jitted, rows, large):
    kept = []
    monkeypatch.setattr(scratch, "_kept", lambda: kept.append(True))
    x = nr.from_numpy(np.ones((rows, 1000), np.float32))

    # Of the jitted one, which is one call, only XLA knows what lies between.
    def function(x):
        return (x @ x.t()).softmax(1).sum()

    (nr.jit(function) if jitted else function)(x).item()
    assert bool(kept) is large


# How many MiB more a process holds after compiling 200 operations, if it is asked to give memory
# back from `sys.argv[1]` operations on.
HOLDS = """
import os, sys
import neurarust as nr
from neurarust.core.engine import scratch
scratch.MANY = int(sys.argv[1])
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
x = nr.rand(8, 8)
(x + 1).sum().item()
before = resident()
for _ in range(40):
    x = (x @ nr.rand(8, 8)).tanh().softmax(1).cumsum(0)
x.sum().item()
print(resident() - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="not the GNU C library")
def test_memory_of_the_compiler_goes_back():
    held, left = (
        float(run(HOLDS, str(many), NEURARUST_CACHE_DIR="")) for many in (1_000_000, scratch.MANY)
    )
    assert left < 0.8 * held
