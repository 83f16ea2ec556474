"""Views: layout as NumPy's, writes through them, versions, and gradients through writes."""

from __future__ import annotations

import numpy as np
import pytest

import neurarust as nr

# What is done to a (2, 3, 4) tensor; NumPy's views have the same methods or indices.
CHAINS = {
    "row": (lambda x: x[1], lambda a: a[1]),
    "column": (lambda x: x[:, 1], lambda a: a[:, 1]),
    "steps": (lambda x: x[:, ::2, 1::2], lambda a: a[:, ::2, 1::2]),
    "transpose": (lambda x: x.transpose(0, 2), lambda a: a.swapaxes(0, 2)),
    "permute": (lambda x: x.permute(2, 0, 1), lambda a: a.transpose(2, 0, 1)),
    "T of a row": (lambda x: x[1].T, lambda a: a[1].T),
    "view": (lambda x: x.view(6, 4), lambda a: a.reshape(6, 4)),
    "flatten of a row": (lambda x: x[1].flatten(), lambda a: a[1].reshape(-1)),
    "newaxis": (lambda x: x[:, None, 1], lambda a: a[:, None, 1]),
    "unsqueeze": (lambda x: x.unsqueeze(1)[0], lambda a: a[:, None][0]),
    "squeeze": (lambda x: x[:1].squeeze(0), lambda a: a[0]),
    "diagonal": (lambda x: x[0].diagonal(1), lambda a: np.diagonal(a[0], 1)),
    "narrow": (lambda x: x.narrow(2, 1, 2), lambda a: a[:, :, 1:3]),
    "select": (lambda x: x.select(2, 3), lambda a: a[:, :, 3]),
    "expand": (lambda x: x[:, :1].expand(2, 5, 4), lambda a: np.broadcast_to(a[:, :1], (2, 5, 4))),
    "unfold": (
        lambda x: x.unfold(2, 2, 1),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, 2, 2),
    ),
    "as_strided": (
        lambda x: x.as_strided((3, 2), (2, 7), 1),
        lambda a: np.lib.stride_tricks.as_strided(a.reshape(-1)[1:], (3, 2), (16, 56)),
    ),
    "chunk": (lambda x: x.chunk(2, 2)[1], lambda a: a[:, :, 2:]),
    "split": (lambda x: x.split([1, 2], 1)[1], lambda a: a[:, 1:]),
    "unbind": (lambda x: x.unbind(1)[2], lambda a: a[:, 2]),
    "moved and cut": (lambda x: x.movedim(2, 0)[1:3].mT, lambda a: a.transpose(2, 1, 0)[1:3]),
    "element": (lambda x: x[1, 2].unbind(0)[3], lambda a: a[1, 2, 3, ...]),
    "negative index": (lambda x: x[-1, -2:, -1], lambda a: a[-1, -2:, -1]),
}  # fmt: skip
WRITABLE = [name for name in CHAINS if name not in ("expand", "unfold")]


def numbered() -> tuple[nr.Tensor, np.ndarray]:
    return nr.arange(24.0, dtype=nr.float64).reshape(2, 3, 4), np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("name", CHAINS)
