"""Multiply: multiplies several inputs, elementwise."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Multiply(Merge):
    r"""The product of the inputs, elementwise.

    .. math:: y = x_1 x_2 \cdots

    Input shape: a list of arrays of one shape, or of shapes that broadcast.
    Output shape: that of one of them.

    Where an input is masked it has no part in the result, which is 0 where all are.
    """

    _skips = True
    _nothing = 0.0

    def merge(self, inputs: list[Any]) -> Any:
        """Return the product of the inputs."""
        return reduce(ops.multiply, inputs)


def multiply(inputs: list[Any], **kwargs: Any) -> Any:
    """Return the product of the inputs, elementwise: ``Multiply()`` called at once.

    Shapes: inputs of one shape, or of shapes that broadcast, and the result of that.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    return Multiply(**kwargs)(inputs)
