"""What the croppings share."""

from __future__ import annotations

from typing import Any

from annette.layers.reshaping.spatial import Spatial


class Cropping(Spatial):
    """A layer that cuts off the ends of the spatial axes."""

    # (before, after) of each spatial axis.
    _cuts: tuple[tuple[int, int], ...]

    def resized(self, size: int, number: int) -> int:
        """Return what is left of an axis.

        Raises:
            ValueError: if that is nothing.
        """
        before, after = self._cuts[number]
        if size <= before + after:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' cuts {before} off the front and {after} off "
                f"the end of axis {self._first + number}, whose size is {size}: nothing would be "
                "left. Make cropping smaller."
            )
        return size - before - after

    def call(self, inputs: Any) -> Any:
        """Return the inputs without their ends."""
        sizes = self.compute_output_shape(inputs.shape)
        kept = [slice(None)] * len(sizes)
        for axis, (before, _) in enumerate(self._cuts, self._first):
            kept[axis] = slice(before, before + sizes[axis])
        return inputs[tuple(kept)]
