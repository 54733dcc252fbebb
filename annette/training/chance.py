"""The states of the random generators that a program shares: Python's, NumPy's and annette's."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from annette import random
from annette.training.plausible import is_count


def random_states() -> dict[str, Any]:
    """Return the states of Python's ``random``, ``numpy.random`` and annette's own generator."""
    version, words, gauss = python_random.getstate()
    _, key, place, has_gauss, cached = np.random.get_state()
    own = random._global
    return {
        "python": [version, np.array(words, "uint64"), gauss],
        "numpy": [np.array(key, "uint32"), int(place), int(has_gauss), float(cached)],
        "annette": None if own is None else [own.seed, own.state.numpy()],
    }


def are_random_states(states: Any) -> bool:
    """Say whether this is what `random_states` returns."""
    try:
        version, words, gauss = states["python"]
        key, place, has_gauss, cached = states["numpy"]
        own = states["annette"]
        return (
            (version, words.shape, str(words.dtype)) == (3, (625,), "uint64")
            and (gauss is None or type(gauss) is float)
            and int(words.max()) < 2**32
            and int(words[-1]) <= 624
            and (key.shape, str(key.dtype)) == ((624,), "uint32")
            and (type(place), type(has_gauss), type(cached)) == (int, int, float)
            and 0 <= place <= 624
            and has_gauss in (0, 1)
            and (own is None or _is_generator(own))
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return False


def _is_generator(own: Any) -> bool:
    seed, state = own
    return is_count(seed) and (state.shape, str(state.dtype)) == ((2,), "uint32")


def set_random_states(states: dict[str, Any]) -> None:
    """Set the generators to the states that `random_states` returned."""
    version, words, gauss = states["python"]
    key, place, has_gauss, cached = states["numpy"]
    python_random.setstate((version, tuple(words.tolist()), gauss))
    np.random.set_state(("MT19937", key, place, has_gauss, cached))
    if states["annette"] is not None:
        seed, state = states["annette"]
        if random._global is None:
            random.reset_global(seed)
        # the generator stays: programs that were traced hold its variable
        random.global_generator().state.assign(state)