def test_layout_is_numpys(name):
    ours, theirs = CHAINS[name]
    tensor, array = numbered()
    view, wanted = ours(tensor), theirs(array)
    assert view.tolist() == wanted.tolist() and view.shape == wanted.shape
    # A dimension of length one has no step that matters.
    steps = [
        (mine, theirs // 8)
        for mine, theirs, length in zip(view.stride(), wanted.strides, wanted.shape, strict=True)
        if length != 1
    ]
    assert all(mine == other for mine, other in steps), steps
    offset = (wanted.ctypes.data - array.ctypes.data) // 8
    assert view.storage_offset() == offset
    assert view.data_ptr() - tensor.data_ptr() == 8 * offset
    assert view.is_contiguous() == wanted.flags.c_contiguous
    assert view.contiguous().is_contiguous()
    assert (view.contiguous() is view) == wanted.flags.c_contiguous


@pytest.mark.parametrize("name", WRITABLE)
def test_writes_reach_the_base_and_its_other_views(name):
    ours, theirs = CHAINS[name]
    tensor, array = numbered()
    other = tensor.view(-1)
    view, wanted = ours(tensor), theirs(array)
    if not wanted.flags.writeable:
        wanted.flags.writeable = True
    view.mul_(2)
    wanted *= 2
    view[...] = view + 1
    wanted += 1
    assert tensor.tolist() == array.tolist()
    assert other.tolist() == array.reshape(-1).tolist()
    # And what is written to the base is seen through the view.
    tensor.sub_(0.5)
    array -= 0.5
    assert view.tolist() == wanted.tolist()


@pytest.mark.parametrize("name", CHAINS)
def test_gradient_of_a_view(name):
    ours, theirs = CHAINS[name]
    tensor, array = numbered()
    tensor.requires_grad_()
    part = ours(tensor)
    weights = np.arange(part.numel(), dtype=np.float64).reshape(part.shape)
    (part * nr.tensor(weights)).sum().backward()
    positions = theirs(np.arange(24.0).reshape(2, 3, 4)).astype(int)
    expected = np.zeros(24)
    np.add.at(expected, positions.reshape(-1), weights.reshape(-1))
    np.testing.assert_allclose(tensor.grad.numpy().reshape(-1), expected, rtol=1e-12)


@pytest.mark.parametrize("name", WRITABLE)
def test_gradient_through_a_write(name):
    """`part *= w` inside a larger tensor: the written part's gradient is scaled, the rest not."""
    ours, _ = CHAINS[name]
    leaf, _ = numbered()
    leaf.requires_grad_()
    whole = leaf * 1
    scale = nr.tensor(3.0, dtype=nr.float64, requires_grad=True)
    ours(whole).mul_(scale)
    (whole * whole).sum().backward()
    mask = nr.ones(2, 3, 4, dtype=nr.float64)
    ours(mask).fill_(3)
    np.testing.assert_allclose(leaf.grad.numpy(), (2 * leaf.detach() * mask**2).numpy(), rtol=1e-12)
    inside = (leaf.detach() ** 2)[mask == 3].sum().item()
    assert scale.grad.item() == pytest.approx(2 * 3 * inside, rel=1e-12)


def test_view_needs_a_fitting_layout():
    tensor = nr.arange(6.0).reshape(2, 3)
    flipped = tensor.t()
    assert not flipped.is_contiguous() and flipped.stride() == (1, 3)
    with pytest.raises(RuntimeError, match=r"view: size \[6\] is not compatible.*Use .reshape"):
        flipped.view(6)
    assert flipped.view(3, 2, 1).stride()[:2] == (1, 3)
    assert tensor[:, :2].view(2, 2, 1).shape == (2, 2, 1)
    copied = flipped.reshape(6)
    copied[0] = 9
    assert tensor[0, 0].item() == 0
    shared = tensor.reshape(6)
    shared[0] = 9
    assert tensor[0, 0].item() == 9
    assert flipped.contiguous().view(6).tolist() == [9, 3, 1, 4, 2, 5]
    with pytest.raises(RuntimeError, match=r"shape '\[4\]' is invalid for input of size 6"):
        tensor.view(4)
    with pytest.raises(RuntimeError, match="only one dimension can be inferred"):
        tensor.view(-1, -1)


@pytest.mark.parametrize("write", [
    lambda v: v.add_(1), lambda v: v[:, 0].fill_(1), lambda v: v.copy_(nr.ones(3, 2)),
    lambda v: v.zero_(), lambda v: v.fill_(2),
])  # fmt: skip
def test_an_expanded_view_cannot_be_written(write):
    base = nr.zeros(1, 2)
    with pytest.raises(RuntimeError, match="single memory location"):
        write(base.expand(3, 2))
    assert base.tolist() == [[0, 0]]


def test_detach_and_data_share_memory_but_not_the_tape():
    leaf = nr.ones(3, requires_grad=True)
    for alias in (leaf.detach(), leaf.data):
        assert not alias.requires_grad and alias.data_ptr() == leaf.data_ptr()
        alias.mul_(2)
    assert leaf.tolist() == [4, 4, 4] and leaf.is_leaf
    made = leaf * 2
    made.detach()[1] = 0
    assert made.tolist() == [8, 0, 8]
    made.sum().backward()
    assert leaf.grad.tolist() == [2, 2, 2]
    leaf.data[0] = -1
    leaf.data = nr.tensor([5.0, 6.0, 7.0])
    assert leaf.tolist() == [5, 6, 7] and leaf.requires_grad


def test_aliases_of_views():
    base = nr.zeros(2, 3)
    row = base[1].detach()[1:]
    row += 4
    base[1, 2] += 1
    assert base.tolist() == [[0, 0, 0], [0, 4, 5]] and row.tolist() == [4, 5]
    assert row.storage_offset() == 4


def test_an_old_view_of_a_leaf_sees_an_update():
    weight = nr.zeros(2, 2, requires_grad=True)
    row = weight[0]
    with nr.no_grad():
        weight.add_(1)
    assert row.tolist() == [1, 1] and row.requires_grad
    row.sum().backward()
    assert weight.grad.tolist() == [[1, 1], [0, 0]]


def test_a_view_may_become_a_leaf():
    """`arange(...).reshape(...)` is a view, and as good a parameter as any tensor."""
    weight = nr.arange(6.0).reshape(2, 3)[1].requires_grad_()
    optimizer = nr.optim.SGD([weight], lr=0.5)
    for _ in range(2):
        optimizer.zero_grad()
        (weight * weight).sum().backward()
        optimizer.step()
    assert weight.tolist() == [0, 0, 0] and weight.grad.tolist() == [0, 0, 0]
    with nr.no_grad():
        weight.add_(1)
    assert weight.requires_grad and weight.is_leaf and weight.tolist() == [1, 1, 1]


def test_writing_a_part_of_a_result_keeps_both_gradients():
    x = nr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = nr.tensor(5.0, requires_grad=True)
    made = x * x
    made[1] = y * 2
    assert not made.is_leaf and made[1].requires_grad
    (made * nr.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [2, 0, 600] and y.grad.item() == 20


def test_writing_something_tracked_into_a_plain_tensor():
    buffer = nr.zeros(3)
    x = nr.tensor(2.0, requires_grad=True)
    view = buffer[1:]
    view[0] = x * 3
    assert buffer.requires_grad and buffer.tolist() == [0, 6, 0]
    (buffer * buffer).sum().backward()
    assert x.grad.item() == 36


def test_a_view_taken_before_a_write_differentiates_after_it():
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    made = x * 1
    view = made[0]
    made.mul_(3)
    (view * 2).backward()
    assert x.grad.tolist() == [6, 0]


def test_a_value_read_before_a_write_keeps_its_gradient():
    """PyTorch refuses this backward; here values are immutable and the gradient is right."""
    x = nr.tensor([1.0, 2.0], requires_grad=True)
    made = x * 1
    squared = made * made
    made.zero_()
    squared.sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_version_free_chain_of_views():
    base = nr.zeros(4, 4)
    chain = base[1:][:, 1:].t()[:2].reshape(2, 3)
    for k in range(3):
        chain.add_(1)
        base[1, 1] = k
    assert base.tolist() == [[0] * 4, [0, 2, 3, 0], [0, 3, 3, 0], [0, 3, 3, 0]]
    assert chain.tolist() == [[2, 3, 3], [3, 3, 3]]


def test_as_strided_reaches_the_whole_storage():
    base = nr.arange(6.0)
    part = base[2:4]
    assert part.as_strided((3,), (2,), 0).tolist() == [0, 2, 4]
    part.as_strided((2,), (1,)).fill_(9)
    assert base.tolist() == [0, 1, 9, 9, 4, 5]
    with pytest.raises(RuntimeError, match="reach element 6 of a storage of 6"):
        base.as_strided((4,), (2,), 0)


def test_copy_and_fill_family():
    base = nr.zeros(2, 3)
    base[0].copy_(nr.arange(3))
    base.t()[1].fill_(7)
    base[1, 2:].copy_(nr.tensor(1.5))
    assert base.tolist() == [[0, 7, 2], [0, 7, 1.5]]
    base[:, 0].zero_()
    whole = nr.empty(2, 2)
    whole.set_(nr.ones(3))
    assert whole.shape == (3,)
    whole.resize_(2)
    assert whole.tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="shape"):
        base.copy_(nr.ones(2))


def test_squeeze_and_unsqueeze_in_place():
    tensor = nr.zeros(1, 2)
    assert tensor.squeeze_().shape == (2,) or tensor.shape == (2,)
    assert tensor.unsqueeze_(0).shape == (1, 2)


def test_swapping_through_a_view():
    x = nr.arange(4)
    x[:2], x[2:] = x[2:].clone(), x[:2].clone()
    assert x.tolist() == [2, 3, 0, 1]
    row = x[0]
    x[0] = x[3]
    assert row.item() == 1


def test_overlapping_copy_reads_before_it_writes():
    x = nr.arange(5)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3]


