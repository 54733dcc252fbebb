"""Average: takes the mean of several inputs, elementwise."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Average(Merge):
    r"""The mean of the inputs, elementwise.

    .. math:: y = (x_1 + \dots + x_k) / k

    Input shape: a list of arrays of one shape, or of shapes that broadcast.
    Output shape: that of one of them.
    """

    def merge(self, inputs: list[Any]) -> Any:
        """Return the mean of the inputs."""
        return reduce(ops.add, inputs) / len(inputs)


def average(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the mean of the inputs, elementwise: ``Average()`` called at once.

    Shapes: inputs of one shape, or of shapes that broadcast, and the result of that.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    return Average(**kwargs)(inputs)
