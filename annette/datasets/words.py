"""What texts as lists of word numbers share (imdb, reuters)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np


def chosen_words(
    x: list[Any],
    y: list[Any],
    num_words: int | None,
    skip_top: int,
    maxlen: int | None,
    start_char: int | None,
    oov_char: int | None,
    index_from: int | None,
) -> tuple[list[list[int]], list[Any]]:
    """Return texts and labels with the words that were asked for.

    Numbers move up by `index_from` and `start_char` comes first, where they are given. Texts of
    `maxlen` words or more are left out. A number outside [skip_top, num_words) becomes `oov_char`,
    or is left out where that is None.

    Raises:
        ValueError: if no text is short enough.
    """
    begin = [start_char] if start_char is not None else []
    shift = index_from or 0
    if begin:
        texts = [begin + [w + shift for w in text] for text in x]
    else:
        texts = [[w + shift for w in text] for text in x]
    labels = list(y)
    if maxlen is not None:
        kept = [(t, m) for t, m in zip(texts, labels, strict=True) if len(t) < maxlen]
        if not kept:
            raise ValueError(
                f"No text is shorter than maxlen={maxlen}, so that none is left. Increase maxlen."
            )
        texts, labels = [t for t, _ in kept], [m for _, m in kept]
    if num_words is None:
        # As in Keras the rarest word of all is left out, even where all are asked for.
        num_words = max(max(text, default=0) for text in texts)

    def known(word: int) -> bool:
        return skip_top <= word < num_words

    if oov_char is None:
        return [[w for w in text if known(w)] for text in texts], labels
    return [[w if known(w) else oov_char for w in text] for text in texts], labels


def as_objects(texts: list[list[int]]) -> np.ndarray:
    """Return an array of lists."""
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found


def read_index(file: Path) -> dict[str, int]:
    """Return the words' numbers."""
    with file.open(encoding="utf-8") as content:
        found: dict[str, int] = json.load(content)
    return found
