"""SimpleRNN: a fully connected network whose output comes back as an input of the next step."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import positive_int
from annette.layers.input_spec import InputSpec
from annette.layers.recurrent.front import Front, of_cell
from annette.layers.recurrent.rnn import RNN
from annette.layers.recurrent.simple_rnn_cell import SimpleRNNCell


class SimpleRNN(Front):
    r"""A fully connected network whose output comes back as an input of the next step.

    .. math:: h_t = f(x_t W + h_{t-1} U + b)

    (Elman, Finding structure in time, 1990.)

    Args:
        units: number of outputs.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U and b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to them after each update.
        dropout: the fraction of x that is dropped while training, the same in all steps.
        recurrent_dropout: the fraction of h that is dropped while training, the same in all steps.
        return_sequences: whether to return the outputs of all steps; else the last.
        return_state: whether to return the last states, too.
        go_backwards: whether to begin with the last step; outputs come as they are made.
        stateful: whether a batch begins with the states that the one before ended with, row by row.
        unroll: whether the steps stand one by one in the graph.
        seed: a whole number, for the same masks in each run.

    Call arguments:
        sequences: the inputs.
        initial_state: the first h, an array or a list of it; zeros if None.
        mask: (rows, steps), False where a step is passed over: its states and output are those of
            the step before.
        training: whether to drop.

    Input shape: (rows, steps, features).
    Output shape: (rows, steps, units) with `return_sequences`, else (rows, units); then
        h (rows, units) with `return_state`.
    Weights: kernel (features, units), recurrent_kernel (units, units), bias (units).

    Raises:
        ValueError: if `units` is no whole number above 0, or a fraction is not from 0 to 1; if a
            sequence has no step, or a mask or state has another shape.
    """

    _fields = (
        *RNN._fields,
        "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer",
        "bias_initializer", "kernel_regularizer", "recurrent_regularizer",
        "bias_regularizer", "activity_regularizer", "kernel_constraint",
        "recurrent_constraint", "bias_constraint", "dropout", "recurrent_dropout",
    )  # fmt: skip
    units = of_cell("units")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            positive_int(type(self).__name__, "units", units),
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name="simple_rnn_cell",
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
