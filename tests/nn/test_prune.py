"""nn.utils.prune: methods, containers, the functions made of them, errors."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.nn.utils import prune


class EverySecond(prune.BasePruningMethod):
    """A user's method, as PyTorch's tutorial writes it."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.view(-1)[::2] = 0
        return mask


class FirstRow(prune.BasePruningMethod):
    PRUNING_TYPE = "structured"
    dim = 0

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask[0] = 0
        return mask


def numbered(*shape: int) -> nn.Module:
    """A module with a weight of 1, 2, 3..."""
    module = nn.Module()
    module.weight = nn.Parameter(nr.arange(1.0, 1 + np.prod(shape)).reshape(shape))
    return module


def test_the_functions():
    layer = nn.Linear(4, 4)
    prune.l1_unstructured(layer, "weight", 0.5)
    smallest = layer.weight_orig.detach().abs()[layer.weight_mask == 0].max()
    assert smallest <= layer.weight.detach().abs()[layer.weight_mask == 1].min()
    assert (layer.weight == 0).sum().item() == 8 and prune.is_pruned(layer)
    prune.random_unstructured(layer, "weight", 2)
    assert (layer.weight_mask == 0).sum().item() == 10
    layer(nr.ones(4)).sum().backward()
    assert nr.equal(layer.weight_orig.grad, layer.weight_mask)
    prune.remove(layer, "weight")
    assert sorted(layer.state_dict()) == ["bias", "weight"] and not prune.is_pruned(layer)

    rows = nn.Linear(4, 4)
    prune.ln_structured(rows, "weight", 1, 2, 0)
    prune.random_structured(rows, "weight", 1, 1)
    assert (rows.weight_mask == 0).sum().item() == 7
    prune.custom_from_mask(rows, "bias", nr.tensor([1, 0, 1, 0]))
    assert rows.bias[1].item() == 0
    both = [nn.Linear(2, 2), nn.Linear(2, 2)]
    prune.global_unstructured([(one, "weight") for one in both], prune.L1Unstructured, amount=3)
    assert sum((one.weight == 0).sum().item() for one in both) == 3
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(nn.Linear(2, 2), "weight")


def test_a_users_method_sees_what_is_left():
    module = numbered(2, 4)
    first = EverySecond.apply(module, "weight")
    assert isinstance(first, EverySecond)
    assert module.weight.tolist() == [[0, 2, 0, 4], [0, 6, 0, 8]]
    both = EverySecond.apply(module, "weight")
    assert isinstance(both, prune.PruningContainer) and [*both][0] is first and len(both) == 2
    assert module.weight.tolist() == [[0, 0, 0, 4], [0, 0, 0, 8]]
    assert FirstRow.apply(module, "weight")[2].PRUNING_TYPE == "structured"
    assert module.weight.tolist() == [[0, 0, 0, 0], [0, 0, 0, 8]]
    FirstRow.apply(module, "weight")
    assert module.weight_mask.sum().item() == 0
    assert module.weight_orig.tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_training_and_copying_a_pruned_module():
    model = nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 1))
    prune.l1_unstructured(model[0], "weight", 4)
    prune.identity(model[0], "bias")
    masked = model[0].weight_mask == 0
    optimizer = nr.optim.SGD(model.parameters(), 0.1)
    with nr.no_grad():
        model(nr.ones(3, 4))
    # As in PyTorch, a weight on the tape could not be copied.
    twin = copy.deepcopy(model)
    model(nr.ones(3, 4)).sum().backward()
    optimizer.step()
    assert nr.equal(twin[0].weight_orig, model[0].weight_orig) is False
    x = nr.ones(3, 4)
    assert (model(x) is not None) and model[0].weight[masked].abs().sum().item() == 0
    kept = model[0].weight.detach().clone()
    prune.remove(model[0], "weight")
    assert nr.equal(model[0].weight, kept) and isinstance(model[0].weight, nn.Parameter)
    assert prune.is_pruned(model) and prune.is_pruned(twin)
    prune.remove(model[0], "bias")
    assert not prune.is_pruned(model)


