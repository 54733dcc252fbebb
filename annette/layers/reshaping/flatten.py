"""Flatten: all of a sample on one axis."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.layers.arguments import data_format as checked_format
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class Flatten(Layer):
    """Puts all numbers of a sample on one axis, in row-major order.

    Args:
        data_format: with "channels_first", channels are moved to the end first.

    Input shape: (rows, ...).
    Output shape: (rows, product of the rest).

    Raises:
        ValueError: if `data_format` is neither "channels_last" nor "channels_first".
    """

    _fields = ("data_format",)

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_format("Flatten", data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with one axis after the rows."""
        if self.data_format == "channels_first" and len(inputs.shape) > 2:
            inputs = ops.moveaxis(inputs, 1, -1)
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))
