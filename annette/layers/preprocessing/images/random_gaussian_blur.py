"""RandomGaussianBlur: pictures blurred at random."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import bounds
from annette.layers.preprocessing.images.coloring import Coloring


class RandomGaussianBlur(Coloring):
    """Blurs pictures at random while training, as `ops.image.gaussian_blur` does.

    Args:
        factor: (a, b) that the probability for each picture is drawn from, or f for (0, f); from 0
            to 1.
        kernel_size: how many pixels count, an odd number, or one along height and one along width.
        sigma: (l, u) that the standard deviations are drawn from, one a batch and direction, or s
            for (0, s); in pixels.
        value_range: the least and the greatest value of pictures.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        seed: a whole number, for the same draws in each run.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    _fields = ("data_format", "factor", "kernel_size", "sigma", "value_range", "seed")

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)
        pair = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size,) * 2
        odd = all(isinstance(k, int) and k > 0 and k % 2 for k in pair)
        if len(pair) != 2 or not odd:
            raise ValueError(
                "RandomGaussianBlur expects kernel_size to be an odd whole number, or two of them; "
                f"it got {kernel_size!r}."
            )
        self.kernel_size = (int(pair[0]), int(pair[1]))
        self.sigma = bounds("RandomGaussianBlur", "sigma", sigma, 0.0, 1e6, 0.0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which pictures are blurred, (rows,), and the standard deviations, (2,)."""
        if not training:
            return None
        source = self._source(seed)
        return {
            "should_apply_blur": self._chosen(self._size(data)[0], self.factor, source),
            "blur_factor": ops.maximum(self._uniform((2,), *self.sigma, source), 1e-6),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures, those drawn blurred."""
        if transformation is None:
            return images
        blurred = ops.image.gaussian_blur(
            images, self.kernel_size, transformation["blur_factor"], data_format=self.data_format
        )
        chosen = self._per_picture(transformation["should_apply_blur"], images)
        return self._clipped(ops.where(chosen, blurred, images))
