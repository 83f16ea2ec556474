"""nr.jit: several results, of which gradients may be asked for one by one."""

from __future__ import annotations

import dataclasses
import warnings
from collections import OrderedDict

import numpy as np
import pytest

import neurarust as nr
from neurarust.core.errors import CaptureError, JitWarning

nn = nr.nn


@pytest.fixture(autouse=True)
def no_fallback():
    """A function that falls back where the test does not expect it fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", JitWarning)
        yield


class Heads(nn.Module):
    """Two heads on one body."""

    def __init__(self):
        super().__init__()
        self.body, self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2), nn.Linear(4, 1)

    def forward(self, x):
        hidden = self.body(x).tanh()
        return self.first(hidden), self.second(hidden).tanh()


def norms(model: nn.Module) -> dict[str, float | None]:
    return {
        name: None if one.grad is None else one.grad.norm().item()
        for name, one in model.named_parameters()
    }


def test_a_head_that_the_loss_leaves_out_has_no_gradient():
    """With one of zeros, an optimizer with weight decay would step with it."""
    nr.manual_seed(0)
    model, x = Heads(), nr.randn(5, 3)
    fast = nr.jit(model)
    model(x)[0].square().sum().backward()
    expected = norms(model)
    assert expected["second.weight"] is None and expected["first.weight"] is not None
    for _ in range(4):
        model.zero_grad()
        fast(x)[0].square().sum().backward()
        found = norms(model)
        assert {key for key, one in found.items() if one is None} == {
            "second.weight",
            "second.bias",
        }
        for name, one in expected.items():
            assert one is None or found[name] == pytest.approx(one, rel=1e-5)


@pytest.mark.parametrize("jitted", [False, True])
def test_results_without_a_shared_graph_go_backward_one_by_one(jitted):
    first, second = nn.Linear(2, 1), nn.Linear(2, 1)

    def losses(x):
        return first(x).exp().sum(), second(x).exp().sum()

    function = nr.jit(losses) if jitted else losses
    for _ in range(4):
        one, other = function(nr.ones(3, 2))
        one.backward()
        assert second.weight.grad is None
        other.backward()
        np.testing.assert_allclose(second.weight.grad.numpy(), [[other.item()] * 2], rtol=1e-5)
        with pytest.raises(RuntimeError, match="a second time"):
            one.backward()
        first.zero_grad()
        second.zero_grad()


@pytest.mark.parametrize("jitted", [False, True])
def test_results_with_a_shared_graph_need_retain_graph(jitted):
    model, x = Heads(), nr.randn(5, 3)
    function = nr.jit(model) if jitted else model
    for _ in range(4):
        one, other = function(x)
        one.sum().backward(retain_graph=True)
        other.sum().backward()
        one, other = function(x)
        other.sum().backward()
        with pytest.raises(RuntimeError, match="a second time"):
            one.sum().backward()


@pytest.mark.parametrize(
    "wrap", [nr.jit, nr.vmap, nr.checkpoint], ids=["jit", "vmap", "checkpoint"]
)
def test_unused_inputs_have_no_gradient(wrap):
    x, y = nr.ones(3, requires_grad=True), nr.ones(3, requires_grad=True)
    function = wrap(lambda x, y: (x * 2, y.exp()))
    for _ in range(4):
        found = nr.autograd.grad(function(x, y)[0].sum(), (x, y), allow_unused=True)
        assert found[0].tolist() == [2, 2, 2] and found[1] is None
        with pytest.raises(RuntimeError, match="not have been used"):
            nr.autograd.grad(function(x, y)[1].sum(), (x,))


def test_tensors_from_outside_are_returned_as_they_are():
    weight, one = nr.randn(2, 3), nr.ones(())
    function, scalar = nr.jit(lambda: weight), nr.jit(lambda: one)
    pair = nr.jit(lambda x: (x + 1, weight))
    for _ in range(4):
        assert function() is weight and scalar() is one
        assert pair(nr.ones(1))[1] is weight


def test_a_gradient_through_what_was_computed_outside_is_no_silent_none():
    """nr.grad of the same says so; here the function runs as plain recording."""
    x = nr.full((2,), 3.0, requires_grad=True)
    y = x * x

    @nr.jit
    def function():
        return nr.autograd.grad((y * 2).sum(), x, retain_graph=True, allow_unused=True)[0]

    with pytest.warns(JitWarning, match="a backward inside goes on through what was computed"):
        assert function().tolist() == [12, 12]
    assert function().tolist() == [12, 12]
    with pytest.raises(CaptureError, match="goes on through what was computed outside"):
        nr.jit(function.__wrapped__, fullgraph=True)()


def test_a_gradient_beside_what_was_computed_outside():
    """The graph outside does not lead to what the gradient is asked for."""
    x, weight = nr.ones(2, requires_grad=True), nr.full((2,), 3.0, requires_grad=True)
    y = x * 5

    @nr.jit
    def function():
        return nr.autograd.grad((y * weight).sum(), weight)[0]

    for _ in range(4):
        assert function().tolist() == [5, 5]


@dataclasses.dataclass
class Result:
    loss: nr.Tensor
    parts: dict
    note: str = "fine"


class Answer(OrderedDict):
    """As libraries return it: a dict whose entries are attributes, too."""

    def __getattr__(self, name):
        return self[name]


@pytest.mark.parametrize("kind", [Result, Answer])
def test_results_in_containers_of_the_users_own(kind):
    weight = nn.Parameter(nr.ones(3))
    optimizer = nr.optim.SGD([weight], lr=0.1)

    @nr.jit
    def step(x):
        optimizer.zero_grad()
        loss = (weight * x).sum()
        loss.backward()
        optimizer.step()
        return kind(loss=loss, parts={"z": weight.grad, "a": x.sum()})

    wanted = 3.0
    for _ in range(4):
        result = step(nr.ones(3))
        assert type(result) is kind and list(result.parts) == ["z", "a"]
        assert result.loss.item() == pytest.approx(wanted) and result.parts["a"].item() == 3
        wanted -= 0.3


def test_arguments_in_a_dataclass_are_data():
    calls = []

    @nr.jit
    def double(given):
        calls.append(given.note)
        return given.loss * len(given.parts)

    for k in range(5):
        assert double(Result(nr.tensor(float(k)), {"a": 1, "b": 2})).item() == 2 * k
    assert double(Result(nr.tensor(1.0), {"a": 1})).item() == 1
    assert len(calls) == 3


def test_a_dict_is_another_argument_in_another_order():
    @nr.jit
    def first(given):
        return next(iter(given.values())) * 2

    for _ in range(3):
        assert first({"a": nr.tensor(1.0), "b": nr.tensor(2.0)}).item() == 2
        assert first({"b": nr.tensor(2.0), "a": nr.tensor(1.0)}).item() == 4


def test_a_tensor_that_is_a_result_twice_is_one():
    @nr.jit
    def function(x):
        y = x * 2
        return y, [y], x

    for _ in range(5):
        x = nr.ones(2)
        first, (second,), given = function(x)
        assert first is second and given is x
        first.zero_()
        assert second.tolist() == [0, 0]
