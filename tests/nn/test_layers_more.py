"""Upsampling, pixels as channels, fractional pooling, losses with their linear map."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn


def test_upsampling():
    x = nr.arange(4.0).reshape(1, 1, 2, 2)
    nearest = nn.UpsamplingNearest2d(scale_factor=2)(x)
    assert nearest[0, 0, 0].tolist() == [0, 0, 1, 1]
    assert nn.UpsamplingBilinear2d(size=(3, 3))(x)[0, 0, 1].tolist() == [1, 1.5, 2]
    assert repr(nn.Upsample(scale_factor=2)) == "Upsample(scale_factor=2.0, mode='nearest')"
    assert repr(nn.Upsample((3, 3), mode="area")) == "Upsample(size=(3, 3), mode='area')"
    assert nn.Upsample(size=(1, 1), mode="area")(x).item() == 1.5


def test_pixels_and_channels():
    x = nr.randn(2, 8, 3, 3)
    assert nn.PixelShuffle(2)(x).shape == (2, 2, 6, 6)
    assert nr.equal(nn.PixelUnshuffle(2)(nn.PixelShuffle(2)(x)), x)
    assert nr.equal(nn.ChannelShuffle(4)(nn.ChannelShuffle(2)(x)), x)
    with pytest.raises(RuntimeError, match="divisible"):
        nn.PixelShuffle(3)(x)


def test_fractional_pooling():
    x = nr.randn(1, 2, 8, 8)
    assert nn.FractionalMaxPool2d(2, output_size=3)(x).shape == (1, 2, 3, 3)
    values, indices = nn.FractionalMaxPool2d(2, output_ratio=0.5, return_indices=True)(x)
    assert values.shape == indices.shape == (1, 2, 4, 4)
    assert nn.FractionalMaxPool3d(2, 2)(nr.randn(2, 5, 5, 5)).shape == (2, 2, 2, 2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.FractionalMaxPool2d(2, output_ratio=1.5)


def test_adaptive_log_softmax():
    loss = nn.AdaptiveLogSoftmaxWithLoss(16, 20, [5, 10], head_bias=True)
    assert list(loss.state_dict())[:3] == ["head.weight", "head.bias", "tail.0.0.weight"]
    x, target = nr.randn(6, 16), nr.tensor([0, 4, 7, 12, 19, 5])
    probabilities = loss.log_prob(x)
    np.testing.assert_allclose(probabilities.exp().sum(1).detach(), np.ones(6), rtol=1e-5)
    output, mean = loss(x, target)
    assert nr.allclose(output, probabilities[nr.arange(6), target])
    assert nr.allclose(mean, -output.mean()) and loss.predict(x).shape == (6,)
    mean.backward()
    assert loss(x[0], target[0]).output.shape == ()
    with pytest.raises(ValueError, match="cutoffs"):
        nn.AdaptiveLogSoftmaxWithLoss(16, 20, [10, 5])
    with pytest.raises(RuntimeError, match="same size"):
        loss(x, target[:3])


def test_linear_cross_entropy():
    loss = nn.LinearCrossEntropyLoss(4, 5, bias=True, label_smoothing=0.1)
    x, target = nr.randn(3, 4), nr.tensor([0, 4, 2])
    wanted = nn.CrossEntropyLoss(label_smoothing=0.1)(loss.linear(x), target)
    assert nr.allclose(loss(x, target), wanted)
    spatial = nn.LinearCrossEntropyLoss(4, 5, out_features=(2,))
    assert spatial(x, nr.zeros(3, 2, dtype=nr.int64)).shape == ()
    with pytest.raises(RuntimeError, match="in_features"):
        loss(nr.randn(3, 3), target)


def test_synchronized_batch_norm():
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Sequential(nn.BatchNorm1d(2)))
    weight = model[0].weight
    made = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert isinstance(made[0], nn.SyncBatchNorm) and made[0].weight is weight
    assert isinstance(made[1][0], nn.SyncBatchNorm)
    assert made[0](nr.randn(2, 3, 4, 4)).shape == (2, 3, 4, 4)
