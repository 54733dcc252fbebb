"""AlphaDropout: dropout that keeps mean and variance, for SELU."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.layers.arguments import below_one, fraction
from annette.layers.layer import Layer

# What SELU tends to for large negative numbers: minus the product of its two constants.
_LIMIT = -1.0507009873554805 * 1.6732632423543772


class AlphaDropout(Layer):
    r"""Sets a random fraction to SELU's negative limit while training, keeping mean and variance.

    .. math:: y = a (x d + \ell (1 - d)) + b, \quad a = ((1 - r)(1 + r \ell^2))^{-1/2},
        \quad b = -a \ell r

    where d is 1 with probability 1 - r, else 0, and :math:`\ell = -\lambda \alpha` of SELU. Inputs of
    mean 0 and variance 1 keep them (Klambauer, Unterthiner, Mayr & Hochreiter, 2017).

    Args:
        rate: the fraction r, from 0 to 1; with 1 nothing is left to keep the variance with.
        noise_shape: shape of the mask d; axes of size 1 share one decision, None as the input's.
        seed: a whole number, for the same masks in each run.

    Call arguments:
        inputs: numbers.
        training: whether to drop.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if `rate` is not from 0 to 1, or is 1 while training, or `noise_shape` has not
            as many axes as the inputs.
    """

    _fields = ("rate", "seed", "noise_shape")

    def __init__(
        self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.rate = fraction("AlphaDropout", "rate", rate)
        self.noise_shape = tuple(noise_shape) if noise_shape is not None else None
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return the inputs, thinned out while training."""
        if not training or self.rate == 0:
            return inputs
        rate = below_one(self, "rate", self.rate)
        a = ((1.0 - rate) * (1.0 + rate * _LIMIT**2)) ** -0.5
        shape = self._mask_shape(tuple(inputs.shape))
        drawn = random.uniform(shape, dtype="float32", seed=self.seed_generator)
        x = ops.cast(inputs, self.compute_dtype)
        kept = ops.where(ops.greater_equal(drawn, rate), x, _LIMIT)
        return ops.cast(a * kept - a * _LIMIT * rate, self.compute_dtype)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        if self.noise_shape is None:
            return shape
        if len(self.noise_shape) != len(shape):
            raise ValueError(
                f"AlphaDropout '{self.name}' expects a noise_shape with a size for each axis of its "
                f"inputs; it got {self.noise_shape} for inputs of shape {shape}."
            )
        return tuple(
            n if wanted is None else wanted
            for n, wanted in zip(shape, self.noise_shape, strict=True)
        )
