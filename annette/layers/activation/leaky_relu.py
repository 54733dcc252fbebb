"""LeakyReLU: a rectified linear unit that lets some of the negative side through."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.layer import Layer


class LeakyReLU(Layer):
    r"""The leaky rectified linear unit (Maas, Hannun & Ng, 2013).

    .. math:: f(x) = x \text{ if } x \ge 0 \text{, else } \alpha x

    Args:
        negative_slope: :math:`\alpha`.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if `negative_slope` is None or below 0.
    """

    _fields = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "LeakyReLU expects negative_slope to be a number of 0 or more; it got "
                f"{negative_slope!r}."
            )
        self.negative_slope = negative_slope
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return f(x)."""
        return ops.leaky_relu(inputs, self.negative_slope)
