"""RepeatVector: a vector at each step of a sequence."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.arguments import counted
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class RepeatVector(Layer):
    """Repeats the vector of each sample, to make a sequence of it.

    Args:
        n: how many times.

    Input shape: (rows, features).
    Output shape: (rows, n, features).

    Raises:
        TypeError: if `n` is no whole number.
        ValueError: if `n` is below 1.
    """

    _fields = ("n",)

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = counted("RepeatVector", "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """Return the vectors, n times each."""
        rows, features = inputs.shape
        return ops.broadcast_to(ops.expand_dims(inputs, 1), (rows, self.n, features))
