"""RandomPerspective: pictures seen in another perspective at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.images.base import (
    INTERPOLATIONS,
    RandomLayer,
    bounds,
    number,
    word,
)


class RandomPerspective(RandomLayer):
    """Shows pictures in another perspective at random while training.

    The corners other than the first come to lie up to `scale` / 2 of height and width from where
    they are.

    Args:
        factor: (a, b) that the probability for each picture is drawn from, or f for (0, f); from 0
            to 1.
        scale: how far corners move, from 0 to 1.
        interpolation: "nearest" or "bilinear".
        fill_value: what lies outside.
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    _fields = ("data_format", "factor", "scale", "interpolation", "fill_value", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        own = "RandomPerspective"
        self.factor = bounds(own, "factor", factor, 0.0, 1.0, 0.0)
        self.scale = number(own, "scale", scale, 0.0, 1.0)
        self.interpolation = word(own, "interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures are changed, (rows,), and where corners come from and go to."""
        if not training:
            return None
        rows, height, width = self._size(data)
        source = self._source(seed)
        right, bottom = width - 1.0, height - 1.0
        corners = np.array([[[0, 0], [right, 0], [0, bottom], [right, bottom]]], "float32")
        start = ops.broadcast_to(ops.convert_to_tensor(corners), (rows, 4, 2))
        moved = self._uniform((rows, 4, 2), -0.5 * self.scale, 0.5 * self.scale, source)
        return {
            "apply_perspective": self._chosen(rows, self.factor, source),
            "start_points": start,
            "end_points": start * (1.0 + moved),
            "input_shape": self._shape(data),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        return self._seen(images, transformation, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks after a transformation, each pixel one of those that were there."""
        return self._seen(segmentation_masks, transformation, "nearest")

    def _seen(self, images: Any, transformation: Any, interpolation: str) -> Any:
        if transformation is None:
            return images
        seen = ops.image.perspective_transform(
            images,
            transformation["start_points"],
            transformation["end_points"],
            interpolation=interpolation,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        chosen = self._per_picture(transformation["apply_perspective"], images)
        return ops.where(chosen, seen, images)
