"""Reshape: the same numbers of a sample in another shape."""

from __future__ import annotations

import math
from typing import Any

from annette import ops
from annette.layers.layer import Layer


class Reshape(Layer):
    """Gives each sample another shape, in row-major order.

    Args:
        target_shape: of a sample; one size may be -1.

    Input shape: (rows, ...).
    Output shape: (rows, *target_shape).

    Raises:
        ValueError: if the number of elements differs.
    """

    _fields = ("target_shape",)

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if shape.count(-1) > 1:
            raise ValueError(f"Reshape expects at most one -1 in target_shape; it got {shape}.")
        if any(isinstance(n, bool) or not hasattr(n, "__index__") or n < -1 for n in shape):
            raise ValueError(
                "Reshape expects target_shape to hold whole numbers, one of them may be -1; it got "
                f"{target_shape!r}."
            )
        self.target_shape = shape

    def call(self, inputs: Any) -> Any:
        """Return the samples in the target shape."""
        given = math.prod(inputs.shape[1:])
        wanted = math.prod(n for n in self.target_shape if n != -1)
        whole = given % wanted == 0 if -1 in self.target_shape and wanted else given == wanted
        if not whole:
            raise ValueError(
                f"Reshape '{self.name}' expects samples that fit target_shape={self.target_shape} "
                f"({wanted} numbers); it got samples of shape {tuple(inputs.shape[1:])} ({given} "
                "numbers)."
            )
        shape = tuple(given // wanted if n == -1 else n for n in self.target_shape)
        return ops.reshape(inputs, (inputs.shape[0], *shape))
