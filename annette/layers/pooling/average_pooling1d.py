"""AveragePooling1D: the mean of each window of sequences."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.pooling.base import Pooling


class AveragePooling1D(Pooling):
    r"""Gives the mean of each window, for each channel alone.

    .. math:: y_{o,c} = \mathrm{mean}_k \; x_{s o + k - p,\, c}

    with strides s and padding p; o goes over windows, k over the places of one and c over channels.

    Only places inside of the inputs count.

    Args:
        pool_size: how many steps a window has.
        strides: places from one window to the next; `pool_size` if None.
        padding: "valid" for whole windows only, "same" for ceil(size / stride) of them.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Input shape: (rows, steps, channels); (rows, channels, steps) with "channels_first".
    Output shape: the same with other sizes in place of steps.

    Raises:
        ValueError: if a number is not above 0, or padding or data_format is not known.
    """

    _spatial = 1
    _means = True

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Return the mean of each window."""
        return ops.average_pool(
            inputs, self.pool_size, self.strides, self.padding, self.data_format
        )
