"""RandomColorDegeneration: pictures made greyer at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.coloring import Coloring


class RandomColorDegeneration(Coloring):
    r"""Mixes each picture with its grey at random while training.

    .. math:: y = x + f\,(g - x), \quad f \sim U(a, b)

    where g is the picture in grey.

    Args:
        factor: (a, b), or f for (-f, f); from 0 to 1.
        value_range: the least and the greatest value of pictures.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        seed: a whole number, for the same draws in each run.
    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `factor` or `value_range` is none of these.
    """

    _fields = ("data_format", "factor", "value_range", "seed")
    _limits = (-1.0, 1.0, None)

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(factor, (tuple, list)) and len(factor) == 2 and factor[0] == -factor[1]:
            factor = factor[1]  # as configurations have it
        bounds("RandomColorDegeneration", "factor", factor, 0.0, 1.0)
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return f, (rows, 1, 1, 1)."""
        if not training:
            return None
        return {"factor": self._drawn(self._size(data)[0], seed)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        grey = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        factor = self._per_picture(transformation["factor"], images)
        return self._clipped(images + factor * (grey - images))
