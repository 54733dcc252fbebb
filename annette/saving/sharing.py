"""Objects that several parts of a model share: written once each time, and one object again.

Keras 3 gives an object that it describes a second time, and from then on, the key
``shared_object_id``. annette gives it the first time as well, to objects with a state or calls of
their own: for others it does not matter whether there is one or two.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from annette.saving.walk import has_state

KEY = "shared_object_id"
_local = threading.local()


def described(serialize: Callable[[Any], Any], obj: Any) -> Any:
    """What `serialize` makes of an object, with a number for each object that is in it twice."""
    before = getattr(_local, "seen", None)
    _local.seen = {}
    try:
        found = serialize(obj)
    finally:
        _local.seen = before
    counts: Counter[int] = Counter()
    _count(found, counts)
    return _kept(found, {n for n, times in counts.items() if times > 1})


def number(obj: Any, description: dict[str, Any]) -> None:
    """Put its number into the description of an object of which it matters that it is one."""
    seen: dict[int, tuple[int, Any]] | None = getattr(_local, "seen", None)
    if seen is not None and _matters(obj):  # kept, so that no other object gets the id of one
        description[KEY] = seen.setdefault(id(obj), (len(seen) + 1, obj))[0]


def _matters(obj: Any) -> bool:
    """Whether one object is another thing than two alike: it has a state, or calls."""
    return has_state(obj) or hasattr(obj, "_inbound_nodes")


def _count(value: Any, counts: Counter[int]) -> None:
    if isinstance(value, dict):
        if KEY in value:
            counts[value[KEY]] += 1
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            _count(part, counts)


def _kept(value: Any, numbers: set[int]) -> Any:
    """A description without the numbers of what is in one place only."""
    if isinstance(value, (list, tuple)):
        return type(value)(_kept(part, numbers) for part in value)
    if not isinstance(value, dict):
        return value
    return {k: _kept(v, numbers) for k, v in value.items() if k != KEY or v in numbers}


class _Made:
    """The objects that were made of a file's descriptions, by these and by their numbers."""

    def __init__(self) -> None:
        self.by_text: dict[str, Any] = {}
        self.by_number: dict[int, tuple[str, Any]] = {}


@contextlib.contextmanager
def sharing(config: Any) -> Iterator[None]:
    """Within, what a configuration says is one object is made once."""
    before = getattr(_local, "made", None)
    _local.made = _Made() if _has_numbers(config) else None
    try:
        yield
    finally:
        _local.made = before


def known(config: dict[str, Any]) -> Any:
    """The object that was made of an earlier description of the same one; else None."""
    made: _Made | None = getattr(_local, "made", None)
    if made is None or type(config.get(KEY)) is not int:
        return None
    text = _text(config)
    of, found = made.by_number.get(config[KEY], ("", None))
    if of != text:
        # Keras numbers an object from the second time on: the first is known by its description.
        found = made.by_text.get(text)
    if found is not None:
        made.by_number[config[KEY]] = text, found
    return found


def remember(config: dict[str, Any], instance: Any) -> None:
    """Note what was made of a description, if it is one that may come again."""
    made: _Made | None = getattr(_local, "made", None)
    if made is None or not _matters(instance):
        return
    text = _text(config)
    if type(config.get(KEY)) is int:
        made.by_number[config[KEY]] = text, instance
    else:
        made.by_text[text] = instance


def _text(config: dict[str, Any]) -> str:
    import json  # which a program that saves nothing does not need

    parts = [config.get("module"), config["class_name"], _without_numbers(config["config"])]
    return json.dumps(parts, sort_keys=True, default=repr)


def _without_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _without_numbers(v) for k, v in value.items() if k != KEY}
    if isinstance(value, (list, tuple)):
        return [_without_numbers(v) for v in value]
    return value


def _has_numbers(config: Any) -> bool:
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if KEY in value:
                return True
            pending += value.values()
        elif isinstance(value, (list, tuple)):
            pending += value
    return False
