"""RandomHue: the hue of pictures turned at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.coloring import Coloring


class RandomHue(Coloring):
    r"""Turns the hue of each picture at random while training.

    .. math:: \operatorname{hue}(y) = \operatorname{hue}(x) + h \bmod 1, \quad
        |h| \sim U(a, b) / 2

    to either side.

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
        """Return h, (rows,)."""
        if not training:
            return None
        rows, source = self._size(data)[0], self._source(seed)
        turn = self._uniform((rows,), *self.factor, source) * 0.5
        side = self._uniform((rows,), 0.0, 1.0, source) < 0.5
        return {"factor": ops.where(side, turn, -turn)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        form = self.data_format
        hsv = ops.image.rgb_to_hsv(self._unit(images), data_format=form)
        hue, saturation, value = ops.split(hsv, 3, axis=self._axes[2])
        hue = ops.mod(hue + self._per_picture(transformation["factor"], images), 1.0)
        hsv = ops.concatenate([hue, saturation, value], axis=self._axes[2])
        rgb = ops.image.hsv_to_rgb(hsv, data_format=form)
        return self._clipped(self._ranged(rgb))
