"""RandomErasing: a rectangle of pictures filled at random."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.coloring import Coloring
from annette.layers.preprocessing.images.rectangles import rectangles


class RandomErasing(Coloring):
    """Fills a rectangle of pictures at random while training (Zhong, Zheng, Kang, Li & Yang, 2020).

    Args:
        factor: (a, b) that the probability for each picture is drawn from, or f for (0, f); from 0
            to 1.
        scale: (l, u) that the squares of the rectangle's parts of height and of width are drawn
            from, so that its area is a part of the picture from l to u; from 0 to 1.
        fill_value: what it is filled with; normal noise, cut to the value range, if None.
        value_range: the least and the greatest value of pictures.
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

    _fields = ("data_format", "factor", "scale", "fill_value", "value_range", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: float | None = None,
        value_range: Any = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)
        self.scale = bounds("RandomErasing", "scale", scale, 0.0, 1.0, 0.0)
        self.fill_value = fill_value

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures are filled (rows,), where, and with what (as the pictures)."""
        if not training:
            return None
        rows, height, width = self._size(data)
        shape, source = self._shape(data), self._source(seed)
        shape = shape if len(shape) == 4 else (1, *shape)
        chosen = self._chosen(rows, self.factor, source)
        parts = [ops.sqrt(self._uniform((rows,), *self.scale, source)) for _ in range(2)]
        where = rectangles(self, parts[0] * height, parts[1] * width, (height, width), source)
        if self.fill_value is None:
            noise = random.normal(shape, seed=source) * (self._high - self._low) + self._low
            fill = self._clipped(noise)
        else:
            fill = ops.full(shape, float(self.fill_value), "float32")
        return {
            "apply_erasing": chosen,
            "batch_masks": ops.broadcast_to(where, shape),
            "fill_value": fill,
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures with the rectangles filled."""
        if transformation is None:
            return images
        chosen = self._per_picture(transformation["apply_erasing"], images)
        where = ops.logical_and(transformation["batch_masks"], chosen)
        return ops.where(where, ops.cast(transformation["fill_value"], ops.dtype(images)), images)
