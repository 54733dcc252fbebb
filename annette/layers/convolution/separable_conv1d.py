"""SeparableConv1D: windows over sequences for each channel alone, then all channels mixed."""

from __future__ import annotations

from typing import Any

from annette.layers.convolution.separable_conv import SeparableConv


class SeparableConv1D(SeparableConv):
    r"""A convolution over sequences in two parts: in each channel, then of the channels.

    .. math:: y_{o,f} = a\Big(b_f + \sum_{c,j} v_{m c + j,\, f}
        \sum_k x_{s o + d k - p,\, c}\; w_{k,c,j}\Big)

    with the activation a, strides s, dilation d and padding p; o goes over places, k over taps, c
    over channels, j over the m numbers a channel becomes and f over filters (Chollet, 2017).

    Args:
        filters: number of outputs of a window.
        kernel_size: places that a window sees.
        strides: places from one window to the next.
        padding: "valid" for whole windows only, "same" for ceil(size / stride) of them, with zeros
            around.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        dilation_rate: places from one tap of a window to the next.
        depth_multiplier: m, how many numbers each channel becomes in between.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values of w, v and b.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied to them after each
            update.

    Input shape: (rows, steps, channels); (rows, channels, steps) with "channels_first".
    Output shape: (rows, steps', filters); (rows, filters, steps') with
        "channels_first".
    Weights: depthwise_kernel w (k, channels, m), pointwise_kernel v
        (1, m * channels, filters), bias (filters,).

    Raises:
        ValueError: if a number is not above 0, or padding or data_format is not known.
    """

    _spatial = 1

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, depth_multiplier=depth_multiplier, activation=activation,
            use_bias=use_bias, depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer, bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