def test_in_place_under_no_grad_keeps_history():
    x = nr.ones(2, requires_grad=True)
    made = x * 2
    with nr.no_grad():
        made.add_(1)
        made[0] = 10
    assert made.tolist() == [10, 3] and made.grad_fn.name() == "MulBackward0"
    made.sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_a_part_of_a_view_that_overlaps():
    x = nr.zeros(5)
    x.unfold(0, 2, 1)[1].fill_(1)
    assert x.tolist() == [0, 1, 1, 0, 0]
    x.as_strided((3, 2), (1, 1))[0].add_(5)
    assert x.tolist() == [5, 6, 1, 0, 0]
    x.view(1, 5).expand(3, 5)[2][3:].fill_(7)
    assert x.tolist() == [5, 6, 1, 7, 7]
    with pytest.raises(RuntimeError, match="expand: this view cannot be written"):
        x.expand(3, 5)[:, 0].fill_(2)
    assert x.tolist() == [5, 6, 1, 7, 7]


def test_gradients_through_a_write_of_overlapping_parts():
    x = nr.ones(4, requires_grad=True)
    y = x * 2
    y.unfold(0, 2, 1)[1].mul_(3)
    (y * nr.arange(4.0)).sum().backward()
    assert x.grad.tolist() == [0, 6, 12, 6]


def test_how_often_memory_was_written():
    x = nr.zeros(3)
    view, counted = x[:2], [x._version]
    x.add_(1)
    view.mul_(2)
    x[0] = 1
    counted += [x._version, view._version, (x * 1)._version]
    assert counted == [0, 3, 3, 0]
