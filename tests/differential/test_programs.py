"""2,000 random imperative programs give PyTorch's values, gradients and errors."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch

import neurarust as nr
from neurarust.core.engine import disk_cache
from neurarust.core.engine import program as programs

from .programs import Outcome, Program

CHUNKS, CHUNK = 20, 100
# Of eight programs one is recorded whole, one is looked at after every step (so that it runs in
# pieces), and six run op by op, where they share compiled programs and cost little.
RECORDED, LOOKED_AT = 0, 1
# Seeds of programs that take the place of those that PyTorch refuses.
AGAIN = 1_000_000


@pytest.fixture(autouse=True)
def room_for_programs(monkeypatch):
    """Most single ops stay compiled (XLA takes 1.6 MB for each); recorded programs do not recur."""
    monkeypatch.setattr(programs, "CAPACITY", 1500)
    # Parallel workers find each other's programs on disk, however small.
    monkeypatch.setattr(disk_cache, "LEAST_SECONDS", 0.0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    kept = programs.state.programs
    for key in [key for key, program in kept.items() if len(program.calls) > 1]:
        del kept[key]


def reference(seed: int) -> tuple[int, Outcome, int]:
    """The seed, or the next one of its kind that PyTorch accepts; how many were refused."""
    refused = 0
    while (outcome := Program(torch, seed).run()).spoiled:
        seed += AGAIN
        refused += 1
    return seed, outcome, refused


def difference(ours: Outcome, theirs: Outcome) -> str | None:
    """What the two disagree on first."""
    if ours.failures != [one for one in theirs.failures if one[0] not in theirs.refused]:
        return f"errors: ours {ours.messages}, PyTorch's {theirs.messages}"
    if ours.kinds != theirs.kinds:
        pairs = zip(ours.kinds, theirs.kinds, strict=False)
        return f"kinds: {[pair for pair in pairs if pair[0] != pair[1]]}"
    for what in ("values", "gradients"):
        for k, pair in enumerate(zip(getattr(ours, what), getattr(theirs, what), strict=True)):
            if not agree(*pair):
                return f"{what}[{k}]: {pair}"
    return None


def agree(ours: np.ndarray | None, theirs: np.ndarray | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        return False
    scale = max(1.0, np.nanmax(np.abs(theirs), initial=0.0, where=np.isfinite(theirs)))
    return np.allclose(ours, theirs, rtol=1e-4, atol=1e-5 * scale, equal_nan=True)


def mode(seed: int):
    return nullcontext() if seed % 8 in (RECORDED, LOOKED_AT) else nr.eager_mode()


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_programs(chunk):
    wrong, refused = [], 0
    for first in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        seed, theirs, more = reference(first)
        refused += more
        with mode(first):
            ours = Program(nr, seed, first % 8 == LOOKED_AT, theirs.refused).run()
        problem = difference(ours, theirs)
        if problem:
            wrong.append(f"seed {seed} (mode {first % 8}): {problem}")
    assert not wrong, f"{len(wrong)} of {CHUNK} programs differ:\n" + "\n".join(wrong[:5])
    assert refused < CHUNK
