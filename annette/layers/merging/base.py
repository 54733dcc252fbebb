"""What layers that make one value of several share."""

from __future__ import annotations

from functools import reduce
from typing import Any

from annette import ops
from annette.layers.layer import Layer


class Merge(Layer):
    """A layer that makes one value of a list of them, elementwise, broadcasting from the right."""

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
        return self.merge(_aligned(list(inputs)))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return where all inputs count."""
        if previous_mask is None:
            return None
        masks = [m for m in previous_mask if m is not None]
        return reduce(ops.logical_and, masks) if masks else None


def _aligned(inputs: list[Any]) -> list[Any]:
    """Give inputs of fewer axes axes of size 1 after the rows."""
    rank = max(len(x.shape) for x in inputs)
    return [
        x if len(x.shape) == rank
        else ops.reshape(x, (x.shape[0], *(1,) * (rank - len(x.shape)), *x.shape[1:]))
        for x in inputs
    ]  # fmt: skip
