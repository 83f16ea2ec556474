"""nn.utils.stateless: what is written, tied tensors, and names that do not fit."""

from __future__ import annotations

import pytest

import neurarust as nr
from neurarust import nn
from neurarust.nn.utils.stateless import functional_call


class Counter(nn.Module):
    """Puts a new buffer in the place of its old one."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", nr.zeros(2))

    def forward(self, x, scale=1):
        self.count = self.count + x * scale
        return self.count


@pytest.mark.parametrize("call", [functional_call, nr.func.functional_call])
def test_a_buffer_that_is_replaced_is_found_in_the_dict(call):
    module, given = Counter(), {"count": nr.ones(2)}
    assert call(module, given, nr.ones(2), {"scale": 2}).tolist() == [3, 3]
    assert given["count"].tolist() == [3, 3] and module.count.tolist() == [0, 0]


def test_gradients_reach_what_was_given():
    layer, weight = nn.Linear(2, 1), nr.tensor([[2.0, 3.0]], requires_grad=True)
    given = {"weight": weight, "bias": nr.zeros(1)}
    functional_call(layer, parameters_and_buffers=given, args=nr.tensor([4.0, 5.0])).backward()
    assert weight.grad.tolist() == [[4, 5]] and layer.weight.grad is None


def test_tied_tensors_and_strict():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    x = nr.ones(1, 2)
    one = {"0.weight": nr.eye(2) * 2}
    assert functional_call(model, one, x, strict=True).tolist() == [[4, 4]]
    with pytest.raises(RuntimeError, match=r"strict=True .*but 1\.weight are missing"):
        functional_call(model, one, x, strict=True, tie_weights=False)
    both = one | {"1.weight": nr.eye(2)}
    assert functional_call(model, both, x, tie_weights=False).tolist() == [[2, 2]]
    with pytest.raises(ValueError, match=r"0\.weight and 1\.weight are one tensor"):
        functional_call(model, both, x)
    assert model[0].weight is model[1].weight


def test_names_that_do_not_fit():
    layer, x = nn.Linear(2, 2), nr.ones(1, 2)
    for strict, kind in ((False, KeyError), (True, RuntimeError)):
        with pytest.raises(kind, match="Linear has no parameter or buffer named wight. It has w"):
            functional_call(layer, {"wight": x}, x, strict=strict)
    with pytest.raises(TypeError, match="weight must be a Tensor, not int"):
        functional_call(layer, {"weight": 3}, x)
    with pytest.raises(RuntimeError, match="linear"):
        functional_call(layer, {"weight": nr.ones(2, 3)}, x)
    assert layer.weight.shape == (2, 2)
