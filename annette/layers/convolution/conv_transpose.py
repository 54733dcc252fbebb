"""What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose share."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.arguments import factors
from annette.layers.convolution.base import Kernel
from annette.ops.convolution import transposed_size


class ConvTranspose(Kernel):
    """What goes back through a convolution."""

    _fields = (*Kernel._fields, "output_padding")

    def __init__(
        self, filters: int, kernel_size: Any, *, output_padding: Any, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = self._known_output_padding(output_padding)

    def _known_output_padding(self, value: Any) -> tuple[int, ...]:
        me = type(self).__name__
        found = factors(me, "output_padding", value, self._spatial, least=0)
        # A stride more, and the places would belong to another window.
        if any(n >= s for n, s in zip(found, self.strides, strict=True)):
            raise ValueError(
                f"{me} expects output_padding to be smaller than strides on each axis; it got "
                f"output_padding={found} and strides={self.strides}."
            )
        return found

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the number of channels.

        Raises:
            ValueError: if it is not known.
        """
        channels = self._known_channels(input_shape)
        self._add_kernel((*self.kernel_size, self.filters, channels))

    def call(self, inputs: Any) -> Any:
        """Return f(w^T * x + b)."""
        y = ops.conv_transpose(
            inputs, self.kernel, self.strides, self.padding, self.output_padding,
            self.data_format, self.dilation_rate,
        )  # fmt: skip
        return self._finished(y)

    def _size(self, n: int, number: int) -> int:
        k, s, d = (x[number] for x in (self.kernel_size, self.strides, self.dilation_rate))
        extra = None if self.output_padding is None else self.output_padding[number]
        return transposed_size(n, k, s, d, self.padding == "same", extra)
