"""UpSampling1D: longer along steps, by repeating."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import counted
from annette.layers.reshaping.up_sampling import UpSampling


class UpSampling1D(UpSampling):
    """Repeats each place of a sample along steps.

    Args:
        size: how many times: a whole number.

    Input shape: (rows, steps, channels).
    Output shape: the same, with the sizes along steps times `size`.

    Raises:
        TypeError: if `size` is no whole number.
        ValueError: if it is below 1.
    """

    _fields = ("size",)
    _spatial = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = counted("UpSampling1D", "size", size)
        self._factors = (self.size,)
