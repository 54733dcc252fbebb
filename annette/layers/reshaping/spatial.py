"""What cropping, padding and upsampling share."""

from __future__ import annotations

from typing import Any

from annette.graph.symbolic import KerasTensor
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class Spatial(Layer):
    """A layer that gives each spatial axis another size, by itself."""

    # The number of spatial axes.
    _spatial: int
    data_format = "channels_last"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = InputSpec(ndim=self._spatial + 2)

    @property
    def _first(self) -> int:
        """The first spatial axis."""
        return 1 if self.data_format == "channels_last" else 2

    def resized(self, size: int, number: int) -> int:
        """Return the new size of the spatial axis of this number, counted from 0."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape (rows first, None where unknown)."""
        shape = list(input_shape)
        for number in range(self._spatial):
            size = shape[self._first + number]
            shape[self._first + number] = None if size is None else self.resized(size, number)
        return tuple(shape)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the output as a KerasTensor, of the input's dtype."""
        return KerasTensor(self.compute_output_shape(inputs.shape), inputs.dtype)
