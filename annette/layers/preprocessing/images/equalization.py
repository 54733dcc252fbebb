"""Equalization: the values of pictures spread so that each is as frequent as any other."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.images.base import ImageLayer, value_range as checked

_MOST_BINS = 1 << 16


class Equalization(ImageLayer):
    r"""Spreads the values of each channel so that all are about as frequent, while training.

    .. math:: y = l + (h - l)\, \frac{n(x) - n_0}{n - n_0}

    with the value range (l, h), where n(x) of the n pixels of a channel, in all pictures of the
    batch, have a value in the bin of x or below, and :math:`n_0` in the lowest bin that has any; a
    channel of one bin stays.

    Args:
        value_range: the least and the greatest value of pictures.
        bins: into how many equal parts the range is cut.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `value_range` is no such range, or `bins` no whole number from 1
            to 65,536.
    """

    _fields = ("data_format", "value_range", "bins")

    def __init__(
        self,
        value_range: Any = (0, 255),
        bins: int = 256,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = checked("Equalization", value_range)
        self.bins = positive_int("Equalization", "bins", bins)
        if self.bins > _MOST_BINS:
            raise ValueError(
                f"Equalization expects bins to be at most {_MOST_BINS:,}; it got {bins!r}."
            )

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures with their values spread."""
        if not training:
            return images
        low, high = (float(v) for v in self.value_range)
        x = ops.moveaxis(images, self._axes[2], 0)
        shape = tuple(x.shape)
        groups, pixels = shape[0], shape[1] * shape[2] * shape[3]
        scaled = ops.clip((ops.cast(x, "float32") - low) / (high - low), 0.0, 1.0) * 255.0
        scaled = ops.reshape(scaled, (groups, pixels))
        bins = ops.cast(ops.floor(scaled * ((self.bins - 1) / 255.0)), "int32")
        first = (np.arange(groups, dtype="int32") * np.int32(self.bins)).reshape(-1, 1)
        places = ops.reshape(bins + first, (-1,))
        ones = ops.ones((groups * pixels,), "float32")
        counts = ops.segment_sum(ones, places, num_segments=groups * self.bins)
        below = ops.cumsum(ops.reshape(counts, (groups, self.bins)), axis=1)
        least = ops.min(ops.where(below > 0, below, float(pixels)), axis=1, keepdims=True)
        rest = float(pixels) - least
        table = ops.round((below - least) * 255.0 / ops.where(rest > 0, rest, 1.0))
        found = ops.reshape(ops.take(ops.reshape(table, (-1,)), places), (groups, pixels))
        found = ops.reshape(ops.where(rest > 0, found, scaled), shape)
        found = ops.cast(found / 255.0 * (high - low) + low, ops.dtype(images))
        return ops.moveaxis(found, 0, self._axes[2])
