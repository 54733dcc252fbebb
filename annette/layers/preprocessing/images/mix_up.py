"""MixUp: each picture mixed with another one."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.preprocessing.images.base import RandomLayer


class MixUp(RandomLayer):
    r"""Mixes each picture and its label with another while training (Zhang et al., 2018).

    .. math:: y = \lambda x + (1 - \lambda) x', \quad \lambda \sim \mathrm{Beta}(\alpha, \alpha)

    Args:
        alpha: above 0; the smaller, the less is mixed.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        seed: a whole number, for the same draws in each run.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks".
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if `alpha` is no number above 0.
    """

    _fields = ("data_format", "alpha", "seed")

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"MixUp expects alpha to be a number above 0; it got {alpha!r}.")
        self.alpha = alpha

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return with which other each picture is mixed, and how much of it remains, (rows,)."""
        if not training:
            return None
        rows, source = self._size(data)[0], self._source(seed)
        alpha = float(self.alpha)
        return {
            "mix_weight": random.beta((rows,), alpha, alpha, "float32", source),
            "permutation_order": random.shuffle(ops.arange(rows), seed=source),
        }

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures, mixed."""
        return self._mixed(images, transformation)

    def transform_labels(self, labels: Any, transformation: Any, training: bool = True) -> Any:
        """Return the labels as mixed as the pictures are: rows of probabilities."""
        return self._mixed(labels, transformation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks, mixed."""
        return self._mixed(segmentation_masks, transformation)

    def _mixed(self, x: Any, transformation: Any) -> Any:
        if transformation is None:
            return x
        x = ops.cast(x, self.compute_dtype)
        others = ops.take(x, transformation["permutation_order"], axis=0)
        shape = (-1, *(1,) * (len(x.shape) - 1))
        weight = ops.cast(ops.reshape(transformation["mix_weight"], shape), self.compute_dtype)
        return weight * x + (1.0 - weight) * others
