"""PyTorch scripts as they are, by `python -m neurarust run`, and PyTorch's import paths."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import neurarust as nr

from .core.subprocesses import ROOT, run

SCRIPT = """
import sys
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.backends.cudnn as cudnn
from torch.cuda.amp import GradScaler, autocast
from torch.nn.parameter import Parameter
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.checkpoint import checkpoint

cudnn.benchmark = True
torch.manual_seed(0)
assert __name__ == "__main__" and sys.argv[1:] == ["--steps", "3"], sys.argv
x = torch.randn(12, 3)
loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=4)
model = nn.Linear(3, 1)
model.bias = Parameter(torch.zeros(1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
schedule = StepLR(optimizer, 1, 0.9)
losses = []
for epoch in range(int(sys.argv[2])):
    for batch, target in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(checkpoint(model, batch, use_reentrant=False), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    schedule.step()
assert losses[-1] < losses[0], losses
print(type(x).__module__.split(".")[0], len(losses))
"""


def test_a_script_as_it_is(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "neurarust", "run", str(path), "--steps", "3"],
        cwd=ROOT, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["neurarust", "9"]


def test_every_path_gives_ours():
    run(
        """
        import importlib, sys
        import neurarust
        from neurarust import compat
        compat.install()
        for theirs in compat.MODULES:
            assert importlib.import_module(theirs) is sys.modules[theirs]
            found = neurarust
            for name in theirs.split(".")[1:]:
                found = getattr(found, name)
        import torch
        assert torch is neurarust
        """
    )


def test_the_real_one_is_not_replaced():
    run(
        """
        import sys, types
        sys.modules["torch"] = types.ModuleType("torch")
        from neurarust import compat
        try:
            compat.install()
        except RuntimeError as error:
            assert "torch is already imported" in str(error)
        else:
            raise AssertionError
        """
    )


def test_paths_below_ours():
    module = importlib.import_module("neurarust.utils.data")
    assert module is nr.utils.data and module.DataLoader is nr.data.DataLoader
    names = {name for name in vars(nr.data) if name[0].isupper()}
    assert names <= vars(module).keys()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("neurarust.utils.tensorboard")
