"""Bad input: each call gives one clear error, at its own line, and changes nothing."""

from __future__ import annotations

import traceback

import numpy as np
import pytest

import neurarust as nr
import neurarust.nn.functional as F


def ones(*shape: int, **options) -> nr.Tensor:
    return nr.ones(*shape, **options)


def weight() -> nr.Tensor:
    return nr.ones(2, 3, requires_grad=True)


# What is done -> the error's type and a pattern of its message: the operation, and what it got.
WRONG = {
    # Shapes.
    "add": (lambda: ones(2, 3) + ones(4), RuntimeError, r"add: .*\(2, 3\), \(4,\)"),
    "where": (lambda: nr.where(ones(2) > 0, ones(3), 0), RuntimeError, r"where: .*2.*3"),
    "matmul": (lambda: ones(2, 3) @ ones(2, 3), RuntimeError, r"matmul: .*2x3 and 2x3"),
    "mm": (lambda: ones(2, 3).mm(ones(3)), RuntimeError, r"mm: .*3"),
    "bmm": (lambda: ones(2, 3, 4).bmm(ones(3, 4, 5)), RuntimeError, r"bmm: .*2, 3, 4.*3, 4, 5"),
    "einsum": (lambda: nr.einsum("ij,jk->ik", ones(2, 3), ones(4, 5)), RuntimeError, "einsum: "),
    "cat": (lambda: nr.cat([ones(2, 3), ones(3, 2)]), RuntimeError, r"cat: .*2, 3.*3, 2"),
    "stack": (lambda: nr.stack([ones(2), ones(3)]), RuntimeError, r"stack: .*2.*3"),
    "cat of nothing": (lambda: nr.cat([]), (RuntimeError, ValueError), "cat: "),
    "view": (lambda: ones(2, 3).view(4), RuntimeError, r"view: shape '\[4\]' .* size 6"),
    "reshape": (lambda: ones(5).reshape(-1, 2), RuntimeError, r"'\[-1, 2\]' is invalid .* size 5"),
    "expand": (lambda: ones(2).expand(3), RuntimeError, r"expanded size .* \(3\).*\(2\)"),
    "t": (lambda: ones(1, 2, 3).t(), RuntimeError, r"<= 2 dimensions, but self is 3D"),
    "split": (lambda: ones(4).split([1, 2]), RuntimeError, "split.*4"),
    "conv": (
        lambda: nr.conv2d(ones(1, 3, 8, 8), ones(4, 2, 3, 3)), RuntimeError, r"conv2d: .*3"
    ),
    "layer norm": (
        lambda: nr.layer_norm(ones(2, 3), (4,)), RuntimeError, r"layer_norm: .*2, 3.*4"
    ),
    "cat of none": (lambda: nr.cat([ones(2), None]), TypeError, r"cat\(\): .*got NoneType"),
    "hstack of nothing": (lambda: nr.hstack([]), RuntimeError, "hstack: .*an empty list"),
    "hsplit": (lambda: nr.hsplit(nr.tensor(1.0), 2), RuntimeError, r"hsplit: .*1 dimensions"),
    "vsplit": (lambda: nr.vsplit(ones(3, 3), 2), RuntimeError, "vsplit: .*2 pieces of 3"),
    "unbind": (lambda: nr.tensor(1).unbind(), IndexError, "unbind: .*no dimensions"),
    "pool without channels": (
        lambda: F.max_pool1d(ones(0, 10), 1), RuntimeError, r"max_pool1d: .*non-zero.*\[0, 10\]"
    ),
    "pool without depth": (
        lambda: F.max_pool3d(ones(2, 0, 3, 3, 3), 1), RuntimeError, "max_pool3d: .*non-zero"
    ),
    "margins": (
        lambda: F.multilabel_margin_loss(ones(0), nr.arange(0)), RuntimeError,
        r"multilabel_margin_loss: .*at least one class, but got input \[0\]",
    ),
    "margin weight": (
        lambda: F.multi_margin_loss(ones(3, 2), nr.zeros(3).long(), weight=ones(3, 2)),
        ValueError, r"multi_margin_loss: .*weight \[3, 2\]",
    ),
    "margin weights": (
        lambda: F.multi_margin_loss(ones(3, 2), nr.zeros(3).long(), weight=ones(3)),
        RuntimeError, r"multi_margin_loss: .*\[2\], but got weight \[3\]",
    ),
    # Dtypes.
    "loss weight": (
        lambda: F.nll_loss(ones(2, 3), nr.tensor([0, 1]), weight=ones(3, dtype=nr.float64)),
        RuntimeError, "nll_loss: .*weight of float64 with an input of float32",
    ),
    "classes": (
        lambda: F.cross_entropy(ones(2, 3), nr.tensor([0, 1]).int()), RuntimeError,
        "cross_entropy: .*int64 or uint8, but got a target of int32",
    ),
    "one hot": (lambda: F.one_hot(ones(2)), RuntimeError, "one_hot: .*int64.*float32"),
    "short indices": (
        lambda: F.embedding(ones(1, dtype=nr.int16), ones(3, 2)), RuntimeError,
        "embedding: .*indices of int16",
    ),
    "out of another dtype": (
        lambda: nr.take(ones(3), nr.tensor([1]), out=nr.empty(1, dtype=nr.float64)), RuntimeError,
        "take: .*float32, but got out= of .*float64",
    ),
    "ones of another dtype": (
        lambda: ones(3, dtype=nr.float32, out=nr.empty(3, dtype=nr.int64)), RuntimeError,
        "ones: .*float32 and out= of .*int64",
    ),
    # Numbers and what is known of the elements.
    "shrink": (lambda: F.softshrink(ones(2), -0.5), RuntimeError, "softshrink: .*lambd=-0.5"),
    "hardtanh": (lambda: F.hardtanh(ones(2), 1, 0), ValueError, "hardtanh: .*min_val=1 and max"),
    "celu": (lambda: F.celu(ones(2), alpha=0), RuntimeError, "celu: .*alpha=0"),
    "cdist": (lambda: nr.cdist(ones(2, 2), ones(2, 2), -1), RuntimeError, "cdist: .*p=-1"),
    "arange": (lambda: nr.arange(0, float("inf")), RuntimeError, "unsupported range: 0 -> inf"),
    "arange of no step": (
        lambda: nr.arange(0, 4, 0.5, out=nr.empty(0, dtype=nr.int64)), ValueError,
        "arange: step must be nonzero",
    ),
    "range": (lambda: nr.range(5, 0), RuntimeError, "range: upper bound .* start 5, end 0"),
    "linspace": (lambda: nr.linspace(0, 1, 2.0), TypeError, "linspace: steps .* integer.*2.0"),
    "triangle": (lambda: nr.tril_indices(-1, 2), RuntimeError, "tril_indices: .*row=-1"),
    "randperm": (lambda: nr.randperm(-1), RuntimeError, "randperm: .*n=-1"),
    "normal": (lambda: nr.normal(0.0, -1.0, (2,)), RuntimeError, "normal: .*std=-1"),
    "row of a table": (
        lambda: F.embedding(nr.tensor([3]), ones(3, 2)), IndexError,
        "embedding: .*table's 3 rows, but got index 3",
    ),
    "row of a bag": (
        lambda: F.embedding_bag(nr.tensor([[-1]]), ones(3, 2)), RuntimeError,
        "embedding_bag: .*got index -1",
    ),
    "class": (lambda: F.one_hot(nr.tensor([1, 2]), 2), RuntimeError, "one_hot: .*class 2"),
    "no classes": (lambda: F.one_hot(nr.tensor([0]), 0), RuntimeError, "one_hot: .*num_classes=0"),
    "class of a loss": (
        lambda: F.cross_entropy(ones(2, 3), nr.tensor([1, 5])), IndexError,
        r"Target 5 is out of bounds: expected classes within \[0, 3\)",
    ),
    "class below none": (
        lambda: F.nll_loss(ones(2, 3), nr.tensor([-100, -2])), IndexError, "Target -2 is out",
    ),
    "class of a margin": (
        lambda: F.multi_margin_loss(ones(2, 3), nr.tensor([0, -100])), RuntimeError, "Target -100",
    ),
    "label": (
        lambda: F.multilabel_margin_loss(ones(1, 3), nr.tensor([[0, -1, 3]])), RuntimeError,
        r"Target 3 is out of bounds: expected classes within \[-1, 3\)",
    ),
    "chances": (
        lambda: nr.bernoulli(nr.tensor([0.5, 1.5])), RuntimeError,
        r"bernoulli: .*outside of \[0, 1\]",
    ),
    "chance": (lambda: ones(2).bernoulli_(-0.1), RuntimeError, "bernoulli_: .*probabilities"),
    "weights of rows": (
        lambda: nr.multinomial(nr.tensor([0.0, 0.0]), 1), RuntimeError,
        "multinomial: .*a row of zeros",
    ),
    "no probabilities": (
        lambda: F.binary_cross_entropy(nr.tensor([1.5]), nr.tensor([1.0])), RuntimeError,
        r"binary_cross_entropy: .*input outside of \[0, 1\]",
    ),
    "fill": (
        lambda: nr.ones(2, dtype=nr.uint8).fill_(300), RuntimeError, "value 300 .*uint8 without"
    ),
    "assigned complex": (
        lambda: ones(2).__setitem__(0, 1j), RuntimeError, "value 1j .*float32 without overflow"
    ),
    "masked fill": (
        lambda: nr.ones(2, dtype=nr.int8).masked_fill_(ones(2) > 0, 300), RuntimeError,
        "value 300 .*int8 without overflow",
    ),
    "index fill": (
        lambda: nr.ones(2, dtype=nr.int8).index_fill(0, nr.tensor([0]), -300), RuntimeError,
        "value -300 .*int8 without overflow",
    ),
    "repeat": (lambda: ones(3).repeat(-1), RuntimeError, r"repeat: .*at least 0.*\[-1\]"),
    "a string in a tensor": (lambda: "a" in ones(2), RuntimeError, "passed in a str"),
    "a float index": (lambda: ones(2)[1.5], IndexError, "valid indices .got float"),
    "int of two": (lambda: int(ones(2)), ValueError, "only one element tensors"),
    "a leaf in another shape": (
        lambda: ones(2, requires_grad=True).unsqueeze_(0), RuntimeError, "unsqueeze_: a leaf"
    ),
    "amax of nothing": (lambda: ones(5, 0).amax(), RuntimeError, r"amax: .*\(5, 0\)"),
    "amax along nothing": (lambda: ones(0).amax(0), IndexError, r"amax: .*\(0,\)"),
    "not of floats": (lambda: ~ones(2), (RuntimeError, TypeError), "bitwise_not: .*float32"),
    "minus of bools": (lambda: -(ones(2) > 0), RuntimeError, "neg: .*bool"),
    "difference of bools": (lambda: (ones(2) > 0) - (ones(2) > 0), RuntimeError, "sub: .*bool"),
    "mean of integers": (lambda: nr.arange(3).mean(), RuntimeError, "mean: .*int64"),
    "shift of floats": (lambda: ones(2) << 1, (RuntimeError, TypeError), "left_shift: .*float32"),
    "product of dtypes": (
        lambda: ones(2, 2) @ ones(2, 2, dtype=nr.float64), RuntimeError, "matmul: .*float != double"
    ),
    "tracked integers": (
        lambda: ones(2, dtype=nr.int64, requires_grad=True), RuntimeError,
        "only Tensors of floating point and complex dtype can require gradients, but got .*int64",
    ),
    "number too big": (
        lambda: ones(2, dtype=nr.int8).clamp(0, 1000), RuntimeError, "value 1000 .*int8 without"
    ),
    "whole numbers by 0": (lambda: ones(2).long() // 0, RuntimeError, "ZeroDivisionError"),
    "index of floats": (lambda: ones(3)[ones(1)], IndexError, "must be long.*float32"),
    # Dimensions.
    "sum": (lambda: ones(2, 3).sum(2), IndexError, r"sum: .*range of \[-2, 1\], but got 2"),
    "softmax": (lambda: ones(2).softmax(1), IndexError, r"softmax: .*\[-1, 0\], but got 1"),
    "transpose": (lambda: ones(2).transpose(0, 1), IndexError, "transpose: .*but got 1"),
    "unsqueeze": (lambda: ones(2).unsqueeze(3), IndexError, r"unsqueeze: .*\[-2, 1\], but got 3"),
    "twice": (lambda: ones(2, 3).sum((0, 0)), RuntimeError, "sum: .*more than once"),
    "permute": (lambda: ones(2, 3).permute(0), RuntimeError, "permute.*input.dim.. = 2"),
    "a float dim": (lambda: ones(2).sum(0.5), TypeError, "sum: dim must be an integer.* 0.5"),
    "narrow": (lambda: ones(3).narrow(0, 2, 2), RuntimeError, r"narrow: start \(2\) . length"),
    "largest of none": (lambda: ones(0).max(), (RuntimeError, IndexError), "max: "),
    # Kinds of arguments.
    "a string": (lambda: ones(2) + "a", TypeError, "unsupported operand"),
    "a list": (lambda: nr.exp([1.0]), TypeError, r"exp\(\): .*'input' must be Tensor, not list"),
    "an array": (
        lambda: nr.exp(np.ones(2)), TypeError, r"exp\(\): .*Use nr.from_numpy"
    ),
    "none": (lambda: nr.add(ones(2), None), TypeError, r"add\(\): .*'other' must be .*not None"),
    "too many": (lambda: nr.exp(ones(2), 1, 2), TypeError, r"exp\(.*too many positional"),
    "unknown keyword": (lambda: ones(2).sum(dimension=0), TypeError, "sum.*'dimension'"),
    "no sequence": (lambda: nr.cat(ones(2)), TypeError, r"cat\(\): .* a sequence of Tensors"),
    "a number in it": (lambda: nr.cat([ones(2), 3]), TypeError, r"cat\(\): .*but got int"),
    "unhashable": (lambda: nr.sum(ones(2), dtype={}), TypeError, "sum: .*not hashable"),
    # Gradients.
    "backward of many": (
        lambda: (weight() * 2).backward(), RuntimeError, r"only for scalar outputs.*\[2, 3\]"
    ),
    "backward of none": (lambda: ones(1).backward(), RuntimeError, "does not require grad"),
    "numpy": (lambda: weight().numpy(), RuntimeError, r"Use tensor.detach\(\).numpy\(\)"),
    "item": (lambda: weight().item(), RuntimeError, "item: a Tensor with 6 elements"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_bad_calls(name):
    action, kind, message = WRONG[name]
    with pytest.raises(kind, match=message) as caught:
        action()
    assert not getattr(caught.value, "__notes__", None)
    # What could be recorded before still runs.
    nr.synchronize()


# In-place calls that fail, on a tensor of ones; it must keep its ones.
WRONG_IN_PLACE = {
    "shape": (lambda x: x.add_(ones(4, 2, 3)), r"add_: output with shape \[2, 3\].*\[4, 2, 3\]"),
    "mismatch": (lambda x: x.mul_(ones(4)), r"mul: .*|mul_: "),
    "dtype": (lambda x: x.mul_(1j), "mul_: result type .*complex64 can't be cast.*float32"),
    "copy": (lambda x: x.copy_(ones(5)), r"copy_|shape"),
    "row": (lambda x: x.__setitem__(0, ones(2)), r"\[2\] cannot be broadcast .* shape \[3\]"),
    "rows": (lambda x: x.__setitem__([0, 1], ones(4)), "shape|broadcast"),
    "mask": (lambda x: x.__setitem__(x > 0, ones(5)), "shape|broadcast"),
    "view of it": (lambda x: x.t().sub_(ones(2, 3, 4)), "sub"),
    "expanded": (lambda x: x.expand(2, 2, 3).zero_(), "single memory location"),
    "out of its own": (
        lambda x: nr.cat([x, ones(0, 3)], out=x),
        "cat: .*but got out= that is an argument",
    ),
    "out taken": (
        lambda x: nr.take_along_dim(x, nr.zeros(2, 3).long(), 0, out=x),
        "take_along_dim: .*out=",
    ),
    "out": (lambda x: nr.add(ones(2, 3), 1j, out=x), "add: result type .*can't be cast"),
}


@pytest.mark.parametrize("name", WRONG_IN_PLACE)
@pytest.mark.parametrize("eager", [False, True])
def test_a_failing_write_leaves_its_target_untouched(name, eager):
    action, message = WRONG_IN_PLACE[name]
    with nr.eager_mode(eager):
        x = ones(2, 3)
        row = x[0]
        with pytest.raises(RuntimeError, match=message):
            action(x)
        assert x.tolist() == [[1, 1, 1]] * 2 and x.dtype is nr.float32
        row += 1
        assert x.tolist() == [[2, 2, 2], [1, 1, 1]]


@pytest.mark.parametrize(
    "action",
    [
        lambda w: w.add_(1), lambda w: w.zero_(), lambda w: w.__setitem__(0, 1.0),
        lambda w: w[0].mul_(2), lambda w: w.t().fill_(0), lambda w: w.view(-1).sub_(1),
        lambda w: w.__setitem__(w > 0, 0.0), lambda w: w.copy_(ones(2, 3)),
        lambda w: w.uniform_(), lambda w: w.clamp_(0, 1),
        lambda w: w.index_add_(0, nr.tensor([0]), ones(1, 3)),
        lambda w: w.__iadd__(1), lambda w: w.masked_fill_(w > 0, 0),
    ],
)  # fmt: skip
def test_leaves_that_require_grad_are_not_written(action):
    w = weight()
    with pytest.raises(RuntimeError, match=r"leaf Variable that requires grad.*in-place.*no_grad"):
        action(w)
    assert w.tolist() == [[1, 1, 1]] * 2 and w.is_leaf
    with nr.no_grad():
        action(w)
    assert w.is_leaf and w.requires_grad


def test_the_error_comes_at_the_users_line_and_not_at_the_look():
    """Shapes are checked when a call is recorded, whatever is pending."""
    x = ones(2, 3) * 2
    with pytest.raises(RuntimeError, match="matmul") as caught:
        product = x @ x
        (product + 1).sum().item()
    frames = [
        frame for frame in traceback.extract_tb(caught.value.__traceback__)
        if frame.filename == __file__
    ]  # fmt: skip
    assert frames[-1].line.startswith("product = x @ x")
    assert x.tolist() == [[2, 2, 2]] * 2


def test_an_error_repeats():
    """A failed call is not remembered as a known one."""
    for _ in range(3):
        with pytest.raises(RuntimeError, match="add: "):
            ones(2) + ones(3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda x: x.gather(1, nr.tensor([[3]])), RuntimeError, "index 3 is out of bounds"),
        (lambda x: x.gather(1, nr.tensor([[-1]])), RuntimeError, "index -1 is out of bounds"),
        (lambda x: x.gather(1, nr.tensor([0])), RuntimeError, "an index within input"),
        (lambda x: x.scatter_add_(0, nr.tensor([[2]]), nr.ones(1, 1)), RuntimeError, "index 2 is"),
        (lambda x: x.scatter(0, nr.tensor([[0]]), nr.ones(1, 1).double()), RuntimeError, "float64"),
        (lambda x: x.index_select(0, nr.tensor([2])), IndexError, "index 2 is out of bounds"),
        (lambda x: x.index_add_(0, nr.tensor([-3]), nr.ones(1, 3)), IndexError, "index -3 is"),
        (lambda x: x.take(nr.tensor([6])), IndexError, "outside of 6 elements"),
        (lambda x: x.scatter_reduce(0, nr.tensor([[0]]), x, "max"), RuntimeError, "'max'"),
        (lambda x: nr.fft.fft(x, 0), RuntimeError, "at least one data point"),
        (lambda x: nr.fft.fft(x, norm="half"), RuntimeError, "'half'"),
        (lambda x: nr.fft.rfft(x * 1j), RuntimeError, "a real input"),
        (lambda x: nr.stft(x, 4), RuntimeError, "return_complex=True or False"),
        (lambda x: nr.hann_window(-1), RuntimeError, "a length of 0 or more"),
        (lambda x: nr.signal.windows.hann(3, dtype=nr.int64), ValueError, "float32 or float64"),
        (lambda x: nr.linalg.lu_factor(x, pivot=False), RuntimeError, "pivot=True"),
        (lambda x: nr.linalg.cond(x, 1), RuntimeError, "square matrices"),
        (lambda x: nr.cov(x, fweights=nr.tensor([-1, 1, 1])), RuntimeError, "negative fweights"),
        (lambda x: nr.histc(x, 0), RuntimeError, "above 0"),
        (lambda x: nr.combinations(x), RuntimeError, "one dimension"),
        (lambda x: nr.pow(2, 3), TypeError, "at least one Tensor"),
        (lambda x: (x * 1j) < 1, RuntimeError, "no complex ones"),
        (lambda x: (x > 0).topk(1), RuntimeError, "no bool or complex ones"),
        (lambda x: nr.roll(x, (1, 2), 0), RuntimeError, "a dimension for each shift"),
        (lambda x: nr.special.bessel_j0(x.half()), RuntimeError, "float32 or float64"),
    ],
)
def test_operations_refuse(call, kind, message):
    with pytest.raises(kind, match=message):
        call(nr.ones(2, 3))


def test_a_misspelled_name_is_told_what_may_be_meant():
    with pytest.raises(AttributeError, match="'rleu'. Did you mean: 'relu'?"):
        nr.rleu  # noqa: B018 the look-up itself is what fails
    assert not hasattr(nr, "__nothing__")


def test_an_operation_is_named_once():
    with pytest.raises(RuntimeError, match=r"^batch_norm: expected weight of shape \[4\]"):
        nr.nn.functional.batch_norm(
            nr.ones(2, 4), None, None, nr.ones(3), nr.ones(3), training=True
        )
