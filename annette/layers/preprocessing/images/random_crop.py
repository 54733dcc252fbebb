"""RandomCrop: a random part of each batch's pictures."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.images.base import RandomLayer


class RandomCrop(RandomLayer):
    """Takes a part of the pictures, at a random place while training.

    All pictures of a batch are cut at the same place. Outside training, and where the pictures are
    smaller than the part, they are resized so that the largest part in the middle that has the
    proportions remains.

    Args:
        height: of the part.
        width: of the part.
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether the place is drawn.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: the same, with `height` and `width`.

    Raises:
        ValueError: if `height` or `width` is no whole number above 0.
    """

    _fields = ("data_format", "height", "width", "seed")
    _always = True

    def __init__(
        self,
        height: int,
        width: int,
        seed: Any = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, name=name, **kwargs)
        self.height = positive_int("RandomCrop", "height", height)
        self.width = positive_int("RandomCrop", "width", width)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the first row and column of the part; (0, 0) outside training."""
        _, height, width = self._size(data)
        if not training or height < self.height or width < self.width:
            return 0, 0
        source = self._source(seed)
        top = random.randint((), 0, height - self.height + 1, "int32", source)
        return top, random.randint((), 0, width - self.width + 1, "int32", source)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the part of the pictures."""
        return self._part(images, transformation, training, "bilinear")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the part of the masks."""
        return self._part(segmentation_masks, transformation, training, "nearest")

    def _part(self, images: Any, transformation: Any, training: bool, interpolation: str) -> Any:
        _, height, width = self._size(images)
        if training and height >= self.height and width >= self.width:
            for axis, first, size in zip(
                self._axes[:2], transformation, (self.height, self.width), strict=True
            ):
                places = ops.arange(size, dtype="int32") + ops.cast(first, "int32")
                images = ops.take(images, places, axis=axis)
            return images
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            crop_to_aspect_ratio=True,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        shape = list(input_shape)
        shape[self._axes[0]], shape[self._axes[1]] = self.height, self.width
        return tuple(shape)
