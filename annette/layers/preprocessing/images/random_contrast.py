"""RandomContrast: the contrast of pictures changed at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.coloring import Coloring


class RandomContrast(Coloring):
    r"""Changes the contrast of each picture at random while training.

    .. math:: y = \operatorname{clip}(c\,(x - \bar x) + \bar x, l, h), \quad
        c \sim U(1 - a, 1 + b)

    with the mean over the pixels of each channel and the value range (l, h).

    Args:
        factor: (a, b), or f for (0, f); from 0 to 1.
        value_range: the least and the greatest value of pictures.
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

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return c, (rows, 1, 1, 1)."""
        if not training:
            return None
        rows = self._size(data)[0]
        low, high = 1.0 - self.factor[0], 1.0 + self.factor[1]
        return {"contrast_factor": self._uniform((rows, 1, 1, 1), low, high, seed)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        mean = ops.mean(images, axis=self._axes[:2], keepdims=True)
        factor = self._per_picture(transformation["contrast_factor"], images)
        return self._clipped((images - mean) * factor + mean)
