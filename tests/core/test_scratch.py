"""Scratch memory of large programs stays with the process, that of compiling them goes back."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.engine import scratch

from .subprocesses import run

resource = pytest.importorskip("resource")

# Page faults of a run of a program with 8 MB of scratch memory for each of `sys.argv[1]` layers, in
# a process of its own: of the median one, since a thread that first needs memory in one of them has
# some to fetch.
COUNT = """
import resource, statistics, sys
import neurarust as nr
x = nr.rand(32768, 64)
weights = [nr.rand(64, 64, requires_grad=True) for _ in range(int(sys.argv[1]))]
def run():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    y = x
    for weight in weights:
        y = (y @ weight).tanh()
    y.sum().backward()
    [weight.grad.sum().item() for weight in weights]
    for weight in weights:
        weight.grad = None
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for _ in range(8):
    run()
print(statistics.median_low(run() for _ in range(9)))
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not the GNU C library")
@pytest.mark.parametrize("layers", [4, 12])
def test_a_run_fetches_no_memory_from_the_system(layers):
    # The user's own setting is left alone: the C library's default fetches it all, every time.
    fetched = int(run(COUNT, str(layers), MALLOC_MMAP_THRESHOLD_="131072"))
    assert fetched > 1_500 * layers  # 8 MB are 2,048 pages
    assert int(run(COUNT, str(layers))) < fetched / 10


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


def test_what_other_threads_keep_goes_back_before_some_runs(monkeypatch):
    done = []
    monkeypatch.setattr(scratch, "let_finish", lambda: done.append("way"))
    monkeypatch.setattr(scratch, "give_back", lambda: done.append("back"))
    x, weight = nr.rand(1300, 1000), nr.rand(3)

    def runs(function) -> list[str]:
        done.clear()
        function()
        return [*done]

    def large():
        (x @ x.t()).softmax(1).sum().item()

    def small():
        (weight * 2).tanh().sum().item()

    small(), small(), large()
    # From the second run on: what is small follows a large one, or runs as it likes.
    assert [runs(large) for _ in range(10)] == [["way", "back"]] + [["way"]] * 7 + (
        [["way", "back"]] + [["way"]]
    )
    assert [runs(small) for _ in range(2)] == [["way"], []]
