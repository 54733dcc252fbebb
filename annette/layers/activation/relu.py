"""ReLU: the rectified linear unit, with a slope, a threshold and a ceiling."""

from __future__ import annotations

from typing import Any

from annette import activations
from annette.layers.layer import Layer


class ReLU(Layer):
    r"""The rectified linear unit (Nair & Hinton, 2010).

    .. math:: f(x) = x \text{ if } x \ge \theta \text{, else } \alpha (x - \theta),
        \text{ at most max\_value}

    Args:
        max_value: the largest output; None for no bound.
        negative_slope: :math:`\alpha`.
        threshold: :math:`\theta`.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if an argument is below 0 or None where a number is needed.
    """

    _fields = ("max_value", "negative_slope", "threshold")

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        given = {"max_value": max_value, "negative_slope": negative_slope, "threshold": threshold}
        for name, value in given.items():
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ValueError(
                    f"ReLU expects {name} to be a number of 0 or more; it got {value!r}."
                )
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return f(x)."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)
