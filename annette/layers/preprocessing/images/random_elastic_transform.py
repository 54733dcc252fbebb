"""RandomElasticTransform: pictures pulled about at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import FILL_MODES, INTERPOLATIONS, bounds, word
from annette.layers.preprocessing.images.coloring import Coloring
from annette.ops.image.common import Pictures
from annette.ops.image.warping import pulled


class RandomElasticTransform(Coloring):
    """Pulls pictures about at random while training (Simard, Steinkraus & Platt, 2003).

    With d drawn for each batch, pixels are pulled as `ops.image.elastic_transform` does with alpha
    a tenth of d times the longer side and sigma a twentieth of d times the shorter one.

    Args:
        factor: (a, b) that the probability for each picture is drawn from, or f for (0, f); from 0
            to 1.
        scale: (l, u) that d is drawn from, or s for (0, s); from 0 to 1.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies beyond a b c d: "constant" for the fill value, "nearest" for d d d,
            "wrap" for a b c, "reflect" for d c b.
        fill_value: for "constant".
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
        ValueError: if an argument is none of these.
    """

    _fields = (
        "data_format", "factor", "scale", "interpolation", "fill_mode", "fill_value",
        "value_range", "seed",
    )  # fmt: skip

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)
        own = "RandomElasticTransform"
        self.scale = bounds(own, "scale", scale, 0.0, 1.0, 0.0)
        self.interpolation = word(own, "interpolation", interpolation, INTERPOLATIONS)
        self.fill_mode = word(own, "fill_mode", fill_mode, FILL_MODES)
        self.fill_value = fill_value

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures are changed, (rows,), d, and a key for the noise."""
        if not training:
            return None
        source = self._source(seed)
        return {
            "apply_transform": self._chosen(self._size(data)[0], self.factor, source),
            "distortion_factor": self._uniform((), *self.scale, source),
            # A key of its own, so that masks are pulled as their pictures are.
            "seed": source.next() if hasattr(source, "next") else source,
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        return self._clipped(self._pulled(images, transformation, self.interpolation))

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks after a transformation, each pixel one of those that were there."""
        if transformation is None:
            return segmentation_masks
        return self._pulled(segmentation_masks, transformation, "nearest")

    def _pulled(self, images: Any, transformation: Any, interpolation: str) -> Any:
        _, height, width = self._size(images)
        strength = ops.maximum(ops.cast(transformation["distortion_factor"], "float32"), 1e-3)
        alpha = strength * (0.1 * max(height, width))
        sigma = strength * (0.05 * min(height, width))
        taps = int(6 * 0.05 * min(height, width) * self.scale[1]) | 1
        found = pulled(
            Pictures("RandomElasticTransform", images, self.data_format),
            alpha,
            sigma,
            taps,
            interpolation,
            self.fill_mode,
            self.fill_value,
            transformation["seed"],
        )
        chosen = self._per_picture(transformation["apply_transform"], images)
        return ops.where(chosen, found, images)
