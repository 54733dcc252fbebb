"""RandomColorJitter: brightness, contrast, saturation and hue changed at random."""

from __future__ import annotations

from typing import Any

from annette.layers.preprocessing.images.base import RandomLayer, value_range as checked
from annette.layers.preprocessing.images.random_brightness import RandomBrightness
from annette.layers.preprocessing.images.random_contrast import RandomContrast
from annette.layers.preprocessing.images.random_hue import RandomHue
from annette.layers.preprocessing.images.random_saturation import RandomSaturation


class RandomColorJitter(RandomLayer):
    """Changes brightness, contrast, saturation and hue at random while training, in this order.

    Args:
        value_range: the least and the greatest value of pictures.
        brightness_factor: as for `RandomBrightness`; None leaves it as it is.
        contrast_factor: as for `RandomContrast`, likewise.
        saturation_factor: as for `RandomSaturation`, likewise.
        hue_factor: as for `RandomHue`, likewise.
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if a factor or `value_range` is none of these.
    """

    _fields = (
        "data_format", "value_range", "brightness_factor", "contrast_factor", "saturation_factor",
        "hue_factor", "seed",
    )  # fmt: skip

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = checked("RandomColorJitter", value_range)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        pairs = (
            (RandomBrightness, brightness_factor),
            (RandomContrast, contrast_factor),
            (RandomSaturation, saturation_factor),
            (RandomHue, hue_factor),
        )
        self._steps = [
            cls(
                factor=factor,
                value_range=value_range,
                seed=None if seed is None else seed + i,
                data_format=self.data_format,
                dtype=self.dtype_policy,
            )
            for i, (cls, factor) in enumerate(pairs)
            if factor is not None
        ]

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures with each property changed."""
        for step in self._steps if training else ():
            drawn = step.get_random_transformation(images, training=training)
            images = step.transform_images(images, drawn, training)
        return images
