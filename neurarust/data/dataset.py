"""Data sets: anything with items by number, or that can be walked over."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from ..core import host
from ..core.random import Stream
from ..core.tensor.tensor import Tensor

T = TypeVar("T")


class Dataset(Generic[T]):
    """Items by number: a subclass defines `__getitem__` and `__len__`.

    It may define `__getitems__(indices)`, which returns the list of items of a whole batch, or
    `__getbatch__(indices)`, which returns the batch itself, as `default_collate` would.
    """

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T]):
    """Items one after the other: a subclass defines `__iter__`."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError("Subclasses of IterableDataset should implement __iter__.")

    def __add__(self, other: Dataset) -> ChainDataset:
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Tensors of one length: item k is the tuple of their k-th rows.

    A DataLoader gathers a whole batch at once: tensors in host memory by NumPy, others by one
    operation on their device.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor):
        lengths = {one.shape[0] for one in tensors}
        if len(lengths) > 1:
            raise AssertionError(
                f"Size mismatch between tensors: lengths are {[one.shape[0] for one in tensors]}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(one[index] for one in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].shape[0]

    def __getbatch__(self, indices: Sequence[int]) -> list[Tensor]:
        """The rows at the given places, stacked."""
        places = np.asarray(indices, np.int64)
        return [_rows(one, places) for one in self.tensors]


def _rows(tensor: Tensor, places: np.ndarray) -> Tensor:
    if tensor.device.type != "cpu" or tensor.requires_grad:
        return tensor.index_select(0, host.on_device(places, tensor.device))
    return host.on_device(tensor.numpy()[places], tensor.device)


class StackDataset(Dataset):
    """Data sets side by side: item k is the tuple, or dictionary, of their k-th items."""

    def __init__(self, *args: Any, **kwargs: Any):
        if bool(args) == bool(kwargs):
            raise ValueError(
                "StackDataset: give the data sets either by position (items are tuples) or by "
                "name (items are dictionaries), at least one"
            )
        self.datasets: Any = kwargs or args
        parts = list(kwargs.values() or args)
        if len({len(one) for one in parts}) > 1:
            raise ValueError(
                f"Size mismatch between datasets: lengths are {[len(one) for one in parts]}"
            )
        self._length = len(parts[0])

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.datasets, dict):
            return {name: one[index] for name, one in self.datasets.items()}
        return tuple(one[index] for one in self.datasets)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset):
    """Data sets one after the other."""

    def __init__(self, datasets: Iterable[Dataset]):
        # A Dataset's length is its subclass's to define.
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(one, IterableDataset) for one in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(one) for one in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise ValueError(
                f"absolute value of index should not exceed dataset length: got {index} for "
                f"{len(self)} items"
            )
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


class ChainDataset(IterableDataset):
    """Iterable data sets one after the other."""

    def __init__(self, datasets: Iterable[Dataset]):
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Any]:
        for one in self.datasets:
            if not isinstance(one, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield from one

    def __len__(self) -> int:
        # Those without a length raise TypeError here, as in PyTorch.
        return sum(len(one) for one in self.datasets)  # type: ignore[arg-type]


class Subset(Dataset):
    """The items of a data set at the given places."""

    def __init__(self, dataset: Any, indices: Sequence[int]):
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[k] for k in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Stream | None = None
) -> list[Subset]:
    """Cuts a data set at random into parts of given lengths, or of given shares that sum to 1."""
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        if any(not 0 <= share <= 1 for share in lengths):
            raise ValueError(f"random_split: shares must be between 0 and 1, but got {lengths}")
        counts = [math.floor(total * share) for share in lengths]
        for k in range(total - sum(counts)):
            counts[k % len(counts)] += 1
        lengths = counts
    if sum(lengths) != total:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: "
            f"{sum(lengths)} and {total}"
        )
    order = host.numpy_generator(generator).permutation(total).tolist()
    ends = list(itertools.accumulate(int(one) for one in lengths))
    starts = [0, *ends[:-1]]
    return [Subset(dataset, order[a:b]) for a, b in zip(starts, ends, strict=True)]
