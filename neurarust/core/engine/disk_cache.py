"""The on-disk cache: what one process traced and compiled, for the next.

One SQLite file in the user's cache folder holds compiled programs, and what tracing the ops
in them found (shapes, dtypes, what a gradient needs). A second run of a script then neither
traces nor compiles. Keys spell out all that an entry depends on; the fingerprint adds the
versions, this package's sources, JAX's settings and the machine.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import serialize_executable

from .. import device as devices
from .. import dtype as dtypes
from .. import native
from ..settings import cache_folder
from .value import Aval

# Programs that compile faster are not kept.
LEAST_SECONDS = 0.05
# Bytes; beyond them the entries that were not used for longest go.
CAPACITY = 2 << 30
_DAY = 86_400
_PACKAGE = Path(__file__).resolve().parents[2]
_TABLE = """CREATE TABLE IF NOT EXISTS entries
    (key BLOB PRIMARY KEY, entry BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL)"""
# The sizes without the entries between them, to be added up after each save.
_INDEX = "CREATE INDEX IF NOT EXISTS by_use ON entries (used DESC, key, size)"
_PLAIN = frozenset({int, float, complex, bool, str, bytes, type(None), type(Ellipsis)})
# Packages whose types mean the same in every process.
_TRUSTED = frozenset({"builtins", "numpy", "neurarust"})


def folder() -> Path | None:
    """Where programs are kept; None where they are not.

    They are not, either, where the user has set up JAX's compilation cache, which then does the
    same work.
    """
    if getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return None
    return cache_folder()


# ------------------------------------------------------------------ keys


def text_of(key: Any) -> str | None:
    """A key as text that means the same in another process; None where there is none."""
    kind = type(key)
    if isinstance(key, tuple):
        parts = [text_of(one) for one in (kind, *key)]
        # No part is None there.
        return None if None in parts else f"({','.join(parts)})"  # type: ignore[arg-type]
    if kind in _PLAIN:
        return repr(key)
    if kind is Aval:
        return f"{key!r}@{key.device}"
    if kind is devices.device or kind is dtypes.dtype or isinstance(key, np.dtype):
        return f"<{key}>"
    if isinstance(key, type) and key.__module__.partition(".")[0] in _TRUSTED:
        return f"<{key.__module__}.{key.__qualname__}>"
    return None


@cache
def _fingerprint() -> bytes:
    """What every entry depends on."""
    sources = sorted(_PACKAGE.rglob("*.py"))
    stats = [(str(one), one.stat().st_mtime_ns, one.stat().st_size) for one in sources]
    # 64-bit mode is always on while we trace.
    settings = jax.config.values.items()
    settings = [one for one in settings if "cache" not in one[0] and one[0] != "jax_enable_x64"]
    machine = [platform.platform(), platform.machine(), os.cpu_count(), native.processor()]
    flags = [os.environ.get(name) for name in ("XLA_FLAGS", "LIBTPU_INIT_ARGS")]
    versions = [version(name) for name in ("jax", "jaxlib", "numpy", "optax")]
    whole = repr([stats, sorted(settings, key=str), machine, flags, versions, native.digest()])
    return hashlib.blake2b(whole.encode()).digest()


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), key=_fingerprint(), digest_size=20).digest()


# ------------------------------------------------------------------ entries


_lock = threading.Lock()


def _connect(make: bool) -> sqlite3.Connection | None:
    place = folder()
    if place is None:
        return None
    file = place / "programs.sqlite3"
    try:
        if make:
            place.mkdir(parents=True, exist_ok=True)
        elif not file.exists():
            return None
        return sqlite3.connect(file, timeout=2)
    except (OSError, sqlite3.Error):
        return None


def load(key: str | None) -> Any:
    """The entry kept under a key, or None."""
    entries = None if key is None else _read(key)
    if entries is None:
        return None
    try:
        return pickle.loads(entries)
    except Exception:  # An entry that cannot be read is as good as none.
        return None


def _read(key: str) -> bytes | None:
    with _lock:
        connection = _connect(make=False)
        if connection is None:
            return None
        with closing(connection):
            try:
                found = connection.execute(
                    "SELECT entry, used FROM entries WHERE key = ?", (_digest(key),)
                ).fetchone()
                if found is not None and time.time() - found[1] > _DAY:
                    with connection:
                        connection.execute(
                            "UPDATE entries SET used = ? WHERE key = ?",
                            (int(time.time()), _digest(key)),
                        )
            except sqlite3.Error:
                return None
    return None if found is None else found[0]


def save(entries: Mapping[str, Any]) -> None:
    """Keeps entries; those that are there already stay."""
    rows = []
    for key, entry in entries.items():
        data = pickle.dumps(entry)
        rows.append((_digest(key), data, len(data), int(time.time())))
    with _lock:
        connection = _connect(make=True)
        if connection is None:
            return
        with closing(connection):
            try:
                with connection:
                    connection.execute(_TABLE)
                    connection.execute(_INDEX)
                    connection.executemany("INSERT OR IGNORE INTO entries VALUES (?,?,?,?)", rows)
                    _evict(connection)
            except sqlite3.Error:
                return


def _evict(connection: sqlite3.Connection) -> None:
    (total,) = connection.execute("SELECT sum(size) FROM entries").fetchone()
    if total > CAPACITY:
        connection.execute(
            "DELETE FROM entries WHERE key IN (SELECT key FROM (SELECT key, sum(size) OVER "
            "(ORDER BY used DESC, key) AS upto FROM entries) WHERE upto > ?)",
            (CAPACITY * 3 // 4,),
        )


# ------------------------------------------------------------------ compiled programs


def pack(lowered: Any, compiled: Any) -> tuple | None:
    """A compiled program for `save`; None if it cannot live in another process.

    Code that calls into libraries by a pointer is kept only where the pointers are known
    to be set up again (LAPACK's and our own kernels, see `unpack`). XLA cannot write what takes its
    scratch memory in several blocks (see `scratch`).
    """
    targets = _custom_calls(lowered.as_text())
    libraries = {one.partition("_")[0] for one in targets}
    if not libraries <= _LINKED.keys():
        return None
    try:
        return libraries, serialize_executable.serialize(compiled)
    except Exception:  # Some back ends cannot, and some programs.
        return None


def unpack(packed: tuple) -> Any:
    """The compiled program, or None if it cannot be loaded."""
    libraries, serialized = packed
    try:
        for one in libraries:
            _LINKED[one]()
        return serialize_executable.deserialize_and_load(*serialized)
    except Exception:  # Compiling anew is always possible.
        return None


def _custom_calls(text: str) -> set[str]:
    """The names of the library functions that StableHLO text calls."""
    parts = text.split("stablehlo.custom_call @")[1:]
    return {part.partition("(")[0] for part in parts}


@cache
def _link_lapack() -> None:
    """Makes JAX find LAPACK's functions, which it does when it lowers one of them."""
    jax.jit(jax.numpy.linalg.cholesky).lower(np.eye(1, dtype=np.float32))


# What makes JAX find a library's functions, by the first word of their names.
_LINKED = {"lapack": _link_lapack, "neurarust": native.ready}
