"""imdb, reuters and the housing sets: read from the cache, chosen and split as in Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from annette.datasets import boston_housing, california_housing, imdb, reuters


def texts(*rows):
    found = np.empty(len(rows), dtype=object)
    found[:] = [list(row) for row in rows]
    return found


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets"
    folder.mkdir()
    x, y = texts((5, 9, 2), (7, 1), (3, 3, 3, 3)), np.array([0, 1, 1])
    np.savez(folder / "imdb.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
    np.savez(folder / "reuters.npz", x=x, y=y)
    rows = np.arange(1400.0).reshape(700, 2)
    for name in ("boston", "california"):
        np.savez(folder / f"{name}_housing.npz", x=rows, y=np.arange(700.0))
    for name in ("imdb", "reuters"):
        (folder / f"{name}_word_index.json").write_text(json.dumps({"the": 1}))
    return folder


def rows(split):
    (x_train, y_train), (x_test, y_test) = split
    assert (len(x_train), len(x_test)) == (len(y_train), len(y_test))
    return sorted(x_train), sorted(x_test)


def test_words_are_moved_up_and_texts_begin_with_a_sign(home):
    train, test = rows(imdb.load_data())
    assert all(text[0] == 1 for text in train + test)
    assert [1, 10, 4] in train  # 7 + 3, 1 + 3
    assert [1, 8, 2, 5] in train  # the word of the largest number is left out, as in Keras


def test_rare_and_frequent_words_are_replaced_or_left_out(home):
    train, _ = rows(imdb.load_data(num_words=9, skip_top=5))
    assert train == [[2, 2, 2], [2, 6, 6, 6, 6], [2, 8, 2, 5]]
    train, _ = rows(imdb.load_data(num_words=9, skip_top=5, oov_char=None))
    assert train == [[], [6, 6, 6, 6], [8, 5]]
    train, _ = rows(imdb.load_data(num_words=9, start_char=None, index_from=0))
    assert train == [[3, 3, 3, 3], [5, 2, 2], [7, 1]]


def test_long_texts_are_left_out(home):
    train, test = rows(imdb.load_data(maxlen=4, num_words=99))
    assert train == test == [[1, 10, 4]]
    with pytest.raises(ValueError, match="maxlen=2"):
        imdb.load_data(maxlen=2)


def test_newswires_are_split(home):
    train, test = rows(reuters.load_data(test_split=0.4))
    assert (len(train), len(test)) == (1, 2)
    assert len(reuters.get_label_names()) == 46
    assert imdb.get_word_index() == reuters.get_word_index() == {"the": 1}


def test_housing_keeps_rows_together_in_the_order_of_the_seed(home):
    (x, y), (x_test, _) = boston_housing.load_data()
    assert (x.shape, x_test.shape) == ((560, 2), (140, 2))
    np.testing.assert_array_equal(x[:, 0], 2 * y)
    order = np.arange(700)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(y, order[:560])
    assert california_housing.load_data("small")[0][0].shape == (480, 2)
    assert california_housing.load_data(test_split=0.5)[1][0].shape == (350, 2)


def test_what_is_wrong_is_refused(home):
    with pytest.raises(ValueError, match="small"):
        california_housing.load_data("tiny")
    with pytest.raises(ValueError, match="test_split"):
        boston_housing.load_data(test_split=2)
    np.savez(home / "boston_housing.npz", z=np.zeros(3))
    with pytest.raises(ValueError, match="x, y"):
        boston_housing.load_data()
    np.savez(home / "reuters.npz", x=np.array([print], dtype=object), y=np.zeros(1))
    with pytest.raises(ValueError, match="print"):
        reuters.load_data()
