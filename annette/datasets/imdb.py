"""IMDB: 50,000 film reviews, good (1) or bad (0), as numbers of words (Maas et al., 2011)."""

from __future__ import annotations

import numpy as np

from annette.datasets.common import Split, cached, in_order, read_arrays
from annette.datasets.words import as_objects, chosen_words, read_index

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 25,000 reviews each.

    A word's number is its rank by frequency, moved up by `index_from`; 0 is free for padding.

    Args:
        path: of the file, in ``$KERAS_HOME/datasets``, else ``~/.keras/datasets``.
        num_words: numbers from here on become `oov_char`; none do if None.
        skip_top: numbers below become `oov_char`.
        maxlen: reviews of so many words or more are left out.
        seed: of the order of the reviews.
        start_char: put before each review, unless None.
        oov_char: stands for words that are left out; if None they are simply gone.
        index_from: what is added to the words' numbers.

    Output shape: texts (n,) of lists of int; labels (n,).

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if no review is shorter than `maxlen`, or the file is none of this data set.
    """
    file = cached(path, "imdb.npz", _SHA256)
    keys = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = read_arrays(file, keys)
    random = np.random.RandomState(seed)
    x_train, y_train = in_order((x_train, y_train), random)
    x_test, y_test = in_order((x_test, y_test), random)
    texts, labels = chosen_words(
        [*x_train, *x_test], [*y_train, *y_test], num_words, skip_top, maxlen,
        start_char, oov_char, index_from,
    )  # fmt: skip
    begin = 0 if start_char is None else 1
    n = sum(maxlen is None or len(text) + begin < maxlen for text in x_train)
    x, y = as_objects(texts), np.array(labels)
    return (x[:n], y[:n]), (x[n:], y[n:])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return each word's rank by frequency, beginning at 1, without `index_from`.

    Raises:
        OSError: if there is no file and none can be downloaded.
    """
    return read_index(cached(path, "imdb_word_index.json", _INDEX_MD5))
