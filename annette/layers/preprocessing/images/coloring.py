"""What layers share that change colours."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.preprocessing.images.base import RandomLayer, bounds, value_range


class Coloring(RandomLayer):
    """A random layer that changes the values of pixels within a range.

    Args:
        factor: how much, as the layer says.
        value_range: the least and the greatest value of pictures.
    """

    _fields: tuple[str, ...] = ("data_format", "factor", "value_range", "seed")
    # From what to what factors go, and the lower one for a single number (None: its negative).
    _limits: tuple[float, float, float | None] = (0.0, 1.0, 0.0)

    def __init__(self, factor: Any, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._set_range(value_range)
        self.factor = bounds(type(self).__name__, "factor", factor, *self._limits)

    def _set_range(self, given: Any) -> None:
        self.value_range = value_range(type(self).__name__, given)
        self._low, self._high = (float(v) for v in self.value_range)

    def _clipped(self, images: Any) -> Any:
        return ops.clip(images, self._low, self._high)

    def _drawn(self, rows: int, seed: Any) -> Any:
        """Return a number from the factor for each picture, (rows, 1, 1, 1)."""
        return self._uniform((rows, 1, 1, 1), *self.factor, seed)

    def _unit(self, images: Any) -> Any:
        """Return the pictures with values from 0 to 1."""
        return (images - self._low) / (self._high - self._low)

    def _ranged(self, images: Any) -> Any:
        """Return pictures with values from 0 to 1 in their own range."""
        return images * (self._high - self._low) + self._low
