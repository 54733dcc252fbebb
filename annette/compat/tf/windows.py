"""Convolution and pooling in TensorFlow's spelling; `tf.nn` has them."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.compat.tf.tensors import constant
from annette.compat.windows import transposed


class _How:
    """Strides, dilation, padding and format of a call, as `annette.ops` spells them."""

    def __init__(
        self, name: str, x: Any, axes: int, strides: Any, padding: Any, form: Any, dilations: Any
    ) -> None:
        self.name, self.axes, self.x = name, axes, constant(x)
        self.first = str(form or "").startswith("NC")
        self.form = "channels_first" if self.first else "channels_last"
        if len(self.x.shape) != axes + 2:
            raise ValueError(
                f"tf.nn.{name} takes an array of {axes + 2} axes; the shape is "
                f"{tuple(self.x.shape)}."
            )
        self.strides = self.sizes("strides", strides)
        self.dilations = self.sizes("dilations", 1 if dilations is None else dilations)
        self.padding = self._padded(padding)

    def sizes(self, word: str, given: Any) -> tuple[int, ...]:
        """Return a number for each side, of one, of one a side, or of one an axis."""
        values = [int(n) for n in given] if hasattr(given, "__len__") else [int(given)]
        if len(values) == self.axes + 2:
            values = values[2:] if self.first else values[1:-1]
        values = values * self.axes if len(values) == 1 else values
        if len(values) != self.axes:
            raise ValueError(
                f"tf.nn.{self.name} takes {word} as 1, {self.axes} or {self.axes + 2} numbers; it "
                f"got {given!r}."
            )
        return tuple(values)

    def _padded(self, padding: Any) -> str:
        if isinstance(padding, str):
            return padding.lower()
        widths = [(int(a), int(b)) for a, b in padding]
        self.x = ops.pad(self.x, widths)
        return "valid"


def _conv(
    name: str, x: Any, kernel: Any, axes: int, strides: Any, padding: Any, form: Any, gaps: Any
) -> Any:
    how = _How(name, x, axes, strides, padding, form, gaps)
    return ops.conv(how.x, constant(kernel), how.strides, how.padding, how.form, how.dilations)


def conv1d(
    input: Any, filters: Any, stride: Any, padding: Any, data_format: str = "NWC",
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return a convolution of series."""
    return _conv("conv1d", input, filters, 1, stride, padding, data_format, dilations)


