"""Subtract: the first input less the second."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Subtract(Merge):
    r"""The difference of two inputs, elementwise.

    .. math:: y = x_1 - x_2

    Input shape: a list of two arrays of one shape, or of shapes that broadcast.
    Output shape: that of one of them.

    Raises:
        ValueError: if there are not two inputs.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the first less the second."""
        if len(inputs) != 2:
            raise ValueError(f"Subtract '{self.name}' expects two inputs; it got {len(inputs)}.")
        return ops.subtract(inputs[0], inputs[1])


def subtract(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the first input less the second: ``Subtract()`` called at once.

    Shapes: two inputs of one shape, or of shapes that broadcast, and the result of that.

    Raises:
        ValueError: if there are not two inputs, or their shapes do not broadcast.
    """
    return Subtract(**kwargs)(inputs)
