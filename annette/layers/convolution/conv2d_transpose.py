"""Conv2DTranspose: from few places to many, over pictures."""

from __future__ import annotations

from typing import Any

from annette.layers.convolution.conv_transpose import ConvTranspose


class Conv2DTranspose(ConvTranspose):
    r"""A transposed convolution over pictures: a convolution's gradient by its inputs.

    .. math:: y_{i,f} = a\Big(b_f + \sum_{o,k,c:\ s o + d k - p = i} x_{o,c}\; w_{k,f,c}\Big)

    with the activation a, strides s, dilation d and padding p; o and i go over places, k over taps,
    c over channels and f over filters (Zeiler et al., 2010).

    Args:
        filters: number of channels of the output.
        kernel_size: height and width of a window, a number for both.
        strides: how many places each place of the input becomes.
        padding: "same" for size * stride places, "valid" for all that the windows reach.
        output_padding: places more at the end of each axis, fewer than the stride; None for as many as
            make the sizes above.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        dilation_rate: places from one tap of a window to the next. Only one of strides and
            dilation_rate may be above 1.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        kernel_initializer, bias_initializer: first values of w and b.
        kernel_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: applied to them after each update.

    Input shape: (rows, h, w, channels); (rows, channels, h, w) with "channels_first".
    Output shape: (rows, h', w', filters); (rows, filters, h', w') with
        "channels_first".
    Weights: kernel (kh, kw, filters, channels), bias (filters,).

    Raises:
        ValueError: if a number is not above 0, strides and dilation_rate are both above 1,
            output_padding is not below strides, or padding or data_format is not known.
    """

    _spatial = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
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
            filters, kernel_size, strides=strides, padding=padding, output_padding=output_padding,
            data_format=data_format, dilation_rate=dilation_rate, activation=activation,
            use_bias=use_bias, kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
