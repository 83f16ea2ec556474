"""DataLoader: batches of a data set, in order or shuffled, perhaps prepared ahead by threads."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Generic, NamedTuple, TypeVar

from ..core.engine.recording import synchronize
from ..core.random import Stream
from .collate import default_collate, default_convert
from .dataset import IterableDataset, Subset
from .sampler import BatchSampler, RandomSampler, SequentialSampler

T = TypeVar("T")

# What the order of items was made from.
_FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


class WorkerInfo(NamedTuple):
    """What `get_worker_info` says of the thread that asks."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


class _Worker(threading.local):
    info: WorkerInfo | None = None


_worker = _Worker()


def get_worker_info() -> WorkerInfo | None:
    """Which loader thread this is; None in the main one."""
    return _worker.info


class DataLoader(Generic[T]):
    """Walks over a data set in batches.

    Before it hands out a batch it sends what was recorded since the last one to the device, so
    that a pass of a training loop is one program.

    Args:
        shuffle: a new random order each time, drawn from `generator` (or the default stream).
        sampler, batch_sampler: an order of places, or of lists of places, of your own.
        num_workers: how many threads prepare batches ahead. Differs from PyTorch: threads, not
            processes; they share the data set, and an IterableDataset is read by one of them.
        collate_fn: list of items -> batch.
        drop_last: leave out a last batch that is not full.
        timeout: seconds to wait for a thread's batch; 0 for ever.
        prefetch_factor: batches that each thread prepares ahead (2).
        pin_memory, multiprocessing_context, persistent_workers, pin_memory_device, in_order:
            accepted; they change nothing here.
    """

    dataset: Any
    _complete = False

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None,
        sampler: Iterable | None = None, batch_sampler: Iterable | None = None,
        num_workers: int = 0, collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None, multiprocessing_context: Any = None,
        generator: Stream | None = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True,
    ):  # fmt: skip
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0")
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified with workers. Set num_workers > 0"
            )
        if prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError("prefetch_factor option should be non-negative")
        if num_workers == 0 and persistent_workers:
            raise ValueError("persistent_workers option needs num_workers > 0")
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        iterable = isinstance(dataset, IterableDataset)
        if iterable and (shuffle or sampler is not None or batch_sampler is not None):
            raise ValueError(
                "DataLoader with IterableDataset: expected no shuffle, sampler or batch_sampler: "
                "the data set itself decides the order"
            )
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, "
                    "sampler, and drop_last"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching and is mutually exclusive with "
                "drop_last"
            )
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.num_workers, self.timeout, self.generator = num_workers, timeout, generator
        self.prefetch_factor = 2 if prefetch_factor is None and num_workers else prefetch_factor
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.persistent_workers = worker_init_fn, persistent_workers
        self.multiprocessing_context, self.in_order = multiprocessing_context, in_order
        if sampler is None and not iterable:
            sampler = (
                RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        if batch_sampler is None and batch_size is not None and not iterable:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        batched = batch_size is not None or batch_sampler is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self._complete = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._complete and name in _FIXED:
            raise ValueError(
                f"DataLoader: {name} attribute should not be set after DataLoader is initialized. "
                f"Make another DataLoader"
            )
        object.__setattr__(self, name, value)

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            # One without a length raises TypeError here, as in PyTorch.
            count = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return count
            return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
        # One without a length raises TypeError here, as in PyTorch.
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[T]:
        return _Batches(self)

    # ------------------------------------------------------------ preparing batches

    def _jobs(self) -> Iterator[Callable[[], Any]]:
        """One function for each batch, that prepares it."""
        if isinstance(self.dataset, IterableDataset):
            yield from self._walk()
        elif self.batch_sampler is not None:
            for indices in self.batch_sampler:
                yield lambda indices=indices: self._gather(indices)
        else:
            # Without a batch sampler there is a sampler.
            for index in self.sampler:  # type: ignore[union-attr]
                yield lambda index=index: self.collate_fn(self.dataset[index])

    def _walk(self) -> Iterator[Callable[[], Any]]:
        items = iter(self.dataset)
        if self.batch_size is None:
            for item in items:
                yield lambda item=item: self.collate_fn(item)
            return
        while group := list(itertools.islice(items, self.batch_size)):
            if len(group) == self.batch_size or not self.drop_last:
                yield lambda group=group: self.collate_fn(group)

    def _gather(self, indices: list) -> Any:
        dataset, places = self.dataset, indices
        while type(dataset) is Subset:
            dataset, places = dataset.dataset, [dataset.indices[k] for k in places]
        if self.collate_fn is default_collate and hasattr(dataset, "__getbatch__"):
            return dataset.__getbatch__(places)
        if hasattr(self.dataset, "__getitems__"):
            return self.collate_fn(self.dataset.__getitems__(indices))
        return self.collate_fn([self.dataset[k] for k in indices])

    # ------------------------------------------------------------ threads

    def _threaded(self) -> Iterator[Any]:
        """The batches in order, prepared ahead by threads."""
        iterable = isinstance(self.dataset, IterableDataset)
        count = 1 if iterable else self.num_workers
        ahead = self.num_workers * max(self.prefetch_factor or 0, 1)
        numbers = itertools.count()
        seed = self.generator.initial_seed() if self.generator is not None else 0

        def begin() -> None:
            number = next(numbers)
            _worker.info = WorkerInfo(number, count, seed + number, self.dataset)
            if self.worker_init_fn is not None:
                self.worker_init_fn(number)

        jobs = self._jobs()
        pool = ThreadPoolExecutor(count, "neurarust-loader", begin)
        waiting: deque[Future] = deque()
        try:
            while True:
                while len(waiting) < ahead:
                    if iterable:
                        waiting.append(pool.submit(_advance, jobs))
                        continue
                    job = next(jobs, None)
                    if job is None:
                        break
                    waiting.append(pool.submit(_prepare, job))
                if not waiting:
                    return
                try:
                    batch = waiting.popleft().result(self.timeout or None)
                except FutureTimeoutError:
                    raise RuntimeError(
                        f"DataLoader timed out after {self.timeout} seconds"
                    ) from None
                if batch is _END:
                    return
                yield batch
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Batches(Iterator[T]):
    """One walk over a loader's batches; its length is that of all of them."""

    def __init__(self, loader: DataLoader[T]):
        self.loader = loader
        self.batches = (
            loader._threaded() if loader.num_workers else (job() for job in loader._jobs())
        )

    def __len__(self) -> int:
        return len(self.loader)

    def __next__(self) -> T:
        synchronize(wait=False)
        return next(self.batches)


_END = object()


def _prepare(job: Callable[[], Any]) -> Any:
    batch = job()
    # What this thread recorded for the batch must not wait for this thread to go on.
    synchronize(wait=False)
    return batch


def _advance(jobs: Iterator[Callable[[], Any]]) -> Any:
    """The next batch of a data set that can only be walked over, or the end."""
    job = next(jobs, None)
    return _END if job is None else _prepare(job)
