"""Bad input: the exception is of PyTorch's type, in both for the same call."""

from __future__ import annotations

import pytest

import neurarust as nr

torch = pytest.importorskip("torch")

# Calls over the module `t` and its functions `F` that PyTorch refuses.
REFUSED = [
    # Shapes.
    "t.hsplit(t.tensor(1.0), 2)", "t.hsplit(t.ones(3), 2)", "t.hsplit(t.ones(4), 0)",
    "t.vsplit(t.ones(3), 2)", "t.vsplit(t.ones(3, 3), 2)", "t.dsplit(t.ones(3, 3), 2)",
    "t.dsplit(t.ones(3, 3, 4), 3)", "t.tensor_split(t.tensor(1.0), 2)", "t.unbind(t.tensor(1))",
    "t.cat([])", "t.stack([])", "t.vstack([])", "t.hstack([])", "t.dstack([])",
    "t.cat([t.ones(1), None])", "t.stack([t.ones(1), None])",
    "t.amax(t.ones(5, 0))", "t.amax(t.ones(5, 0), 1)", "t.amax(t.ones(5, 0), (0, 1))",
    "t.amin(t.ones(0))", "t.aminmax(t.ones(0))", "t.aminmax(t.ones(0), dim=0)",
    "t.max(t.ones(0))", "t.max(t.ones(0), 0)", "t.argmax(t.ones(0))", "t.mode(t.ones(0), 0)",
    "F.max_pool1d(t.ones(0, 10), 1)", "F.max_pool1d(t.ones(2, 0, 10), 1)",
    "F.max_pool2d(t.ones(2, 0, 10, 10), 1)", "F.max_pool3d(t.ones(2, 0, 9, 9, 9), 1)",
    "F.avg_pool1d(t.ones(2, 0, 10), 1)", "F.avg_pool2d(t.ones(0, 10, 10), 1)",
    "F.avg_pool3d(t.ones(0, 10, 10, 10), 1)",
    "F.multi_margin_loss(t.ones(5, 4), t.ones(5).long(), weight=t.ones(5, 4))",
    "F.multi_margin_loss(t.ones(5, 4), t.ones(5).long(), weight=t.ones(3))",
    "F.multi_margin_loss(t.ones(2, 0), t.ones(2).long())",
    "F.multilabel_margin_loss(t.ones(0), t.ones(0).long())",
    "F.multilabel_margin_loss(t.ones(2, 3), t.ones(3, 2).long())",
    "F.multilabel_margin_loss(t.ones(1, 3), t.ones(3).long())",
    "t.mm(t.eye(2).to_sparse(), t.ones(3, 2))",
    # Numbers that are no classes or chances.
    "F.cross_entropy(t.ones(2, 3), t.tensor([0, 3]))", "F.nll_loss(t.ones(3), t.tensor(-1))",
    "F.cross_entropy(t.ones(2, 3), t.tensor([0, -100]), ignore_index=-1)",
    "F.multi_margin_loss(t.ones(2, 3), t.tensor([0, 3]))",
    "F.multilabel_margin_loss(t.ones(1, 3), t.tensor([[0, 3, -1]]))",
    "t.bernoulli(t.tensor([-0.5]))", "t.ones(2).bernoulli_(1.5)",
    # Dtypes.
    "F.nll_loss(t.ones(2, 3), t.tensor([0, 1]), weight=t.ones(3).double())",
    "F.nll_loss(t.ones(2, 3), t.tensor([0, 1]).int())",
    "F.cross_entropy(t.ones(2, 3), t.tensor([0, 1]), weight=t.ones(3).double())",
    "F.multi_margin_loss(t.ones(2, 3), t.tensor([0, 1]), weight=t.ones(3).double())",
    "F.multi_margin_loss(t.ones(3, 4), t.ones(3).int())",
    "F.multilabel_margin_loss(t.ones(2, 3), t.ones(2, 3))",
    "F.embedding(t.tensor([1.0]), t.ones(3, 2))", "F.one_hot(t.ones(2))",
    "F.embedding(t.tensor([1], dtype=t.int16), t.ones(3, 2))", "F.one_hot(t.tensor([1]).int())",
    "t.linspace(0, 3, 1.0)", "t.logspace(0, 3, 1.0)", "t.linspace(0, 1, True)",
    # Numbers.
    "t.arange(0, float('inf'), 2)", "t.arange(0, float('nan'))", "t.arange(5, 1)",
    "t.linspace(0, 3, -1)", "t.tril_indices(-1, 2)", "t.randperm(-1)", "t.normal(0.0, -1.0, (2,))",
    "F.celu(t.ones(2), 0)", "F.softshrink(t.ones(2), -0.5)", "F.hardtanh(t.ones(2), 1, 0)",
    "F.softshrink(t.ones(2), float('nan'))", "t.cdist(t.ones(2, 2), t.ones(2, 2), -1)",
    "F.pdist(t.ones(2, 2), -1)", "F.dropout(t.ones(2), 1.5)",
    # Elements that are known at the call.
    "F.embedding(t.tensor([5]), t.ones(3, 2))", "F.embedding(t.tensor([-1]), t.ones(3, 2))",
    "F.embedding_bag(t.tensor([[5]]), t.ones(3, 2))", "F.one_hot(t.tensor([-1, 2]))",
    "F.one_hot(t.tensor([1, 2]), 2)", "F.one_hot(t.tensor([1]), 0)",
    # out=
    "t.take(t.ones(3), t.tensor([1]), out=t.ones(1).double())",
    "t.gather(t.ones(3), 0, t.tensor([1]), out=t.ones(1).double())",
    "t.mm(t.ones(2, 2), t.ones(2, 2), out=t.ones(2, 2).double())",
    "t.ones(3, dtype=t.float32, out=t.ones(3).long())",
    "t.arange(0, 64, 0.5, out=t.ones(0).long())",
    "[t.cat([x, x], out=x) for x in [t.ones(4)]]",
    "[t.take(x, t.tensor([0, 1, 2]), out=x) for x in [t.ones(3)]]",
    "[t.masked_select(x, x > 0, out=x) for x in [t.ones(3)]]",
]  # fmt: skip


def raised(call: str, module) -> type[Exception]:
    with pytest.raises(Exception) as caught:
        eval(call, {"t": module, "F": module.nn.functional})
    return caught.type


@pytest.mark.parametrize("call", REFUSED)
def test_both_refuse(call):
    assert raised(call, nr) is raised(call, torch)
