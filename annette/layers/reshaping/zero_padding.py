"""What the paddings share."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.reshaping.spatial import Spatial


class ZeroPadding(Spatial):
    """A layer that puts zeros at the ends of the spatial axes."""

    # (before, after) of each spatial axis.
    _widths: tuple[tuple[int, int], ...]

    def resized(self, size: int, number: int) -> int:
        """Return the size of an axis with its zeros."""
        return size + sum(self._widths[number])

    def call(self, inputs: Any) -> Any:
        """Return the inputs between zeros."""
        widths = [(0, 0)] * len(inputs.shape)
        widths[self._first : self._first + self._spatial] = self._widths
        return ops.pad(inputs, widths)
