"""RandomFlip: pictures mirrored at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import RandomLayer, word

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(RandomLayer):
    """Mirrors each picture with probability 1/2 while training.

    Args:
        mode: "horizontal" (left becomes right), "vertical" (top becomes bottom) or
            "horizontal_and_vertical", each at random.
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `mode` is none of these.
    """

    _fields = ("data_format", "seed", "mode")

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.mode = word("RandomFlip", "mode", mode, _MODES)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures to mirror, one draw for each direction of the mode."""
        if not training:
            return None
        rows = self._size(data)[0]
        shape = (rows, 1, 1, 1) if self.mode != _MODES[2] else (2, rows, 1, 1, 1)
        return {
            "flips": self._uniform(shape, 0.0, 1.0, seed) <= 0.5,
            "input_shape": self._shape(data),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures, those drawn mirrored."""
        if transformation is None:
            return images
        flips = ops.convert_to_tensor(transformation["flips"])
        # One draw, as Keras has it, counts for both directions.
        draws = [flips[0], flips[1]] if len(flips.shape) == 5 else [flips, flips]
        height, width, _ = self._axes
        if "horizontal" in self.mode:
            images = ops.where(draws[0], ops.flip(images, width), images)
        if "vertical" in self.mode:
            images = ops.where(draws[1], ops.flip(images, height), images)
        return images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, mirrored as the pictures are."""
        return self.transform_images(segmentation_masks, transformation, training)
