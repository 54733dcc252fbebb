"""What loading a file holds back: how many numbers layers may make, and files outside of it."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence

_LEAST = 2**24  # numbers that layers may make in any case
_local = threading.local()


@contextlib.contextmanager
def loading(numbers: int, safe_mode: bool) -> Iterator[None]:
    """Within, layers may make few numbers more than the file has, which is `numbers`.

    A configuration of a few bytes can ask for layers of any size; what the file has weights for
    bounds them.
    """
    before = getattr(_local, "left", None), getattr(_local, "safe", False)
    _local.left, _local.safe = max(16 * numbers, _LEAST), safe_mode
    try:
        yield
    finally:
        _local.left, _local.safe = before


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
