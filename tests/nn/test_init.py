"""First values: distributions, reproducibility, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.nn import init

FAN_IN, FAN_OUT = 60 * 9, 50 * 9
# name, arguments, lower and upper end (None: normal), standard deviation.
DISTRIBUTIONS = [
    (init.uniform_, (-1, 3), (-1, 3), 4 / math.sqrt(12)),
    (init.normal_, (1, 2), None, 2),
    (init.xavier_uniform_, (2,), None, 2 * math.sqrt(2 / (FAN_IN + FAN_OUT))),
    (init.xavier_normal_, (), None, math.sqrt(2 / (FAN_IN + FAN_OUT))),
    (init.kaiming_uniform_, (math.sqrt(5),), None, math.sqrt(1 / 3 / FAN_IN)),
    (init.kaiming_normal_, (0, "fan_out", "relu"), None, math.sqrt(2 / FAN_OUT)),
    (init.trunc_normal_, (0, 1, -2, 2), (-2, 2), 0.8796),
    (init.trunc_normal_, (0, 1, 3, 9), (3, 9), 0.2663),
]


@pytest.mark.parametrize("fill, arguments, ends, std", DISTRIBUTIONS)
def test_distribution(fill, arguments, ends, std):
    nr.manual_seed(0)
    tensor = nn.Parameter(nr.empty(50, 60, 3, 3))
    assert fill(tensor, *arguments) is tensor and tensor.requires_grad and tensor.is_leaf
    values = tensor.detach().numpy()
    assert values.std() == pytest.approx(std, rel=0.03)
    if ends is not None:
        assert values.min() >= ends[0] and values.max() <= ends[1]
        assert values.min() == pytest.approx(ends[0], abs=0.01)


def test_seed_and_generator_decide():
    def drawn(generator=None):
        return init.normal_(nr.empty(5), generator=generator).tolist()

    nr.manual_seed(3)
    first, second = drawn(), drawn()
    nr.manual_seed(3)
    assert drawn() == first != second
    assert drawn(nr.Generator().manual_seed(3)) == first


def test_exact_values():
    assert init.constant_(nr.empty(2), 3).tolist() == [3, 3]
    assert init.ones_(nr.empty(2)).tolist() == [1, 1] and init.zeros_(nr.empty(1)).item() == 0
    np.testing.assert_array_equal(init.eye_(nr.empty(2, 3)).numpy(), np.eye(2, 3))
    x = nr.randn(1, 4, 5)
    weight = init.dirac_(nr.empty(4, 2, 3), groups=2)
    same = nn.functional.conv1d(x, weight, padding=1, groups=2)
    np.testing.assert_allclose(same.numpy(), x.numpy(), atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (3, 2, 5)])
def test_orthogonal(shape):
    q = init.orthogonal_(nr.empty(*shape), gain=2).numpy().reshape(shape[0], -1)
    product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, 4 * np.eye(min(q.shape)), atol=1e-5)


def test_sparse():
    values = init.sparse_(nr.empty(10, 7), 0.25).numpy()
    np.testing.assert_array_equal((values == 0).sum(0), [3] * 7)


def test_views_and_types():
    table = nr.zeros(3, 2)
    init.ones_(table[1])
    assert table.tolist() == [[0, 0], [1, 1], [0, 0]]
    assert init.uniform_(nr.empty(3, dtype=nr.bfloat16)).dtype is nr.bfloat16


def test_errors():
    with pytest.raises(ValueError, match="fewer than 2 dimensions"):
        init.kaiming_uniform_(nr.empty(3))
    with pytest.raises(ValueError, match="Unsupported nonlinearity"):
        init.calculate_gain("step")
    with pytest.raises(ValueError, match="not supported"):
        init.kaiming_uniform_(nr.empty(3, 3), mode="fan")
    assert init.calculate_gain("leaky_relu", 2) == pytest.approx(math.sqrt(2 / 5))


def test_layers_start_as_pytorch_does():
    nr.manual_seed(0)
    layer = nn.Linear(100, 400)
    bound = 1 / 10
    assert abs(layer.weight.detach().numpy()).max() == pytest.approx(bound, rel=0.01)
    assert abs(layer.bias.detach().numpy()).max() == pytest.approx(bound, rel=0.02)
    assert nn.Embedding(100, 50).weight.detach().numpy().std() == pytest.approx(1, rel=0.05)
    assert not nn.Embedding(4, 3, padding_idx=-1).weight[3].any().item()
