"""What holds while layers call each other: the outermost call and `training`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from annette.graph.context import state


class _Calls(threading.local):
    def __init__(self) -> None:
        self.entry: Any = None
        self.training: bool | None = None


calls = _Calls()


@contextmanager
def entered(layer: Any, training: bool | None) -> Iterator[bool]:
    """Mark a call of `layer`; yields whether it is the outermost."""
    before = calls.entry, calls.training, state.cast
    outermost = calls.entry is None
    if outermost:
        calls.entry = layer
    calls.training = training
    state.cast = layer._reads_as
    try:
        yield outermost
    finally:
        calls.entry, calls.training, state.cast = before
