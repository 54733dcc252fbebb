"""DepthwiseConv2D: windows over pictures, for each channel alone."""

from __future__ import annotations

from typing import Any

from annette.layers.convolution.depthwise_conv import DepthwiseConv


class DepthwiseConv2D(DepthwiseConv):
    r"""A convolution of each channel of pictures with kernels of its own.

    .. math:: y_{o,\, m c + j} = a\Big(b_{m c + j} + \sum_k x_{s o + d k - p,\, c}\; w_{k,c,j}\Big)

    with the activation a, strides s, dilation d and padding p; o goes over places, k over taps, c
    over channels and j over the m outputs of a channel (Sifre, 2014).

    Args:
        kernel_size: height and width of a window, a number for both.
        strides: places from one window to the next.
        padding: "valid" for whole windows only, "same" for ceil(size / stride) of them, with zeros
            around.
        depth_multiplier: m, how many outputs each channel gets.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        dilation_rate: places from one tap of a window to the next.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        depthwise_initializer, bias_initializer: first values of w and b.
        depthwise_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        depthwise_constraint, bias_constraint: applied to them after each update.

    Input shape: (rows, h, w, channels); (rows, channels, h, w) with "channels_first".
    Output shape: (rows, h', w', m * channels); (rows, m * channels, h', w') with
        "channels_first".
    Weights: kernel (kh, kw, channels, m), bias (m * channels,).

    Raises:
        ValueError: if a number is not above 0, or padding or data_format is not known.
    """

    _spatial = 2

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides=strides, padding=padding, depth_multiplier=depth_multiplier,
            data_format=data_format, dilation_rate=dilation_rate, activation=activation,
            use_bias=use_bias, depthwise_initializer=depthwise_initializer,
            bias_initializer=bias_initializer, depthwise_regularizer=depthwise_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
