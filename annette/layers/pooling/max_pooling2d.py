"""MaxPooling2D: the largest value of each window of pictures."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.pooling.base import Pooling


class MaxPooling2D(Pooling):
    r"""Gives the largest value of each window, for each channel alone.

    .. math:: y_{o,c} = \max_k \; x_{s o + k - p,\, c}

    with strides s and padding p; o goes over windows, k over the places of one and c over channels.

    Args:
        pool_size: height and width of a window, a number for both.
        strides: places from one window to the next; `pool_size` if None.
        padding: "valid" for whole windows only, "same" for ceil(size / stride) of them.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, h, w, channels); (rows, channels, h, w) with "channels_first".
    Output shape: the same with other sizes in place of h, w.

    Raises:
        ValueError: if a number is not above 0, or padding or data_format is not known.
    """

    _spatial = 2

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the largest value of each window."""
        return ops.max_pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)
