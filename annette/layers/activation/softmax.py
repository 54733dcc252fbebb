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
        mask: broadcasts to the inputs; where it is False (or at most 0.5) the probability is 0,
            also where that leaves nothing.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if the mask does not broadcast to the inputs.
    """

    _fields = ("axis",)

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the probabilities."""
        if mask is not None:
            self._check_mask(tuple(mask.shape), tuple(inputs.shape))
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return masked_softmax(inputs, mask, axis)

    def _check_mask(self, mask: tuple[int, ...], inputs: tuple[int, ...]) -> None:
        pairs = zip(reversed(mask), reversed(inputs), strict=False)
        if len(mask) > len(inputs) or not all(n in (1, m) for n, m in pairs):
            raise ValueError(
                f"Softmax '{self.name}' expects a mask that broadcasts to its inputs; it got the "
                f"shape {mask} for inputs of {inputs}."
            )


def masked_softmax(x: Any, mask: Any, axis: Any) -> Any:
    """Return the probabilities, 0 where `mask` is False or at most 0.5.

    Shapes: x any; mask broadcasts to it, None for no mask; the result is as x.
    """
    if mask is None:
        return ops.softmax(x, axis=axis)
    kept = mask if ops.dtype(mask) == "bool" else ops.greater(mask, 0.5)
    lowest = -3e4 if ops.dtype(x) == "float16" else -1e9
    # Where nothing is kept the softmax alone would give all equal shares.
    return ops.where(kept, ops.softmax(ops.where(kept, x, lowest), axis=axis), 0.0)
