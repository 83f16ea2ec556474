"""Questions about a tensor's memory and place, and Python functions of its elements."""

import pytest

import neurarust as nr


def test_place_and_order_of_dimensions():
    x = nr.zeros(2, 3, 4)
    assert x.get_device() == -1
    assert x.dim_order() == (0, 1, 2)
    assert x.permute(2, 0, 1).dim_order() == (1, 2, 0)
    with pytest.raises(RuntimeError, match=r"dim_order: expected strides that differ"):
        nr.zeros(1, 1).dim_order(ambiguity_check=True)
    assert not x.is_pinned()
    assert not x.is_shared()


def test_is_set_to():
    x = nr.arange(6.0)
    assert x.is_set_to(x[:])
    assert x.view(2, 3).is_set_to(x.view(2, 3))
    assert not x.is_set_to(x[1:])
    assert not x.is_set_to(x.view(2, 3))
    assert not x.is_set_to(nr.arange(6.0))


def test_a_subclass_shares_memory_and_gradient():
    class Marked(nr.Tensor):
        pass

    x = nr.ones(3, requires_grad=True)
    doubled = x * 2
    marked = doubled.as_subclass(Marked)
    assert type(marked) is Marked
    marked.sum().backward()
    assert x.grad.tolist() == [2, 2, 2]
    plain = nr.zeros(2)
    plain.as_subclass(Marked).add_(1)
    assert plain.tolist() == [1, 1]
    with pytest.raises(TypeError, match="subclass of Tensor"):
        plain.as_subclass(dict)


def test_elements_through_python():
    x = nr.tensor([[1, 2], [3, 4]])
    assert x.apply_(lambda a: a * a) is x
    assert x.tolist() == [[1, 4], [9, 16]]
    assert x.map_(nr.tensor([10, 20]), lambda a, b: a + b).tolist() == [[11, 24], [19, 36]]
    part = nr.zeros(4)
    part[1:3].apply_(lambda _: 5)
    assert part.tolist() == [0, 5, 5, 0]
    with pytest.raises(RuntimeError, match=r"apply_: .*requires grad.*detach\(\)"):
        nr.ones(2, requires_grad=True).apply_(abs)


def test_what_takes_a_loaded_tensors_place():
    mine, other = nr.zeros(2), nr.tensor([1.0, 2.0])
    assert mine.module_load(other).data_ptr() == mine.data_ptr()
    assert mine.tolist() == [1, 2]
    assert mine.module_load(other, assign=True).data_ptr() == other.data_ptr()


def test_a_fixed_number_of_positions_under_jit():
    x = nr.tensor([[0, 1], [2, 0]])
    find = nr.jit(lambda x: nr.nonzero_static(x, size=3, fill_value=9))
    assert find(x).tolist() == [[0, 1], [1, 0], [9, 9]]
    assert find(x * 0).tolist() == [[9, 9]] * 3
    assert nr.nonzero_static(nr.tensor(1), size=2).shape == (2, 0)
