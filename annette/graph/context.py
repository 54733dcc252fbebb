"""What is going on in this thread: the innermost trace, and the tapes that watch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annette.graph.tensor import Tensor
    from annette.graph.trace import Trace


class _State(threading.local):
    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.tapes: list[Any] = []
        self.watched: dict[int, tuple[Any, Tensor]] = {}


state = _State()


def recording(array: Any) -> bool:
    """Say whether a tape of this thread watches `array`."""
    return bool(state.watched) and id(array) in state.watched


@contextmanager
def suspended() -> Iterator[None]:
    """Compute at once inside: no trace and no tape sees what happens (creating a weight)."""
    before = state.trace, state.tapes, state.watched
    state.trace, state.tapes, state.watched = None, [], {}
    try:
        yield
    finally:
        state.trace, state.tapes, state.watched = before
