"""Layers that take their size from the first input."""

from __future__ import annotations

import pytest

import neurarust as nr
from neurarust import nn

CASES = [
    (lambda: nn.LazyLinear(3), nn.Linear, (2, 5), "in_features"),
    (lambda: nn.LazyConv1d(4, 3), nn.Conv1d, (2, 5, 6), "in_channels"),
    (lambda: nn.LazyConv2d(4, kernel_size=3), nn.Conv2d, (5, 6, 6), "in_channels"),
    (lambda: nn.LazyConv3d(4, 2), nn.Conv3d, (1, 5, 3, 3, 3), "in_channels"),
    (lambda: nn.LazyConvTranspose1d(4, 3), nn.ConvTranspose1d, (2, 5, 6), "in_channels"),
    (lambda: nn.LazyConvTranspose2d(4, 3), nn.ConvTranspose2d, (2, 5, 3, 3), "in_channels"),
    (lambda: nn.LazyConvTranspose3d(4, 2), nn.ConvTranspose3d, (1, 5, 2, 2, 2), "in_channels"),
    (nn.LazyBatchNorm1d, nn.BatchNorm1d, (3, 5), "num_features"),
    (nn.LazyBatchNorm2d, nn.BatchNorm2d, (3, 5, 2, 2), "num_features"),
    (nn.LazyBatchNorm3d, nn.BatchNorm3d, (3, 5, 2, 2, 2), "num_features"),
    (nn.LazyInstanceNorm1d, nn.InstanceNorm1d, (3, 5, 4), "num_features"),
    (nn.LazyInstanceNorm2d, nn.InstanceNorm2d, (3, 5, 4, 4), "num_features"),
    (nn.LazyInstanceNorm3d, nn.InstanceNorm3d, (3, 5, 2, 2, 2), "num_features"),
]


NAMES = [one[1].__name__ for one in CASES]


@pytest.mark.parametrize("make, becomes, shape, size", CASES, ids=NAMES)
def test_becomes_the_ordinary_layer(make, becomes, shape, size):
    layer = make()
    assert layer.has_uninitialized_params() and getattr(layer, size) == 0
    before = list(layer.parameters())
    assert all(isinstance(one, nn.UninitializedParameter) for one in before)
    optimizer = nr.optim.SGD(layer.parameters(), 0.1)
    output = layer(nr.randn(*shape))
    assert type(layer) is becomes and getattr(layer, size) == 5
    assert all(one is other for one, other in zip(before, layer.parameters(), strict=True))
    assert all(type(one) is nn.Parameter for one in layer.parameters())
    output.square().sum().backward()
    optimizer.step()

    loaded = make()
    loaded.load_state_dict(layer.state_dict())
    assert not loaded.has_uninitialized_params()
    x = nr.randn(*shape)
    assert nr.allclose(loaded.eval()(x), layer.eval()(x)) and type(loaded) is becomes


def test_state_without_a_shape():
    layer = nn.LazyLinear(3)
    state = layer.state_dict()
    assert isinstance(state["weight"], nn.UninitializedParameter)
    assert repr(state["weight"]) == "<UninitializedParameter>"
    with pytest.raises(RuntimeError, match="Expected 3D"):
        nn.LazyConv2d(4, 3)(nr.ones(2))


def test_a_buffer_gets_its_shape():
    buffer = nn.UninitializedBuffer(dtype=nr.float64)
    buffer.materialize((2, 3))
    assert type(buffer) is nn.Buffer and buffer.shape == (2, 3) and buffer.dtype is nr.float64


@pytest.mark.parametrize("tensor", [nn.LazyLinear(3).weight, nn.LazyBatchNorm1d().running_mean])
def test_there_is_no_shape_before_the_first_call(tensor):
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        assert tensor.shape
    for name in ("numel", "dim", "stride", "tolist", "__len__"):
        with pytest.raises(ValueError, match=f"an uninitialized parameter in Tensor.{name}. Call"):
            getattr(tensor, name)()
    tensor.materialize((2, 3))
    assert tensor.shape == (2, 3) and tensor.numel() == 6 and len(tensor) == 2


def test_state_without_shapes_is_loaded_by_lazy_layers_only():
    state = nn.LazyLinear(3).state_dict()
    layer = nn.LazyLinear(3)
    layer.load_state_dict(state)
    assert layer.has_uninitialized_params()
    with pytest.raises(RuntimeError, match="Can't access the shape"):
        nn.Linear(2, 3).load_state_dict(state)
