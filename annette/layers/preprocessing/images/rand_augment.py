"""RandAugment: a few changes to pictures, chosen at random among eleven."""

from __future__ import annotations

from typing import Any

from annette import random
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.images.policy import COLORS, GEOMETRIC, SHADES, Policy


class RandAugment(Policy):
    """Changes pictures in ways chosen at random while training (Cubuk et al., 2020).

    Each change is one of `RandomShear`, `RandomTranslation`, `RandomRotation`, `RandomBrightness`,
    `RandomColorDegeneration`, `RandomContrast`, `RandomSharpness`, `RandomPosterization`,
    `Solarization`, `AutoContrast` and `Equalization`. All pictures of a batch are changed in the
    same ways, each by strengths of its own. In a compiled model all eleven are computed for each
    change.

    Args:
        value_range: the least and the greatest value of pictures.
        num_ops: how many changes are made one after the other.
        factor: (lower, upper) strength, or f for (0, f); from 0 to 1.
        interpolation: "nearest" or "bilinear", where pixels move.
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

    _fields = ("data_format", "value_range", "num_ops", "factor", "interpolation", "seed")

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            (*GEOMETRIC, *COLORS, *SHADES), factor, value_range, interpolation,
            seed=seed, data_format=data_format, **kwargs,
        )  # fmt: skip
        self.num_ops = positive_int("RandAugment", "num_ops", num_ops)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what each layer would do, and which of them do it, (num_ops,)."""
        if not training:
            return None
        transforms = {name: self._drawn_by(name, data, seed) for name in self._names}
        places = random.randint((self.num_ops,), 0, len(transforms), "int32", self._source(seed))
        return {"transforms": transforms, "layer_idxes": places}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after each change."""
        return self._changed(images, transformation, "transform_images")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, moved as the pictures are."""
        return self._changed(segmentation_masks, transformation, "transform_segmentation_masks")

    def _changed(self, x: Any, transformation: Any, method: str) -> Any:
        places = () if transformation is None else transformation["layer_idxes"]
        for i in range(len(places)):
            x = self._one_of(places[i], transformation["transforms"], method, x)
        return x
