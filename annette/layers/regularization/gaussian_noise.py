"""GaussianNoise: noise is added while training."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.arguments import fraction
from annette.layers.layer import Layer


class GaussianNoise(Layer):
    r"""Adds normal noise to the inputs while training.

    .. math:: y = x + s z, \quad z \sim N(0, 1)

    (Bishop, 1995: training with noise is Tikhonov regularization.)

    Args:
        stddev: s, from 0 to 1.
        seed: a whole number, for the same noise in each run.

    Call arguments:
        inputs: numbers.
        training: whether to add noise.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if `stddev` is not from 0 to 1.
    """

    _fields = ("stddev", "seed")

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = fraction("GaussianNoise", "stddev", stddev)
        self.seed = seed
        if stddev > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, noisy while training."""
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(
            tuple(inputs.shape), 0.0, self.stddev, self.compute_dtype, self.seed_generator
        )
        return ops.add(inputs, noise)
