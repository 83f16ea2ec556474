"""Data sets and samplers."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np
import pytest

import neurarust as nr
from neurarust import data


class Squares(data.Dataset):
    def __init__(self, count=5):
        self.count = count

    def __getitem__(self, index):
        return index * index

    def __len__(self):
        return self.count


def test_tensor_dataset():
    made = data.TensorDataset(nr.arange(6).reshape(3, 2), nr.arange(3))
    assert len(made) == 3 and [one.tolist() for one in made[1]] == [[2, 3], 1]
    assert [one.tolist() for one in made.__getbatch__([2, 0])] == [[[4, 5], [0, 1]], [2, 0]]
    with pytest.raises(AssertionError, match="Size mismatch"):
        data.TensorDataset(nr.ones(2), nr.ones(3))


def test_concat_stack_subset():
    both = Squares(3) + Squares(2)
    assert [both[k] for k in range(5)] == [0, 1, 4, 0, 1] and both[-1] == 1
    with pytest.raises(ValueError, match="should not exceed"):
        both[5]
    assert data.StackDataset(Squares(), Squares())[2] == (4, 4)
    assert data.StackDataset(a=Squares())[2] == {"a": 4}
    with pytest.raises(ValueError, match="Size mismatch"):
        data.StackDataset(Squares(1), Squares(2))
    assert data.Subset(Squares(), [3, 1])[0] == 9


def test_chain():
    class Walk(data.IterableDataset):
        def __iter__(self):
            yield from range(2)

    assert list(Walk() + Walk()) == [0, 1, 0, 1]


@pytest.mark.parametrize("lengths, wanted", [([3, 2], [3, 2]), ([0.5, 0.5], [3, 2])])
def test_random_split(lengths, wanted):
    parts = data.random_split(Squares(), lengths, nr.Generator().manual_seed(1))
    again = data.random_split(Squares(), lengths, nr.Generator().manual_seed(1))
    assert [len(one) for one in parts] == wanted
    assert sorted(k for one in parts for k in one.indices) == list(range(5))
    assert [one.indices for one in parts] == [one.indices for one in again]
    with pytest.raises(ValueError, match="does not equal the length"):
        data.random_split(Squares(), [3, 3])


def test_random_samplers():
    nr.manual_seed(0)
    first = list(data.RandomSampler(Squares(20)))
    second = list(data.RandomSampler(Squares(20)))
    nr.manual_seed(0)
    assert list(data.RandomSampler(Squares(20))) == first != second
    assert sorted(first) == list(range(20))
    assert len(list(data.RandomSampler(Squares(3), num_samples=7))) == 7
    assert set(data.RandomSampler(Squares(3), True, 50)) == {0, 1, 2}
    assert sorted(data.SubsetRandomSampler([4, 7, 9])) == [4, 7, 9]
    with pytest.raises(ValueError, match="num_samples"):
        data.RandomSampler(Squares(), num_samples=0)


def test_weighted_sampler():
    drawn = list(data.WeightedRandomSampler([0.0, 1.0, 3.0], 400))
    counts = np.bincount(drawn, minlength=3)
    assert counts[0] == 0 and counts[2] > 2 * counts[1]
    assert sorted(data.WeightedRandomSampler([1, 1, 1], 3, replacement=False)) == [0, 1, 2]


def test_batch_sampler():
    order = data.SequentialSampler(Squares())
    assert list(data.BatchSampler(order, 2, False)) == [[0, 1], [2, 3], [4]]
    assert list(data.BatchSampler(order, 2, True)) == [[0, 1], [2, 3]]
    assert len(data.BatchSampler(order, 2, False)) == 3
    with pytest.raises(ValueError, match="batch_size"):
        data.BatchSampler(order, 0, False)


def test_collate():
    point = data.default_collate([{"a": 1, "b": (2.0, "x")}, {"a": 3, "b": (4.0, "y")}])
    assert point["a"].tolist() == [1, 3] and point["a"].dtype is nr.int64
    assert point["b"][0].dtype is nr.float64 and point["b"][1] == ("x", "y")
    rows = data.default_collate([np.ones(2, np.float32), np.zeros(2, np.float32)])
    assert rows.tolist() == [[1, 1], [0, 0]] and rows.dtype is nr.float32
    assert data.default_collate([nr.ones(2), nr.zeros(2)]).tolist() == [[1, 1], [0, 0]]
    kept = data.default_convert({"a": np.ones(2), "b": ["x"]})
    assert isinstance(kept["a"], nr.Tensor) and kept["b"] == ["x"]
    with pytest.raises(RuntimeError, match=r"got \[2\] at entry 0 and \[3\] at entry 1"):
        data.default_collate([nr.ones(2), nr.ones(3)])
    with pytest.raises(TypeError, match="found <class 'object'>"):
        data.default_collate([object()])
    with pytest.raises(RuntimeError, match="equal size"):
        data.default_collate([[1], [1, 2]])


def test_collate_keeps_the_kind_of_containers():
    assert data.default_collate(["x", "y"]) == ["x", "y"]
    names, numbers = data.default_collate([("x", 1), ("y", 2)])
    assert names == ("x", "y") and numbers.tolist() == [1, 2]
    assert isinstance(data.default_collate([("x", 1), ("y", 2)]), list)
    assert isinstance(data.default_collate([deque([1]), deque([2])]), deque)
    made = data.default_collate([defaultdict(list, a=1), defaultdict(list, a=2)])
    assert made.default_factory is list and made["a"].tolist() == [1, 2]
    assert [one.tolist() for one in data.default_collate([range(2)] * 2)] == [[0, 0], [1, 1]]
    assert data.default_convert(range(2)) == [0, 1]
