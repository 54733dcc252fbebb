"""Names given by themselves: ``dense``, ``dense_1``, … as Keras counts them."""

from __future__ import annotations

import re
from collections import Counter

_counts: Counter[str] = Counter()
_uids: Counter[str] = Counter()


def to_snake_case(name: str) -> str:
    """Return a class's name as Keras spells it in auto-names: ``ReLU`` becomes ``re_lu``."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """Return `prefix` the first time it is asked for, then ``prefix_1`` and so on."""
    number = _counts[prefix]
    _counts[prefix] += 1
    return f"{prefix}_{number}" if number else prefix


def uniquify(name: str) -> str:
    """Return `name` as it is the first time, numbered after that."""
    return auto_name(name)


def next_uid(prefix: str = "") -> int:
    """Return 1, 2, 3, ... for each prefix."""
    _uids[prefix] += 1
    return _uids[prefix]


def reset_uids() -> None:
    """Begin the numbers of `next_uid` anew."""
    _uids.clear()


def reset_names() -> None:
    """Start counting anew."""
    _counts.clear()
    reset_uids()
