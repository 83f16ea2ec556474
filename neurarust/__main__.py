"""The command line: `python -m neurarust info | run script.py`."""

from __future__ import annotations

import argparse
import os
import platform
import runpy
import sys
from collections.abc import Sequence
from importlib import metadata

import jax
import numpy as np

import neurarust

from . import compat
from .core import device as devices
from .core import native
from .core.engine.disk_cache import folder


def info() -> None:
    """Prints versions, devices, memory and where the cache is."""
    print(f"neurarust {neurarust.__version__}")
    print(f"python    {platform.python_version()} on {platform.platform()}")
    jaxlib = metadata.version("jaxlib")
    print(f"jax       {jax.__version__}, jaxlib {jaxlib}, numpy {np.__version__}")
    for one in jax.local_devices():
        stats = one.memory_stats() or {}
        memory = f", {stats['bytes_limit'] / 2**30:.1f} GiB" if "bytes_limit" in stats else ""
        print(f"device    {devices.of_jax(one)} ({one.device_kind}{memory})")
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    print(f"host      {os.cpu_count()} cores, {pages * size / 2**30:.1f} GiB")
    if not native.available():
        print("kernels   XLA's (no C compiler, or NEURARUST_KERNELS=0)")
    else:
        print("kernels   in C" if native.ready() else "kernels   XLA's (the C compiler failed)")
    place = folder()
    if place is None:
        print("cache     off (NEURARUST_CACHE_DIR is empty)")
        return
    files = [one.stat().st_size for one in place.glob("*")] if place.is_dir() else []
    print(f"cache     {place}: {len(files)} files, {sum(files) / 2**20:.1f} MiB")


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command."""
    parser = argparse.ArgumentParser(prog="python -m neurarust", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, devices, memory, cache")
    run = commands.add_parser("run", help="run a PyTorch script on NeuraRust, unmodified")
    run.add_argument("script")
    run.add_argument("arguments", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(argv)
    if chosen.command == "info":
        info()
        return
    if not os.path.exists(chosen.script):
        parser.error(f"no such script: {chosen.script}")
    compat.install()
    sys.argv = [chosen.script, *chosen.arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(chosen.script)))
    runpy.run_path(chosen.script, run_name="__main__")


if __name__ == "__main__":
    main()
