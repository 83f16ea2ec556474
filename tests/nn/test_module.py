"""Module: attributes, the tree, state dicts, conversions, printing, calls."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.core.engine.recording import state


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.second = nn.Linear(4, 2)
        self.scale = nn.Parameter(nr.ones(2))
        self.register_buffer("seen", nr.zeros(1))
        self.register_buffer("cache", nr.zeros(1), persistent=False)

    def forward(self, x):
        return self.second(self.first(x).relu()) * self.scale


NAMES = ["scale", "first.weight", "first.bias", "second.weight", "second.bias"]


def test_names_of_parameters_buffers_and_modules():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_buffers()] == ["seen", "cache"]
    assert [name for name, _ in net.named_modules()] == ["", "first", "second"]
    assert [name for name, _ in net.named_children()] == ["first", "second"]
    assert net.get_parameter("first.weight") is net.first.weight
    assert net.get_submodule("second") is net.second
    assert net.get_buffer("seen") is net.seen
    assert {"first", "scale", "seen"} <= set(dir(net))


def test_tied_weights_count_once():
    net = Net()
    net.third = nn.Linear(3, 4)
    net.third.weight = net.first.weight
    names = [name for name, _ in net.named_parameters()]
    assert "third.weight" not in names and "third.bias" in names
    assert "third.weight" in net.state_dict()
    again = copy.deepcopy(net)
    assert again.third.weight is again.first.weight
    assert again.third.weight is not net.first.weight


def test_assignment_rules():
    net = Net()
    with pytest.raises(TypeError, match="cannot assign 'Tensor' as parameter 'scale'"):
        net.scale = nr.ones(2)
    with pytest.raises(TypeError, match="cannot assign 'int' as child module 'first'"):
        net.first = 3
    with pytest.raises(TypeError, match="cannot assign 'int' as buffer 'seen'"):
        net.seen = 3
    net.seen = nr.ones(1)
    assert net.get_buffer("seen").item() == 1
    net.scale = None
    assert net.scale is None and "scale" not in net.state_dict()
    net.first = nn.Identity()
    assert isinstance(net.first, nn.Identity)
    del net.first
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'first'"):
        _ = net.first
    net.plain = 5
    net.plain = nn.Parameter(nr.ones(1))
    assert "plain" in dict(net.named_parameters())


def test_what_is_replaced_keeps_its_place():
    net = nn.Linear(2, 2)
    net.register_buffer("first", nr.ones(1))
    net.register_buffer("second", nr.ones(1))
    net.weight = nn.Parameter(nr.zeros(2, 2))
    net.first = nn.Buffer(nr.zeros(1))
    assert [*net.state_dict()] == ["weight", "bias", "first", "second"]
    net.weight = None
    net.weight = nn.Parameter(nr.ones(2, 2))
    assert [name for name, _ in net.named_parameters()] == ["weight", "bias"]


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("scale", nn.Linear(1, 1), "parameter"),
        ("scale", nn.Buffer(nr.ones(1)), "parameter"),
        ("first", nn.Buffer(nr.ones(1)), "child module"),
    ],
)
def test_another_kind_is_refused_and_nothing_is_lost(name, value, kind):
    net = Net()
    before = [*net.state_dict()]
    with pytest.raises(TypeError, match=f"cannot assign '.*' as {kind} '{name}'"):
        setattr(net, name, value)
    assert [*net.state_dict()] == before


def test_names_and_order_of_registration_are_checked():
    net = Net()
    with pytest.raises(KeyError, match="must not contain"):
        net.register_parameter("a.b", None)
    with pytest.raises(KeyError, match="already exists"):
        net.register_buffer("first", nr.ones(1))
    with pytest.raises(TypeError, match="is not a Module subclass"):
        net.add_module("x", 3)
    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor"):
        doubled = net.scale * 2
        doubled.__class__ = nn.Parameter
        net.register_parameter("doubled", doubled)

    class Early(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(nr.ones(1))

    with pytest.raises(AttributeError, match=r"super\(\).__init__\(\)"):
        Early()


def test_buffers_by_class():
    module = nn.Module()
    module.kept = nn.Buffer(nr.ones(1))
    module.left_out = nn.Buffer(nr.ones(1), persistent=False)
    assert list(module.state_dict()) == ["kept"]
    assert [name for name, _ in module.named_buffers()] == ["kept", "left_out"]


def test_state_dict_round_trip():
    net, other = Net(), Net()
    state = net.state_dict()
    assert list(state) == ["scale", "seen", *NAMES[1:]]
    assert not state["scale"].requires_grad
    assert repr(other.load_state_dict(state)) == "<All keys matched successfully>"
    x = nr.randn(5, 3)
    np.testing.assert_array_equal(net(x).detach().numpy(), other(x).detach().numpy())
    with nr.no_grad():
        other.scale.mul_(2)
    np.testing.assert_array_equal(net.scale.detach().numpy(), [1, 1])
    np.testing.assert_array_equal(state["scale"].numpy(), [1, 1])


def test_state_dict_shares_the_parameters_storage():
    net = Net()
    kept = net.state_dict()["scale"]
    with nr.no_grad():
        net.scale.mul_(3)
    np.testing.assert_array_equal(kept.numpy(), [3, 3])


def test_load_state_dict_lists_what_does_not_fit():
    net = Net()
    state = net.state_dict()
    del state["scale"]
    state["first.extra"] = nr.ones(1)
    state["second.bias"] = nr.ones(7)
    with pytest.raises(RuntimeError) as raised:
        net.load_state_dict(state)
    text = str(raised.value)
    assert text.startswith("Error(s) in loading state_dict for Net:")
    assert 'Missing key(s) in state_dict: "scale". ' in text
    assert 'Unexpected key(s) in state_dict: "first.extra". ' in text
    assert "size mismatch for second.bias: copying a param with shape neurarust.Size([7])" in text
    state["second.bias"] = nr.ones(2)
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["scale"] and result.unexpected_keys == ["first.extra"]
    with pytest.raises(TypeError, match="dict-like"):
        net.load_state_dict([1])


def test_load_state_dict_assigns():
    net = Net()
    state = {name: one.double() for name, one in net.state_dict().items()}
    net.load_state_dict(state, assign=True)
    assert net.scale.dtype is nr.float64 and isinstance(net.scale, nn.Parameter)
    assert net.scale.requires_grad


def test_loading_converts_the_dtype():
    layer = nn.Linear(2, 2)
    layer.load_state_dict({"weight": nr.ones(2, 2).double(), "bias": nr.zeros(2).int()})
    assert layer.weight.dtype is nr.float32 and layer.bias.dtype is nr.float32


def test_extra_state():
    class Counting(nn.Linear):
        calls = 0

        def get_extra_state(self):
            return self.calls

        def set_extra_state(self, state):
            self.calls = state

    one, other = Counting(2, 2), Counting(2, 2)
    one.calls = 4
    assert "_extra_state" in one.state_dict()
    other.load_state_dict(one.state_dict())
    assert other.calls == 4
    with pytest.raises(RuntimeError, match="_extra_state"):
        nn.Linear(2, 2).load_state_dict(one.state_dict())


def test_conversions_keep_parameters_and_optimizers_see_them():
    net = Net()
    weight = net.first.weight
    loss = net(nr.randn(2, 3)).sum()
    loss.backward()
    alias = net.state_dict()["scale"]
    net.double()
    assert net.first.weight is weight and weight.dtype is nr.float64
    assert weight.grad.dtype is nr.float64 and alias.dtype is nr.float32
    net(nr.randn(2, 3).double()).sum().backward()
    assert net.half().seen.dtype is nr.float16
    assert net.to(nr.bfloat16).scale.dtype is nr.bfloat16
    assert net.to("cpu").float().scale.device.type == "cpu"
    with pytest.raises(TypeError, match="only accepts floating point or complex"):
        net.to(nr.int32)
    batch = nn.BatchNorm1d(2).double()
    assert batch.num_batches_tracked.dtype is nr.int64
    assert net.to_empty(device="cpu").scale.shape == (2,)


def test_training_flag_gradients_and_apply():
    net = Net()
    assert net.eval() is net and not net.second.training and net.train().second.training
    net(nr.randn(2, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.abs().sum().item() == 0
    net.zero_grad()
    assert net.scale.grad is None
    net.requires_grad_(False)
    assert not net(nr.randn(2, 3)).requires_grad
    seen = []
    net.apply(seen.append)
    assert seen == [net.first, net.second, net]
    with pytest.raises(ValueError, match="boolean"):
        net.train(1)


def test_deepcopy_and_pickle():
    net = Net()
    x = nr.randn(2, 3)
    wanted = net(x).detach().numpy()
    for made in (copy.deepcopy(net), pickle.loads(pickle.dumps(net.first))):
        assert isinstance(next(made.parameters()), nn.Parameter)
    again = copy.deepcopy(net)
    np.testing.assert_array_equal(again(x).detach().numpy(), wanted)
    with nr.no_grad():
        again.scale.zero_()
    np.testing.assert_array_equal(net(x).detach().numpy(), wanted)


def test_printing():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True), nn.Dropout(0.1))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "  (1): ReLU(inplace=True)\n"
        "  (2): Dropout(p=0.1, inplace=False)\n"
        ")"
    )
    assert repr(nn.MaxPool2d(2)) == (
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    )
    assert repr(nn.Conv2d(1, 2, 3, padding=1, bias=False)) == (
        "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)"
    )
    assert repr(nn.Parameter(nr.ones(1))).startswith("Parameter containing:\ntensor([1.]")


def test_missing_forward():
    with pytest.raises(NotImplementedError, match='missing the required "forward" function'):
        nn.Module()(1)


def test_outermost_call_without_gradients_runs():
    net = Net()
    x = nr.randn(2, 3)
    assert net(x)._value().recording is not None
    with nr.no_grad():
        assert net(x)._value().array is not None
        assert not len(state.recording.entries)


def test_a_call_that_fails_leaves_the_depth():
    class Failing(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        nn.Sequential(Failing())(1)
    with nr.no_grad():
        assert Net()(nr.randn(2, 3))._value().array is not None


def test_making_a_model_records_nothing():
    state.recording.run()
    nn.Transformer(8, 2, 1, 1, 16)
    nn.Sequential(nn.Embedding(4, 3, padding_idx=0), nn.BatchNorm1d(3), nn.LSTM(3, 2))
    assert not len(state.recording.entries)


# ------------------------------------------------------------------ errors say where


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.qkv = nn.Linear(8, width)

    def forward(self, x):
        return self.qkv(x)


class Block(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.attn = Attention(width)

    def forward(self, x):
        if x.ndim == 3:
            raise ValueError("two dimensions, please")
        return x + self.attn(x)


class Blocks(nn.Module):
    def __init__(self, *widths):
        super().__init__()
        self.blocks = nn.ModuleList(map(Block, widths))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class Within(nn.Module):
    """A layer two levels down, called with what the outer module is given."""

    def __init__(self, layer):
        super().__init__()
        self.encoder = nn.ModuleDict({"inner": layer})

    def forward(self, *args, **kwargs):
        return self.encoder["inner"](*args, **kwargs)


SEQUENCE = nr.zeros(3, 2, 8)
WRONG = {
    "width": (nn.Linear(3, 2), [nr.zeros(4, 5)], RuntimeError, "linear: .*4x5 and 3x2"),
    "channels": (nn.Conv2d(2, 3, 3), [nr.zeros(1, 5, 8, 8)], RuntimeError,
                 r"conv2d: expected an input of 2 channels .*\[1, 5, 8, 8\] .*\[3, 2, 3, 3\]"),
    "rank": (nn.BatchNorm2d(2), [nr.zeros(2, 5)], ValueError, "expected 4D input .*2D"),
    "norm": (nn.LayerNorm(2), [nr.zeros(2, 5)], RuntimeError, r"\[2, 5\] .*\[2\]"),
    "hidden": (nn.GRU(8, 5), [SEQUENCE, nr.zeros(1, 2, 6)], RuntimeError,
               r"Expected hidden size \(1, 2, 5\), got \[1, 2, 6\]"),
    "mask": (nn.MultiheadAttention(8, 2), [SEQUENCE] * 3 + [None, True, nr.zeros(3, 4)],
             RuntimeError, r"attn_mask is \[3, 4\], but should be \[3, 3\]"),
    "argument": (nn.Linear(3, 2), [], TypeError, "missing 1 required positional argument"),
    "targets": (nn.CrossEntropyLoss(), [nr.zeros(3, 4), nr.zeros(2).long()], ValueError,
                r"cross_entropy: .*shape \[3\].*\[3, 4\] and target \[2\]"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_errors_name_the_modules_path(name):
    layer, args, kind, message = WRONG[name]
    where = rf"^in encoder\.inner \({type(layer).__name__}\): "
    with pytest.raises(kind, match=f"{where}.*{message}"):
        Within(layer)(*args)
    # The layer called by itself has no path to tell.
    with pytest.raises(kind, match=message) as caught:
        layer(*args)
    assert not str(caught.value).startswith("in ")


def test_the_path_begins_at_the_outermost_module():
    x, net = nr.zeros(2, 8), Blocks(8, 8, 8, 24)
    with pytest.raises(RuntimeError, match=r"^in blocks\.3 \(Block\): add: .*\[2, 8\].*\[2, 24\]"):
        net(x)
    with pytest.raises(RuntimeError, match=r"^in 0\.blocks\.0\.attn\.qkv \(Linear\): linear"):
        nn.Sequential(net)(nr.zeros(2, 9))
    with pytest.raises(RuntimeError, match=r"^in attn\.qkv \(Linear\): linear"):
        net.blocks[1](nr.zeros(2, 9))
    hooked = net.blocks[1].attn.qkv.register_forward_hook(lambda module, args, output: output @ x)
    with pytest.raises(RuntimeError, match=r"^in blocks\.1\.attn\.qkv \(Linear\): "):
        net(x)
    hooked.remove()
    assert nr.jit(lambda x: net.blocks[0](x))(x).shape == (2, 8)


def test_errors_of_ones_own_keep_their_message():
    with pytest.raises(ValueError) as caught:
        Blocks(8, 8)(nr.zeros(1, 2, 8))
    assert str(caught.value) == "two dimensions, please"
    assert caught.value.__notes__ == ["in blocks.0 (Block)"]


def test_an_error_caught_inside_is_left_alone():
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(3, 2)

        def forward(self, x):
            try:
                return self.layer(x)
            except RuntimeError as error:
                assert str(error).startswith("linear: ")
                raise NotImplementedError("other widths") from error

    with pytest.raises(NotImplementedError, match="^other widths$"):
        Careful()(nr.zeros(1, 4))


def test_load_state_dict_names_paths_and_both_shapes():
    net = Blocks(8, 8)
    state = net.state_dict()
    state["blocks.0.attn.qkv.weight"] = nr.zeros(3, 8)
    state["other"] = state.pop("blocks.1.attn.qkv.bias")
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    message = str(caught.value)
    assert 'Missing key(s) in state_dict: "blocks.1.attn.qkv.bias"' in message
    assert 'Unexpected key(s) in state_dict: "other"' in message
    assert "size mismatch for blocks.0.attn.qkv.weight" in message
    assert "[3, 8]" in message and "[8, 8]" in message
