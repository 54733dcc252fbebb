"""GaussianDropout: numbers are scaled at random while training."""

from __future__ import annotations

import math
from typing import Any

from annette import ops, random
from annette.layers.arguments import below_one, fraction
from annette.layers.layer import Layer


class GaussianDropout(Layer):
    r"""Multiplies the inputs by normal noise of mean 1 while training.

    .. math:: y = x (1 + s z), \quad z \sim N(0, 1), \quad s^2 = \frac{r}{1 - r}

    (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, 2014.) The variance is that of a
    Dropout of the same rate r.

    Args:
        rate: r, from 0 to 1; with 1 no noise can be drawn.
        seed: a whole number, for the same noise in each run.

    Call arguments:
        inputs: numbers.
        training: whether to scale.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if `rate` is not from 0 to 1, or is 1 while training.
    """

    _fields = ("rate", "seed")

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = fraction("GaussianDropout", "rate", rate)
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, scaled at random while training."""
        if not training or self.rate == 0:
            return inputs
        rate = below_one(self, "rate", self.rate)
        noise = random.normal(
            tuple(inputs.shape), 1.0, math.sqrt(rate / (1.0 - rate)), self.compute_dtype,
            self.seed_generator,
        )  # fmt: skip
        return ops.multiply(inputs, noise)
