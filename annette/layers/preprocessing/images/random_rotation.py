"""RandomRotation: pictures turned at random."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.geometric import Warp, affine


class RandomRotation(Warp):
    r"""Turns each picture about its middle by a random angle while training.

    .. math:: (x', y') = m + R(\alpha)\,((x, y) - m), \quad \alpha \sim 2 \pi\, U(l, u)

    is where the pixel at (x, y) comes from, with the middle m.

    Args:
        factor: (l, u), parts of a full turn against the clock, or f for (-f, f); from -1 to 1.
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
        ValueError: if `factor`, `fill_mode` or `interpolation` is none of these.
    """

    _fields = ("data_format", "factor", "fill_mode", "fill_value", "interpolation", "seed")

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: Any = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format,
                         **kwargs)  # fmt: skip
        self.factor = bounds("RandomRotation", "factor", factor, -1.0, 1.0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the angles in degrees, (rows,), and the maps, (rows, 8)."""
        if not training:
            return None
        rows, height, width = self._size(data)
        low, high = self.factor
        angle = self._uniform((rows,), low * 360.0, high * 360.0, seed)
        turn = angle * (math.pi / 180.0)
        c, s = ops.cos(turn), ops.sin(turn)
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        matrix = affine(c, -s, x - c * x + s * y, s, c, y - s * x - c * y)
        return {
            "angle": angle,
            "rotation_matrix": matrix,
            "image_height": height,
            "image_width": width,
            "batch_size": rows,
        }

    def matrices(self, transformation: Any) -> Any:
        """Return the maps."""
        return transformation["rotation_matrix"]
