"""What the upsamplings share."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.reshaping.spatial import Spatial


class UpSampling(Spatial):
    """A layer that makes the spatial axes longer by whole factors."""

    # The factor of each spatial axis.
    _factors: tuple[int, ...]

    def resized(self, size: int, number: int) -> int:
        """Return the size of an axis times its factor."""
        return size * self._factors[number]

    def call(self, inputs: Any) -> Any:
        """Return the inputs with each place repeated along the spatial axes."""
        shape, wide, target = tuple(inputs.shape), [], []
        for axis, size in enumerate(shape):
            number = axis - self._first
            factor = self._factors[number] if 0 <= number < self._spatial else 1
            wide += [size, 1] if factor > 1 else [size]
            target += [size, factor] if factor > 1 else [size]
        # Looking at each place several times needs no index, and its gradient is a sum.
        repeated = ops.broadcast_to(ops.reshape(inputs, wide), target)
        return ops.reshape(repeated, self.compute_output_shape(shape))
