"""Dropout: some numbers are left out while training."""

from __future__ import annotations

from typing import Any

from annette import random
from annette.layers.arguments import fraction
from annette.layers.layer import Layer


class Dropout(Layer):
    """Sets a random fraction of the inputs to 0 while training and scales the rest up.

    (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, 2014.)

    Args:
        rate: the fraction, from 0 to 1.
        noise_shape: shape of the mask; axes of size 1 share one decision, None as the input's.
        seed: a whole number, for the same masks in each run.

    Call arguments:
        inputs: anything.
        training: whether to drop.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if `rate` is not from 0 to 1.
    """

    _fields = ("rate", "seed", "noise_shape")

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = fraction(type(self).__name__, "rate", rate)
        self.noise_shape = tuple(noise_shape) if noise_shape is not None else None
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, thinned out while training."""
        if training and self.rate > 0:
            return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)
        return inputs
