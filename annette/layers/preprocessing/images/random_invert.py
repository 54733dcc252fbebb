"""RandomInvert: pictures turned to their negative at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.coloring import Coloring


class RandomInvert(Coloring):
    r"""Turns pictures to their negative at random while training.

    .. math:: y = l + h - x

    with the value range (l, h).

    Args:
        factor: (a, b) that the probability for each picture is drawn from, or f for (0, f); from 0
            to 1.
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
        ValueError: if `factor` or `value_range` is none of these.
    """

    _fields = ("data_format", "factor", "value_range", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures are inverted, (rows,)."""
        if not training:
            return None
        chosen = self._chosen(self._size(data)[0], self.factor, self._source(seed))
        return {"apply_inversion": chosen}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        chosen = self._per_picture(transformation["apply_inversion"], images)
        return ops.where(chosen, self._low + self._high - images, images)
