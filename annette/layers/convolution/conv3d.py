"""Conv3D: windows over volumes."""

from __future__ import annotations

from typing import Any

from annette.layers.convolution.conv import Conv


class Conv3D(Conv):
    r"""A convolution over volumes.

    .. math:: y_{o,f} = a\Big(b_f + \sum_{k,c} x_{s o + d k - p,\, c}\; w_{k,c,f}\Big)

    with the activation a, strides s, dilation d and padding p; o goes over places, k over taps, c
    over channels and f over filters. The kernel is not turned round (LeCun et al., 1989).

    Args:
        filters: number of outputs of a window.
        kernel_size: depth, height and width of a window, a number for all.
        strides: places from one window to the next.
        padding: "valid" for whole windows only, "same" for ceil(size / stride) of them, with zeros
            around.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        dilation_rate: places from one tap of a window to the next. Only one of strides and
            dilation_rate may be above 1.
        groups: parts that the channels are cut into, each with filters / groups filters of its own.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        kernel_initializer, bias_initializer: first values of w and b.
        kernel_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: applied to them after each update.

    Input shape: (rows, d, h, w, channels); (rows, channels, d, h, w) with "channels_first".
    Output shape: (rows, d', h', w', filters); (rows, filters, d', h', w') with
        "channels_first".
    Weights: kernel (kd, kh, kw, channels / groups, filters), bias (filters,).

    Raises:
        ValueError: if a number is not above 0, filters is no multiple of groups, strides and
            dilation_rate are both above 1, or padding or data_format is not known.
    """

    _spatial = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, groups=groups, activation=activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
