"""Solarization: the lightest values of pictures inverted."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import RandomLayer, bounds, value_range as checked


class Solarization(RandomLayer):
    r"""Inverts values above a threshold, after adding to all, at random while training.

    .. math:: z = \operatorname{clip}(x + a\,(h - l), l, h), \quad
        y = z \text{ where } z < l + t\,(h - l), \text{ else } l + h - z

    with the value range (l, h).

    Args:
        addition_factor: (lower, upper) that a is drawn from, or f for (0, f); from 0 to 1.
        threshold_factor: likewise for t.
        value_range: the least and the greatest value of pictures.
        seed: a whole number, for the same draws in each run.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if a factor or `value_range` is none of these.
    """

    _fields = ("data_format", "addition_factor", "threshold_factor", "value_range", "seed")

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        own = "Solarization"
        self.addition_factor = bounds(own, "addition_factor", addition_factor, 0.0, 1.0, 0.0)
        self.threshold_factor = bounds(own, "threshold_factor", threshold_factor, 0.0, 1.0, 0.0)
        self.value_range = checked(own, value_range)
        self._low, self._high = (float(v) for v in value_range)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is added and the thresholds above the least value, (rows, 1, 1, 1) each."""
        if not training:
            return None
        shape, source = (self._size(data)[0], 1, 1, 1), self._source(seed)
        width = self._high - self._low
        return {
            "additions": self._uniform(shape, *self.addition_factor, source) * width,
            "thresholds": self._uniform(shape, *self.threshold_factor, source) * width,
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        added = self._per_picture(transformation["additions"], images)
        limit = self._per_picture(transformation["thresholds"], images) + self._low
        lighter = ops.clip(images + added, self._low, self._high)
        return ops.where(lighter < limit, lighter, self._low + self._high - lighter)
