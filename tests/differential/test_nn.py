"""Modules against PyTorch: state dicts, outputs and gradients from equal weights and inputs."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.serialization import load, save

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


def floats(*shape: int, positive: bool = False):
    values = np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)
    return np.abs(values) + 0.1 if positive else values


def classes(*shape: int, count: int = 3):
    return np.random.default_rng(1).integers(0, count, shape)


SIGNS = np.where(floats(4) > 0, 1.0, -1.0).astype(np.float32)
SEQUENCE = floats(5, 2, 8)
LAYER = {"d_model": 8, "nhead": 2, "dim_feedforward": 16, "dropout": 0.0}

# Name of the module, its arguments, its inputs.
MODULES = [
    ("Linear", {"in_features": 3, "out_features": 4}, [floats(2, 5, 3)]),
    ("Linear", {"in_features": 3, "out_features": 4, "bias": False}, [floats(3)]),
    ("Bilinear", {"in1_features": 3, "in2_features": 4, "out_features": 2},
     [floats(5, 3), floats(5, 4)]),
    ("Conv1d", {"in_channels": 4, "out_channels": 6, "kernel_size": 3, "groups": 2},
     [floats(2, 4, 9)]),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "padding": 1, "stride": 2},
     [floats(2, 2, 7, 8)]),
    ("Conv2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 2, "padding": "same",
                "padding_mode": "reflect"}, [floats(1, 2, 5, 5)]),
    ("Conv3d", {"in_channels": 1, "out_channels": 2, "kernel_size": 2}, [floats(1, 1, 3, 4, 4)]),
    ("ConvTranspose1d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "stride": 2,
                         "output_padding": 1}, [floats(2, 2, 4)]),
    ("ConvTranspose2d", {"in_channels": 2, "out_channels": 3, "kernel_size": 3, "padding": 1},
     [floats(1, 2, 4, 4)]),
    ("BatchNorm1d", {"num_features": 3}, [floats(6, 3)]),
    ("BatchNorm2d", {"num_features": 3, "momentum": None}, [floats(2, 3, 4, 4)]),
    ("InstanceNorm1d", {"num_features": 3, "affine": True, "track_running_stats": True},
     [floats(2, 3, 5)]),
    ("LayerNorm", {"normalized_shape": (3, 4)}, [floats(2, 3, 4)]),
    ("RMSNorm", {"normalized_shape": 4}, [floats(2, 4)]),
    ("GroupNorm", {"num_groups": 2, "num_channels": 4}, [floats(2, 4, 3)]),
    ("LocalResponseNorm", {"size": 2}, [floats(2, 4, 3)]),
    ("Embedding", {"num_embeddings": 5, "embedding_dim": 3, "padding_idx": 0},
     [classes(2, 4, count=5)]),
    ("EmbeddingBag", {"num_embeddings": 5, "embedding_dim": 3}, [classes(2, 4, count=5)]),
    ("PReLU", {"num_parameters": 3}, [floats(2, 3, 4)]),
    ("Softplus", {"beta": 2}, [floats(7)]),
    ("GLU", {"dim": 1}, [floats(3, 4)]),
    ("MaxPool2d", {"kernel_size": 2, "padding": 1}, [floats(1, 2, 5, 5)]),
    ("AvgPool1d", {"kernel_size": 3, "stride": 1}, [floats(1, 2, 7)]),
    ("AdaptiveMaxPool1d", {"output_size": 3}, [floats(1, 2, 7)]),
    ("Unfold", {"kernel_size": 2}, [floats(1, 2, 4, 4)]),
    ("ReflectionPad2d", {"padding": (1, 0, 2, 1)}, [floats(1, 2, 4, 4)]),
    ("RNN", {"input_size": 8, "hidden_size": 4, "nonlinearity": "relu"}, [SEQUENCE]),
    ("LSTM", {"input_size": 8, "hidden_size": 4, "num_layers": 2, "bidirectional": True},
     [SEQUENCE]),
    ("LSTM", {"input_size": 8, "hidden_size": 4, "proj_size": 2, "batch_first": True}, [SEQUENCE]),
    ("GRU", {"input_size": 8, "hidden_size": 4, "bias": False}, [SEQUENCE[:, 0]]),
    ("LSTMCell", {"input_size": 3, "hidden_size": 4}, [floats(2, 3)]),
    ("GRUCell", {"input_size": 3, "hidden_size": 4}, [floats(2, 3), floats(2, 4)]),
    ("MultiheadAttention", {"embed_dim": 8, "num_heads": 2}, [SEQUENCE] * 3),
    ("MultiheadAttention", {"embed_dim": 8, "num_heads": 2, "kdim": 3, "vdim": 5,
                            "add_bias_kv": True, "add_zero_attn": True, "batch_first": True},
     [SEQUENCE, floats(5, 4, 3), floats(5, 4, 5)]),
    ("TransformerEncoderLayer", {**LAYER, "norm_first": True, "activation": "gelu"}, [SEQUENCE]),
    ("TransformerDecoderLayer", {**LAYER, "batch_first": True}, [SEQUENCE, floats(5, 3, 8)]),
    ("CosineSimilarity", {}, [floats(3, 4), floats(3, 5)[:, :4]]),
    ("PairwiseDistance", {"p": 1.0}, [floats(3, 4), floats(3, 5)[:, :4]]),
    ("CrossEntropyLoss", {"label_smoothing": 0.1}, [floats(4, 3), classes(4)]),
    ("NLLLoss", {"ignore_index": 1}, [floats(4, 3), classes(4)]),
    ("BCEWithLogitsLoss", {"reduction": "sum"}, [floats(4), (SIGNS + 1) / 2]),
    ("HuberLoss", {"delta": 0.5}, [floats(4), floats(1, 4)[0]]),
    ("KLDivLoss", {"reduction": "batchmean"}, [floats(4, 3), floats(4, 3, positive=True)]),
    ("MarginRankingLoss", {"margin": 0.1}, [floats(4), floats(1, 4)[0], SIGNS]),
    ("TripletMarginLoss", {"swap": True}, [floats(4, 3), floats(3, 4).T, floats(12).reshape(4, 3)]),
]  # fmt: skip


def flat(result):
    return [one for part in result for one in flat(part)] if isinstance(result, tuple) else [result]


def run(module, library, inputs):
    given = [library.tensor(one) for one in inputs]
    for one in given:
        if one.is_floating_point():
            one.requires_grad_()
    outputs = [one for one in flat(module(*given)) if one is not None]
    sum((one * one).sum() + one.sum() for one in outputs).backward()
    values = {f"output {k}": one.detach().numpy() for k, one in enumerate(outputs)}
    reached = [one for one in given if one.grad is not None]
    values |= {f"input {k}": one.grad.numpy() for k, one in enumerate(reached)}
    values |= {name: one.grad.numpy() for name, one in module.named_parameters()}
    return values | {f"{name} after": one.numpy() for name, one in module.named_buffers()}


@pytest.mark.parametrize(
    "name, arguments, inputs", MODULES, ids=[f"{k}-{one[0]}" for k, one in enumerate(MODULES)]
)
def test_module(name, arguments, inputs, tmp_path):
    torch.manual_seed(0)
    theirs, ours = getattr(torch.nn, name)(**arguments), getattr(nn, name)(**arguments)
    torch.save(theirs.state_dict(), tmp_path / "weights.pt")
    ours.load_state_dict(load(tmp_path / "weights.pt"))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [one for one, _ in ours.named_parameters()] == [
        one for one, _ in theirs.named_parameters()
    ]
    wanted, got = run(theirs, torch, inputs), run(ours, nr, inputs)
    assert wanted.keys() == got.keys()
    for key, value in wanted.items():
        np.testing.assert_allclose(got[key], value, rtol=2e-4, atol=2e-5, err_msg=key)
        assert got[key].dtype == value.dtype, key


def test_files_cross_over(tmp_path):
    x = nr.randn(4, 6)
    state = {"x": x, "turned": x.t(), "half": x.bfloat16(), "words": ["a", 1], "p": nn.Parameter(x)}
    save(state, tmp_path / "x.pt")
    again = torch.load(tmp_path / "x.pt", weights_only=True)
    assert again["x"].data_ptr() == again["turned"].data_ptr()
    assert isinstance(again["p"], torch.nn.Parameter) and again["half"].dtype is torch.bfloat16
    np.testing.assert_array_equal(again["turned"].numpy(), x.t().numpy())
    torch.save(again, tmp_path / "y.pt")
    back = load(tmp_path / "y.pt")
    assert back["turned"].stride() == (1, 6) and back["words"] == ["a", 1]
    np.testing.assert_array_equal(back["x"].numpy(), x.numpy())


def test_optimizer_states_cross_over(tmp_path):
    theirs = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(theirs.parameters())
    theirs(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    torch.save(optimizer.state_dict(), tmp_path / "x.pt")
    state = load(tmp_path / "x.pt")
    assert state["state"][0]["step"].item() == 1 and state["param_groups"][0]["lr"] == 1e-3


@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("size", [2, 7, 28, 33, 224])
def test_grids_of_the_identity_are_the_same_bits(size, aligned):
    """There a last bit decides which side's derivative `grid_sample` takes."""
    map_ = [[[1.0, 0, 0], [0, 1, 0]]]
    found, expected = (
        library.nn.functional.affine_grid(
            library.tensor(map_), (1, 1, size, size), align_corners=aligned
        )
        for library in (nr, torch)
    )
    np.testing.assert_array_equal(found.numpy(), expected.numpy())
