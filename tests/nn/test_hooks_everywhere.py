"""Hooks of all modules, versions in state dicts, and what is set in place."""

from __future__ import annotations

import pytest

import neurarust as nr
from neurarust import nn
from neurarust.nn import hooks


def test_hooks_of_all_modules():
    seen = []
    handles = [
        hooks.register_module_forward_pre_hook(lambda m, a: seen.append("before")),
        hooks.register_module_forward_hook(lambda m, a, o: seen.append("after")),
        hooks.register_module_full_backward_pre_hook(lambda m, g: seen.append("pull")),
        hooks.register_module_full_backward_hook(lambda m, i, o: seen.append("pulled")),
    ]
    try:
        layer = nn.Linear(2, 1)
        layer.register_forward_hook(lambda m, a, o: seen.append("own"))
        layer(nr.ones(1, 2, requires_grad=True)).sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    assert seen == ["before", "after", "own", "pull", "pulled"]
    nn.Linear(2, 1)(nr.ones(2))
    assert len(seen) == 5


def test_hooks_on_what_modules_take_in():
    names = []
    handles = [
        add(lambda module, name, one: names.append(name))
        for add in (
            hooks.register_module_parameter_registration_hook,
            hooks.register_module_buffer_registration_hook,
            hooks.register_module_module_registration_hook,
        )
    ]
    try:
        nn.Sequential(nn.BatchNorm1d(2, affine=False), nn.Linear(1, 1, bias=False))
    finally:
        for handle in handles:
            handle.remove()
    own = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert names == [*own, "weight", "bias", "0", "1"]


class Newer(nn.Module):
    _version = 2

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(nr.ones(1))

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
        if local_metadata.get("version", 1) < 2:
            state_dict[f"{prefix}scale"] = state_dict.pop(f"{prefix}factor")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


def test_versions():
    model = nn.Sequential(Newer())
    state = model.state_dict()
    assert state._metadata == {"": {"version": 1}, "0": {"version": 2}}
    model.load_state_dict(state)
    model.load_state_dict({"0.factor": nr.tensor([3.0])})
    assert model[0].scale.item() == 3


def test_submodules_are_set_by_path():
    model = nn.Sequential(nn.Sequential(nn.Linear(1, 1)))
    model.set_submodule("0.0", nn.ReLU(), strict=True)
    assert isinstance(model[0][0], nn.ReLU)
    with pytest.raises(AttributeError):
        model.set_submodule("0.5", nn.ReLU(), strict=True)
    with pytest.raises(ValueError, match="not an nn.Module"):
        model.set_submodule("0.0", 3)


def test_compiled_in_place():
    layer = nn.Linear(2, 2)
    x = nr.ones(2)
    wanted = layer(x)
    assert layer.compile() is None and layer.share_memory() is layer
    for _ in range(3):
        assert nr.allclose(layer(x), wanted)
