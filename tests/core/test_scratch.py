"""Scratch memory of large programs stays with the process."""

from __future__ import annotations

import ctypes

import jax
import pytest

from .subprocesses import run

resource = pytest.importorskip("resource")

# Page faults of a run of a program with 64 MB of scratch memory, in a process of its own.
COUNT = """
import resource, sys
import numpy as np
import neurarust as nr
F = nr.nn.functional
# No program makes these.
x = nr.from_numpy(np.ones((32, 32, 64, 64), np.float32))
weight = nr.from_numpy(np.ones((32, 32, 3, 3), np.float32))
def loss():
    return F.conv2d(F.conv2d(x, weight, padding=1).relu(), weight).sum()
loss = nr.jit(loss) if sys.argv[1:] else loss
def run():
    return loss().item()
for _ in range(8):
    run()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    run()
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 4)
"""


@pytest.mark.skipif(
    jax.__version_info__ >= (0, 12),
    reason="there the C library's settings change nothing: 16,000 page faults with and without",
)
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="not the GNU C library")
def test_a_run_fetches_no_memory_from_the_system():
    # The user's own setting is left alone: the C library's default fetches it all, every time.
    fetched = int(run(COUNT, MALLOC_MMAP_THRESHOLD_="131072"))
    assert fetched > 16_000  # 64 MB are 16,384 pages
    # None at best; a thread that first needs memory in these runs has some to fetch.
    assert int(run(COUNT)) < fetched / 3
    assert int(run(COUNT, "jit")) < fetched / 3
