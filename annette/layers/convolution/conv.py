"""What Conv1D, Conv2D and Conv3D share."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.arguments import positive_int
from annette.layers.convolution.base import Kernel


class Conv(Kernel):
    """A convolution, in groups of channels."""

    _fields = (*Kernel._fields, "groups")

    def __init__(self, filters: int, kernel_size: Any, *, groups: int, **kwargs: Any) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        self.groups = positive_int(type(self).__name__, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__} expects filters to be a multiple of groups; it got "
                f"filters={filters} and groups={groups}."
            )

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the number of channels.

        Raises:
            ValueError: if it is not known, groups do not divide it, or a window is too large.
        """
        channels = self._known_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' with groups={self.groups} needs a multiple "
                f"of {self.groups} channels; the inputs' shape is {tuple(input_shape)}."
            )
        self.compute_output_shape(input_shape)
        self._add_kernel((*self.kernel_size, channels // self.groups, self.filters))

    def call(self, inputs: Any) -> Any:
        """Return f(x * w + b)."""
        y = ops.conv(
            inputs, self.kernel, self.strides, self.padding, self.data_format, self.dilation_rate
        )
        return self._finished(y)
