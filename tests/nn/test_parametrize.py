"""Parametrizations, weight and spectral norm in both forms, pruning, fusion."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.nn import utils
from neurarust.nn.utils import parametrizations, parametrize


class Symmetric(nn.Module):
    def forward(self, weight):
        return weight.triu() + weight.triu(1).mT

    def right_inverse(self, value):
        return value.triu()


def test_register_and_remove():
    layer = nn.Linear(3, 3)
    parametrize.register_parametrization(layer, "weight", Symmetric())
    assert type(layer).__name__ == "ParametrizedLinear"
    assert list(layer.state_dict()) == ["bias", "parametrizations.weight.original"]
    assert nr.equal(layer.weight, layer.weight.mT)
    layer(nr.ones(3)).sum().backward()
    assert layer.parametrizations.weight.original.grad.tril(-1).abs().sum().item() == 0
    value = nr.eye(3) * 2
    layer.weight = value
    assert nr.equal(layer.weight, value)
    twin = copy.deepcopy(layer)
    assert nr.equal(twin.weight, value) and parametrize.is_parametrized(twin, "weight")
    with parametrize.cached():
        assert layer.weight is layer.weight
    assert layer.weight is not layer.weight
    assert parametrize.type_before_parametrizations(layer) is nn.Linear
    parametrize.remove_parametrizations(layer, "weight")
    assert type(layer) is nn.Linear and nr.equal(layer.weight, value)
    assert not parametrize.is_parametrized(layer) and parametrize.is_parametrized(twin)


def test_a_chain_and_its_transfer():
    layer, other = nn.Linear(3, 3), nn.Linear(3, 3)
    for _ in range(2):
        parametrize.register_parametrization(layer, "weight", Symmetric())
    assert len(layer.parametrizations.weight) == 2
    parametrize.transfer_parametrizations_and_params(layer, other)
    assert nr.equal(other.weight, layer.weight)
    with pytest.raises(ValueError, match="shape or dtype"):
        parametrize.register_parametrization(nn.Linear(2, 3), "weight", nn.Linear(2, 5))
    with pytest.raises(ValueError, match="does not have"):
        parametrize.register_parametrization(layer, "nothing", Symmetric())


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm(dim):
    for norm, remove in (
        (parametrizations.weight_norm, parametrize.remove_parametrizations),
        (utils.weight_norm, utils.remove_weight_norm),
    ):
        layer = nn.Linear(3, 4)
        before, x = layer.weight.detach().clone(), nr.randn(2, 3)
        output = layer(x).detach().clone()
        norm(layer, dim=dim)
        assert nr.allclose(layer(x), output, atol=1e-6)
        layer(x).sum().backward()
        assert len(list(layer.parameters())) == 3
        assert all(one.grad is not None for one in layer.parameters())
        remove(layer, "weight")
        assert nr.allclose(layer.weight, before, atol=1e-6)
    with pytest.raises(ValueError, match="not found"):
        utils.remove_weight_norm(layer)


def test_spectral_norm():
    for norm, remove in (
        (parametrizations.spectral_norm, parametrize.remove_parametrizations),
        (utils.spectral_norm, utils.remove_spectral_norm),
    ):
        layer = norm(nn.ConvTranspose1d(3, 4, 2), n_power_iterations=3)
        x = nr.randn(1, 3, 5)
        for _ in range(30):
            layer(x)
        layer.eval()
        layer(x).sum().backward()
        matrix = layer.weight.detach().transpose(0, 1).flatten(1).numpy()
        assert np.linalg.norm(matrix, 2) == pytest.approx(1, abs=1e-3)
        remove(layer, "weight")
        assert isinstance(layer.weight, nn.Parameter)


@pytest.mark.parametrize("orthogonal_map", [None, "matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("trivial", [True, False])
def test_orthogonal(orthogonal_map, trivial):
    for shape in ((4, 4), (3, 5), (5, 3)):
        layer = nn.Linear(*shape)
        parametrizations.orthogonal(layer, "weight", orthogonal_map, use_trivialization=trivial)
        weight = layer.weight
        product = weight @ weight.mT if shape[1] <= shape[0] else weight.mT @ weight
        assert nr.allclose(product, nr.eye(min(shape)), atol=1e-5)
        weight.square().sum().backward()


def test_fusion_and_skip_init():
    x = nr.randn(2, 3, 5, 5)
    for conv, transpose in ((nn.Conv2d(3, 4, 2), False), (nn.ConvTranspose2d(3, 4, 2), True)):
        norm = nn.BatchNorm2d(4)
        norm(conv(x))
        model = nn.Sequential(conv, norm).eval()
        fused = utils.fuse_conv_bn_eval(conv, norm, transpose)
        assert nr.allclose(fused(x), model(x), atol=1e-5)
    linear, norm = nn.Linear(3, 4), nn.BatchNorm1d(4)
    norm(linear(nr.randn(6, 3)))
    model = nn.Sequential(linear, norm).eval()
    x = nr.randn(2, 3)
    assert nr.allclose(utils.fuse_linear_bn_eval(linear, norm)(x), model(x), atol=1e-5)
    with pytest.raises(ValueError, match="eval"):
        utils.fuse_linear_bn_eval(nn.Linear(3, 4), nn.BatchNorm1d(4))
    assert utils.skip_init(nn.Linear, 2, 3).weight.shape == (3, 2)
