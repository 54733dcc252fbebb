"""What can be done with a dataset that a function of the package gave."""

from __future__ import annotations

import numpy as np
import pytest

from annette.utils import timeseries_dataset_from_array


def steps(**settings):
    return timeseries_dataset_from_array(np.arange(10), None, 1, **{"batch_size": 4, **settings})


def flat(dataset):
    return [np.asarray(b).reshape(-1).tolist() for b in dataset]


def test_take_and_skip_know_their_lengths():
    data = steps()
    assert flat(data.take(2)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert flat(data.skip(2)) == [[8, 9]]
    assert [len(d) for d in (data.take(2), data.take(9), data.skip(2), data.skip(9))] == [
        2,
        3,
        1,
        0,
    ]
    assert flat(data.take(-1)) == flat(data) and flat(data.skip(-1)) == []
    assert flat(data.skip(1).take(1)) == [[4, 5, 6, 7]]


def test_map_gets_the_parts():
    data = timeseries_dataset_from_array(np.arange(4), np.arange(4) + 10, 1, batch_size=2)
    changed = data.map(lambda x, y: (y, x * 2), num_parallel_calls=4)
    assert [(x.tolist(), y.tolist()) for x, y in changed] == [
        ([10, 11], [[0], [2]]),
        ([12, 13], [[4], [6]]),
    ]
    assert len(changed) == 2


def test_batch_and_unbatch_are_inverse():
    single = steps(batch_size=None)
    assert flat(single.batch(4)) == flat(steps()) and len(single.batch(4)) == 3
    assert flat(single.batch(4, drop_remainder=True)) == flat(steps())[:2]
    assert len(single.batch(4, drop_remainder=True)) == 2
    assert flat(steps().unbatch()) == flat(single)
    with pytest.raises(ValueError, match="batch_size"):
        single.batch(0)


def test_cache_makes_each_element_once():
    made = []
    data = steps().map(lambda x: made.append(1) or x).cache()
    assert flat(data) == flat(data) == flat(steps()) and len(made) == 3


def test_a_cache_broken_off_is_no_cache():
    data = steps().cache()
    next(iter(data))
    assert flat(data) == flat(steps())


def test_shuffle_draws_from_its_buffer():
    data = steps(batch_size=None)
    assert flat(data.shuffle(1, seed=1))[0] in ([0], [1])
    mixed = data.shuffle(100, seed=1)
    first, second = flat(mixed), flat(mixed)
    assert sorted(first) == sorted(second) == flat(data) and first != second != flat(data)
    same = data.shuffle(100, seed=1, reshuffle_each_iteration=False)
    assert flat(same) == flat(same) == first
    assert len(mixed) == 10


def test_numpy_iterator_gives_plain_arrays():
    assert all(type(x) is np.ndarray for x in steps().as_numpy_iterator())


def test_an_unknown_length_is_said():
    data = steps().unbatch()
    assert data.cardinality() == -2
    with pytest.raises(TypeError, match="not known"):
        len(data)
