"""The order of the rows in an epoch."""

from __future__ import annotations

import numpy as np


def epoch_order(rows: int, seed: int, epoch: int) -> np.ndarray:
    """Return a random order of `rows`, which depends on `seed` and `epoch` alone.

    The rows are sorted by the words of a counter-based generator (Philox; Salmon et al., 2011),
    which are the same on every machine and in every version of NumPy.
    """
    words = np.random.Philox(key=[seed, epoch]).random_raw(rows)
    order: np.ndarray = np.argsort(words)  # two equal words of 64 bits do not occur
    return order
