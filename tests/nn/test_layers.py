"""Layers against NumPy and known numbers; the differential suite holds them against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_linear():
    layer, x = nn.Linear(3, 2), numbers(4, 3)
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(nr.tensor(x)).detach().numpy(), x @ weight.T + bias, rtol=1e-5)
    assert nn.Linear(3, 2, bias=False).bias is None
    assert nn.Linear(3, 2, dtype=nr.float64).weight.dtype is nr.float64


def test_shapes_only():
    x = nr.ones(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12) and nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(2, (2, 2))(x).shape == (2, 3, 2, 2)
    assert nn.Identity(1, a=2)(x) is x


def test_batch_norm_statistics():
    layer, x = nn.BatchNorm1d(3, momentum=0.5), numbers(8, 3)
    y = layer(nr.tensor(x)).detach().numpy()
    np.testing.assert_allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.5 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), 0.5 + 0.5 * x.var(0, ddof=1), rtol=1e-5)
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    before = layer.running_mean.tolist()
    layer(nr.tensor(x))
    assert layer.running_mean.tolist() == before
    with pytest.raises(ValueError, match="expected 2D or 3D input"):
        layer(nr.ones(3))


def test_batch_norm_cumulative_average():
    layer, x = nn.BatchNorm1d(2, momentum=None), numbers(2, 5, 2)
    for batch in x:
        layer(nr.tensor(batch))
    np.testing.assert_allclose(layer.running_mean.numpy(), x.mean((0, 1)), rtol=1e-4)


def test_batch_norm_cumulative_average_needs_no_look():
    layer, x = nn.BatchNorm1d(2, momentum=None), numbers(4, 5, 2)
    step = nr.jit(layer, fullgraph=True)
    for batch in x:
        step(nr.tensor(batch))
    np.testing.assert_allclose(layer.running_mean.numpy(), x.mean((0, 1)), rtol=1e-4)
    # The count goes on.
    assert layer.num_batches_tracked.item() == 4


def test_batch_norm_loads_old_state_dicts():
    layer = nn.BatchNorm1d(2)
    state = layer.state_dict()
    del state["num_batches_tracked"]
    layer.load_state_dict(state)


def test_dropout():
    nr.manual_seed(0)
    layer, x = nn.Dropout(0.25), nr.ones(1000)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.05)
    assert layer.eval()(x) is x
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(2)


def test_embedding():
    layer = nn.Embedding.from_pretrained(nr.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert layer(nr.tensor([1, 0, 1])).tolist() == [[3, 4], [1, 2], [3, 4]]
    assert not layer.weight.requires_grad
    bag = nn.EmbeddingBag.from_pretrained(layer.weight, mode="sum")
    assert bag(nr.tensor([[0, 1]])).tolist() == [[4, 6]]
    with pytest.raises(ValueError, match="padding_idx"):
        nn.Embedding(2, 2, padding_idx=2)


def test_convolution_padding_modes():
    x = numbers(1, 1, 6)
    layer = nn.Conv1d(1, 1, 3, padding=1, padding_mode="circular", bias=False)
    layer.load_state_dict({"weight": nr.tensor([[[1.0, 0.0, 0.0]]])})
    np.testing.assert_array_equal(layer(nr.tensor(x)).detach().numpy(), np.roll(x, 1, -1))
    assert nn.Conv2d(1, 1, 3, padding="same", dilation=2)(nr.ones(1, 1, 7, 7)).shape[-1] == 7
    assert nn.ConvTranspose1d(1, 1, 3, stride=2)(nr.ones(1, 1, 4), output_size=[10]).shape[-1] == 10
    with pytest.raises(ValueError, match="must lie between 9 and 10"):
        nn.ConvTranspose1d(1, 1, 3, stride=2)(nr.ones(1, 1, 4), output_size=[12])
    with pytest.raises(ValueError, match="divisible by groups"):
        nn.Conv1d(3, 2, 1, groups=2)
    with pytest.raises(ValueError, match="padding_mode must be one of"):
        nn.Conv1d(1, 1, 1, padding_mode="mirror")
    with pytest.raises(ValueError, match="strided"):
        nn.Conv1d(1, 1, 3, stride=2, padding="same")


def test_paddings():
    x = nr.tensor([[[1.0, 2.0, 3.0]]])
    assert nn.ZeroPad1d(1)(x).tolist() == [[[0, 1, 2, 3, 0]]]
    assert nn.ConstantPad1d((0, 2), 9)(x).tolist() == [[[1, 2, 3, 9, 9]]]
    assert nn.ReflectionPad1d(2)(x).tolist() == [[[3, 2, 1, 2, 3, 2, 1]]]
    assert nn.ReplicationPad1d((1, 0))(x).tolist() == [[[1, 1, 2, 3]]]
    assert nn.CircularPad1d(1)(x).tolist() == [[[3, 1, 2, 3, 1]]]
    with pytest.raises(ValueError, match="expected 3D or 4D input"):
        nn.ReflectionPad2d(1)(nr.ones(2, 2))


def test_pooling():
    x = nr.arange(16.0).reshape(1, 1, 4, 4)
    assert nn.MaxPool2d(2)(x).tolist() == [[[[5, 7], [13, 15]]]]
    assert nn.AvgPool2d(2)(x).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    values, places = nn.MaxPool2d(2, return_indices=True)(x)
    assert places.tolist() == [[[[5, 7], [13, 15]]]]
    assert nn.MaxUnpool2d(2)(values, places).sum().item() == values.sum().item()
    assert nn.AdaptiveAvgPool2d(1)(x).item() == 7.5


def test_from_function_modules_check_their_inputs():
    loss = nn.MSELoss(reduction="sum")
    assert loss(input=nr.ones(2), target=nr.zeros(2)).item() == 2
    assert loss(nr.ones(2), target=nr.zeros(2)).item() == 2
    with pytest.raises(TypeError, match="MSELoss: missing the input 'target'"):
        loss(nr.ones(2))
    with pytest.raises(TypeError, match="takes input, target"):
        loss(nr.ones(2), nr.ones(2), nr.ones(2))
    with pytest.raises(TypeError, match="unexpected keyword"):
        nn.ReLU(slope=1)
    assert list(nn.CrossEntropyLoss(weight=nr.ones(2)).state_dict()) == ["weight"]


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_packed_sequences_are_run_alone(kind):
    nr.manual_seed(0)
    layer = kind(3, 4, bidirectional=True, batch_first=True)
    x, lengths = nr.tensor(numbers(2, 3, 3)), [2, 3]
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths, True, enforce_sorted=False)
    output, last = layer(packed)
    padded, counts = nn.utils.rnn.pad_packed_sequence(output, batch_first=True)
    assert padded.shape == (2, 3, 8) and counts.tolist() == lengths
    last = nr.cat(last) if isinstance(last, tuple) else last
    for k, length in enumerate(lengths):
        alone, end = layer(x[k, :length])
        end = nr.cat(end) if isinstance(end, tuple) else end
        for mine, its in ((padded[k, :length], alone), (last[:, k], end)):
            np.testing.assert_allclose(
                mine.detach().numpy(), its.detach().numpy(), rtol=1e-4, atol=1e-6
            )


def test_recurrent_errors():
    with pytest.raises(ValueError, match="proj_size"):
        nn.LSTM(2, 3, proj_size=3)
    with pytest.raises(RuntimeError, match="must be equal to input_size"):
        nn.GRU(2, 3)(nr.ones(4, 1, 5))
    with pytest.raises(RuntimeError, match="Expected hidden size"):
        nn.GRU(2, 3)(nr.ones(4, 1, 2), nr.ones(1, 2, 3))


def test_attention_masks():
    nr.manual_seed(0)
    layer = nn.MultiheadAttention(4, 2, batch_first=True)
    x = nr.tensor(numbers(2, 3, 4))
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    masked, weights = layer(x, x, x, attn_mask=mask)
    assert np.triu(weights[0].detach().numpy(), 1).max() == 0
    for options in ({"attn_mask": mask}, {"is_causal": True}, {"attn_mask": mask.isinf()}):
        again, nothing = layer(x, x, x, need_weights=False, **options)
        assert nothing is None
        np.testing.assert_allclose(
            again.detach().numpy(), masked.detach().numpy(), rtol=1e-4, atol=1e-6
        )
    with pytest.raises(RuntimeError, match="shape of the attn_mask"):
        layer(x, x, x, attn_mask=mask[:2])


def test_every_class_has_a_docstring():
    for name in dir(nn):
        one = getattr(nn, name)
        if isinstance(one, type) and issubclass(one, nn.Module):
            assert one.__doc__, name
