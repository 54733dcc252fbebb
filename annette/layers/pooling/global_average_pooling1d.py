"""GlobalAveragePooling1D: the mean over all places of sequences."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.pooling.base import GlobalPooling


class GlobalAveragePooling1D(GlobalPooling):
    r"""Gives the mean over all places, for each channel alone.

    .. math:: y_c = \mathrm{mean}_i \; x_{i,c}

    With a mask (rows, steps) only the steps count where it is true; a row without any gives
    not-a-number.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one if None.
        keepdims: whether the spatial axes stay, with size 1.

    Input shape: (rows, steps, channels); (rows, channels, steps) with "channels_first".
    Output shape: (rows, channels); with keepdims as the inputs, and sizes of 1.

    Raises:
        ValueError: if data_format is not known.
    """

    _spatial = 1
    _means = True

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mean over the steps, of those that the mask leaves."""
        if mask is None:
            return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        (axis,) = self._axes
        kept = ops.expand_dims(ops.cast(mask, inputs.dtype), 3 - axis)
        total = ops.sum(inputs * kept, axis=axis, keepdims=self.keepdims)
        return ops.divide(total, ops.sum(kept, axis=axis, keepdims=self.keepdims))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return None: there are no steps any more."""
        return None
