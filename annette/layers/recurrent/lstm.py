"""LSTM: a network with a memory that gates open and close (long short-term memory)."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import positive_int
from annette.layers.input_spec import InputSpec
from annette.layers.recurrent.front import Front, checked_cudnn, of_cell
from annette.layers.recurrent.lstm_cell import LSTMCell
from annette.layers.recurrent.rnn import RNN


class LSTM(Front):
    r"""A network with a memory that gates open and close (long short-term memory).

    .. math:: i_t, f_t, o_t = \sigma(x_t W + h_{t-1} U + b), \quad
        g_t = \phi(x_t W_g + h_{t-1} U_g + b_g), \quad
        c_t = f_t c_{t-1} + i_t g_t, \quad h_t = o_t \, \phi(c_t)

    The parts of W, U and b come in the order i, f, g, o.
    (Hochreiter & Schmidhuber, Long short-term
    memory, 1997; the forget gate: Gers, Schmidhuber & Cummins, 2000.)

    Args:
        units: number of outputs.
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
        unroll: whether the steps stand one by one in the graph.
        use_cudnn: accepted for Keras.

    Call arguments:
        sequences: the inputs.
        initial_state: a list of the first h and c; zeros if None.
        mask: (rows, steps), False where a step is passed over: its states and output are those of
            the step before.
        training: whether to drop.

    Input shape: (rows, steps, features).
    Output shape: (rows, steps, units) with `return_sequences`, else (rows, units); then
        h and c (rows, units) with `return_state`.
    Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units).

    Raises:
        ValueError: if `units` is no whole number above 0, or a fraction is not from 0 to 1; if a
            sequence has no step, or a mask or state has another shape.
    """

    _fields = (
        *RNN._fields,
        "units", "activation", "recurrent_activation", "use_bias", "kernel_initializer",
        "recurrent_initializer", "bias_initializer", "unit_forget_bias",
        "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
        "activity_regularizer", "kernel_constraint", "recurrent_constraint",
        "bias_constraint", "dropout", "recurrent_dropout", "seed",
    )  # fmt: skip
    _accepted = ("implementation",)
    units = of_cell("units")
    recurrent_activation = of_cell("recurrent_activation")
    unit_forget_bias = of_cell("unit_forget_bias")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            positive_int(type(self).__name__, "units", units),
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name="lstm_cell",
            **self._cell_arguments(kwargs),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=3)
        self.use_cudnn = checked_cudnn("LSTM", use_cudnn)
