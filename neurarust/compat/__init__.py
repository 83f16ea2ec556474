"""Runs unmodified PyTorch scripts: `import torch` gives NeuraRust.

Each of PyTorch's import paths is a row of the tables in `paths`, and is answered by a `View`: a
module that holds the very objects of ours, so that no class or function is there twice. What is
PyTorch's alone (`torch.jit.script`, `torch.compiler.disable`) stands in the other files here.
"""

from __future__ import annotations

import importlib
import sys

from .views import Finder, View


def install() -> None:
    """Makes `import torch` and its submodules give NeuraRust's, for this process.

    Raises:
        RuntimeError: if the real torch is already imported.
    """
    present = sys.modules.get("torch")
    if present is not None and not isinstance(present, View):
        raise RuntimeError("compat: torch is already imported in this process")
    if not any(isinstance(one, Finder) for one in sys.meta_path):
        # Before Python's own, which would find a torch that is installed.
        sys.meta_path.insert(0, Finder())
    importlib.import_module("torch")
