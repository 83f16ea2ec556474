"""Bad input to modules two deep: the path of the module, the argument and both shapes are named."""

from __future__ import annotations

import re

import pytest

import neurarust as nr
from neurarust import nn


class Block(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.inner = layer

    def forward(self, *args, **kwargs):
        return self.inner(*args, **kwargs)


def nested(layer: nn.Module) -> nn.Module:
    outer = Block(nn.ModuleList([Block(layer)]))
    outer.forward = lambda *args, **kwargs: outer.inner[0](*args, **kwargs)
    return outer


x = nr.ones
HEADS = {"embed_dim": 8, "num_heads": 2}

# Module, positional and keyword inputs, exception, parts of its message.
CALLS = [
    (nn.Linear(4, 2), [x(3, 5)], {}, RuntimeError, "linear: 3x5 4x2"),
    (nn.Linear(4, 2), [None], {}, TypeError, "linear() 'input' None"),
    (nn.Conv2d(3, 4, 3), [x(1, 4, 8, 8)], {}, RuntimeError, "3 channels [1, 4, 8, 8] [4, 3, 3, 3]"),
    (nn.ConvTranspose2d(3, 4, 3), [x(1, 4, 8, 8)], {}, RuntimeError, "3 channels [1, 4, 8, 8]"),
    (nn.BatchNorm2d(3), [x(1, 4, 8, 8)], {}, RuntimeError, "weight [3] [1, 4, 8, 8]"),
    (nn.BatchNorm2d(3), [x(1, 3, 8)], {}, ValueError, "4D 3D [1, 3, 8]"),
    (nn.BatchNorm2d(3), [None], {}, TypeError, "BatchNorm2d 'input' None"),
    (nn.InstanceNorm2d(3, affine=True), [x(1, 4, 8, 8)], {}, ValueError, "(3) 4 [1, 4, 8, 8]"),
    (nn.LayerNorm(4), [x(2, 5)], {}, RuntimeError, "layer_norm [2, 5] [4]"),
    (nn.GroupNorm(2, 4), [x(2, 6, 3)], {}, RuntimeError, "weight [4] [2, 6, 3]"),
    (nn.LSTM(4, 5), [x(3, 2, 3)], {}, RuntimeError, "input 4 [3, 2, 3]"),
    (nn.LSTM(4, 5), [x(3, 2, 4), (x(1, 2, 6), x(1, 2, 5))], {}, RuntimeError,
     "hidden size (1, 2, 5) [1, 2, 6]"),
    (nn.LSTM(4, 5), [x(3, 2, 4), x(1, 2, 5)], {}, RuntimeError, "hx (h_0, c_0) a tensor"),
    (nn.GRU(4, 5), [x(3, 2, 4), (x(1, 2, 5),) * 2], {}, RuntimeError, "hx a tensor 2 tensors"),
    (nn.GRU(4, 5), [x(2, 3, 2, 4)], {}, ValueError, "4D [2, 3, 2, 4]"),
    (nn.LSTM(4, 5), [None], {}, TypeError, "LSTM 'input' None"),
    (nn.GRUCell(4, 5), [x(2, 4), x(2, 6)], {}, RuntimeError, "[2, 5] hidden state [2, 6]"),
    (nn.LSTMCell(4, 5), [None], {}, TypeError, "LSTMCell 'input' None"),
    (nn.MultiheadAttention(**HEADS), [x(3, 2, 6)] * 3, {}, AssertionError, "8 query [3, 2, 6]"),
    (nn.MultiheadAttention(**HEADS), [x(3, 2, 8), x(3, 2, 6), x(3, 2, 8)], {}, RuntimeError,
     "8 features of the key [3, 2, 6]"),
    (nn.MultiheadAttention(**HEADS, vdim=4), [x(3, 2, 8)] * 3, {}, RuntimeError,
     "4 features of the value [3, 2, 8]"),
    (nn.MultiheadAttention(**HEADS), [x(3, 2, 8), None, None], {}, TypeError, "'key' None"),
    (nn.MultiheadAttention(**HEADS, batch_first=True), [None] * 3, {}, TypeError, "'query' None"),
    (nn.MultiheadAttention(**HEADS), [x(3, 2, 8)] * 3, {"attn_mask": x(4, 4)}, RuntimeError,
     "attn_mask [4, 4] [3, 3]"),
    (nn.MultiheadAttention(**HEADS), [x(3, 2, 8), x(4, 2, 8), x(5, 2, 8)], {}, AssertionError,
     "[4, 2] [5, 2]"),
    (nn.TransformerDecoderLayer(8, 2), [x(3, 2, 8), x(3, 2, 6)], {}, RuntimeError,
     "multihead_attn key [3, 2, 6]"),
    (nn.Transformer(8, 2, 1, 1), [x(3, 2, 8), x(3, 3, 8)], {}, RuntimeError,
     "src tgt [3, 2, 8] [3, 3, 8]"),
    (nn.Embedding(4, 3), [nr.tensor([5])], {}, IndexError, "4 rows index 5"),
    (nn.PReLU(3), [x(2, 4)], {}, RuntimeError, "prelu weight [3] [2, 4]"),
    (nn.Dropout(), [None], {}, TypeError, "Dropout 'input' None"),
    (nn.CTCLoss(), [x(5, 2, 3), nr.ones(2, 2).long(), nr.tensor([5]), nr.tensor([2, 2])], {},
     RuntimeError, "ctc_loss 2 input_lengths [1] [5, 2, 3]"),
    (nn.BCELoss(), [x(2, 3), x(2, 2)], {}, ValueError, "binary_cross_entropy [2, 3] [2, 2]"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "args", "kwargs", "kind", "parts"), CALLS,
    ids=[f"{type(row[0]).__name__}{k}" for k, row in enumerate(CALLS)],
)  # fmt: skip
def test_calls(layer, args, kwargs, kind, parts):
    with pytest.raises(kind) as caught:
        nested(layer)(*args, **kwargs)
    message = str(caught.value)
    assert message.startswith("in inner.0.inner")
    for part in re.findall(r"\[.*?\]|\(.*?\)|\S+", parts):
        assert part in message, message


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: nn.Linear(4.0, 2), TypeError, r"whole numbers .* \(2, 4.0\)"),
        (lambda: nn.Linear("4", 2), TypeError, r"whole numbers .* \(2, '4'\)"),
        (lambda: nn.BatchNorm1d(3.5), TypeError, r"whole numbers .* \(3.5,\)"),
        (lambda: nn.Conv2d(3, 4, (3, 3, 3)), RuntimeError, "Conv2d: .*kernel_size=.3, 3, 3"),
        (lambda: nn.Conv2d(3, 4, "3"), TypeError, "Conv2d: .*kernel_size='3'"),
        (lambda: nn.Conv2d(3, 4, 0), ValueError, "kernel_size must be above 0"),
        (lambda: nn.Conv2d(3, 4, 3, 1.5), TypeError, "Conv2d: .*stride=1.5"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "in_channels=3 and groups=2"),
        (lambda: nn.GroupNorm(0, 4), ValueError, r"num_groups \(0\)"),
        (lambda: nn.utils.clip_grad_norm_(None, 1), TypeError, "got None. Give model.parameters"),
        (lambda: nn.utils.clip_grad_value_([3], 1), TypeError, "iterable of Tensors, but got int"),
    ],
)
def test_constructors_and_functions(make, kind, words):
    with pytest.raises(kind, match=words):
        make()
