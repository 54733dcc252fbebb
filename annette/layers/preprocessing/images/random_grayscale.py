"""RandomGrayscale: pictures made grey at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import RandomLayer, number


class RandomGrayscale(RandomLayer):
    """Makes pictures grey at random while training; they keep their three channels.

    Args:
        factor: the probability for each picture.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        seed: a whole number, for the same draws in each run.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `factor` is no number from 0 to 1.
    """

    _fields = ("data_format", "factor")

    def __init__(
        self,
        factor: float = 0.5,
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = number("RandomGrayscale", "factor", factor, 0.0, 1.0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures become grey, (rows, 1, 1, 1)."""
        if not training:
            return None
        return self._uniform((self._size(data)[0], 1, 1, 1), 0.0, 1.0, seed) < self.factor

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures, those drawn grey."""
        if transformation is None:
            return images
        grey = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return ops.where(self._per_picture(transformation, images), grey, images)
