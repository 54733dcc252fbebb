"""What a whole program shares: the count of names, and the seeds."""

from __future__ import annotations

import random as python_random

import numpy as np

from annette import random
from annette.utils.naming import reset_names


def clear_session(free_memory: bool = True) -> None:
    """Forget what was counted so far: names start anew, and the global random generator."""
    reset_names()
    random.reset_global(None)


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and annette's random numbers: the same seed, the same bits.

    Raises:
        ValueError: if `seed` is no whole number from 0 to 2**32 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(
            f"set_random_seed expects a whole number from 0 to 4294967295; it got {seed!r}."
        )
    python_random.seed(int(seed))
    np.random.seed(int(seed))
    random.reset_global(int(seed))
