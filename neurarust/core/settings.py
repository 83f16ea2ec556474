"""Settings of the process: threads, the precision of products, where the cache is."""

from __future__ import annotations

import os
from pathlib import Path

import jax

# PyTorch's names -> JAX's.
PRECISIONS = {"highest": "highest", "high": "high", "medium": "default"}
_chosen = ["highest"]
_deterministic = [False]


def get_num_threads() -> int:
    """How many threads XLA's programs may use on a CPU."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def set_num_threads(num: int) -> None:
    """Accepted without effect: XLA takes the cores that the process may use when it starts.

    Raises:
        RuntimeError: unless the number is positive.
    """
    if not isinstance(num, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num <= 0:
        raise RuntimeError("set_num_threads expects a positive integer")


def get_float32_matmul_precision() -> str:
    """The precision of float32 matrix products: "highest", "high" or "medium"."""
    return _chosen[0]


def set_float32_matmul_precision(precision: str) -> None:
    """Sets the precision of float32 products that are recorded for the first time from now on.

    It is JAX's setting, for the whole process; on a CPU products are always exact.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, but got {precision!r}")
    jax.config.update("jax_default_matmul_precision", PRECISIONS[precision])
    _chosen[0] = precision


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Whether programs compiled from now on give the same bits at each run.

    Programs for CPU are compiled once then, and those for CUDA devices with XLA's deterministic
    operations. Those for TPU give the same bits in any case.

    Differs from PyTorch: without it, a program for CPU that was compiled in a hurry at first (a
    draft, see `nr.explain`) may give other last bits once it has come often, if the same in each
    process.

    Args:
        warn_only: accepted without effect: XLA has a deterministic form of everything.
    """
    _deterministic[0] = bool(mode)


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms` is on."""
    return _deterministic[0]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """False: nothing has to be warned of."""
    return False


def cache_folder() -> Path | None:
    """Where programs and kernels are kept: NEURARUST_CACHE_DIR, else the user's cache folder.

    None if NEURARUST_CACHE_DIR is empty, which switches the cache off.
    """
    chosen = os.environ.get("NEURARUST_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "neurarust"
