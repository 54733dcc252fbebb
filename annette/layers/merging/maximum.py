"""Maximum: takes the largest of several inputs, elementwise."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Maximum(Merge):
    r"""The largest of the inputs, elementwise.

    .. math:: y = \max(x_1, x_2, \dots)

    Input shape: a list of arrays of one shape, or of shapes that broadcast.
    Output shape: that of one of them.

    Where an input is masked it has no part in the result.
    """

    _skips = True

    def merge(self, inputs: list[Any]) -> Any:
        """Return the largest of the inputs."""
        return reduce(ops.maximum, inputs)


def maximum(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the largest of the inputs, elementwise: ``Maximum()`` called at once.

    Shapes: inputs of one shape, or of shapes that broadcast, and the result of that.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    return Maximum(**kwargs)(inputs)
