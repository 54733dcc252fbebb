"""to_categorical, normalize and pad_sequences give what Keras gives."""

from __future__ import annotations

import numpy as np
import pytest

from annette import utils


@pytest.mark.parametrize(
    ("labels", "classes", "rows"),
    [
        ([0, 2, 1], None, [[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
        ([[1], [0]], None, [[0, 1], [1, 0]]),
        ([1], 3, [[0, 1, 0]]),
        ([[0, 1]], 2, [[[1, 0], [0, 1]]]),
        (["1", "0"], None, [[0, 1], [1, 0]]),
        ([1.0, 0.0], None, [[0, 1], [1, 0]]),
    ],
)
def test_classes_become_one_hot_rows(labels, classes, rows):
    made = utils.to_categorical(labels, classes)
    assert made.dtype == np.float64
    np.testing.assert_array_equal(made, rows)


@pytest.mark.parametrize(
    ("labels", "classes", "text"),
    [
        ([1, 2, 3], 3, r"from 0 to 2 .*it got 3.*x - 1"),
        ([0, -1], None, "it got -1"),
        ([0.5], None, r"whole numbers; it got 0\.5"),
        (["cat"], None, "numpy.unique"),
        ([], None, "no labels"),
    ],
)
def test_impossible_classes_are_explained(labels, classes, text):
    with pytest.raises(ValueError, match=text):
        utils.to_categorical(labels, classes)


def test_normalize_makes_unit_vectors_and_leaves_zeros():
    np.testing.assert_allclose(utils.normalize(np.array([[3.0, 4], [0, 0]])), [[0.6, 0.8], [0, 0]])
    columns = utils.normalize(np.array([[3.0, 0], [4, 2]]), axis=0)
    np.testing.assert_allclose(columns, [[0.6, 0], [0.8, 1]])


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6], [0, 0, 0]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6], [0, 0, 0]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6], [0, 0]]),
        ({"maxlen": 2, "truncating": "post", "value": 9}, [[9, 1], [2, 3], [4, 5], [9, 9]]),
    ],
)
def test_sequences_become_equally_long(options, rows):
    made = utils.pad_sequences([[1], [2, 3], [4, 5, 6], []], **options)
    assert made.dtype == np.int32
    np.testing.assert_array_equal(made, rows)


def test_sequences_of_vectors_and_of_strings():
    made = utils.pad_sequences([[[1, 2]], [[3, 4], [5, 6]]], dtype="float32")
    np.testing.assert_array_equal(made, [[[0, 0], [1, 2]], [[3, 4], [5, 6]]])
    words = utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("sequences", "options", "text"),
    [
        ([1, 2], {}, r"sequences\[0\] is 1"),
        (5, {}, "it got int"),
        ([[1]], {"padding": "left"}, "'pre' or 'post'"),
        ([[1]], {"value": "x"}, "dtype=object"),
        ([[[1, 2]], [[1]]], {}, "one shape"),
    ],
)
def test_impossible_sequences_are_explained(sequences, options, text):
    with pytest.raises(ValueError, match=text):
        utils.pad_sequences(sequences, **options)


def test_every_public_name_is_there():
    for name in utils.__all__:
        assert getattr(utils, name) is not None
    assert utils.Sequence is utils.PyDataset
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        utils.nothing  # noqa: B018


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "1"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match="whole number"):
        utils.set_random_seed(seed)


def test_a_seed_makes_all_generators_repeat():
    import random

    drawn = []
    for _ in range(2):
        utils.set_random_seed(7)
        drawn.append((random.random(), float(np.random.rand())))
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize(
    ("batch", "parts"),
    [(1, (1, None, None)), ((1,), (1, None, None)), ([1, 2], (1, 2, None)), ((1, 2, 3), (1, 2, 3))],
)
def test_a_batch_is_taken_apart(batch, parts):
    assert utils.unpack_x_y_sample_weight(batch) == parts


def test_a_batch_is_put_together():
    assert utils.pack_x_y_sample_weight(1) == 1
    assert utils.pack_x_y_sample_weight([1]) == ([1],)
    assert utils.pack_x_y_sample_weight(1, 2) == (1, 2)
    assert utils.pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)
    with pytest.raises(ValueError, match="4"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))
