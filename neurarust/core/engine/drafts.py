"""Drafts: programs that may never come again are compiled in a hurry.

XLA takes 0.1 to 1 s for a program. A training loop has a few, which run for hours; a text that
grows by a token, batches of many lengths or an evening in a notebook have ever new ones, of which
most run once or twice (in 10 scripts of 20 steps each, two thirds of the time went there). So the
first programs of a process are compiled for speed at once, and later ones as drafts: without LLVM's
optimizations, which is what most of the time goes for. A draft that has lost as much time as it
saved, or 20 ms in two runs or more, or that ran 16 times, is compiled for speed when it comes
again.

Seconds to compile a training step, and milliseconds to run it, for speed and as a draft:

| step | compile | | run | |
| --- | --- | --- | --- | --- |
| MLP of width 128 | 0.27 | 0.09 | 0.5 | 0.7 |
| GPT, 4 blocks of width 64 | 1.0 | 0.42 | 2.2 | 3.1 |
| LSTM, 50 steps | 0.60 | 0.19 | 14 | 44 |
| CNN, 32 x 32 pixels | 0.62 | 0.15 | 11 | 29 to 45 |
| ResNet | 0.92 | 0.39 | 21 | 47 |

That is jax 0.10.2. In 0.12 XLA has one kind of emitters: a draft takes 0.6 to 0.8 of the time to
compile, and programs for speed 0.7 of what they took before.

Which program is a draft depends on what the process did before and on nothing else, so that a
script gives the same bits each time. A draft's results and those of the program that takes its
place are the same within rounding; NEURARUST_DRAFTS=0 or `use_deterministic_algorithms(True)` does
without drafts.
"""

from __future__ import annotations

import os
from math import prod
from typing import Any

from ..settings import are_deterministic_algorithms_enabled
from .jaxprs import bodies, executions

# Programs of a process before the first draft: those of a training loop and of its validation.
# (With 2, a loop over eight lengths would take 8 s for its first three turns in place of 5.)
FIRST = 12
# How often a draft runs, at the least and at the most.
LEAST, MOST = 2, 16
# Seconds that it may lose: a loop over a few shapes shall soon be as fast as it gets.
PATIENCE = 0.02
# Seconds that a draft saves for each equation, and loses in a run for each element of one.
SAVED, LOST = 150e-6, 0.5e-9
OPTIONS: dict[str, Any] = {
    "xla_backend_optimization_level": 0,
    # Two threads take longer.
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_use_fusion_emitters": False,
}
# What libraries compute.
_LIBRARIES = ("dot_general", "conv_general_dilated")


def begins_as_one(number: int, device: str) -> bool:
    """Whether a process's program of this number, from 1, shall be a draft."""
    if device != "cpu" or number <= FIRST or os.environ.get("NEURARUST_DRAFTS") == "0":
        return False
    return not are_deterministic_algorithms_enabled()


def runs(jaxpr: Any) -> int:
    """How often a draft may run before that took longer than it saved; 0: it saves nothing."""
    equations = elements = 0
    for equation, times in executions(jaxpr):
        equations += 1
        if equation.primitive.name not in _LIBRARIES and not any(bodies(equation)):
            operands = (*equation.outvars, *equation.invars)
            sizes = [prod(getattr(one.aval, "shape", ())) for one in operands]
            elements += times * max(sizes, default=0)
    saved, lost = SAVED * equations, LOST * max(elements, 1)
    if saved < LEAST * lost:
        return 0
    return max(LEAST, min(MOST, int(min(saved, PATIENCE) / lost)))
