"""RandomSharpness: pictures made sharper or softer at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.coloring import Coloring


class RandomSharpness(Coloring):
    r"""Makes each picture sharper or softer at random while training.

    .. math:: y = \operatorname{clip}(x + (1 - 2 f)\,(\bar x - x), l, h), \quad f \sim U(a, b)

    where the smooth picture has at each pixel 5/13 of itself and 1/13 of each of its eight
    neighbours, with zeros beyond the edge: 0 gives the smooth picture, 1/2 changes nothing, 1 gives
    the sharpest.

    Args:
        factor: (a, b), or f for (0, f); from 0 to 1.
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

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return f, (rows,)."""
        if not training:
            return None
        return {"factor": self._uniform((self._size(data)[0],), *self.factor, seed)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        height, width, _ = self._axes
        smooth = (_three(_three(images, height), width) + 4.0 * images) / 13.0
        factor = self._per_picture(transformation["factor"], images)
        return self._clipped(images + (1.0 - 2.0 * factor) * (smooth - images))


def _three(x: Any, axis: int) -> Any:
    """Return the sums of each pixel and its two neighbours along an axis."""
    size = x.shape[axis]
    padded = ops.pad(x, [(1, 1) if i == axis % 4 else (0, 0) for i in range(4)])
    places = (slice(0, size), slice(1, size + 1), slice(2, size + 2))
    cuts = [tuple(p if i == axis % 4 else slice(None) for i in range(4)) for p in places]
    return padded[cuts[0]] + padded[cuts[1]] + padded[cuts[2]]