def test_scores_decide_and_prune_leaves_the_module_alone():
    module = numbered(6)
    method = prune.L1Unstructured(2)
    scores = nr.tensor([9.0, 1.0, 9.0, 9.0, 0.0, 9.0])
    assert method.prune(module.weight).tolist() == [0, 0, 3, 4, 5, 6]
    assert method.prune(module.weight, importance_scores=scores).tolist() == [1, 0, 3, 4, 0, 6]
    held = nr.tensor([0.0, 1, 1, 1, 1, 1])
    assert method.prune(module.weight, default_mask=held).tolist() == [0, 0, 3, 4, 5, 6]
    prune.l1_unstructured(module, "weight", 2, scores)
    assert module.weight.tolist() == [1, 0, 3, 4, 0, 6]
    # A share is of the four that are left: one is masked, the least score of those.
    prune.l1_unstructured(module, "weight", 0.25, nr.tensor([9.0, 0, 9.0, 1.0, 0, 9.0]))
    assert module.weight.tolist() == [1, 0, 3, 0, 0, 6]


def test_slices_by_norm():
    module = numbered(3, 2, 2)
    prune.ln_structured(module, "weight", 1, "nuc", 0)
    assert module.weight_mask[:, 0, 0].tolist() == [0, 1, 1]
    prune.ln_structured(module, "weight", 0.5, float("inf"), -1)
    assert module.weight_mask[1].tolist() == [[0, 1], [0, 1]]
    prune.random_structured(module, "weight", 1, 0)
    assert module.weight_mask.sum().item() == 2


def test_global_pruning_again():
    both = [numbered(3), numbered(4)]
    places = [(one, "weight") for one in both]
    prune.global_unstructured(iter(places), prune.L1Unstructured, amount=3)
    assert [one.weight.tolist() for one in both] == [[0, 0, 3], [0, 2, 3, 4]]
    scores = {(both[1], "weight"): nr.tensor([0.0, 9, 9, 0.5])}
    prune.global_unstructured(places, prune.L1Unstructured, scores, amount=0.25)
    assert [one.weight.tolist() for one in both] == [[0, 0, 3], [0, 2, 3, 0]]


def test_errors_leave_the_module_as_it_was():
    layer = nn.Linear(4, 3)
    refused = [
        (ValueError, "range \\[0, 1\\]", lambda: prune.l1_unstructured(layer, "weight", 1.5)),
        (ValueError, "range \\[0, 1\\]", lambda: prune.random_unstructured(layer, "weight", -1)),
        (ValueError, "amount=13 .*12", lambda: prune.l1_unstructured(layer, "weight", 13)),
        (TypeError, "amount", lambda: prune.l1_unstructured(layer, "weight", "half")),
        (ValueError, "multidimensional", lambda: prune.random_structured(layer, "bias", 1, 0)),
        (IndexError, "dim=2", lambda: prune.ln_structured(layer, "weight", 1, 2, 2)),
        (ValueError, r"mask .*\[3, 4\], but got shape \[4, 3\]",
         lambda: prune.custom_from_mask(layer, "weight", nr.ones(4, 3))),
        (ValueError, r"importance_scores .*\[3, 4\], but got shape \[4\]",
         lambda: prune.l1_unstructured(layer, "weight", 1, nr.ones(4))),
        (AttributeError, "L1Unstructured.apply: expected .*'weight', 'bias'.* 'wight'",
         lambda: prune.l1_unstructured(layer, "wight", 1)),
        (TypeError, "prune.L1Unstructured", lambda: prune.global_unstructured(
            [(layer, "weight")], prune.l1_unstructured, amount=1)),
        (TypeError, "PRUNING_TYPE", lambda: prune.global_unstructured(
            [(layer, "weight")], prune.RandomStructured, amount=1)),
        (TypeError, "BasePruningMethod", lambda: prune.PruningContainer().add_pruning_method(3)),
        (ValueError, "apply first", lambda: prune.Identity().apply_mask(layer)),
        (TypeError, "abstract", lambda: prune.BasePruningMethod()),
    ]  # fmt: skip
    for kind, words, call in refused:
        with pytest.raises(kind, match=words):
            call()
        assert sorted(layer.state_dict()) == ["bias", "weight"] and not prune.is_pruned(layer)
