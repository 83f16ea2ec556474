"""Memory of the process: scratch memory stays, what compiling took goes back.

The C library gives large blocks back to the system when they are freed. XLA frees a program's
scratch memory after every run, so that each run would fetch it anew, page by page: 18 of the
70 ms of a small ResNet's training step. Once a program is that large, blocks of up to KEPT bytes
are kept for the next run, and XLA divides what it needs into smaller ones. It takes them when a
program is called, so a large one is called only when the one before has run: else there would be
scratch memory for two, of which one goes back (26 ms a step in place of 20). Python records the
next step meanwhile.

What is kept belongs to the thread that freed it, and XLA has several that run programs: the one
that went to sleep last takes the next. So that it is always the same one, none is given a task
while that one works: arrays are waited for before they are fetched, a large program before
anything else is called, and Python makes way for the thread to go to sleep. (A small ResNet: 160
MiB at the peak of its training, 245 to 270 where two threads took turns.)

Of what compiling a program took, 100 to 200 MiB for a small GPT, it keeps most, in pieces, so that
the process would grow by half of that with each program. It is asked to give them back.
"""

from __future__ import annotations

import ctypes
import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from .value import Aval

# Bytes; blocks above this size come from the system and go back to it. (512 MiB is as fast, but
# holds 50 to 100 MiB more in the training of small convolutional networks.)
KEPT = 64 << 20
# Programs whose scratch memory and results are smaller change nothing.
LARGE = 4 << 20
# Operations from which on compiling them leaves memory worth giving back.
MANY = 32
# Names of settings in the C library's <malloc.h>.
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_USERS = (
    "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"
)  # fmt: skip
# A thread's heap, of 64 MiB, goes back to the system once the one before has so much free: never.
# (With 8 MiB, one run in four fetched 32 MB of scratch memory anew.)
_PAD = 64 << 20
# A block that does not fit into a thread's heap always comes from the system. XLA divides what it
# needs into blocks of at most so many bytes (the small GPT with 24 blocks, which needs 128 MB:
# 105 ms a step with 33,000 page faults, 73 so). XLA cannot write one with several blocks to disk.
_OPTION, _BLOCK = "xla_multiheap_size_constraint_per_heap", 60_000_000
# Lets a thread that waits for this one's core run: XLA's, which tidies up when results are there.
# (Woken by it, Python often runs first, and 3 of 100 programs went to another thread.)
let_finish: Callable[[], None] = getattr(os, "sched_yield", lambda: None)


def options() -> dict[str, Any]:
    """What XLA is told when it compiles a program for CPU."""
    return {_OPTION: _BLOCK}


def keep(compiled: Any, computed: Iterable[Aval]) -> bool:
    """Has the memory of a program for the CPU kept, if it is large; whether it is.

    Args:
        computed: the results of its calls. Where they alone are as large, XLA is not asked what
            the program needs, which takes 0.2 s where compiling took 6.
    """
    if sum(one.size * one.dtype.itemsize for one in computed) < LARGE:
        sizes = compiled.memory_analysis()
        if sizes is None or sizes.temp_size_in_bytes + sizes.output_size_in_bytes < LARGE:
            return False
    _kept()
    return True


@cache
def _kept() -> bool:
    """Sets the C library's limits, once; False where it has none or the user has set them."""
    mallopt = _of_c_library("mallopt")
    if mallopt is None or any(name in os.environ for name in _USERS):
        return False
    limits = {_TRIM_THRESHOLD: KEPT, _TOP_PAD: _PAD, _MMAP_THRESHOLD: KEPT}
    return all([mallopt(name, limit) for name, limit in limits.items()])


@contextmanager
def given_back(operations: int) -> Iterator[None]:
    """A block that compiles so many operations: freed memory goes back before and after it.

    That takes 2 to 20 ms, which few operations do not have.
    """
    if operations < MANY:
        yield
        return
    give_back()
    try:
        yield
    finally:
        give_back()


def give_back() -> None:
    """Gives freed memory back to the system."""
    malloc_trim = _of_c_library("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


@contextmanager
def no_search(operations: int) -> Iterator[None]:
    """A block that compiles so many operations: Python looks for cycles only after it.

    Tracing makes many objects that it needs; to search them took 8 % of the time.
    """
    searches = operations >= MANY and gc.isenabled()
    if searches:
        gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def _of_c_library(name: str) -> Any:
    """A function of the C library, or None if it has no such one."""
    return getattr(ctypes.CDLL(None), name, None) if os.name == "posix" else None
