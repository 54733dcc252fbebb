"""What layers share that look pictures up at other places."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import (
    FILL_MODES,
    INTERPOLATIONS,
    RandomLayer,
    word,
)
from annette.ops.image.common import Pictures
from annette.ops.image.warping import project


class Warp(RandomLayer):
    """A random layer whose pixels come from where an affine map sends them.

    Args:
        fill_mode: what lies beyond a b c d: "constant" for the fill value, "nearest" for d d d,
            "wrap" for a b c, "reflect" for d c b.
        interpolation: "nearest" or "bilinear".
        fill_value: for "constant".
    """

    _fields: tuple[str, ...] = ("data_format", "seed", "fill_mode", "interpolation", "fill_value")

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        own = type(self).__name__
        self.fill_mode = word(own, "fill_mode", fill_mode, FILL_MODES)
        self.interpolation = word(own, "interpolation", interpolation, INTERPOLATIONS)
        self.fill_value = fill_value

    def matrices(self, transformation: Any) -> Any:
        """Return the six numbers of each picture's map and two zeros, (rows, 8)."""
        raise NotImplementedError

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        return self._warped(images, transformation, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks after a transformation, each pixel one of those that were there."""
        masks = ops.cast(segmentation_masks, self.compute_dtype)
        return self._warped(masks, transformation, "nearest")

    def _warped(self, images: Any, transformation: Any, interpolation: str) -> Any:
        if transformation is None:
            return images
        return project(
            Pictures(type(self).__name__, images, self.data_format),
            self.matrices(transformation),
            interpolation,
            self.fill_mode,
            self.fill_value,
            straight=True,
        )


def affine(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> Any:
    """Return the rows of maps of numbers for each picture, (rows, 8)."""
    parts = [ops.reshape(ops.cast(v, "float32"), (-1,)) for v in (a0, a1, a2, b0, b1, b2)]
    zero = ops.zeros_like(parts[0])
    return ops.stack([*parts, zero, zero], axis=-1)
