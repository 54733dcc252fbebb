"""Finding what a layer is made of: its weights, sublayers, metrics and seed generators.

They are read off its attributes each time (lists, tuples and dicts included), so a layer appended
to a list is found like one that was assigned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
    }
)


def owned(owner: Any) -> Iterator[Any]:
    """Yield the values of an object's attributes, those inside containers one by one."""
    skip = getattr(owner, "_untracked", ())
    for name, value in list(vars(owner).items()):
        if name not in _FOREIGN and name not in skip:
            yield from _inside(value)


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _inside(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _inside(item)
    else:
        yield value


def unique(items: Any) -> list[Any]:
    """Return `items` in order, each object once."""
    found: dict[int, Any] = {}
    for item in items:
        found.setdefault(id(item), item)
    return list(found.values())
