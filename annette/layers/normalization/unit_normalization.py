"""UnitNormalization: each sample brought to length 1."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.arguments import axes_argument, axes_within
from annette.layers.layer import Layer
from annette.layers.normalization.precision import wide


class UnitNormalization(Layer):
    r"""Divides each sample by its Euclidean length over `axis`; zeros stay zeros.

    .. math:: y = x / \lVert x \rVert_2

    It computes in float32 at least.

    Args:
        axis: the axis or axes along which the length is taken.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        TypeError: if `axis` is no whole number or list of them.
        ValueError: if the inputs lack an axis.
    """

    _fields = ("axis",)

    def __init__(self, axis: Any = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_argument("UnitNormalization", axis)
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs over their length."""
        axes: Any = axes_within(self, self.axis, len(inputs.shape))
        x = wide(inputs, self.compute_dtype)
        return ops.cast(ops.normalize(x, axes, epsilon=1e-12), self.compute_dtype)
