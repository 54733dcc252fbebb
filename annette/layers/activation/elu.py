"""ELU: the exponential linear unit."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.layer import Layer


class ELU(Layer):
    r"""The exponential linear unit (Clevert, Unterthiner & Hochreiter, 2015).

    .. math:: f(x) = x \text{ if } x > 0 \text{, else } \alpha (e^x - 1)

    Args:
        alpha: :math:`\alpha`.

    Input shape: any.
    Output shape: that of the input.
    """

    _fields = ("alpha",)

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return f(x)."""
        return ops.elu(inputs, self.alpha)
