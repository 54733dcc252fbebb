"""What is going on in this thread: the innermost trace, tapes that watch, values lent to variables."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annette.graph.stateless import StatelessScope
    from annette.graph.tensor import Tensor
    from annette.graph.trace import Trace


class _State(threading.local):
    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.tapes: list[Any] = []
        self.watched: dict[int, tuple[Any, Tensor]] = {}
        self.scope: StatelessScope | None = None
        self.names: list[str] = []
        # What floats of variables are read as: the dtype a layer of mixed precision computes in.
        self.cast: str | None = None
        # Whether unknown sizes have numbers only to see which sizes of a result move with them.
        self.probing = False
        # What counts the numbers that are made while a model is loaded; see `saving.budget`.
        self.loading: Any = None


state = _State()


def count_constant(*shape: int) -> tuple[int, ...]:
    """Return the shape of an array that is about to be made, which a model's file must justify.

    Raises:
        ValueError: while a model is loaded, if the array is far larger than the file.
    """
    if state.loading is not None:
        state.loading.constant([(shape, "")])
    return shape


def recording(array: Any) -> bool:
    """Say whether a tape of this thread watches `array`."""
    return bool(state.watched) and id(array) in state.watched


@contextmanager
def suspended() -> Iterator[None]:
    """Compute at once inside: no trace and no tape sees what happens (creating a weight)."""
    before = state.trace, state.tapes, state.watched, state.scope, state.cast
    state.trace, state.tapes, state.watched, state.scope, state.cast = None, [], {}, None, None
    try:
        yield
    finally:
        state.trace, state.tapes, state.watched, state.scope, state.cast = before


class name_scope:  # Keras's name
    """Put `name` before the paths of the variables that are made inside.

    Raises:
        ValueError: if the name is no string, or holds a slash.
    """

    __slots__ = ("name",)

    def __init__(self, name: str, **kwargs: Any) -> None:
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name_scope expects a string without '/'; it got {name!r}.")
        self.name = name

    def __enter__(self) -> name_scope:
        state.names.append(self.name)
        return self

    def __exit__(self, *error: object) -> None:
        state.names.pop()


def scoped(name: str) -> str:
    """Return `name` with the open name scopes before it."""
    return "/".join([*state.names, name])
