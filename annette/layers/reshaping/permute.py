"""Permute: the axes of a sample in another order."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class Permute(Layer):
    """Puts the axes of each sample into another order.

    Args:
        dims: the axes in their new order, counted from 1; the rows stay first.

    Input shape: (rows, ...), with an axis for each of `dims`.
    Output shape: the same sizes, in the new order.

    Raises:
        TypeError: if `dims` is no tuple or list.
        ValueError: if `dims` are not the numbers from 1 on, each once.
    """

    _fields = ("dims",)

    def __init__(self, dims: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not hasattr(dims, "__iter__"):
            raise TypeError(
                f"Permute expects dims to be a tuple of axes, such as (2, 1); it got {dims!r}."
            )
        self.dims = tuple(dims)
        if {*self.dims} != {*range(1, len(self.dims) + 1)}:
            raise ValueError(
                "Permute expects dims to hold the numbers from 1 to the number of a sample's axes, "
                f"each once, such as (2, 1); it got {dims!r}."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with their axes in the new order."""
        return ops.transpose(inputs, (0, *self.dims))
