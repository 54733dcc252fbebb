"""RandomZoom: pictures seen from nearer or further at random."""

from __future__ import annotations

from typing import Any

from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.geometric import Warp, affine


class RandomZoom(Warp):
    r"""Makes what each picture shows larger or smaller about its middle while training.

    .. math:: (x', y') = m + (1 + z)\,((x, y) - m), \quad z \sim U(l, u)

    is where the pixel at (x, y) comes from, with the middle m: above 0 one sees more, smaller.

    Args:
        height_factor: (l, u) along height, or f for (-f, f); above -1 and up to 1.
        width_factor: likewise along width; if None as drawn along height, so that the proportions
            stay.
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
        width_factor: Any = None,
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
        self._height = _above("height_factor", height_factor)
        self._width = None if width_factor is None else _above("width_factor", width_factor)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return how many times as much is seen along height and width, (rows, 1) each."""
        if not training:
            return None
        rows = self._size(data)[0]
        low, high = self._height
        down = self._uniform((rows, 1), 1.0 + low, 1.0 + high, seed)
        right = down
        if self._width is not None:
            low, high = self._width
            right = self._uniform((rows, 1), 1.0 + low, 1.0 + high, seed)
        return {"height_zoom": down, "width_zoom": right, "input_shape": self._shape(data)}

    def matrices(self, transformation: Any) -> Any:
        """Return the maps."""
        shape = transformation["input_shape"]
        height, width, _ = self._axes
        x, y = (shape[width] - 1) / 2.0, (shape[height] - 1) / 2.0
        across, down = transformation["width_zoom"], transformation["height_zoom"]
        zero = across * 0.0
        return affine(across, zero, (1.0 - across) * x, zero, down, (1.0 - down) * y)


def _above(name: str, value: Any) -> tuple[float, float]:
    lower, upper = bounds("RandomZoom", name, value, -1.0, 1.0)
    if isinstance(value, (tuple, list)) and lower <= -1.0:
        raise ValueError(
            f"RandomZoom expects {name} to be above -1, where nothing would be seen; it got "
            f"{value!r}."
        )
    return lower, upper
