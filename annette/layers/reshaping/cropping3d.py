"""Cropping3D: the ends cut off along depth, height and width."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import data_format as checked_format, pairs
from annette.layers.reshaping.cropping import Cropping


class Cropping3D(Cropping):
    """Cuts off the ends of each sample along depth, height and width.

    Args:
        cropping: how many are cut off: a number for all ends, or for each axis a number
            or (before, after).
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, depth, h, w, channels); (rows, channels, depth, h, w)
        with "channels_first".
    Output shape: the same, less what is cut off at each end.

    Raises:
        ValueError: if `cropping` is none of these, `data_format` is not known, or nothing would be
            left.
    """

    _fields = ("cropping", "data_format")
    _spatial = 3

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = pairs("Cropping3D", "cropping", cropping, 3)
        self._cuts = self.cropping
        self.data_format = checked_format("Cropping3D", data_format)
