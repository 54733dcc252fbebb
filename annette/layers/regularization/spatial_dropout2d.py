"""SpatialDropout2D: whole channels are left out while training."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import data_format as checked_format
from annette.layers.regularization.spatial import SpatialDropout


class SpatialDropout2D(SpatialDropout):
    """Sets a random fraction of the channels to 0, at all places, and scales the rest up.

    Neighbouring places tell much the same, so that dropping them one by one would hide little
    (Tompson, Goroshin, Jain, LeCun & Bregler, 2015).

    Args:
        rate: the fraction, from 0 to 1.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        seed: a whole number, for the same masks in each run.
        name, dtype: as of any layer.

    Call arguments:
        inputs: numbers.
        training: whether to drop.

    Input shape: (rows, h, w, channels); (rows, channels, h, w)
        with "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `rate` is not from 0 to 1, or `data_format` is not known.
    """

    _spatial = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed, name, dtype)
        self.data_format = checked_format("SpatialDropout2D", data_format)
        self._share_decisions()
