"""The on-disk compilation cache, switched on around our own compilations only.

JAX has one such cache per process, set by global options. A user who has set it keeps
it; otherwise the options are put in place for the time of one compilation and taken back, so that
other JAX code in the process is left alone.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
from jax.experimental.compilation_cache import compilation_cache

_lock = threading.RLock()
_OPTIONS = {
    "jax_persistent_cache_min_compile_time_secs": 0.05,
    "jax_persistent_cache_min_entry_size_bytes": -1,
}


def folder() -> Path | None:
    """Where programs are kept: NEURARUST_CACHE_DIR, else the user's cache folder.

    An empty NEURARUST_CACHE_DIR switches the cache off.
    """
    chosen = os.environ.get("NEURARUST_CACHE_DIR")
    if chosen is not None:
        return Path(chosen) if chosen else None
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "neurarust"


@contextmanager
def compiling() -> Iterator[None]:
    """A block in which JAX keeps what it compiles in our folder."""
    place = folder()
    if place is None or getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        yield
        return
    with _lock:
        before = {name: getattr(jax.config, name) for name in _OPTIONS}
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            yield
            return
        compilation_cache.reset_cache()
        jax.config.update("jax_compilation_cache_dir", str(place))
        for name, setting in _OPTIONS.items():
            jax.config.update(name, setting)
        try:
            yield
        finally:
            jax.config.update("jax_compilation_cache_dir", None)
            for name, setting in before.items():
                jax.config.update(name, setting)
            compilation_cache.reset_cache()
