"""What loading a file holds back: how many numbers layers may make, and files outside of it."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

_LEAST = 2**24  # numbers that layers may make in any case
_local = threading.local()


class Later:
    """Weights whose first values are drawn only if the file turns out to have none for them."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Any, Any, Any]] = []

    def add(self, variable: Any, initializer: Any) -> None:
        """Note a weight that is all zeros for now."""
        self._waiting.append((variable, initializer, variable.array))

    def finish(self, given: set[int]) -> None:
        """Draw what nobody has set: `given` has the ids of the weights that the file had."""
        for variable, initializer, first in self._waiting:
            if id(variable) not in given and variable.array is first:
                variable.assign(initializer(variable.shape, dtype=variable.dtype))


@contextlib.contextmanager
def loading(numbers: int, safe_mode: bool) -> Iterator[Later]:
    """Within, layers may make few numbers more than the file has, which is `numbers`.

    A configuration of a few bytes can ask for layers of any size; what the file has weights for
    bounds them. Random first values wait: to draw them takes far longer than to read a file.
    """
    before = getattr(_local, "left", None), getattr(_local, "safe", False), later()
    _local.left, _local.safe = max(16 * numbers, _LEAST), safe_mode
    _local.later = Later()
    try:
        yield _local.later
    finally:
        _local.left, _local.safe, _local.later = before


def later() -> Later | None:
    """Where to note weights that need no first values yet; None while no file is loaded."""
    found: Later | None = getattr(_local, "later", None)
    return found


def spend(shape: Sequence[int | None], name: str) -> None:
    """Count the numbers of a weight that is about to be made.

    Raises:
        ValueError: while a file is loaded, if the weights are far more than the file has.
    """
    left = getattr(_local, "left", None)
    if left is None:
        return
    left -= math.prod(n or 1 for n in shape)
    if left < 0:
        raise ValueError(
            f"The file's configuration asks for a weight {name!r} of shape {tuple(shape)}, far "
            "more than the file has values for. It is damaged or not meant well."
        )
    _local.left = left


def refuse_path(path: str, owner: str) -> None:
    """Raise ValueError if a file is being loaded in safe mode: it may not name other files."""
    if getattr(_local, "safe", False):
        raise ValueError(
            f"The configuration of {owner} names the file {path!r}, and loading reads nothing but "
            "the model's own file. If you trust it, load with safe_mode=False."
        )
