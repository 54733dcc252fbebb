"""RandomSaturation: how full the colours of pictures are, changed at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import number
from annette.layers.preprocessing.images.coloring import Coloring


class RandomSaturation(Coloring):
    r"""Makes the colours of each picture fuller or paler at random while training.

    .. math:: s(y) = \operatorname{clip}\left(s(x)\, \frac{u}{1 - u}, 0, 1\right), \quad
        u \sim U(a, b)

    where s is the saturation: 0 gives grey, 1/2 changes nothing, 1 gives the fullest colours.

    Args:
        factor: (a, b), or f for (-f, f), where what is below 0 gives grey; from 0 to 1.
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
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)
        number("RandomSaturation", "factor", self.factor[1], 0.0, 1.0)
        if isinstance(factor, (tuple, list)):
            number("RandomSaturation", "factor", self.factor[0], 0.0, 1.0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what the saturation is multiplied by, (rows,)."""
        if not training:
            return None
        drawn = self._uniform((self._size(data)[0],), *self.factor, seed)
        return {"factor": drawn / ops.maximum(1.0 - drawn, 1e-7)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        form = self.data_format
        hsv = ops.image.rgb_to_hsv(self._unit(images), data_format=form)
        hue, saturation, value = ops.split(hsv, 3, axis=self._axes[2])
        factor = self._per_picture(transformation["factor"], images)
        saturation = ops.clip(saturation * factor, 0.0, 1.0)
        hsv = ops.concatenate([hue, saturation, value], axis=self._axes[2])
        rgb = ops.image.hsv_to_rgb(hsv, data_format=form)
        return self._clipped(self._ranged(rgb))
