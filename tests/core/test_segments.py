"""Reductions over segments: values, gradients by finite differences, and what does not fit."""

import numpy as np
import pytest

import neurarust as nr

REDUCTIONS = ["sum", "mean", "max", "min", "prod"]


@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_segments_of_a_later_dimension(reduce):
    x = np.arange(1.0, 13).reshape(2, 6)
    lengths = nr.tensor([[2, 0, 4], [3, 1, 2]])
    found = nr.segment_reduce(nr.tensor(x), reduce, lengths=lengths, axis=1, initial=1.0).numpy()
    for row, ends in enumerate(([0, 2, 2, 6], [0, 3, 4, 6])):
        for k in range(3):
            part = x[row, ends[k] : ends[k + 1]]
            whole = np.concatenate([[1], part])
            wanted = whole.sum() / max(len(part), 1) if reduce == "mean" else getattr(
                np, reduce)(whole)  # fmt: skip
            assert found[row, k] == wanted


def test_segments_that_do_not_fit():
    x = nr.ones(4)
    with pytest.raises(RuntimeError, match="segment_reduce: .*fill the dimension of size 4"):
        nr.segment_reduce(x, "sum", lengths=nr.tensor([1, 2]))
    with pytest.raises(RuntimeError, match="either lengths or offsets"):
        nr.segment_reduce(x, "sum")
    with pytest.raises(RuntimeError, match="one of sum, mean"):
        nr.segment_reduce(x, "median", lengths=nr.tensor([4]))
    with pytest.raises(TypeError, match="lengths or offsets as a Tensor"):
        nr.segment_reduce(x, "sum", lengths=[1, 3])
    empty = nr.segment_reduce(x, "mean", lengths=nr.tensor([0, 4]))
    assert np.isnan(empty[0].item())
    assert empty[1].item() == 1


@pytest.mark.parametrize("reduce", REDUCTIONS)
@pytest.mark.parametrize("initial", [None, 0.5])
def test_gradient(reduce, initial):
    generator = np.random.default_rng(0)
    x = nr.tensor(generator.normal(size=(5, 2)), requires_grad=True)
    offsets = nr.tensor([0, 2, 3, 5])

    def reduced(x):
        return nr.segment_reduce(x, reduce, offsets=offsets, initial=initial)

    assert nr.testing.gradcheck(reduced, (x,))
    with nr.eager_mode():
        at_once = reduced(x)
    np.testing.assert_array_equal(at_once.detach().numpy(), reduced(x).detach().numpy())
