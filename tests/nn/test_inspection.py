"""Summaries of models, and their activations kept or replaced."""

from __future__ import annotations

import pytest

import neurarust as nr
from neurarust import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))

    def forward(self, x):
        return x + self.mlp(self.norm(x))


def model() -> nn.Sequential:
    nr.manual_seed(0)
    return nn.Sequential(Block(), nn.Dropout(0.5), Block(), nn.Linear(8, 3))


def test_a_summary_counts_parameters_shapes_and_arithmetic():
    net = model()
    net[3].weight.requires_grad_(False)
    before = nr.get_rng_state().tolist()
    found = nr.summary(net, (5, 8))
    assert net.training and nr.get_rng_state().tolist() == before
    block = 16 + 8 * 16 + 16 + 16 * 8 + 8
    assert found.parameters == 2 * block + 27 and found.trainable == 2 * block + 3
    assert found.parameter_bytes == 4 * found.parameters
    rows = {one.name: one for one in found.layers}
    assert [*rows] == [
        "", "0", "0.norm", "0.mlp", "0.mlp.0", "0.mlp.1", "0.mlp.2", "1", "2", "2.norm", "2.mlp",
        "2.mlp.0", "2.mlp.1", "2.mlp.2", "3",
    ]  # fmt: skip
    assert rows["0.mlp.0"].output == "[5, 16]" and rows["0.mlp.0"].bytes == 5 * 16 * 4
    # A product of 5 x 8 and 8 x 16 and the bias.
    assert rows["0.mlp.0"].flops == pytest.approx(2 * 5 * 8 * 16 + 5 * 16, rel=0.01)
    assert rows[""].flops == found.flops > 2 * rows["0"].flops
    text = str(found)
    assert "0.mlp.0 (Linear)" in text and "619 parameters" in text
    assert "<table>" in found._repr_html_() and "Dropout" in found._repr_html_()


def test_activations_are_kept_by_name_and_stay_on_the_tape():
    net, x = model().eval(), nr.randn(5, 8)
    with nr.capture_activations(net, "*.mlp", "3") as kept:
        result = net(x)
    assert [*kept] == ["0.mlp", "2.mlp", "3"]
    assert kept["3"] is result
    assert nr.allclose(kept["0.mlp"], net[0].mlp(net[0].norm(x)))
    kept["0.mlp"].sum().backward()
    assert net[0].mlp[0].weight.grad is not None and net[3].weight.grad is None
    net(x)
    assert kept["3"] is result
    with nr.capture_activations(net, "0.**") as kept:
        net(x)
    assert [*kept] == ["0.norm", "0.mlp.0", "0.mlp.1", "0.mlp.2", "0.mlp"]


def test_activations_are_replaced():
    net, x = model().eval(), nr.randn(5, 8)
    with nr.capture_activations(net, "*.mlp", replace=lambda name, one: 0 * one) as kept:
        changed = net(x)
    assert nr.allclose(changed, net[3](x))
    assert kept["2.mlp"].abs().sum().item() == 0


def test_activations_of_a_jitted_model():
    net, x = model().eval(), nr.randn(5, 8)
    run = nr.jit(net)
    expected = [run(x).tolist() for _ in range(3)][0]
    for _ in range(3):
        with nr.capture_activations(net, "0.mlp") as kept:
            result = run(x)
        assert nr.allclose(result, nr.tensor(expected))
        assert nr.allclose(kept["0.mlp"], net[0].mlp(net[0].norm(x)))
    assert nr.allclose(run(x), nr.tensor(expected))


def test_a_pattern_that_fits_nothing():
    with pytest.raises(ValueError, match="'blocks.0' fits no module; there are 0, 0.norm"):
        with nr.capture_activations(model(), "blocks.0"):
            pass
