"""Reuters: 11,228 newswires on 46 topics, as numbers of words (Reuters-21578, Lewis, 1987)."""

from __future__ import annotations

import numpy as np

from annette.datasets.common import Split, cached, in_order, read_arrays
from annette.datasets.words import as_objects, chosen_words, read_index

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 8,982 and 2,246 newswires.

    The arguments are those of `imdb.load_data`, and `test_split`: the fraction for testing.

    Output shape: texts (n,) of lists of int; labels (n,), 0..45.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if no text is shorter than `maxlen`, or the file is none of this data set.
    """
    x, y = read_arrays(cached(path, "reuters.npz", _SHA256), ("x", "y"))
    x, y = in_order((x, y), np.random.RandomState(seed))
    texts, labels = chosen_words(
        list(x), list(y), num_words, skip_top, maxlen, start_char, oov_char, index_from
    )
    n = int(len(texts) * (1 - test_split))
    found, numbers = as_objects(texts), np.array(labels)
    return (found[:n], numbers[:n]), (found[n:], numbers[n:])


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return each word's rank by frequency, beginning at 1, without `index_from`.

    Raises:
        OSError: if there is no file and none can be downloaded.
    """
    return read_index(cached(path, "reuters_word_index.json", _INDEX_MD5))


def get_label_names() -> tuple[str, ...]:
    """Return the topics' names in the order of their numbers."""
    return tuple(_TOPICS.split())
