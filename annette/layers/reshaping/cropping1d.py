"""Cropping1D: the ends cut off along steps."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import pair
from annette.layers.reshaping.cropping import Cropping


class Cropping1D(Cropping):
    """Cuts off the ends of each sample along steps.

    Args:
        cropping: how many are cut off: a number for both ends, or (before, after).

    Input shape: (rows, steps, channels).
    Output shape: the same, less what is cut off at each end.

    Raises:
        ValueError: if `cropping` is none of these, or nothing would be
            left.
    """

    _fields = ("cropping",)
    _spatial = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = pair("Cropping1D", "cropping", cropping)
        self._cuts = (self.cropping,)
