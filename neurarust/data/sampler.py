"""Samplers: in which order items are taken. Random orders come from NumPy, seeded by a stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np

from ..core.host import numpy_generator
from ..core.random import Stream

T = TypeVar("T")


class Sampler(Generic[T]):
    """An order of items: a subclass defines `__iter__`, and `__len__` if it knows it."""

    def __init__(self, data_source: Any = None):
        pass

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError


class SequentialSampler(Sampler):
    """All items in order."""

    def __init__(self, data_source: Sized):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """Items in random order.

    Args:
        replacement: items may come more than once.
        num_samples: how many to draw; all if left out.
        generator: the stream that seeds the order; the default one otherwise.
    """

    def __init__(
        self, data_source: Sized, replacement: bool = False, num_samples: int | None = None,
        generator: Stream | None = None,
    ):  # fmt: skip
        if not isinstance(replacement, bool):
            raise TypeError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        self.data_source, self.replacement = data_source, replacement
        self._num_samples, self.generator = num_samples, generator
        _check_count(self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many items are drawn."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        rng, length = numpy_generator(self.generator), len(self.data_source)
        if not length:
            raise ValueError(
                f"RandomSampler: cannot draw {self.num_samples} items from an empty data source"
            )
        if self.replacement:
            yield from rng.integers(0, length, self.num_samples).tolist()
            return
        left = self.num_samples
        while left > 0:
            yield from rng.permutation(length)[:left].tolist()
            left -= length

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given places in random order."""

    def __init__(self, indices: Sequence[int], generator: Stream | None = None):
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        for k in numpy_generator(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[k]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Places drawn with the given (unnormalised) probabilities."""

    def __init__(
        self, weights: Iterable[float], num_samples: int, replacement: bool = True,
        generator: Stream | None = None,
    ):  # fmt: skip
        _check_count(num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        self.weights = np.array([float(one) for one in weights])
        self.num_samples, self.replacement = num_samples, replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        chances = self.weights / self.weights.sum()
        rng = numpy_generator(self.generator)
        yield from rng.choice(
            len(chances), self.num_samples, replace=self.replacement, p=chances
        ).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Groups another sampler's items into lists of `batch_size`."""

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool):
        _check_batch_size(batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        batch = []
        for index in self.sampler:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        count = len(self.sampler)
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _check_count(count: Any) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or count <= 0:
        raise ValueError(
            f"num_samples should be a positive integer value, but got num_samples={count}"
        )


def _check_batch_size(batch_size: Any) -> None:
    if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size <= 0:
        raise ValueError(
            f"batch_size should be a positive integer value, but got batch_size={batch_size}"
        )
