"""Resizing: pictures of another size."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.symbolic import KerasTensor
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.images.base import ImageLayer, word

_KNOWN = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


class Resizing(ImageLayer):
    """Gives pictures another size, as `ops.image.resize` does.

    Args:
        height: of the result.
        width: of the result.
        interpolation: "nearest", "bilinear", "bicubic" (Keys, 1981), "lanczos3" or "lanczos5"
            (Duchon, 1979).
        crop_to_aspect_ratio: whether the largest part in the middle that has the new proportions is
            taken first.
        pad_to_aspect_ratio: whether pictures are put in the middle of a frame of the new
            proportions first.
        fill_mode: "constant".
        fill_value: what the frame is filled with.
        antialias: whether the kernel is widened where pictures become smaller.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: the same, with `height` and `width`. Whole numbers stay whole.

    Raises:
        ValueError: if an argument is none of these, or both crop and pad are asked for.
    """

    _fields = (
        "data_format", "height", "width", "interpolation", "crop_to_aspect_ratio",
        "pad_to_aspect_ratio", "fill_mode", "fill_value", "antialias",
    )  # fmt: skip
    _always = True

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = positive_int("Resizing", "height", height)
        self.width = positive_int("Resizing", "width", width)
        self.interpolation = word("Resizing", "interpolation", interpolation, _KNOWN)
        self.fill_mode = word("Resizing", "fill_mode", fill_mode, ("constant",))
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                "Resizing expects crop_to_aspect_ratio or pad_to_aspect_ratio, not both; both are "
                "True."
            )
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_value = fill_value
        self.antialias = antialias

    def _prepared(self, images: Any) -> Any:
        return images

    def _finished(self, images: Any) -> Any:
        return images

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return height and width of the pictures; nothing is drawn."""
        return self._size(data)[1:]

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures in the new size."""
        return self._resized(images, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks in the new size, each pixel one of those that were there."""
        return self._resized(segmentation_masks, "nearest")

    def _resized(self, images: Any, interpolation: str) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        shape = list(input_shape)
        shape[self._axes[0]], shape[self._axes[1]] = self.height, self.width
        return tuple(shape)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output as a KerasTensor, of the input's dtype."""
        spec = super().compute_output_spec(*args, **kwargs)
        if isinstance(args[0], KerasTensor):
            spec.dtype = args[0].dtype
        return spec
