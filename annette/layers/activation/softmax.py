"""Softmax: scores to probabilities."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.layer import Layer


class Softmax(Layer):
    r"""Turns scores into probabilities that sum to 1.

    .. math:: f(x)_i = e^{x_i} / \sum_j e^{x_j}

    Args:
        axis: one or several, over which the sum is 1.

    Call arguments:
        inputs: the scores.
        mask: bool of the inputs' shape; where it is False the probability is 0.

    Input shape: any.
    Output shape: that of the input.
    """

    _fields = ("axis",)

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the probabilities."""
        if mask is not None:
            lowest = -3e4 if ops.dtype(inputs) == "float16" else -1e9
            inputs = inputs + (1.0 - ops.cast(mask, ops.dtype(inputs))) * lowest
        return ops.softmax(
            inputs, axis=tuple(self.axis) if isinstance(self.axis, list) else self.axis
        )
