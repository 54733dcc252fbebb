"""split_dataset: rows in two parts."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette.utils import split_dataset

X, Y = np.arange(10), np.arange(10) * 10


@pytest.mark.parametrize(
    "sizes, left, right",
    [
        ({"left_size": 0.3}, range(3), range(3, 10)),
        ({"left_size": 3}, range(3), range(3, 10)),
        ({"right_size": 0.25}, range(8), range(8, 10)),
        ({"left_size": 0.35}, range(4), range(4, 10)),
        ({"left_size": 0.3, "right_size": 0.3}, range(3), range(7, 10)),
        ({"left_size": 4, "right_size": 0.3}, range(4), range(7, 10)),
        ({"left_size": 2, "right_size": 3}, range(2), range(7, 10)),
    ],
)
def test_the_parts_are_those_of_keras(sizes, left, right):
    a, b = split_dataset(X, **sizes)
    assert list(a) == list(left)
    assert list(b) == list(right)
    assert (len(a), a.cardinality()) == (len(left), len(left))


def test_two_halves_of_an_odd_number():
    a, b = split_dataset(np.arange(7), left_size=0.5, right_size=0.5)
    assert (len(a), len(b)) == (4, 3)


def test_arrays_are_split_together():
    left, right = split_dataset((X, Y), left_size=0.5)
    assert [(int(x), int(y)) for x, y in left] == [(i, 10 * i) for i in range(5)]
    assert len(right) == 5


def test_shuffling_follows_the_seed_as_in_keras():
    left, right = split_dataset(X, left_size=0.5, shuffle=True, seed=1)
    assert list(left) == [6, 8, 9, 7, 5]
    assert list(right) == [3, 0, 4, 1, 2]


def test_a_dataset_of_rows_is_split():
    class Pairs:
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return np.full(2, i), i

    left, right = split_dataset(Pairs(), left_size=1)
    assert left.arrays[0].shape == (1, 2)
    assert right.arrays[1].tolist() == [1, 2, 3]


def test_batches_train_a_model():
    x = np.random.default_rng(0).normal(size=(20, 3))
    left, right = split_dataset((x, x.sum(axis=1)), left_size=0.75)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(left.batch(4), validation_data=right.batch(4), epochs=2, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert len(left.batch(4)) == 4
    assert len(left.batch(4, drop_remainder=True)) == 3
    assert model.predict(split_dataset(x, left_size=6)[0].batch(4), verbose=0).shape == (6, 1)


@pytest.mark.parametrize(
    "dataset, arguments, error, words",
    [
        (X, {}, ValueError, "left_size or right_size"),
        (X, {"left_size": 11}, ValueError, "between 0 and 10"),
        (X, {"left_size": 0}, ValueError, "left_size"),
        (X, {"left_size": 1.0}, ValueError, "left_size"),
        (X, {"right_size": -1}, ValueError, "right_size"),
        (X, {"left_size": "a"}, TypeError, "left_size"),
        (X, {"left_size": True}, TypeError, "left_size"),
        (X, {"left_size": 0.8, "right_size": 0.8}, ValueError, "add up"),
        (X, {"left_size": 8, "right_size": 8}, ValueError, "there are 10"),
        (X, {"left_size": 0.01}, ValueError, "left part"),
        (X, {"left_size": 0.99}, ValueError, "right part"),
        ((X, Y[:5]), {"left_size": 0.5}, ValueError, r"\[10, 5\]"),
        ([1, 2], {"left_size": 0.5}, ValueError, "asarray"),
        (np.array([]), {"left_size": 0.5}, ValueError, "empty"),
        (3, {"left_size": 0.5}, TypeError, "an array"),
        ({"a": X}, {"left_size": 0.5}, TypeError, "an array"),
    ],
)
def test_what_cannot_be_split_is_refused(dataset, arguments, error, words):
    with pytest.raises(error, match=words):
        split_dataset(dataset, **arguments)


def test_a_batch_size_that_is_none_is_refused():
    with pytest.raises(ValueError, match="batch_size"):
        split_dataset(X, left_size=2)[0].batch(0)
