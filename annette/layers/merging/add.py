"""Add: adds up several inputs, elementwise."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Add(Merge):
    r"""The sum of the inputs, elementwise.

    .. math:: y = x_1 + x_2 + \dots

    Input shape: a list of arrays of one shape, or of shapes that broadcast.
    Output shape: that of one of them.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the sum of the inputs."""
        return reduce(ops.add, inputs)


def add(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the sum of the inputs, elementwise: ``Add()`` called at once.

    Shapes: inputs of one shape, or of shapes that broadcast, and the result of that.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    return Add(**kwargs)(inputs)
