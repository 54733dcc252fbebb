"""RandomBrightness: pictures made lighter or darker at random."""

from __future__ import annotations

from typing import Any

from annette.layers.preprocessing.images.coloring import Coloring


class RandomBrightness(Coloring):
    r"""Makes each picture lighter or darker at random while training.

    .. math:: y = \operatorname{clip}(x + \delta\,(h - l), l, h), \quad \delta \sim U(a, b)

    with the value range (l, h).

    Args:
        factor: (a, b), or f for (-f, f); from -1 to 1.
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
    _limits = (-1.0, 1.0, None)

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is added, (rows, 1, 1, 1)."""
        if not training:
            return None
        return {"rgb_delta": self._drawn(self._size(data)[0], seed) * (self._high - self._low)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        return self._clipped(images + self._per_picture(transformation["rgb_delta"], images))
