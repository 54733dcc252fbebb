"""SimpleRNNCell: one step of a fully connected network whose output comes back."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.fused.recurrent import simple_rnn
from annette.layers.recurrent.cell import RecurrentCell
from annette.layers.recurrent.whole import masked


class SimpleRNNCell(RecurrentCell):
    r"""One step of `SimpleRNN`.

    .. math:: h' = f(x W + h U + b)

    (Elman, Finding structure in time, 1990.)

    Args:
        units: number of outputs.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U and b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to them after each update.
        dropout: the fraction of x that is dropped while training.
        recurrent_dropout: the fraction of h that is dropped while training.
        seed: a whole number, for the same masks in each run.

    Call arguments:
        sequence: one step's inputs.
        states: h, or a list of it.
        training: whether to drop.

    Input shape: (rows, features), and h (rows, units).
    Output shape: (rows, units), and the new states in the form of the old ones.
    Weights: kernel (features, units), recurrent_kernel (units, units), bias (units).

    Raises:
        ValueError: if `units` is no whole number above 0, or a fraction is not from 0 to 1.
    """

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
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
            **kwargs,
        )

    def step(self, z: Any, states: list[Any], training: Any) -> tuple[Any, list[Any]]:
        """Return f(z + h U), twice: as output and as state."""
        seen = self._thinned(states[0], training)
        h = self.activation(ops.add(z, self._recurrent(seen)))
        return h, [h]

    def _at_once(
        self, z: Any, states: list[Any], mask: Any, reverse: bool
    ) -> tuple[Any, list[Any]]:
        (h,) = states
        outputs, h = simple_rnn(z, h, self.recurrent_kernel, *masked(mask), reverse=reverse)
        return outputs, [h]
