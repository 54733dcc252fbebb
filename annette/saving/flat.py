"""The state of a model as arrays with names, for the formats that have no groups.

An array is named by its variable's path (``dense/kernel``; without the name of the model, if that
is before it); what is written says beside it which part of the model each is for
(``layers/dense/vars/0``, the place in a ``.weights.h5`` file), so that it fits a model whose layers
have other names. Arrays without that are found by either name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from annette.saving.walk import parts_of
from annette.saving.weights import Saved, Store, saved_by

_MOST_LETTERS = 1000


def named_arrays(root: Any) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of an object and of all its parts by name, and the place of each name."""
    entries = [
        (f"{saved.part.path}/vars/{key}".lstrip("/"), name, value)
        for saved in saved_by(root)
        for key, name, value in _named(root, saved)
    ]
    taken = Counter(name for _, name, _ in entries) + Counter(place for place, _, _ in entries)
    arrays, places = {}, {}
    for place, name, value in entries:
        chosen = name if taken[name] == 1 and _plain(name) else place
        arrays[chosen], places[chosen] = value, place
    return arrays, places


def _named(root: Any, saved: Saved) -> list[tuple[str, str, np.ndarray]]:
    """Keys, names and values of what a part saves."""
    names = {str(i): _within(root, v) for i, v in enumerate(_variables(saved.part.owner))}
    return [(key, names.get(key, ""), value) for key, value in saved.values.items()]


def _variables(owner: Any) -> list[Any]:
    """The variables of a part that saves them by their numbers."""
    usual = getattr(type(owner).load_own_variables, "_compares", False)
    return list(owner._saved_variables()) if usual else []


def _within(root: Any, variable: Any) -> str:
    """The path of a variable below the model."""
    return str(variable.path).removeprefix(f"{getattr(root, 'name', '')}/")


def _plain(name: str) -> bool:
    """Whether a name can be one in every format."""
    usual = 0 < len(name) <= _MOST_LETTERS and name.isprintable() and name.isascii()
    parts = name.split("/")
    return usual and not any(p in ("", ".", "..") for p in parts) and not set(name) & set(':\\"')


def stores(
    root: Any, arrays: Mapping[str, Any], places: Mapping[str, str] | None
) -> dict[str, Store]:
    """What arrays are there for each path: each array has a shape, a dtype and read().

    Raises:
        ValueError: if there is an array without a place, or two for one.
    """
    found: dict[str, Store] = {}
    known = places if places is not None else _places(root)
    for name, array in arrays.items():
        place = known.get(name, name)
        if not isinstance(place, str):
            raise ValueError(f"The place of {name!r} in the file is no text.")
        above, _, key = place.rpartition("/")
        path, _, last = above.rpartition("/")
        if last != "vars" and above != "vars":
            # Of no variable of this model: kept under its own name, to be told of.
            path, key = name, "0"
        store = found.setdefault(path, Store())
        if key in store.datasets:
            raise ValueError(f"The file has two arrays for {place!r}.")
        store.datasets[key] = array
    return found


def _places(root: Any) -> dict[str, str]:
    """The place of each variable by its path, as far as the paths are unlike."""
    entries = [
        (name, f"{part.path}/vars/{i}".lstrip("/"))
        for part in parts_of(root)
        for i, variable in enumerate(_variables(part.owner))
        for name in {str(variable.path), _within(root, variable)}
    ]
    taken = Counter(name for name, _ in entries)
    return {name: place for name, place in entries if taken[name] == 1}
