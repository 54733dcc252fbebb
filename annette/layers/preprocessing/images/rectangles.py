"""Rectangles at random places, for layers that fill them."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops


def rectangles(layer: Any, heights: Any, widths: Any, size: Any, seed: Any) -> Any:
    """Return where pictures are covered, one axis of the shape being 1 for the channels.

    Args:
        layer: that draws.
        heights: of the rectangles in pixels, (rows,); not only whole ones.
        widths: likewise.
        size: height and width of the pictures.
        seed: what to draw from.
    """
    height, width, _ = layer._axes
    found: Any = None
    for axis, extent, total in ((height, heights, size[0]), (width, widths, size[1])):
        rows = extent.shape[0]
        first = layer._uniform((rows,), 0.0, 1.0, seed) * (total - extent)
        shape = [1, 1, 1, 1]
        shape[axis] = total
        places = np.arange(total, dtype="float32").reshape(shape)
        low, high = (ops.reshape(v, (rows, 1, 1, 1)) for v in (first, first + extent))
        inside = ops.logical_and(low < places, places < high)
        found = inside if found is None else ops.logical_and(found, inside)
    return found
