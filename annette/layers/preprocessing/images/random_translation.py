"""RandomTranslation: pictures moved at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.geometric import Warp, affine


class RandomTranslation(Warp):
    r"""Moves each picture by random parts of its height and width while training.

    .. math:: (x', y') = (x - w\, t_x,\; y - h\, t_y), \quad t \sim U(l, u)

    is where the pixel at (x, y) comes from.

    Args:
        height_factor: (l, u) for the way down, or f for (-f, f); from -1 to 1.
        width_factor: likewise for the way to the right.
        fill_mode: what lies beyond a b c d: "constant" for the fill value, "nearest" for d d d,
            "wrap" for a b c, "reflect" for d c b.
        interpolation: "nearest" or "bilinear".
        seed: a whole number, for the same draws in each run.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if a factor, `fill_mode` or `interpolation` is none of these.
    """

    _fields = (
        "data_format", "height_factor", "width_factor", "fill_mode", "interpolation", "seed",
        "fill_value",
    )  # fmt: skip

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format,
                         **kwargs)  # fmt: skip
        self.height_factor, self.width_factor = height_factor, width_factor
        own = "RandomTranslation"
        self._down = bounds(own, "height_factor", height_factor, -1.0, 1.0)
        self._right = bounds(own, "width_factor", width_factor, -1.0, 1.0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the ways right and down in pixels, (rows, 2)."""
        if not training:
            return None
        rows, height, width = self._size(data)
        down = self._uniform((rows,), *self._down, seed) * height
        right = self._uniform((rows,), *self._right, seed) * width
        return {
            "translations": ops.stack([right, down], axis=-1), "input_shape": self._shape(data)
        }  # fmt: skip

    def matrices(self, transformation: Any) -> Any:
        """Return the maps."""
        ways = ops.cast(transformation["translations"], "float32")
        x, y = ways[:, 0], ways[:, 1]
        one, zero = ops.ones_like(x), ops.zeros_like(x)
        return affine(one, zero, -x, zero, one, -y)
