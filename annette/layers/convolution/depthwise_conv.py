"""What DepthwiseConv1D and DepthwiseConv2D share."""

from __future__ import annotations

from typing import Any

from annette import constraints, initializers, ops, regularizers
from annette.layers.arguments import positive_int
from annette.layers.convolution.base import Windowed


class DepthwiseConv(Windowed):
    """A convolution of each channel with kernels of its own."""

    _fields = (
        "depth_multiplier", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
        "activation", "use_bias", "depthwise_initializer", "bias_initializer",
        "depthwise_regularizer", "bias_regularizer", "activity_regularizer",
        "depthwise_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        kernel_size: Any,
        *,
        depth_multiplier: int,
        depthwise_initializer: Any,
        depthwise_regularizer: Any,
        depthwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(kernel_size, **kwargs)
        me = type(self).__name__
        self.depth_multiplier = positive_int(me, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the number of channels.

        Raises:
            ValueError: if it is not known, or a window is too large.
        """
        channels = self._known_channels(input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier), self.depthwise_initializer,
            name="kernel", regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )  # fmt: skip
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        """Return f(x * w + b), channel by channel."""
        y = ops.depthwise_conv(
            inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )
        return self._finished(y)

    def _filters_of(self, channels: Any) -> int | None:
        return None if channels is None else channels * self.depth_multiplier
