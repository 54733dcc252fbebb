"""RandomPosterization: pictures with fewer shades, at random."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.preprocessing.images.coloring import Coloring


class RandomPosterization(Coloring):
    r"""Keeps only some bits of each picture's values while training.

    .. math:: y = 2^s \lfloor x / 2^s \rfloor, \quad 8 - s \in \{a, \dots, b - 1\}

    of values brought to 0 to 255.

    Args:
        factor: (a, b), from a to b - 1 bits are kept, or b for (1, b); from 1 to 8.
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
        ValueError: if `factor` or `value_range` is none of these.
    """

    _fields = ("data_format", "factor", "value_range", "seed")
    _limits = (1.0, 8.0, 1.0)

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format=data_format, seed=seed, **kwargs)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return s, (rows,)."""
        if not training:
            return None
        low, high = (int(f) for f in self.factor)
        shape, source = (self._size(data)[0],), self._source(seed)
        bits = random.randint(shape, low, max(high, low + 1), "int32", source)
        return {"shift_factor": ops.cast(8 - bits, "uint8")}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures after a transformation."""
        if transformation is None:
            return images
        shift = ops.cast(self._per_picture(transformation["shift_factor"], images), "int32")
        step = ops.cast(ops.left_shift(ops.ones_like(shift), shift), ops.dtype(images))
        whole = ops.floor(ops.clip(self._unit(images) * 255.0, 0.0, 255.0))
        return self._ranged(ops.floor(whole / step) * step / 255.0)
