"""DataLoader: batches, order, threads, and the end of a unit of work."""

from __future__ import annotations

import time

import pytest

import neurarust as nr
from neurarust import data
from neurarust.core.engine.recording import state


def pairs(count=10):
    return data.TensorDataset(nr.arange(count).float().reshape(count, 1), nr.arange(count))


class Items(data.Dataset):
    def __getitem__(self, index):
        if index == 7:
            raise KeyError("item 7")
        return nr.tensor([float(index)]), index

    def __len__(self):
        return 5


class Walk(data.IterableDataset):
    def __iter__(self):
        return iter(range(7))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("dataset", [pairs(5), Items(), data.Subset(pairs(9), range(5))])
def test_batches(dataset, workers):
    loader = data.DataLoader(dataset, batch_size=2, num_workers=workers)
    batches = list(loader)
    assert len(loader) == len(batches) == 3
    assert [y.tolist() for _, y in batches] == [[0, 1], [2, 3], [4]]
    assert batches[0][0].tolist() == [[0], [1]] and isinstance(batches[0], list)
    dropped = data.DataLoader(dataset, 2, drop_last=True, num_workers=workers)
    assert len(list(dropped)) == len(dropped) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_order_depends_on_the_seed_alone(workers):
    def order(generator=None):
        loader = data.DataLoader(pairs(), 4, shuffle=True, num_workers=workers, generator=generator)
        return [y.tolist() for _, y in loader]

    nr.manual_seed(5)
    first, second = order(), order()
    nr.manual_seed(5)
    assert order() == first != second
    generator = nr.Generator().manual_seed(5)
    assert order(generator) == first != order(generator)


def test_samplers_and_no_batching():
    assert [y.tolist() for _, y in data.DataLoader(pairs(), 2, sampler=[4, 2, 0])] == [[4, 2], [0]]
    chosen = data.DataLoader(pairs(), batch_sampler=[[1, 2], [3]])
    assert [y.tolist() for _, y in chosen] == [[1, 2], [3]] and len(chosen) == 2
    assert [y.item() for _, y in data.DataLoader(pairs(3), batch_size=None)] == [0, 1, 2]
    summed = data.DataLoader(Items(), 5, collate_fn=lambda batch: sum(y for _, y in batch))
    assert list(summed) == [10]


@pytest.mark.parametrize("workers", [0, 2])
def test_iterable(workers):
    loader = data.DataLoader(Walk(), 3, num_workers=workers)
    assert [one.tolist() for one in loader] == [[0, 1, 2], [3, 4, 5], [6]]
    with pytest.raises(ValueError, match="decides the order"):
        data.DataLoader(Walk(), shuffle=True)


def test_next_batch_ends_a_unit_of_work():
    total = nr.zeros(1)
    for k, (x, _) in enumerate(data.DataLoader(pairs(6), 2)):
        if k:
            assert total._value().array is not None
        total = total + x.sum()
    assert not len(state.recording.entries) and total.item() == 15


def test_getitems_are_asked_for_at_once():
    class Many(Items):
        def __getitems__(self, indices):
            return [k * 10 for k in indices]

    assert [one.tolist() for one in data.DataLoader(Many(), 5)] == [[0, 10, 20, 30, 40]]


def test_errors_of_threads_arrive():
    loader = data.DataLoader(Items(), sampler=[1, 7], num_workers=2)
    with pytest.raises(KeyError, match="item 7"):
        list(loader)


def test_timeout_and_worker_information():
    seen = []

    class Slow(Items):
        def __getitem__(self, index):
            seen.append(data.get_worker_info().num_workers)
            time.sleep(0.5)
            return index

    loader = data.DataLoader(Slow(), num_workers=2, timeout=0.05, worker_init_fn=seen.append)
    with pytest.raises(RuntimeError, match="timed out after 0.05 seconds"):
        list(loader)
    # A worker of a busy machine may only begin now.
    for _ in range(100):
        if 2 in seen:
            break
        time.sleep(0.05)
    assert 0 in seen and 2 in seen and data.get_worker_info() is None


def test_leaving_early_and_wrong_arguments():
    for x, _ in data.DataLoader(pairs(100), 1, num_workers=2):
        assert x.shape == (1, 1)
        break
    with pytest.raises(ValueError, match="mutually exclusive with shuffle"):
        data.DataLoader(pairs(), sampler=[1], shuffle=True)
    with pytest.raises(ValueError, match="mutually exclusive with batch_size"):
        data.DataLoader(pairs(), 3, batch_sampler=[[1]])
    with pytest.raises(ValueError, match="Set num_workers > 0"):
        data.DataLoader(pairs(), prefetch_factor=2)
    with pytest.raises(ValueError, match="non-negative"):
        data.DataLoader(pairs(), num_workers=-1)
    with pytest.raises(ValueError, match="prefetch_factor option should be non-negative"):
        data.DataLoader(pairs(), num_workers=1, prefetch_factor=-1)
    with pytest.raises(ValueError, match="persistent_workers option needs num_workers > 0"):
        data.DataLoader(pairs(), persistent_workers=True)
    with pytest.raises(TypeError, match="no len"):
        data.DataLoader(map(abs, range(3)), shuffle=True)
    with pytest.raises(ValueError, match="num_samples should be a positive integer value"):
        data.RandomSampler([])
    with pytest.raises(ValueError, match="cannot draw 2 items from an empty data source"):
        list(data.RandomSampler([], num_samples=2))


@pytest.mark.parametrize("workers", [0, 1])
def test_an_iterator_knows_how_many_batches_there_are(workers):
    batches = iter(data.DataLoader(pairs(), 4, num_workers=workers))
    assert len(batches) == 3 and iter(batches) is batches
    assert len([next(batches), *batches]) == 3
    with pytest.raises(TypeError, match="no len"):
        len(iter(data.DataLoader(Walk(), 4)))


@pytest.mark.parametrize("name", ["batch_size", "sampler", "batch_sampler", "drop_last", "dataset"])
def test_what_is_not_set_after_construction(name):
    loader = data.DataLoader(pairs(), 4)
    with pytest.raises(ValueError, match=f"{name} attribute should not be set after"):
        setattr(loader, name, None)
    loader.num_workers = 2
    assert len(list(loader)) == 3
