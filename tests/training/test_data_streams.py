"""Generators, iterables and PyDatasets as data."""

from __future__ import annotations

import numpy as np
import pytest

from annette.training.data import make_source
from annette.utils import PyDataset


def generator(n, rows=4):
    for i in range(n):
        yield np.full((rows, 2), i, "float64"), np.full(rows, i)


class Loader:
    """Like a data loader: it can be iterated over again and again, and gives lists."""

    def __init__(self, n, with_length=True):
        self.n = n
        if with_length:
            self.__class__ = type("LoaderWithLength", (Loader,), {"__len__": lambda s: s.n})

    def __iter__(self):
        return (list(batch) for batch in generator(self.n))


class Dataset(PyDataset):
    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.events = []

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return np.full((2, 2), i), np.full(2, i)

    def on_epoch_begin(self):
        self.events.append("begin")

    def on_epoch_end(self):
        self.events.append("end")


def seen(source, epoch=0):
    return [int(batch[1][0]) for batch in source.batches(epoch)]


def test_a_generator_gives_its_batches_once():
    source = make_source(generator(3))
    assert source.num_batches is None
    first = next(iter(make_source(generator(1)).batches(0)))
    assert first[0].dtype == np.float32
    assert seen(source) == [0, 1, 2]
    assert source.exhausted
    assert source.num_batches == 3
    with pytest.warns(UserWarning, match="ran out of data"):
        assert seen(source, 1) == []


def test_steps_take_part_of_a_generator_in_each_epoch():
    source = make_source(generator(5), steps=2)
    assert source.num_batches == 2
    assert (seen(source, 0), seen(source, 1)) == ([0, 1], [2, 3])
    assert not source.exhausted
    with pytest.warns(UserWarning, match="ran out of data"):
        assert seen(source, 2) == [4]
    assert source.exhausted


def test_an_endless_generator_needs_no_end():
    def endless():
        while True:
            yield from generator(1)

    source = make_source(endless(), steps=3)
    assert len(seen(source, 0)) == len(seen(source, 1)) == 3


@pytest.mark.parametrize("with_length", [True, False])
def test_an_iterable_starts_again_each_epoch(with_length):
    source = make_source(Loader(3, with_length))
    assert source.num_batches == (3 if with_length else None)
    assert seen(source, 0) == seen(source, 1) == [0, 1, 2]
    assert source.num_batches == 3
    assert not source.exhausted


def test_an_iterable_with_steps_goes_on_then_starts_again():
    for with_length in (True, False):
        source = make_source(Loader(4, with_length), steps=2)
        assert [seen(source, e) for e in range(3)] == [[0, 1], [2, 3], [0, 1]]


def test_evaluating_again_takes_the_same_batches():
    source = make_source(Loader(4), steps=3)
    assert seen(source, 0) == seen(source, 0) == [0, 1, 2]


def test_breaking_off_an_epoch_does_not_lose_an_iterables_batches():
    source = make_source(Loader(3))
    epoch = source.batches(0)
    next(epoch)
    epoch.close()
    assert seen(source, 1) == [0, 1, 2]


@pytest.mark.parametrize("data", [lambda: generator(3), lambda: Loader(3), lambda: Dataset(3)])
def test_peek_takes_nothing_away(data):
    source = make_source(data())
    assert source.peek()[1][0] == 0
    assert seen(source) == [0, 1, 2]


@pytest.mark.parametrize(
    ("batch", "parts"),
    [
        ((np.zeros((2, 1)),), 1),
        (np.zeros((2, 1)), 1),
        ({"a": np.zeros((2, 1))}, 1),
        ((np.zeros((2, 1)), None), 1),
        ((np.zeros((2, 1)), [0, 1]), 2),
        (([np.zeros((2, 1)), np.zeros(2)], np.zeros(2)), 2),
        ((np.zeros((2, 1)), np.zeros(2), np.ones(2)), 3),
    ],
)
def test_what_a_generator_may_yield(batch, parts):
    assert len(make_source(iter([batch])).peek()) == parts


WRONG = {
    "empty": ([], "generator is empty: it gave no batch"),
    "a list": ([[np.zeros(2), np.zeros(2)]], r"it is a list of 2. Write `yield x, y`"),
    "four parts": ([(np.zeros(2),) * 4], "it is a tuple of 4"),
    "a string": (["x"], "it is a str"),
    "None": ([None], "it is a NoneType"),
    "x is None": ([(None, np.zeros(2))], "x is None"),
    "rows differ": ([(np.zeros((3, 2)), np.zeros(2))], "Batch 0 .*x has 3 rows, y has 2 rows"),
    "no rows": ([(np.zeros((0, 2)), np.zeros(0))], "x is empty"),
    "strings": ([(np.zeros(1), ["a"])], "Batch 0 of the generator: y holds strings"),
    "another structure": (
        [(np.zeros(2), np.zeros(2)), (np.zeros(2),)],
        r"Batch 1 .*it is \(x\).*the first batch was \(x, y\)",
    ),
    "another rank": ([(np.zeros(2),), (np.zeros((2, 2)),)], "arrays of 2 axes"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_generator_must_not_yield(name):
    batches, text = WRONG[name]
    with pytest.raises(ValueError, match=text):
        list(make_source(iter(batches)).batches(0))


def test_lengths_within_a_batch_may_change_from_batch_to_batch():
    sizes = [(2, 5), (3, 7), (1, 2)]
    assert len(list(make_source(iter([(np.zeros(s),) for s in sizes])).batches(0))) == 3


def test_class_weights_apply_to_batches():
    source = make_source(generator(2), class_weight={1: 4.0})
    assert [w.tolist() for *_, w in source.batches(0)] == [[1.0] * 4, [4.0] * 4]
    weighted = iter([(np.zeros(1), np.zeros(1), np.ones(1))])
    with pytest.raises(ValueError, match="gives sample weights, and class_weight"):
        list(make_source(weighted, class_weight={1: 4.0}).batches(0))


@pytest.mark.parametrize("workers", [1, 3])
def test_a_py_dataset_is_shuffled_by_seed_and_epoch(workers):
    def order(epoch, seed=1):
        source = make_source(Dataset(8, workers=workers), shuffle=True, seed=seed)
        return seen(source, epoch)

    assert sorted(order(0)) == list(range(8))
    assert order(0) == order(0)
    assert order(0) != order(1)
    assert seen(make_source(Dataset(8, workers=workers))) == list(range(8))


def test_a_py_dataset_hears_of_epochs_once():
    dataset = Dataset(2)
    source = make_source(dataset)
    assert source.num_batches == 2
    for epoch in range(2):
        seen(source, epoch)
        source.on_epoch_end()
    epoch = source.batches(2)
    next(epoch)
    epoch.close()
    assert dataset.events == ["begin", "end"] * 3


def test_a_py_dataset_may_grow_between_epochs():
    dataset = Dataset(2)
    source = make_source(dataset)
    seen(source, 0)
    dataset.n = 3
    assert seen(source, 1) == [0, 1, 2]
    assert source.num_batches == 3


def test_an_endless_py_dataset_with_steps():
    class Endless(Dataset):
        num_batches = None

    source = make_source(Endless(0, workers=2), steps=3)
    assert (seen(source, 0), seen(source, 1)) == ([0, 1, 2], [3, 4, 5])
    source.close()


def test_an_empty_py_dataset_is_told():
    with pytest.raises(ValueError, match="PyDataset Dataset is empty"):
        make_source(Dataset(0)).peek()
    with pytest.raises(ValueError, match="PyDataset, which gives y itself"):
        make_source(Dataset(1), y=[1])
