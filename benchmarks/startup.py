"""Time to start: the import, and the first step of `examples/digits.py`: `-m benchmarks.startup`.

The script is run twice with one fresh cache folder, so that the second run finds the first's
compiled programs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = 7


def import_seconds(module: str) -> float:
    """The fastest import of `module` in a fresh interpreter, its bytecode on disk."""
    code = f"import time; start = time.perf_counter(); import {module}; "
    code += "print(time.perf_counter() - start)"
    command = [sys.executable, "-c", code]
    with tempfile.TemporaryDirectory() as folder:
        bytecode = os.environ | {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        runs = [
            subprocess.run(
                command, cwd=ROOT, env=bytecode, capture_output=True, text=True, check=True
            )
            for _ in range(IMPORTS)
        ]
    return min(float(run.stdout) for run in runs)


def first_step_seconds(cache: str, output: str) -> float:
    """From starting the interpreter to the progress bar's first loss and accuracy."""
    command = [sys.executable, "examples/digits.py", "--epochs", "1", "--out", output]
    start, shown = time.perf_counter(), b""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"NEURARUST_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        seconds = 0.0
        while chunk := os.read(process.stderr.fileno(), 65536):
            shown += chunk
            if not seconds and b"accuracy=" in shown:
                seconds = time.perf_counter() - start
    if process.returncode or not seconds:
        raise RuntimeError(f"examples/digits.py failed:\n{shown.decode()}")
    return seconds


def main() -> None:
    jax, ours = import_seconds("jax"), import_seconds("neurarust")
    print("| what | seconds | bar |\n| --- | --- | --- |")
    print(f"| import jax | {jax:.2f} | |")
    print(f"| import neurarust, beyond jax | {ours - jax:.2f} | 0.3 |")
    with tempfile.TemporaryDirectory() as folder:
        cache, output = f"{folder}/cache", f"{folder}/output"
        first, second = (first_step_seconds(cache, output) for _ in range(2))
    print(f"| examples/digits.py: first step, first run | {first:.2f} | |")
    print(f"| examples/digits.py: first step, second run | {second:.2f} | {first / 2:.2f} |")


if __name__ == "__main__":
    main()
