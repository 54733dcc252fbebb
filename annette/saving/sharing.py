"""Objects that several parts of a model share: written once each time, and one object again.

Keras 3 gives an object that it describes a second time, and from then on, the key
``shared_object_id``. annette gives it the first time as well, to objects with a state of their own:
for others it does not matter whether there is one or two.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from annette.saving.walk import has_state

KEY = "shared_object_id"
_local = threading.local()


class _Met:
    """The objects that are met while a model is described, and the numbers of those met twice."""

    def __init__(self) -> None:
        self.objects: dict[int, Any] = {}  # kept, so that no other object gets the id of one
        self.times: Counter[int] = Counter()
        self.numbers: dict[int, int] | None = None


def described(serialize: Callable[[Any], Any], obj: Any) -> Any:
    """What `serialize` makes of an object, with a number for each object that is in it twice."""
    met = _Met()
    before = getattr(_local, "met", None)
    _local.met = met
    try:
        serialize(obj)
        twice = [i for i, times in met.times.items() if times > 1]
        met.numbers = {i: number for number, i in enumerate(twice, 1)}
        return serialize(obj)
    finally:
        _local.met = before


def number(obj: Any, description: dict[str, Any]) -> None:
    """Put its number into the description of an object that is there more than once."""
    met: _Met | None = getattr(_local, "met", None)
    if met is None or not has_state(obj):
        return
    if met.numbers is None:
        met.objects[id(obj)] = obj
        met.times[id(obj)] += 1
    elif id(obj) in met.numbers:
        description[KEY] = met.numbers[id(obj)]


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
    if made is None or not has_state(instance):
        return
    text = _text(config)
    if type(config.get(KEY)) is int:
        made.by_number[config[KEY]] = text, instance
    else:
        made.by_text[text] = instance


def _text(config: dict[str, Any]) -> str:
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
