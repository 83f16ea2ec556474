"""Hooks of modules, forward, backward and around state dicts."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn


def layer() -> nn.Linear:
    made = nn.Linear(2, 1, bias=False)
    made.load_state_dict({"weight": nr.tensor([[2.0, 3.0]])})
    return made


X = [[1.0, 10.0]]


def test_forward_pre_hook_changes_the_input():
    one = layer()
    handle = one.register_forward_pre_hook(lambda module, args: args[0] * 2)
    assert one(nr.tensor(X)).item() == 64
    handle.remove()
    assert one(nr.tensor(X)).item() == 32


def test_forward_hooks_run_in_order_and_change_the_output():
    one, seen = layer(), []
    one.register_forward_hook(lambda module, args, output: seen.append("a"))
    one.register_forward_hook(lambda module, args, output: output + 1)
    one.register_forward_hook(lambda module, args, output: seen.append("first"), prepend=True)
    with one.register_forward_hook(lambda *_: seen.append("gone")):
        pass
    assert one(nr.tensor(X)).item() == 33
    assert seen == ["first", "a"]


def test_hooks_with_keywords():
    class Scaled(nn.Module):
        def forward(self, x, scale=1.0):
            return x * scale

    one, seen = Scaled(), []
    one.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {"scale": kwargs["scale"] + 1}), with_kwargs=True
    )
    one.register_forward_hook(
        lambda module, args, kwargs, output: seen.append(kwargs), with_kwargs=True
    )
    assert one(nr.tensor(2.0), scale=2.0).item() == 6 and seen == [{"scale": 3.0}]


def test_always_call():
    class Failing(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    one, seen = Failing(), []
    one.register_forward_hook(lambda *given: seen.append(given[2]), always_call=True)
    one.register_forward_hook(lambda *given: seen.append("never"))
    with pytest.raises(ValueError, match="no"):
        one(1)
    assert seen == [None]


def test_full_backward_hook_sees_and_changes_gradients():
    one, seen = layer(), []
    one.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,))

    def hook(module, grad_input, grad_output):
        seen.append((grad_input[0].tolist(), grad_output[0].tolist()))
        return (grad_input[0] + 1,)

    handle = one.register_full_backward_hook(hook)
    x = nr.tensor(X, requires_grad=True)
    one(x * 1).sum().backward()
    assert seen == [([[20.0, 30.0]], [[10.0]])]
    np.testing.assert_array_equal(x.grad.numpy(), [[21, 31]])
    np.testing.assert_array_equal(one.weight.grad.numpy(), [[10, 100]])
    handle.remove()
    one(x).sum().backward()
    assert len(seen) == 1


def test_full_backward_hook_without_input_gradients():
    one, seen = layer(), []
    one.register_full_backward_hook(lambda module, *given: seen.append(given))
    one(nr.tensor(X)).sum().backward()
    assert seen[0][0] == (None,) and seen[0][1][0].item() == 1


def test_full_backward_hook_of_several_outputs():
    class Pair(nn.Module):
        def forward(self, x, y):
            return x * 2, y * 3

    one, seen = Pair(), []
    one.register_full_backward_hook(
        lambda module, given, received: seen.append([g and g.item() for g in (*given, *received)])
    )
    x, y = nr.tensor(1.0, requires_grad=True), nr.tensor(1.0, requires_grad=True)
    a, b = one(x, y)
    (a + b * b).backward()
    assert seen == [[2.0, 18.0, 1.0, 6.0]]


def test_backward_hook_of_a_second_derivative():
    class Square(nn.Module):
        def forward(self, x):
            return x * x

    one = Square()
    one.register_full_backward_hook(lambda module, given, received: (given[0] * 5,))
    x = nr.tensor(3.0, requires_grad=True)
    one(x).backward(create_graph=True)
    assert x.grad.item() == 30
    first, x.grad = x.grad, None
    first.backward()
    # The second derivative does not go through the hook again, as in PyTorch.
    assert x.grad.item() == 10


def test_wrong_number_of_gradients():
    one = layer()
    one.register_full_backward_hook(lambda module, given, received: (given[0], given[0]))
    x = nr.tensor(X, requires_grad=True)
    with pytest.raises(RuntimeError, match="invalid number of gradients"):
        one(x).sum().backward()


def test_state_dict_hooks():
    one, seen = layer(), []
    one.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append("before"))
    one.register_state_dict_post_hook(
        lambda module, state, prefix, metadata: state.update({prefix + "more": nr.ones(1)})
    )
    state = one.state_dict()
    assert list(state) == ["weight", "more"] and seen == ["before"]
    one.register_load_state_dict_pre_hook(
        lambda module, state, prefix, *_: state.pop(prefix + "more")
    )
    one.register_load_state_dict_post_hook(lambda module, keys: seen.append(keys))
    one.load_state_dict(state)
    assert seen[1].missing_keys == [] and "more" in state


def test_a_jitted_model_sees_hooks_of_all_modules():
    model, x = nr.nn.Linear(2, 2), nr.ones(1, 2)
    run = nr.jit(model)
    plain = [run(x) for _ in range(3)][-1]
    handle = nr.nn.hooks.register_module_forward_hook(lambda module, args, output: 2 * output)
    try:
        for _ in range(3):
            nr.testing.assert_close(run(x), 2 * plain)
    finally:
        handle.remove()
    nr.testing.assert_close(run(x), plain)


def test_hooks_are_seen_and_taken_away_by_key():
    seen = []
    layer = nn.Linear(2, 2)
    x = nr.ones(1, 2)
    assert not layer._forward_hooks and not layer._backward_hooks and layer._hooks is None
    handle = layer.register_forward_pre_hook(lambda *_: seen.append("first"))
    layer.register_forward_pre_hook(lambda *_: seen.append("second"), with_kwargs=True)
    layer.register_forward_hook(lambda *_: seen.append("after"))
    layer.register_full_backward_hook(lambda *_: seen.append("back"))
    assert len(layer._forward_pre_hooks) == 2 and len(layer._backward_hooks) == 1
    del layer._forward_pre_hooks[handle.id]
    handle.remove()
    layer(x).sum().backward()
    assert seen == ["second", "after", "back"]
    for kept in (layer._forward_pre_hooks, layer._forward_hooks, layer._backward_hooks):
        kept.clear()
    layer(x).sum().backward()
    assert len(seen) == 3
    layer._forward_hooks[7] = lambda module, args, output: seen.append(7)
    layer(x)
    assert seen[3:] == [7] and 7 in layer._forward_hooks
    layer._forward_hooks = {}
    layer(x)
    assert seen[3:] == [7]


def test_older_hooks_of_state_dicts():
    seen = []
    layer = nn.Linear(2, 2)
    bare = layer._register_load_state_dict_pre_hook(lambda state, *_: seen.append(type(state)))
    layer._register_load_state_dict_pre_hook(lambda *args: seen.append(args[0]), with_module=True)
    assert len(layer._load_state_dict_pre_hooks) == 2
    layer.load_state_dict(layer.state_dict())
    assert seen == [OrderedDict, layer]
    bare.remove()
    replaced = layer._register_state_dict_hook(lambda module, state, *_: {"only": state["bias"]})
    assert list(layer.state_dict()) == ["only"]
    replaced.remove()
    layer.register_state_dict_post_hook(lambda *_: {})
    with pytest.raises(RuntimeError, match="state_dict post-hook must return None"):
        layer.state_dict()


def test_keys_that_do_not_fit_print_as_in_pytorch():
    layer = nn.Linear(2, 2, bias=False)
    assert repr(layer.load_state_dict(layer.state_dict())) == "<All keys matched successfully>"
    found = layer.load_state_dict({"other": nr.ones(1)}, strict=False)
    assert repr(found) == "_IncompatibleKeys(missing_keys=['weight'], unexpected_keys=['other'])"
