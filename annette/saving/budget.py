"""What loading a file holds back: weights before they are compared, large constants, other files.

While a model is made from a file, its variables have a shape and a dtype and no numbers yet: these
come from the file once names, shapes and sizes have been found to agree. So nothing is allocated
for what a configuration asks for and the file does not have.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from annette.graph.context import state

# Numbers that may be made beside those in the file in any case: seeds, counters, sums of metrics,
# the constants that layers compute with.
_LEAST = 2**21
# An optimizer that starts afresh has up to four numbers for each weight.
_TIMES = 4

_TRUSTED = "If you know where it is from, load it with safe_mode=False."

_local = threading.local()


class _Loading:
    """The numbers that may still be made, and the variables that have no numbers yet."""

    def __init__(self, numbers: int, trusted: bool) -> None:
        self.numbers = numbers
        self.left = math.inf if trusted else max(_TIMES * numbers, _LEAST)
        self.constants = 64 * self.left
        self.largest = math.inf if trusted else max(numbers, _LEAST)
        self.waiting: list[Any] = []

    def spend(self, shape: Sequence[int], what: str) -> None:
        """Count the numbers of an array that is about to be made."""
        self.left -= math.prod(shape)
        if self.left < 0:
            raise ValueError(
                f"The configuration asks for {what} of shape {tuple(shape)}, and the file has "
                f"{self.numbers} numbers in all: far more than the file has values for. " + _TRUSTED
            )

    def constant(self, specs: Sequence[tuple[Sequence[int], str]]) -> None:
        """Count the numbers of constants that an operation is about to compute."""
        for shape, _ in specs:
            count = math.prod(shape)
            self.constants -= count
            if count > self.largest or self.constants < 0:
                raise ValueError(
                    f"The configuration asks for a constant of shape {tuple(shape)}, and the file "
                    f"has {self.numbers} numbers in all: far more than the file has values for. "
                    + _TRUSTED
                )


@contextlib.contextmanager
def loading(numbers: int, safe_mode: bool) -> Iterator[None]:
    """Within, a model is made for a file that has so many numbers.

    Variables are made without numbers. When the block ends without an error, those that have not
    been assigned a value get the one that their initializers make, which are few: see `_LEAST`.
    Without `safe_mode` they may be many, such as those that a class of the program's own makes anew.
    """
    before = state.loading
    state.loading = _Loading(numbers, trusted=not safe_mode)
    try:
        with safe(safe_mode):
            yield
        waiting = [variable for variable in state.loading.waiting if variable.waits]
        for variable in waiting:
            variable.array  # noqa: B018
    finally:
        state.loading = before


@contextlib.contextmanager
def safe(safe_mode: bool) -> Iterator[None]:
    """Within, configurations may name other files or not; an outer block's answer holds."""
    before = getattr(_local, "safe", None)
    _local.safe = safe_mode if before is None else before
    try:
        yield
    finally:
        _local.safe = before


def refuse_path(path: str, owner: str) -> None:
    """Raise ValueError if a configuration is being read in safe mode: it may name no other file."""
    if getattr(_local, "safe", None):
        raise ValueError(
            f"The configuration of {owner} names the file {path!r}, and loading reads nothing but "
            "the model's own file. If you trust it, load with safe_mode=False."
        )
