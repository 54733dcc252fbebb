"""Masking: marks the places of a sequence that hold nothing."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.layer import Layer


class Masking(Layer):
    """Marks steps all of whose features are `mask_value`, so that later layers pass them over.

    Input shape: (rows, steps, features).
    Output shape: that of the input, with the marked steps set to 0.
    """

    _fields = ("mask_value",)

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return where a step has a feature that is not `mask_value`."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs, 0 in marked steps."""
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(kept, ops.dtype(inputs))
