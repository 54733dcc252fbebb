"""CenterCrop: the middle of pictures."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.images.base import ImageLayer


class CenterCrop(ImageLayer):
    """Takes the middle of pictures.

    Where they are smaller than the part, they are resized so that the largest part in the middle
    that has the proportions remains.

    Args:
        height: of the part.
        width: of the part.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: the same, with `height` and `width`.

    Raises:
        ValueError: if `height` or `width` is no whole number above 0.
    """

    _fields = ("data_format", "height", "width")
    _always = True

    def __init__(
        self, height: int, width: int, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = positive_int("CenterCrop", "height", height)
        self.width = positive_int("CenterCrop", "width", width)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the shape of the pictures; nothing is drawn."""
        return {"input_shape": self._shape(data)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the middle of the pictures."""
        return self._middle(images, "bilinear")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the middle of the masks."""
        return self._middle(segmentation_masks, "nearest")

    def _middle(self, images: Any, interpolation: str) -> Any:
        _, height, width = self._size(images)
        if height >= self.height and width >= self.width:
            return ops.image.crop_images(
                images,
                top_cropping=int((height - self.height) / 2),
                left_cropping=int((width - self.width) / 2),
                target_height=self.height,
                target_width=self.width,
                data_format=self.data_format,
            )
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
