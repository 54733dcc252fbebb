"""AutoContrast: the values of pictures spread over their whole range."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import ImageLayer, value_range as checked


class AutoContrast(ImageLayer):
    r"""Spreads the values of each channel over the whole range.

    .. math:: y = l + (h - l)\, \frac{x - \min x}{\max x - \min x}

    with the value range (l, h), over the pixels of each picture and channel; a channel of one value
    stays.

    Args:
        value_range: the least and the greatest value of pictures.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: taken, and of no effect: pictures are changed in any case.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `value_range` is no such range.
    """

    _fields = ("data_format", "value_range")
    _always = True

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = checked("AutoContrast", value_range)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures with their values spread."""
        low, high = (float(v) for v in self.value_range)
        least = ops.min(images, axis=self._axes[:2], keepdims=True)
        spread = ops.max(images, axis=self._axes[:2], keepdims=True) - least
        flat = ops.equal(spread, 0.0)
        scaled = (images - least) / ops.where(flat, 1.0, spread) * (high - low) + low
        return ops.clip(ops.where(flat, images, scaled), low, high)
