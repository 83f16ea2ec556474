"""Clipping, vectors of parameters, padded and packed sequences."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.core.engine.recording import state
from neurarust.nn import utils


def parameters() -> list[nn.Parameter]:
    made = [nn.Parameter(nr.zeros(2)), nn.Parameter(nr.zeros(1)), nn.Parameter(nr.zeros(1))]
    made[0].grad, made[1].grad = nr.tensor([3.0, 0.0]), nr.tensor([4.0])
    return made


def test_clip_grad_norm_is_one_operation_and_reads_nothing():
    given = parameters()
    state.recording.run()
    norm = utils.clip_grad_norm_(given, 1.0)
    assert len(state.recording.entries) == 1
    assert norm.item() == 5
    np.testing.assert_allclose(given[0].grad.numpy(), [0.6, 0], rtol=1e-5)
    np.testing.assert_allclose(given[1].grad.numpy(), [0.8], rtol=1e-5)
    assert utils.clip_grad_norm_(given, 10.0).item() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("order, wanted", [(1, 7.0), (2, 5.0), (float("inf"), 4.0)])
def test_total_norm(order, wanted):
    grads = [one.grad for one in parameters()[:2]]
    assert utils.get_total_norm(grads, order).item() == pytest.approx(wanted)
    assert utils.get_total_norm([]).item() == 0


def test_clipping_by_value_and_by_a_given_norm():
    given = parameters()
    utils.clip_grad_value_(given, 3.5)
    assert given[1].grad.item() == 3.5
    utils.clip_grads_with_norm_(given, 1.0, nr.tensor(2.0))
    assert given[1].grad.item() == pytest.approx(1.75)


def test_nonfinite_norm():
    given = parameters()
    given[1].grad = nr.tensor([float("inf")])
    with pytest.raises(RuntimeError, match="non-finite"):
        utils.clip_grad_norm_(given, 1.0, error_if_nonfinite=True)
    assert given[0].grad.tolist() == [3, 0]


def test_vectors():
    layer = nn.Linear(2, 2)
    vector = utils.parameters_to_vector(layer.parameters())
    assert vector.shape == (6,)
    utils.vector_to_parameters(nr.arange(6.0), layer.parameters())
    assert layer.weight.tolist() == [[0, 1], [2, 3]] and layer.bias.tolist() == [4, 5]
    assert layer.weight.is_leaf and layer.weight.requires_grad


def test_padding_and_packing():
    rows = [nr.tensor([1.0, 2.0]), nr.tensor([3.0, 4.0, 5.0])]
    assert utils.rnn.pad_sequence(rows).tolist() == [[1, 3], [2, 4], [0, 5]]
    left = utils.rnn.pad_sequence(rows, True, -1, padding_side="left")
    assert left.tolist() == [[-1, 1, 2], [3, 4, 5]]
    packed = utils.rnn.pack_sequence(rows, enforce_sorted=False)
    assert packed.data.tolist() == [3, 1, 4, 2, 5] and packed.batch_sizes.tolist() == [2, 2, 1]
    for one, other in zip(utils.rnn.unpack_sequence(packed), rows, strict=True):
        assert one.tolist() == other.tolist()
    padded, lengths = utils.rnn.pad_packed_sequence(packed, total_length=4, padding_value=9)
    assert padded.tolist() == [[1, 3], [2, 4], [9, 5], [9, 9]] and lengths.tolist() == [2, 3]
    with pytest.raises(RuntimeError, match="sorted in decreasing order"):
        utils.rnn.pack_sequence(rows)
