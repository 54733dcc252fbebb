"""What layers that make one value of several share."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from annette import ops
from annette.layers.layer import Layer


class Merge(Layer):
    """A layer that makes one value of a list of them, elementwise, broadcasting from the right."""

    # Whether an input has no part in the result where its mask says that it does not count, and
    # what the result is where none counts (the first input if None).
    _skips = False
    _nothing: float | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def merge(self, inputs: list[Any]) -> Any:
        """Return the one value made of the inputs."""
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        """Check that there are several inputs."""
        several = isinstance(input_shape, (list, tuple)) and input_shape and isinstance(
            input_shape[0], (list, tuple)
        )  # fmt: skip
        if not several:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects a list of inputs, such as [a, b]; it "
                f"got one of shape {input_shape}."
            )

    def call(self, inputs: Any) -> Any:
        """Return the one value made of the inputs."""
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects a list of inputs, such as [a, b]."
            )
        masks = [getattr(x, "_keras_mask", None) for x in inputs]
        if self._skips and any(m is not None for m in masks):
            wide = [_wide(m, x) for m, x in zip(masks, inputs, strict=True)]
            merged, counts = self._merge_counting(_aligned(list(inputs)), _aligned(wide))
            every = all(m is not None for m in masks)
            return merged if self._nothing is None or not every else ops.where(
                counts, merged, ops.cast(self._nothing, merged.dtype)
            )  # fmt: skip
        return self.merge(_aligned(list(inputs)))

    def _merge_counting(self, inputs: list[Any], masks: list[Any]) -> tuple[Any, Any]:
        """Return what is made of the inputs that count at each place, and where one does."""
        merged, counts = inputs[0], masks[0]
        for x, mask in zip(inputs[1:], masks[1:], strict=True):
            both = self.merge([merged, x])
            merged = ops.where(mask, ops.where(counts, both, x), merged)
            counts = ops.logical_or(counts, mask)
        return merged, counts

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return where any input counts: None, for everywhere, if one has no mask."""
        if previous_mask is None or any(m is None for m in previous_mask):
            return None
        return reduce(ops.logical_or, previous_mask)


def _wide(mask: Any, x: Any) -> Any:
    """Return a mask with the axes of its input, True where there is no mask."""
    if mask is None:
        return np.ones((1,) * len(x.shape), bool)
    return ops.reshape(mask, (*mask.shape, *(1,) * (len(x.shape) - len(mask.shape))))


def _aligned(inputs: list[Any]) -> list[Any]:
    """Give inputs of fewer axes axes of size 1 after the rows."""
    rank = max(len(x.shape) for x in inputs)
    return [
        x if len(x.shape) == rank
        else ops.reshape(x, (x.shape[0], *(1,) * (rank - len(x.shape)), *x.shape[1:]))
        for x in inputs
    ]  # fmt: skip
