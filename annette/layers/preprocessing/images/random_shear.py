"""RandomShear: pictures slanted at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.geometric import Warp, affine


class RandomShear(Warp):
    r"""Slants each picture at random while training.

    .. math:: (x', y') = (x + s_x y,\; y + s_y x), \quad s \sim U(l, u)

    is where the pixel at (x, y) comes from, counted from the first one.

    Args:
        x_factor: (l, u) along width, or f for (-f, f); from 0 to 1.
        y_factor: likewise along height.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies beyond a b c d: "constant" for the fill value, "nearest" for d d d,
            "wrap" for a b c, "reflect" for d c b.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; the configured one if None.
        seed: a whole number, for the same draws in each run.

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
        "data_format", "x_factor", "y_factor", "fill_mode", "interpolation", "seed", "fill_value"
    )  # fmt: skip

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format,
                         **kwargs)  # fmt: skip
        self.x_factor = _slant("x_factor", x_factor)
        self.y_factor = _slant("y_factor", y_factor)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the slants along width and height, (rows, 2)."""
        if not training:
            return None
        rows, source = self._size(data)[0], self._source(seed)
        slants = []
        for low, high in (self.x_factor, self.y_factor):
            size = self._uniform((rows,), low, high, source)
            if low >= 0:  # a pair says how much, either way
                size = ops.where(self._uniform((rows,), 0.0, 1.0, source) < 0.5, size, -size)
            slants.append(size)
        return {"shear_factor": ops.stack(slants, axis=-1), "input_shape": self._shape(data)}

    def matrices(self, transformation: Any) -> Any:
        """Return the maps."""
        slants = ops.cast(transformation["shear_factor"], "float32")
        x, y = slants[:, 0], slants[:, 1]
        one, zero = ops.ones_like(x), ops.zeros_like(x)
        return affine(one, x, zero, y, one, zero)


def _slant(name: str, value: Any) -> tuple[float, float]:
    """Return the bounds; (-f, f) stands in configurations for f."""
    if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] == -value[1]:
        value = value[1]
    if isinstance(value, (tuple, list)):
        return bounds("RandomShear", name, value, 0.0, 1.0)
    bounds("RandomShear", name, value, 0.0, 1.0)
    return -value, value
