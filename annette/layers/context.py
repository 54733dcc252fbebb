"""What holds while layers call each other: the outermost call, `training`, and the name scope."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Calls(threading.local):
    def __init__(self) -> None:
        self.entry: Any = None
        self.training: bool | None = None
        self.scopes: list[str] = []


calls = _Calls()


@contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Put `name` before the paths of the weights that are made inside."""
    calls.scopes.append(name)
    try:
        yield
    finally:
        calls.scopes.pop()


def scoped(name: str) -> str:
    """Return `name` with the open name scopes before it."""
    return "/".join([*calls.scopes, name])


@contextmanager
def entered(layer: Any, training: bool | None) -> Iterator[bool]:
    """Mark a call of `layer`; yields whether it is the outermost."""
    before = calls.entry, calls.training
    outermost = calls.entry is None
    if outermost:
        calls.entry = layer
    calls.training = training
    try:
        yield outermost
    finally:
        calls.entry, calls.training = before
