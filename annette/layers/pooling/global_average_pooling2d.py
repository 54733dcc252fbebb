"""GlobalAveragePooling2D: the mean over all places of pictures."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.pooling.base import GlobalPooling


class GlobalAveragePooling2D(GlobalPooling):
    r"""Gives the mean over all places, for each channel alone.

    .. math:: y_c = \mathrm{mean}_i \; x_{i,c}

    Args:
        data_format: "channels_last" or "channels_first"; the configured one if None.
        keepdims: whether the spatial axes stay, with size 1.

    Input shape: (rows, h, w, channels); (rows, channels, h, w) with "channels_first".
    Output shape: (rows, channels); with keepdims as the inputs, and sizes of 1.

    Raises:
        ValueError: if data_format is not known.
    """

    _spatial = 2
    _means = True

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the mean over all places."""
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
