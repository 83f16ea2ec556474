"""Compiles the C sources for this machine's processor and registers them with XLA.

It is begun when the first operation is met, beside the tracing, and takes about 2 s of one core,
once for each installation and kind of processor. Programs wait for it only where they call it.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import threading
import warnings
from importlib.metadata import version
from pathlib import Path

import jax

from ..settings import cache_folder

_FOLDER = Path(__file__).resolve().parent
_SOURCES = tuple(sorted(_FOLDER.glob("*.c")))
# Names of the functions, and what XLA knows them by.
_TARGETS = (
    "neurarust_adam", "neurarust_convolution", "neurarust_convolution_kernel",
    "neurarust_descent", "neurarust_layer_norm", "neurarust_layer_norm_gradient",
    "neurarust_momentum", "neurarust_nesterov", "neurarust_product", "neurarust_scaled",
    "neurarust_squares", "neurarust_transpose",
)  # fmt: skip
_COMPILERS = ("cc", "gcc", "clang")
# C11 alone would not join a product and a sum into one instruction, and has roots of negative
# numbers set a variable.
_OPTIONS = ("-std=c11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-shared", "-fPIC")
_SECONDS = 120


@functools.cache
def _command() -> tuple[str, ...] | None:
    """The compiler and its options; None without one, or with NEURARUST_KERNELS=0."""
    if os.environ.get("NEURARUST_KERNELS") == "0" or os.name != "posix":
        return None
    names = [one for one in (os.environ.get("CC"), *_COMPILERS) if one]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        return None
    processor = "-march=native" if platform.machine() in ("x86_64", "AMD64") else "-mcpu=native"
    return (found, *_OPTIONS, processor)


def available() -> bool:
    """Whether there is a compiler, so that programs may expect the kernels."""
    return _command() is not None


@functools.cache
def digest() -> str:
    """What tells this library from others; empty where there is none."""
    command = _command()
    if command is None:
        return ""
    found = hashlib.blake2b(repr((command, version("jaxlib"))).encode(), digest_size=12)
    for one in sorted(_FOLDER.glob("*.[ch]")):
        found.update(one.read_bytes())
    # Compiled for one processor, in a folder that several machines may share.
    found.update(processor().encode())
    return found.hexdigest()


@functools.cache
def processor() -> str:
    """What the processor can do: compiled code may use all of it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    told = ("model name", "flags", "Features", "CPU part")
    return str(sorted({line for line in lines if line.startswith(told)}))


def _place() -> Path:
    """Beside Python's own compiled files, or where the cache is if nobody may write there."""
    if os.access(_FOLDER, os.W_OK):
        return _FOLDER / "__pycache__"
    return cache_folder() or Path(tempfile.gettempdir())


class _Build:
    """The compilation, in a thread of its own."""

    def __init__(self) -> None:
        self.file: Path | None = None
        self.failure = ""
        self.thread = threading.Thread(target=self._run, name="neurarust-build", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._compile()
        except (OSError, subprocess.SubprocessError) as error:
            self.failure = str(error)

    def _compile(self) -> None:
        command = _command()
        assert command is not None
        file = _place() / f"kernels-{digest()}.so"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            own = file.with_suffix(f".{os.getpid()}.so")
            arguments = [
                *command,
                f"-I{jax.ffi.include_dir()}",
                *map(str, _SOURCES),
                "-o",
                str(own),
            ]
            done = subprocess.run(
                arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=_SECONDS, check=False,
            )  # fmt: skip
            if done.returncode:
                self.failure = f"{command[0]} says: {done.stderr.strip()[:500]}"
                return
            # Whole or not there, whatever other processes do.
            os.replace(own, file)
        self.file = file


@functools.cache
def begin() -> _Build | None:
    """Begins to compile the kernels, where there is a compiler."""
    return _Build() if available() else None


@functools.cache
def ready() -> bool:
    """Waits for the kernels; whether programs can call them."""
    build = begin()
    if build is None:
        return False
    build.thread.join()
    try:
        if build.file is None:
            raise OSError(build.failure)
        library = ctypes.CDLL(str(build.file))
    except OSError as error:
        warnings.warn(
            f"the CPU kernels could not be compiled, and programs will take longer: {error}. "
            f"NEURARUST_KERNELS=0 does without them",
            RuntimeWarning, stacklevel=2,
        )  # fmt: skip
        return False
    for name in _TARGETS:
        handler = jax.ffi.pycapsule(getattr(library, name))
        jax.ffi.register_ffi_target(name, handler, platform="cpu")
    return True
