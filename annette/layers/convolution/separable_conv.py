"""What SeparableConv1D and SeparableConv2D share."""

from __future__ import annotations

from typing import Any

from annette import constraints, initializers, ops, regularizers
from annette.layers.arguments import positive_int
from annette.layers.convolution.base import Windowed


class SeparableConv(Windowed):
    """A convolution of each channel by itself, then of all channels at each place."""

    _fields = (
        "depth_multiplier", "filters", "kernel_size", "strides", "padding", "data_format",
        "dilation_rate", "activation", "use_bias", "depthwise_initializer",
        "pointwise_initializer", "bias_initializer", "depthwise_regularizer",
        "pointwise_regularizer", "bias_regularizer", "activity_regularizer",
        "depthwise_constraint", "pointwise_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        *,
        depth_multiplier: int,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(kernel_size, **kwargs)
        me = type(self).__name__
        self.filters = positive_int(me, "filters", filters)
        self.depth_multiplier = positive_int(me, "depth_multiplier", depth_multiplier)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make both kernels and the bias for the number of channels.

        Raises:
            ValueError: if it is not known, or a window is too large.
        """
        channels = self._known_channels(input_shape)
        self.compute_output_shape(input_shape)
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier), self.depthwise_initializer,
            name="depthwise_kernel", regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )  # fmt: skip
        between = channels * self.depth_multiplier
        self.pointwise_kernel = self.add_weight(
            (*(1,) * self._spatial, between, self.filters), self.pointwise_initializer,
            name="pointwise_kernel", regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )  # fmt: skip
        self._add_bias(self.filters)

    def call(self, inputs: Any) -> Any:
        """Return f((x * w_depth) w_point + b)."""
        y = ops.separable_conv(
            inputs, self.depthwise_kernel, self.pointwise_kernel, self.strides, self.padding,
            self.data_format, self.dilation_rate,
        )  # fmt: skip
        return self._finished(y)

    def _filters_of(self, channels: Any) -> int | None:
        return self.filters
