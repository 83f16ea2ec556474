"""Indexing and item assignment: NumPy's results at random, and PyTorch's own rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurarust as nr

SHAPE = (3, 4, 2)
# Each new kind of index compiles something small: examples are few and take their time.
few = settings(max_examples=40, deadline=None, derandomize=True)


def basic_item(size: int):
    bound = st.one_of(st.none(), st.integers(-size - 1, size + 1))
    return st.one_of(
        st.integers(-size, size - 1),
        st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, 3])),
    )


@st.composite
def basic_index(draw):
    """Ints, slices, None and an ellipsis."""
    items = [draw(basic_item(size)) for size in SHAPE[: draw(st.integers(0, 3))]]
    if len(items) < 3 and draw(st.booleans()):
        items.append(Ellipsis)
    for _ in range(draw(st.integers(0, 1))):
        items.insert(draw(st.integers(0, len(items))), None)
    return tuple(items)


@st.composite
def advanced_index(draw):
    """Integer arrays that broadcast, masks, lists and slices, one array at least."""
    length = draw(st.sampled_from([1, 3]))
    items = []
    for position, size in enumerate(SHAPE):
        kind = draw(st.sampled_from(["array", "column", "list", "mask", "slice"]))
        if kind in ("array", "list"):
            numbers = draw(st.lists(st.integers(-size, size - 1), min_size=length, max_size=length))
            items.append(numbers if kind == "list" else np.array(numbers))
        elif kind == "column":
            items.append(np.array([[draw(st.integers(0, size - 1))]] * 2))
        elif kind == "mask" and position == 2:
            items.append(np.array([draw(st.booleans()), True]))
        else:
            items.append(draw(st.sampled_from([slice(None), slice(1, None), slice(None, None, 2)])))
    if all(isinstance(item, slice) for item in items):
        items[1] = np.array([2, 0])
    return tuple(items)


def for_tensors(index):
    return tuple(nr.tensor(one) if isinstance(one, np.ndarray) else one for one in index)


def numbered():
    array = np.arange(24.0).reshape(SHAPE)
    return array, nr.tensor(array)


def numpy_result(array, index):
    try:
        return array[index]
    except IndexError:
        return None


@given(basic_index())
@few
def test_basic_reads(index):
    array, tensor = numbered()
    assert tensor[index].tolist() == array[index].tolist()
    assert tensor[index].shape == array[index].shape
    # The same of a tensor that is still pending, where starts are static.
    assert (tensor + 0)[index].tolist() == array[index].tolist()


@given(basic_index(), st.booleans())
@few
def test_basic_writes(index, as_tensor):
    array, tensor = numbered()
    new = -np.arange(array[index].size, dtype=np.float64).reshape(array[index].shape)
    view = tensor[1]
    tensor[index] = nr.tensor(new) if as_tensor else 5
    array[index] = new if as_tensor else 5
    assert tensor.tolist() == array.tolist() and view.tolist() == array[1].tolist()


@given(advanced_index())
@few
def test_advanced_reads(index):
    array, tensor = numbered()
    wanted = numpy_result(array, index)
    if wanted is None:
        with pytest.raises((IndexError, RuntimeError), match="index|broadcast"):
            tensor[for_tensors(index)]
        return
    found = tensor[for_tensors(index)]
    assert found.shape == wanted.shape and found.tolist() == wanted.tolist()


@given(advanced_index())
@few
def test_advanced_writes(index):
    array, tensor = numbered()
    wanted = numpy_result(array, index)
    if wanted is None:
        return
    array[index] = -1
    tensor[for_tensors(index)] = -1
    assert tensor.tolist() == array.tolist()
    row = np.arange(wanted.shape[-1], dtype=np.float64) if wanted.ndim else 3.0
    if np.unique(np.broadcast_to(numbered()[0][index], wanted.shape)).size == wanted.size:
        array[index] = row
        tensor[for_tensors(index)] = nr.tensor(row)
        assert tensor.tolist() == array.tolist()


@given(advanced_index())
@few
def test_gradient_of_an_advanced_read(index):
    array, tensor = numbered()
    wanted = numpy_result(array, index)
    if wanted is None:
        return
    tensor.requires_grad_()
    weights = np.arange(1.0, wanted.size + 1).reshape(wanted.shape)
    (tensor[for_tensors(index)] * nr.tensor(weights)).sum().backward()
    expected = np.zeros(SHAPE)
    np.add.at(expected, index, weights)
    np.testing.assert_allclose(tensor.grad.numpy(), expected)


# ------------------------------------------------------------------ PyTorch's own rules


def test_ints_between_tensors_are_slices_taken_first():
    """NumPy counts an int as an index array; PyTorch takes it first, which moves dimensions."""
    tensor = nr.arange(24).reshape(2, 3, 4)
    rows = nr.tensor([0, 2])
    assert tensor[1, :, rows].shape == (3, 2)
    assert tensor[rows[:1], :, rows].shape == (2, 3)
    assert tensor[:, rows, 1].tolist() == [[1, 9], [13, 21]]
    assert tensor[nr.tensor(1), :, nr.tensor(2)].tolist() == [14, 18, 22]


def test_masks():
    tensor = nr.arange(6.0).reshape(2, 3)
    mask = tensor > 2
    assert tensor[mask].tolist() == [3, 4, 5]
    assert tensor[nr.tensor([False, True])].tolist() == [[3, 4, 5]]
    assert tensor[:, [True, False, True]].tolist() == [[0, 2], [3, 5]]
    assert tensor[1, tensor[0] > 0].tolist() == [4, 5]
    assert tensor[mask, None].shape == (3, 1)
    tensor[mask] = nr.tensor([10.0, 20.0, 30.0])
    assert tensor.tolist() == [[0, 1, 2], [10, 20, 30]]
    tensor[tensor == 1] = 7
    tensor[~mask] *= 2
    assert tensor.tolist() == [[0, 14, 4], [10, 20, 30]]
    assert tensor[nr.zeros(2, 3, dtype=nr.bool)].shape == (0,)
    assert nr.tensor(5)[nr.tensor(True)].tolist() == [5]
    assert tensor[np.bool_(True)].shape == (1, 2, 3) and tensor[np.array(1)].shape == (3,)
    assert nr.tensor(5)[None].tolist() == [5] and nr.tensor(5)[...].item() == 5


def test_true_and_false_are_masks_of_no_dimension():
    tensor = nr.arange(3)
    assert tensor[True].shape == (1, 3) and tensor[False].shape == (0, 3)
    assert tensor[None].shape == (1, 3)


def test_index_tensors_of_any_integer_dtype():
    tensor = nr.arange(3)
    for dtype in (nr.int32, nr.int16, nr.int8):
        assert tensor[nr.tensor([0, -1], dtype=dtype)].tolist() == [0, 2]


def test_a_list_is_an_index_tensor():
    tensor = nr.arange(12).reshape(3, 4)
    assert tensor[[0, 2]].tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]]
    assert tensor[[0, 2], [1, 3]].tolist() == [1, 11]
    assert tensor[[[0], [2]], [1, 3]].tolist() == [[1, 3], [9, 11]]
    assert tensor[[]].shape == (0, 4)
    assert tensor[range(2)].shape == (2, 4)
    assert tensor[np.array([2, 0]), 1].tolist() == [9, 1]
    assert tensor[np.int64(1)].tolist() == tensor[nr.tensor(1)].tolist() == [4, 5, 6, 7]


def test_repeated_positions():
    tensor = nr.zeros(3)
    tensor.index_put_((nr.tensor([0, 0, 2]),), nr.tensor([1.0, 2.0, 3.0]), accumulate=True)
    assert tensor.tolist() == [3, 0, 3]
    tensor.index_add_(0, nr.tensor([1, 1]), nr.tensor([2.0, 2.0]), alpha=0.5)
    assert tensor.tolist() == [3, 2, 3]


def test_values_broadcast_and_are_cast():
    tensor = nr.zeros(2, 3)
    tensor[:, 1] = nr.tensor([4, 5])
    tensor[0, :2] = nr.tensor(True)
    tensor[1:] += nr.ones(1, 3)
    tensor[nr.tensor([0])] = nr.tensor([[[7.0, 8.0, 9.0]]])
    assert tensor.tolist() == [[7, 8, 9], [1, 6, 1]]
    whole = nr.zeros(2, dtype=nr.int64)
    whole[0] = 2.9
    assert whole.tolist() == [2, 0]
    whole[:] = [3, 4]
    assert whole.tolist() == [3, 4]


def test_assignment_has_gradients_to_both_sides():
    x = nr.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    value = nr.tensor([10.0, 20.0], requires_grad=True)
    made = x * 1
    made[nr.tensor([3, 0])] = value * 2
    (made * nr.arange(1.0, 5.0)).sum().backward()
    assert x.grad.tolist() == [0, 2, 3, 0] and value.grad.tolist() == [8, 2]


def test_walking_over_slices_compiles_once():
    data = nr.arange(1000.0)
    data.sum().item()

    def sums():
        return [data[start : start + 10].sum().item() for start in range(0, 1000, 10)]

    first = sums()
    before = nr.explain().compilations
    assert sums() == first == [sum(range(start, start + 10)) for start in range(0, 1000, 10)]
    assert [data[k].item() for k in range(500)] == list(range(500))
    assert nr.explain().compilations - before <= 2


@pytest.mark.parametrize(
    ("index", "kind", "message"),
    [
        (3, IndexError, "index 3 is out of bounds for dimension 0 with size 2"),
        ((0, -5), IndexError, "index -5 is out of bounds for dimension 1 with size 3"),
        ((0, 0, 0), IndexError, "too many indices for tensor of dimension 2"),
        ((..., ...), IndexError, "single ellipsis"),
        (slice(None, None, -1), ValueError, "slice step must be positive"),
        (slice(None, None, 0), ValueError, "slice step must be positive"),
        (1.5, IndexError, "only integers, slices"),
        ("a", IndexError, "only integers, slices"),
        (lambda: nr.tensor([0.5]), IndexError, "must be long, int, byte or bool tensors"),
        (lambda: nr.tensor([5]), IndexError, "index 5 is out of bounds for dimension 0"),
        (lambda: nr.tensor([True]), IndexError, "The shape of the mask .1. at index 0"),
        (
            lambda: (nr.tensor([0, 1]), nr.tensor([0, 1, 2])),
            (IndexError, RuntimeError),
            "broadcast",
        ),
    ],
)
def test_bad_indices(index, kind, message):
    tensor = nr.ones(2, 3)
    where = index() if callable(index) else index
    with pytest.raises(kind, match=message):
        tensor[where]
    with pytest.raises(kind, match=message):
        tensor[where] = 0
    assert tensor.tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("index", "value"),
    [(0, lambda: nr.ones(2)), (slice(1), lambda: nr.ones(2, 3)), ([0, 1], lambda: nr.ones(3, 3))],
)
def test_values_that_do_not_fit(index, value):
    tensor = nr.zeros(2, 3)
    with pytest.raises(RuntimeError, match="shape"):
        tensor[index] = value()
    assert tensor.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_bytes_are_masks():
    x, mask = nr.arange(3.0), nr.tensor([0, 1, 1], dtype=nr.uint8)
    with pytest.warns(UserWarning, match="use a bool mask") as told:
        assert x[mask].tolist() == [1, 2]
        x[mask] = 9
    assert x.tolist() == [0, 9, 9] and told[0].filename == __file__
