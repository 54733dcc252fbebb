"""RMSNormalization: each sample brought to a mean square of 1."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.arguments import axes_argument, axes_within, known_sizes
from annette.layers.layer import Layer
from annette.layers.normalization.precision import wide


class RMSNormalization(Layer):
    r"""Divides each sample by the root of its mean square over the features.

    .. math:: y = s \, x / \sqrt{\overline{x^2} + \epsilon}

    (Zhang & Sennrich, 2019.) It computes in float32 at least.

    Args:
        axis: the axis or axes of the features.
        epsilon: added to the mean square.

    Input shape: any, of known sizes along `axis`.
    Output shape: that of the input.
    Weights: scale, of the sizes along `axis`, in the order of the axes.

    Raises:
        TypeError: if `axis` is no whole number or list of them.
        ValueError: if the inputs lack an axis, or its size is not known.
    """

    _fields = ("axis", "epsilon")

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axes_argument("RMSNormalization", axis)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale, of the sizes along `axis`."""
        axes = axes_within(self, self.axis, len(input_shape))
        self.scale = self.add_weight(known_sizes(self, axes, input_shape), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        """Return the inputs over the root of their mean square, scaled."""
        axes = axes_within(self, self.axis, len(inputs.shape))
        x = wide(inputs, self.compute_dtype)
        return ops.cast(
            ops.rms_normalization(x, self.scale, axes, self.epsilon), self.compute_dtype
        )
