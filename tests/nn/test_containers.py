"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import neurarust as nr
from neurarust import nn


def test_sequential():
    a, b, c = nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 3)
    model = nn.Sequential(a, b)
    assert model.append(c) is model and len(model) == 3
    assert model[0] is a and model[-1] is c
    assert list(model[1:]) == [b, c] and list(model[1:].state_dict()) == ["2.weight", "2.bias"]
    assert model(nr.ones(4, 1)).shape == (4, 3)
    model.insert(1, nn.Tanh())
    assert list(model) == [a, model[1], b, c]
    del model[1]
    assert [name for name, _ in model.named_children()] == ["0", "1", "2"]
    assert model.pop(1) is b and len(model) == 2
    assert len(model + nn.Sequential(b)) == 3 and len(model * 2) == 4
    named = nn.Sequential(OrderedDict(first=a, second=c))
    assert named.first is a and named[1] is c
    named[0] = b
    assert named.first is b
    with pytest.raises(IndexError, match="out of range"):
        model[5]


def test_module_list():
    model = nn.ModuleList([nn.Linear(1, 1) for _ in range(3)])
    model += [nn.ReLU()]
    model.extend([nn.ReLU()])
    assert len(model) == 5 and len(model[1:3]) == 2 and len(list(model.parameters())) == 6
    assert "(0-2): 3 x Linear(in_features=1, out_features=1, bias=True)" in repr(model)
    assert "(3-4): 2 x ReLU()" in repr(model)
    last = model.pop()
    model[0] = last
    assert model[0] is last and len(model + [last]) == 5
    del model[:2]
    assert len(model) == 2
    with pytest.raises(TypeError, match="iterable"):
        model.extend(nn.Linear)


def test_module_dict():
    model = nn.ModuleDict({"a": nn.Linear(1, 1)})
    model["b"] = nn.ReLU()
    model.update([("c", nn.Tanh())])
    assert list(model) == list(model.keys()) == ["a", "b", "c"] and "a" in model
    assert isinstance(model.pop("b"), nn.ReLU) and len(model) == 2
    assert [name for name, _ in model.items()] == ["a", "c"]
    del model["c"]
    model.clear()
    assert len(model) == 0


def test_parameter_list():
    model = nn.ParameterList([nr.ones(2), nn.Parameter(nr.ones(3))])
    model.append(nr.ones(4))
    model.extend([1.5])
    assert [name for name, _ in model.named_parameters()] == ["0", "1", "2"]
    assert model[-1] == 1.5 and len(model) == 4 and len(model[1:3]) == 2
    assert "(0): Parameter containing: [neurarust.float32 of size 2]" in repr(model)
    assert [one.numel() for one in list(model)[:3]] == [2, 3, 4]


def test_parameter_dict():
    model = nn.ParameterDict({"a": nr.ones(2)})
    model["b"] = nn.Parameter(nr.ones(3))
    model.update({"c": 3})
    assert list(model.state_dict()) == ["a", "b"] and list(model) == ["a", "b", "c"]
    assert model.get("x") is None and model.setdefault("d", nr.ones(1)).numel() == 1
    assert model.pop("c") == 3 and "c" not in model and len(model) == 3
    assert list(model | nn.ParameterDict({"z": nr.ones(1)})) == ["a", "b", "d", "z"]
    assert model.popitem()[0] == "d"
    with pytest.raises(KeyError):
        model["x"]
