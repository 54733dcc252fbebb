"""AdaptiveMaxPooling3D: the largest value of each of a given number of windows of volumes."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.pooling.base import AdaptivePooling


class AdaptiveMaxPooling3D(AdaptivePooling):
    r"""Gives the largest value of each of a given number of windows, for each channel alone.

    .. math:: y_{i,c} = \max_j \; x_{j,c}, \quad
        \lfloor i n / k \rfloor \le j < \lceil (i + 1) n / k \rceil

    along each spatial axis, with n places and k windows.

    Args:
        output_size: how many windows along depth, height and width, a number for all.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, d, h, w, channels); (rows, channels, d, h, w) with "channels_first".
    Output shape: the same with output_size in place of d, h, w.

    Raises:
        TypeError: if output_size is no whole number nor 3 of them.
        ValueError: if a number is not above 0, or data_format is not known.
    """

    _spatial = 3

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(output_size, data_format, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the largest value of each window."""
        return ops.adaptive_max_pool(inputs, self.output_size, self.data_format)
