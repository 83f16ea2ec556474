"""All benchmarks, one after the other, each under a heading: `python -m benchmarks.everything`.

It takes about an hour; the machine should have nothing else to do. `docs/growth.svg` is drawn anew.
"""

from __future__ import annotations

import subprocess
import sys

from .turns import ROOT

FRAMEWORKS = "neurarust", "nr.jit", "torch", "torch.compile", "jax"
COMMANDS = (
    ("benchmarks", "--rounds", "3", "--frameworks", *FRAMEWORKS),
    ("benchmarks.convolutions", "--rounds", "3"),
    ("benchmarks.operations", "--rounds", "3"),
    ("benchmarks.answers", "--rounds", "3"),
    *(
        (f"benchmarks.{name}",)
        for name in (
            "growth",
            "attention",
            "first_call",
            "vmap",
            "recording",
            "memory",
            "peaks",
            "startup",
        )
    ),
    ("benchmarks.compilations",),
)


def main() -> None:
    failed = []
    for command in COMMANDS:
        print(f"\n## python -m {' '.join(command)}\n", flush=True)
        if subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode:
            failed.append(command[0])
    if failed:
        sys.exit(f"these failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
