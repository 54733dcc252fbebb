"""Convolution, pooling and sizes of pictures as `keras.backend` of Keras 2 spells them."""

from __future__ import annotations

from typing import Any

from annette import config, ops

__all__ = (
    "conv1d conv2d conv2d_transpose conv3d depthwise_conv2d pool2d pool3d resize_images "
    "resize_volumes separable_conv1d separable_conv2d"
).split()


def conv1d(
    x: Any, kernel: Any, strides: Any = 1, padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    """Return a convolution of series (n, steps, channels); padding may be "causal" too."""
    return ops.conv(x, kernel, _all(strides), padding, _form(data_format), _all(dilation_rate))


def conv2d(
    x: Any, kernel: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:  # fmt: skip
    """Return a convolution of pictures."""
    return ops.conv(x, kernel, _all(strides), padding, _form(data_format), _all(dilation_rate))


def conv3d(
    x: Any, kernel: Any, strides: Any = (1, 1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:  # fmt: skip
    """Return a convolution of volumes."""
    return ops.conv(x, kernel, _all(strides), padding, _form(data_format), _all(dilation_rate))


def conv2d_transpose(
    x: Any, kernel: Any, output_shape: Any, strides: Any = (1, 1), padding: str = "valid",
    data_format: Any = None, dilation_rate: Any = (1, 1),
) -> Any:  # fmt: skip
    """Return pictures of `output_shape` whose convolution has the shape of `x`, made of `x`.

    Args:
        kernel: (rows, columns, outputs, inputs).
        output_shape: whole, the batch's axis and the channels with it.
    """
    return transposed(x, kernel, output_shape, strides, padding, _form(data_format), dilation_rate)


def depthwise_conv2d(
    x: Any, depthwise_kernel: Any, strides: Any = (1, 1), padding: str = "valid",
    data_format: Any = None, dilation_rate: Any = (1, 1),
) -> Any:  # fmt: skip
    """Return a convolution of each channel by itself."""
    return ops.depthwise_conv(
        x, depthwise_kernel, _all(strides), padding, _form(data_format), _all(dilation_rate)
    )


def separable_conv1d(
    x: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = 1, padding: str = "valid",
    data_format: Any = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    """Return a convolution of each channel of series, and sums of the channels."""
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, _all(strides), padding, _form(data_format),
        _all(dilation_rate),
    )  # fmt: skip


def separable_conv2d(
    x: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = (1, 1),
    padding: str = "valid", data_format: Any = None, dilation_rate: Any = (1, 1),
) -> Any:  # fmt: skip
    """Return a convolution of each channel of pictures, and sums of the channels."""
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, _all(strides), padding, _form(data_format),
        _all(dilation_rate),
    )  # fmt: skip


def pool2d(
    x: Any, pool_size: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
    pool_mode: str = "max",
) -> Any:  # fmt: skip
    """Return the greatest value or the mean ("avg") of windows of pictures.

    Raises:
        ValueError: for another `pool_mode`.
    """
    return _pooled("pool2d", x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(
    x: Any, pool_size: Any, strides: Any = (1, 1, 1), padding: str = "valid",
    data_format: Any = None, pool_mode: str = "max",
) -> Any:  # fmt: skip
    """Return the greatest value or the mean ("avg") of windows of volumes.

    Raises:
        ValueError: for another `pool_mode`.
    """
    return _pooled("pool3d", x, pool_size, strides, padding, data_format, pool_mode)


def _pooled(
    name: str, x: Any, size: Any, strides: Any, padding: str, data_format: Any, mode: str
) -> Any:
    if mode not in ("max", "avg"):
        raise ValueError(f"{name} expects pool_mode to be 'max' or 'avg'; it got {mode!r}.")
    pool = ops.max_pool if mode == "max" else ops.average_pool
    return pool(x, _all(size), _all(strides), padding, _form(data_format))


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: Any = None,
    interpolation: str = "nearest",
) -> Any:  # fmt: skip
    """Return pictures with each side several times as long.

    Raises:
        ValueError: for another interpolation than "nearest", "bilinear" and the like.
    """
    form = _form(data_format)
    row = 2 if form == "channels_first" else 1
    if interpolation == "nearest":
        return ops.repeat(ops.repeat(x, height_factor, axis=row), width_factor, axis=row + 1)
    size = (x.shape[row] * height_factor, x.shape[row + 1] * width_factor)
    return ops.image.resize(x, size, interpolation=interpolation, data_format=form)


def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: Any = None
) -> Any:
    """Return volumes with each place several times along each axis."""
    first = 2 if _form(data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        x = ops.repeat(x, factor, axis=axis)
    return x


def transposed(
    x: Any, kernel: Any, output_shape: Any, strides: Any, padding: str, form: str, dilation: Any
) -> Any:
    """Return the gradient by its input of a convolution that gives arrays of the shape of `x`.

    All that `x` reaches is computed, and what lies inside the output is cut out of it.

    Raises:
        ValueError: if no convolution of such outputs gives `x`.
    """
    axes = len(x.shape) - 2
    first = 2 if form == "channels_first" else 1
    steps, gaps = _each(strides, axes), _each(dilation, axes)
    wanted = [int(n) for n in list(output_shape)[first : first + axes]]
    full = ops.conv_transpose(x, kernel, steps, "valid", data_format=form, dilation_rate=gaps)
    widths, cuts = [(0, 0)] * (axes + 2), [slice(None)] * (axes + 2)
    for i in range(axes):
        axis, taps = first + i, (int(kernel.shape[i]) - 1) * gaps[i] + 1
        given, out, step = int(x.shape[axis]), wanted[i], steps[i]
        inside = out if padding.lower() == "same" else out - taps + 1
        if -(-inside // step) != given:
            raise ValueError(
                f"output_shape={tuple(output_shape)!r} does not fit: a convolution of {out} places "
                f"with a window of {taps}, strides {step} and padding {padding!r} gives "
                f"{max(-(-inside // step), 0)}, and there are {given} along axis {axis}."
            )
        reach = (given - 1) * step + taps
        before = max(reach - out, 0) // 2 if padding.lower() == "same" else 0
        cuts[axis] = slice(before, before + out)
        widths[axis] = (0, max(before + out - int(full.shape[axis]), 0))
    return ops.pad(full, widths)[tuple(cuts)]


def _form(data_format: Any) -> str:
    return str(data_format or config.image_data_format())


def _all(sizes: Any) -> Any:
    return sizes if isinstance(sizes, int) else tuple(sizes)


def _each(sizes: Any, axes: int) -> tuple[int, ...]:
    return (sizes,) * axes if isinstance(sizes, int) else tuple(int(n) for n in sizes)
