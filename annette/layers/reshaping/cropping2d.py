"""Cropping2D: the ends cut off along height and width."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import data_format as checked_format, pairs
from annette.layers.reshaping.cropping import Cropping


class Cropping2D(Cropping):
    """Cuts off the ends of each sample along height and width.

    Args:
        cropping: how many are cut off: a number for all ends, or for each axis a number
            or (before, after).
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, h, w, channels); (rows, channels, h, w)
        with "channels_first".
    Output shape: the same, less what is cut off at each end.

    Raises:
        ValueError: if `cropping` is none of these, `data_format` is not known, or nothing would be
            left.
    """

    _fields = ("cropping", "data_format")
    _spatial = 2

    def __init__(
        self,
        cropping: Any = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = pairs("Cropping2D", "cropping", cropping, 2)
        self._cuts = self.cropping
        self.data_format = checked_format("Cropping2D", data_format)