def conv2d(
    input: Any, filters: Any, strides: Any, padding: Any, data_format: str = "NHWC",
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return a convolution of pictures; padding may be given for each axis too."""
    return _conv("conv2d", input, filters, 2, strides, padding, data_format, dilations)


def conv3d(
    input: Any, filters: Any, strides: Any, padding: Any, data_format: str = "NDHWC",
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return a convolution of volumes."""
    return _conv("conv3d", input, filters, 3, strides, padding, data_format, dilations)


def convolution(
    input: Any, filters: Any, strides: Any = None, padding: Any = "VALID", data_format: Any = None,
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return a convolution of series, pictures or volumes."""
    axes, strides = len(constant(input).shape) - 2, 1 if strides is None else strides
    return _conv("convolution", input, filters, axes, strides, padding, data_format, dilations)


def atrous_conv2d(value: Any, filters: Any, rate: int, padding: Any, name: Any = None) -> Any:
    """Return a convolution of pictures whose taps are `rate` apart."""
    return _conv("atrous_conv2d", value, filters, 2, 1, padding, "NHWC", rate)


def depthwise_conv2d(
    input: Any, filter: Any, strides: Any, padding: Any, data_format: Any = None,
    dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return a convolution of each channel by itself."""
    how = _How("depthwise_conv2d", input, 2, strides, padding, data_format, dilations)
    return ops.depthwise_conv(
        how.x, constant(filter), how.strides, how.padding, how.form, how.dilations
    )


def separable_conv2d(
    input: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any, padding: Any,
    data_format: Any = None, dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return a convolution of each channel, and sums of the channels."""
    how = _How("separable_conv2d", input, 2, strides, padding, data_format, dilations)
    return ops.separable_conv(
        how.x, constant(depthwise_filter), constant(pointwise_filter), how.strides, how.padding,
        how.form, how.dilations,
    )  # fmt: skip


def _back(
    name: str, x: Any, kernel: Any, shape: Any, axes: int, strides: Any, padding: Any, form: Any,
    gaps: Any,
) -> Any:  # fmt: skip
    how = _How(name, x, axes, strides, padding, form, gaps)
    return transposed(
        how.x, constant(kernel), shape, how.strides, how.padding, how.form, how.dilations
    )


def conv1d_transpose(
    input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",
    data_format: str = "NWC", dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return series of `output_shape` made of those that their convolution gives."""
    return _back("conv1d_transpose", input, filters, output_shape, 1, strides, padding, data_format,
                 dilations)  # fmt: skip


def conv2d_transpose(
    input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",
    data_format: str = "NHWC", dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return pictures of `output_shape` made of those that their convolution gives."""
    return _back("conv2d_transpose", input, filters, output_shape, 2, strides, padding, data_format,
                 dilations)  # fmt: skip


def conv3d_transpose(
    input: Any, filters: Any, output_shape: Any, strides: Any, padding: str = "SAME",
    data_format: str = "NDHWC", dilations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """Return volumes of `output_shape` made of those that their convolution gives."""
    return _back("conv3d_transpose", input, filters, output_shape, 3, strides, padding, data_format,
                 dilations)  # fmt: skip


# --- pooling --------------------------------------------------------------------------------------


def _pool(
    name: str, pool: Any, x: Any, axes: int, ksize: Any, strides: Any, padding: Any, form: Any
) -> Any:
    if not isinstance(padding, str):
        raise ValueError(f"tf.nn.{name} takes padding 'SAME' or 'VALID'; it got {padding!r}.")
    how = _How(name, x, axes, strides, padding, form, None)
    return pool(how.x, how.sizes("ksize", ksize), how.strides, how.padding, how.form)


def max_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = None, name: Any = None
) -> Any:
    """Return the greatest value of windows of series, pictures or volumes."""
    axes = len(constant(input).shape) - 2
    return _pool("max_pool", ops.max_pool, input, axes, ksize, strides, padding, data_format)


def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NWC", name: Any = None
) -> Any:
    """Return the greatest value of windows of series."""
    return _pool("max_pool1d", ops.max_pool, input, 1, ksize, strides, padding, data_format)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC", name: Any = None
) -> Any:
    """Return the greatest value of windows of pictures."""
    return _pool("max_pool2d", ops.max_pool, input, 2, ksize, strides, padding, data_format)


def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NDHWC", name: Any = None
) -> Any:
    """Return the greatest value of windows of volumes."""
    return _pool("max_pool3d", ops.max_pool, input, 3, ksize, strides, padding, data_format)


def avg_pool(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = None, name: Any = None
) -> Any:
    """Return the mean of windows of series, pictures or volumes."""
    axes = len(constant(input).shape) - 2
    return _pool("avg_pool", ops.average_pool, input, axes, ksize, strides, padding, data_format)


def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NWC", name: Any = None
) -> Any:
    """Return the mean of windows of series."""
    return _pool("avg_pool1d", ops.average_pool, input, 1, ksize, strides, padding, data_format)


def avg_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC", name: Any = None
) -> Any:
    """Return the mean of windows of pictures."""
    return _pool("avg_pool2d", ops.average_pool, input, 2, ksize, strides, padding, data_format)


def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NDHWC", name: Any = None
) -> Any:
    """Return the mean of windows of volumes."""
    return _pool("avg_pool3d", ops.average_pool, input, 3, ksize, strides, padding, data_format)


# --- channels -------------------------------------------------------------------------------------


def local_response_normalization(
    input: Any, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5,
    name: Any = None,
) -> Any:  # fmt: skip
    """Return x / (bias + alpha sum(x^2))^beta, the sum over `depth_radius` channels either way."""
    x = constant(input)
    channels = int(x.shape[-1])
    squares = ops.pad(ops.square(x), [(0, 0)] * 3 + [(depth_radius, depth_radius)])
    total = sum(squares[..., i : i + channels] for i in range(2 * depth_radius + 1))
    return x / (bias + alpha * total) ** beta


lrn = local_response_normalization


def space_to_depth(input: Any, block_size: int, data_format: str = "NHWC", name: Any = None) -> Any:
    """Return pictures whose blocks of pixels have become channels."""
    return ops.space_to_depth(constant(input), block_size, _form(data_format))


def depth_to_space(input: Any, block_size: int, data_format: str = "NHWC", name: Any = None) -> Any:
    """Return pictures whose channels have become blocks of pixels."""
    return ops.depth_to_space(constant(input), block_size, _form(data_format))


def _form(given: str) -> str:
    return "channels_first" if given.startswith("NC") else "channels_last"
