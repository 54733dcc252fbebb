"""ConvLSTM3D: an LSTM along a sequence of pictures of 3 axes."""

from __future__ import annotations

from annette.layers.recurrent.conv_lstm import ConvLSTM
from annette.layers.recurrent.conv_lstm_cell import ConvLSTMCell3D


class ConvLSTM3D(ConvLSTM):
    r"""An LSTM whose products are convolutions over depth, height, width.

    .. math:: i_t, f_t, o_t = \sigma(x_t * W + h_{t-1} * U + b), \quad
        g_t = \phi(x_t * W_g + h_{t-1} * U_g + b_g), \quad
        c_t = f_t c_{t-1} + i_t g_t, \quad h_t = o_t \, \phi(c_t)

    The parts of W, U and b come in the order i, f, g, o. (Shi et al., Convolutional LSTM network: A
    machine learning approach for precipitation nowcasting, 2015, without the peepholes.)

    Args:
        filters: number of channels of the output.
        kernel_size: size of the windows, a number for all axes or three.
        strides: how far windows of the inputs lie apart, a number for all axes or three.
        padding: "valid" for windows inside the picture, "same" for zeros around it.
        data_format: "channels_last" or "channels_first"; the configured one if None.
        dilation_rate: how far places in a window lie apart, a number for all axes or three.
        activation: phi, by name or a callable; None for none.
        recurrent_activation: sigma, of the gates.
        use_bias: whether there is a b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U and b.
        unit_forget_bias: whether the bias of f begins as 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to them after each update.
        dropout: the fraction of x that is dropped while training, the same in all steps.
        recurrent_dropout: the fraction of h that is dropped while training, the same in all steps.
        seed: a whole number, for the same masks in each run.
        return_sequences: whether to return the outputs of all steps; else the last.
        return_state: whether to return the last states, too.
        go_backwards: whether to begin with the last step; outputs come as they are made.
        stateful: whether a batch begins with the states that the one before ended with, row by row.

    Call arguments:
        sequences: the inputs.
        initial_state: a list of the first h and c; zeros if None.
        mask: (rows, steps), False where a step is passed over: its states and output are those of
            the step before.
        training: whether to drop.

    Input shape: (rows, steps, depth, height, width, channels), or
        (rows, steps, channels, depth, height, width) with channels_first; all but rows and steps
        must be known.
    Output shape: the same with filters for channels and the places of the windows; without steps
        unless `return_sequences`; then h and c with `return_state`.
    Weights: kernel (kernel_size, channels, 4 filters), recurrent_kernel (kernel_size, filters,
        4 filters), bias (4 filters).

    Raises:
        ValueError: if `filters` is no whole number above 0, an argument of the windows is not as
            above, or a fraction is not from 0 to 1; if a size is not known, a sequence has no step,
            or a mask or state has another shape.
    """

    _cell = ConvLSTMCell3D
