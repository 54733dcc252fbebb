"""CutMix: a rectangle of each picture from another one."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.preprocessing.images.base import RandomLayer, bounds
from annette.layers.preprocessing.images.rectangles import rectangles


class CutMix(RandomLayer):
    r"""Puts a rectangle of another picture into each while training (Yun et al., 2019).

    .. math:: \lambda \sim \mathrm{Beta}(\alpha, \alpha), \quad \alpha \sim U(a, b)

    is how much of the picture remains, and how much of its label counts.

    Args:
        factor: (a, b), or f for (0, f); from 0 to 1.
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `factor` is none of these.
    """

    _fields = ("data_format", "factor", "seed")

    def __init__(
        self, factor: Any = 1.0, seed: Any = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = bounds("CutMix", "factor", factor, 0.0, 1.0, 0.0)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return whose rectangle each picture gets, where, and how much of it remains."""
        if not training:
            return None
        rows, height, width = self._size(data)
        shape, source = self._shape(data), self._source(seed)
        alpha = ops.maximum(self._uniform((rows,), *self.factor, source), 1e-6)
        remains = random.beta((rows,), alpha, alpha, "float32", source)
        part = ops.sqrt(1.0 - remains)
        where = rectangles(self, part * height, part * width, (height, width), source)
        return {
            "permutation_order": random.shuffle(ops.arange(rows), seed=source),
            "batch_masks": ops.broadcast_to(where, shape if len(shape) == 4 else (1, *shape)),
            "mix_weight": ops.reshape(remains, (rows, 1, 1, 1)),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures with the rectangles of others."""
        if transformation is None:
            return images
        others = ops.take(images, transformation["permutation_order"], axis=0)
        return ops.where(transformation["batch_masks"], others, images)

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """Return the labels as mixed as the pictures are: rows of probabilities."""
        if transformation is None:
            return labels
        labels = ops.cast(labels, self.compute_dtype)
        others = ops.take(labels, transformation["permutation_order"], axis=0)
        shape = (-1, *(1,) * (len(labels.shape) - 1))
        weight = ops.cast(ops.reshape(transformation["mix_weight"], shape), self.compute_dtype)
        return weight * labels + (1.0 - weight) * others

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks with the rectangles of others."""
        if transformation is None:
            return segmentation_masks
        others = ops.take(segmentation_masks, transformation["permutation_order"], axis=0)
        channels = self._axes[2]
        where = ops.take(transformation["batch_masks"], [0], axis=channels)
        return ops.where(where, others, segmentation_masks)
