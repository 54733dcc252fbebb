"""Concatenate: several inputs side by side."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.merging.base import Merge


class Concatenate(Merge):
    """Puts inputs one after the other along an axis.

    Args:
        axis: along which.

    Input shape: a list of arrays that differ in that axis alone.
    Output shape: theirs, with the sizes along the axis added up.

    Raises:
        ValueError: if another axis differs too.
    """

    _fields = ("axis",)

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any) -> Any:
        """Return the inputs side by side."""
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise ValueError(f"Concatenate '{self.name}' expects a list of inputs, such as [a, b].")
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the masks side by side, or where any counts if the axis has no mask."""
        if previous_mask is None or all(m is None for m in previous_mask):
            return None
        masks = [
            ops.ones(tuple(x.shape)[:-1], "bool") if m is None else m
            for x, m in zip(inputs, previous_mask, strict=True)
        ]
        axis = self.axis % len(inputs[0].shape)
        if axis < len(masks[0].shape):
            return ops.concatenate(masks, axis=axis)
        return reduce(ops.logical_or, masks)


def concatenate(inputs: list[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Return the inputs side by side: ``Concatenate(axis)`` called at once.

    Shapes: inputs alike but for `axis`, along which the result has the sum of their sizes.

    Raises:
        ValueError: if the shapes differ elsewhere.
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
