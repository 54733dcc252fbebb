"""Minimum: takes the smallest of several inputs, elementwise."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Minimum(Merge):
    r"""The smallest of the inputs, elementwise.

    .. math:: y = \min(x_1, x_2, \dots)

    Input shape: a list of arrays of one shape, or of shapes that broadcast.
    Output shape: that of one of them.

    Where an input is masked it has no part in the result.
    """

    _skips = True

    def merge(self, inputs: list[Any]) -> Any:
        """Return the smallest of the inputs."""
        return reduce(ops.minimum, inputs)


def minimum(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the smallest of the inputs, elementwise: ``Minimum()`` called at once.

    Shapes: inputs of one shape, or of shapes that broadcast, and the result of that.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    return Minimum(**kwargs)(inputs)
