"""Finding what a layer is made of: its weights, sublayers, metrics and seed generators.

They are read off its attributes each time (lists, tuples and dicts included), so a layer appended
to a list is found like one that was assigned.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

# Attributes that refer to other layers without owning them.
_FOREIGN = frozenset(
    {
        "_inbound_nodes",
        "_init_arguments",
        "_losses",
        "optimizer",
        "history",
        "_compiled",
        "_keras_mask",
        "_owned",
        "_found",
    }
)


# What no layer, metric or variable can be in.
_PLAIN = frozenset({str, int, float, bool, complex, bytes, type(None), np.ndarray})


class _Changes:
    """How often an attribute of some layer was set: what was worked out before may not hold."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


changes = _Changes()


def owned(owner: Any) -> list[Any]:
    """Return the values of an object's attributes, those inside containers one by one.

    Numbers, strings and arrays are left out.
    """
    # The lists of this library's own layers change only where `changes` is told.
    steady = getattr(owner, "_steady", False)
    if steady:
        kept = owner.__dict__.get("_owned")
        if kept is not None and kept[0] == changes.count:
            known: list[Any] = kept[1]
            return known
    skip = getattr(owner, "_untracked", ())
    found: list[Any] = []
    for name, value in vars(owner).items():
        kind = type(value)
        if kind in _PLAIN or name in _FOREIGN or name in skip:
            continue
        if isinstance(value, (list, tuple, dict)):
            _gather(value, found)
        else:
            found.append(value)
    if steady:
        owner.__dict__["_owned"] = (changes.count, found)
    return found


def while_unchanged(search: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    """Make a search through a layer's sublayers keep its result while no layer changes.

    A layer of the user's may change unseen: where there is one, each call searches.
    """

    @functools.wraps(search)
    def found(owner: Any) -> list[Any]:
        memory = owner.__dict__.get("_found")
        if memory is None or memory[0] != changes.count:
            layers = owner._flatten_layers()
            memory = (changes.count, {} if all(x._steady for x in layers) else None)
            owner.__dict__["_found"] = memory
        results = memory[1]
        if results is None:
            return search(owner)
        if search.__qualname__ not in results:
            results[search.__qualname__] = search(owner)
        return list(results[search.__qualname__])

    return found


def _gather(container: Any, found: list[Any]) -> None:
    for item in container.values() if isinstance(container, dict) else container:
        if type(item) in _PLAIN:
            continue
        if isinstance(item, (list, tuple, dict)):
            _gather(item, found)
        else:
            found.append(item)


def unique(items: Any) -> list[Any]:
    """Return `items` in order, each object once."""
    found: dict[int, Any] = {}
    for item in items:
        found.setdefault(id(item), item)
    return list(found.values())
