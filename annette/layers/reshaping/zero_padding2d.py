"""ZeroPadding2D: zeros around along height and width."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import data_format as checked_format, pairs
from annette.layers.reshaping.zero_padding import ZeroPadding


class ZeroPadding2D(ZeroPadding):
    """Puts zeros at the ends of each sample along height and width.

    Args:
        padding: how many are added: a number for all ends, or for each axis a number
            or (before, after).
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, h, w, channels); (rows, channels, h, w)
        with "channels_first".
    Output shape: the same, and what is added at each end.

    Raises:
        ValueError: if `padding` is none of these, or `data_format` is not known.
    """

    _fields = ("padding", "data_format")
    _spatial = 2

    def __init__(
        self,
        padding: Any = (1, 1),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.padding = pairs("ZeroPadding2D", "padding", padding, 2)
        self._widths = self.padding
        self.data_format = checked_format("ZeroPadding2D", data_format)
