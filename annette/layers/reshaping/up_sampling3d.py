"""UpSampling3D: longer along depth, height and width, by repeating."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import data_format as checked_format, factors
from annette.layers.reshaping.up_sampling import UpSampling


class UpSampling3D(UpSampling):
    """Repeats each place of a sample along depth, height and width.

    Args:
        size: how many times: a whole number, or one for each of the three axes.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, depth, h, w, channels); (rows, channels, depth, h, w)
        with "channels_first".
    Output shape: the same, with the sizes along depth, height and width times `size`.

    Raises:
        ValueError: if `size` is none of these, or `data_format` is not known.
    """

    _fields = ("size", "data_format")
    _spatial = 3

    def __init__(
        self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = factors("UpSampling3D", "size", size, 3)
        self._factors = self.size
        self.data_format = checked_format("UpSampling3D", data_format)
