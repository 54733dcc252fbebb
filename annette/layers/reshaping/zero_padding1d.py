"""ZeroPadding1D: zeros around along steps."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import data_format as checked_format, pair
from annette.layers.reshaping.zero_padding import ZeroPadding


class ZeroPadding1D(ZeroPadding):
    """Puts zeros at the ends of each sample along steps.

    Args:
        padding: how many are added: a number for both ends, or (before, after).
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, steps, channels); (rows, channels, steps)
        with "channels_first".
    Output shape: the same, and what is added at each end.

    Raises:
        ValueError: if `padding` is none of these, or `data_format` is not known.
    """

    _fields = ("padding", "data_format")
    _spatial = 1

    def __init__(
        self,
        padding: Any = 1,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.padding = pair("ZeroPadding1D", "padding", padding)
        self._widths = (self.padding,)
        self.data_format = checked_format("ZeroPadding1D", data_format)
