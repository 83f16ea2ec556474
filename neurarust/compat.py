"""Runs unmodified PyTorch scripts: `import torch` gives NeuraRust."""

from __future__ import annotations

import importlib
import pkgutil
import sys

# torch's module -> ours, or what stands for it there.
MODULES = {
    "torch": "neurarust",
    "torch.nn": "neurarust.nn",
    "torch.nn.functional": "neurarust.nn.functional",
    "torch.nn.init": "neurarust.nn.init",
    "torch.nn.parameter": "neurarust.nn.parameter",
    "torch.nn.utils": "neurarust.nn.utils",
    "torch.nn.utils.parametrizations": "neurarust.nn.utils.parametrizations",
    "torch.nn.utils.parametrize": "neurarust.nn.utils.parametrize",
    "torch.nn.utils.prune": "neurarust.nn.utils.prune",
    "torch.nn.utils.rnn": "neurarust.nn.utils.rnn",
    "torch.nn.utils.stateless": "neurarust.nn.utils.stateless",
    "torch.optim": "neurarust.optim",
    "torch.optim.lr_scheduler": "neurarust.optim.lr_scheduler",
    "torch.distributions": "neurarust.distributions",
    "torch.cuda.amp": "neurarust.amp.cuda",
    "torch.amp": "neurarust.amp",
    "torch.optim.optimizer": "neurarust.optim.optimizer",
    "torch.optim.swa_utils": "neurarust.optim.swa_utils",
    "torch.utils.data": "neurarust.data",
    "torch.func": "neurarust.func",
    "torch.utils": "neurarust.utils",
    "torch.utils.checkpoint": "neurarust.utils.checkpoint",
    "torch.autograd": "neurarust.autograd",
    "torch.autograd.functional": "neurarust.autograd.functional",
    "torch.linalg": "neurarust.linalg",
    "torch.fft": "neurarust.fft",
    "torch.special": "neurarust.special",
    "torch.signal": "neurarust.signal",
    "torch.signal.windows": "neurarust.signal.windows",
    "torch.cuda": "neurarust.cuda",
    "torch.testing": "neurarust.testing",
    "torch.backends": "neurarust.backends",
    "torch.backends.cuda": "neurarust.backends.cuda",
    "torch.backends.cudnn": "neurarust.backends.cudnn",
    "torch.backends.mps": "neurarust.backends.mps",
    "torch.profiler": "neurarust.profiler",
    "torch.random": "neurarust.random",
    "torch.serialization": "neurarust.serialization",
    "torch.sparse": "neurarust.sparse",
}


def install() -> None:
    """Makes `import torch` and its submodules give NeuraRust's, for this process.

    Raises:
        RuntimeError: if the real torch is already imported.
    """
    present = sys.modules.get("torch")
    ours = importlib.import_module("neurarust")
    if present is not None and present is not ours:
        raise RuntimeError("compat: torch is already imported in this process")
    for theirs, name in MODULES.items():
        sys.modules[theirs] = pkgutil.resolve_name(name)
