"""Pruning against PyTorch: masks of every method, one after the other on the same weights."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust.nn.utils import prune

torch = pytest.importorskip("torch")
torch_prune = pytest.importorskip("torch.nn.utils.prune")

INF = float("inf")
CHAINS = [
    [("l1_unstructured", 0.3), ("ln_structured", 2, 2, 0), ("ln_structured", 0.4, -INF, 1)],
    [("ln_structured", 1, 1, -1), ("l1_unstructured", 7), ("identity",), ("l1_unstructured", 0.5)],
    [("ln_structured", 0.5, INF, 1), ("ln_structured", 0.5, 2, 2), ("l1_unstructured", 1)],
    [("identity",), ("ln_structured", 1, 0.5, 0), ("ln_structured", 1, 2, 0)],
]


def pair():
    ours, theirs = nr.nn.Conv2d(4, 6, 3), torch.nn.Conv2d(4, 6, 3)
    ours.load_state_dict({k: nr.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    return ours, theirs


@pytest.mark.parametrize("chain", CHAINS)
def test_chains_of_methods(chain):
    ours, theirs = pair()
    for name, *arguments in chain:
        getattr(prune, name)(ours, "weight", *arguments)
        getattr(torch_prune, name)(theirs, "weight", *arguments)
        mine, other = ours.state_dict(), theirs.state_dict()
        assert list(mine) == list(other)
        for key in mine:
            np.testing.assert_array_equal(mine[key].numpy(), other[key].numpy(), key)
    prune.remove(ours, "weight")
    torch_prune.remove(theirs, "weight")
    assert list(ours.state_dict()) == list(theirs.state_dict())
    np.testing.assert_array_equal(ours.weight.detach().numpy(), theirs.weight.detach().numpy())


def test_global_pruning_and_custom_methods():
    def third(base):
        class EveryThird(base.BasePruningMethod):
            PRUNING_TYPE = "unstructured"

            def compute_mask(self, t, default_mask):
                mask = default_mask.clone()
                mask.view(-1)[::3] = 0
                return mask

        return EveryThird

    models = list(zip(pair(), pair(), strict=True))
    for base, layers in zip((prune, torch_prune), models, strict=True):
        third(base).apply(layers[0], "weight")
        third(base).apply(layers[0], "weight")
        places = [(layers[0], "weight"), (layers[1], "weight"), (layers[1], "bias")]
        base.global_unstructured(places, base.L1Unstructured, amount=0.6)
    for ours, theirs in zip(*models, strict=True):
        for key, value in theirs.state_dict().items():
            np.testing.assert_array_equal(ours.state_dict()[key].numpy(), value.numpy(), key)
