"""LSTMCell: one step of a network with a memory that gates open and close."""

from __future__ import annotations

from typing import Any

from annette import initializers, ops
from annette.fused.recurrent import lstm
from annette.layers.recurrent.cell import RecurrentCell
from annette.layers.recurrent.whole import masked


def forget_bias(of: Any, units: int) -> Any:
    """Return an initializer of the bias of four gates: 1 for the second, the forget gate.

    (Jozefowicz, Zaremba & Sutskever, 2015.)
    """

    def initializer(shape: Any, dtype: Any = None) -> Any:
        first, rest = of((units,), dtype=dtype), of((2 * units,), dtype=dtype)
        return ops.concatenate([first, initializers.Ones()((units,), dtype=dtype), rest])

    return initializer


class LSTMCell(RecurrentCell):
    r"""One step of `LSTM`.

    .. math:: i, f, o = \sigma(x W + h U + b), \quad g = \phi(x W_g + h U_g + b_g), \quad
        c' = f c + i g, \quad h' = o \, \phi(c')

    The parts of W, U and b come in the order i, f, g, o. (Hochreiter & Schmidhuber, Long short-term
    memory, 1997; the forget gate: Gers, Schmidhuber & Cummins, 2000.)

    Args:
        units: number of outputs.
        activation: phi, by name or a callable; None for none.
        recurrent_activation: sigma, of the gates.
        use_bias: whether there is a b.
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U and b.
        unit_forget_bias: whether the bias of f begins as 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to them after each update.
        dropout: the fraction of x that is dropped while training.
        recurrent_dropout: the fraction of h that is dropped while training.
        seed: a whole number, for the same masks in each run.

    Call arguments:
        inputs: one step's inputs.
        states: a list of h and c.
        training: whether to drop.

    Input shape: (rows, features), and h and c (rows, units).
    Output shape: (rows, units), and a list of the new h and c.
    Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias (4 units).

    Raises:
        ValueError: if `units` is no whole number above 0, or a fraction is not from 0 to 1.
    """

    _fields = (*RecurrentCell._fields, "recurrent_activation", "unit_forget_bias")
    _gates = 4

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
            recurrent_activation=recurrent_activation,
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
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def _first_bias(self) -> Any:
        if not self.unit_forget_bias:
            return self.bias_initializer
        return forget_bias(self.bias_initializer, self.units)

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """Return the output of one step, and the new h and c.

        Raises:
            ValueError: if the states are not two.
        """
        if not isinstance(states, (list, tuple)) or len(states) != 2:
            raise ValueError(
                f"LSTMCell '{self.name}' expects states to be a list of two, h and c; it got "
                f"{states!r}."
            )
        return super().call(inputs, states, training)

    def step(self, z: Any, states: list[Any], training: Any) -> tuple[Any, list[Any]]:
        """Return the new h, and a list of the new h and c."""
        h, c = states
        z = ops.add(z, self._recurrent(self._thinned(h, training)))
        i, f, g, o = ops.split(z, 4, axis=-1)
        gate, phi = self.recurrent_activation, self.activation
        c = gate(f) * c + gate(i) * phi(g)
        h = gate(o) * phi(c)
        return h, [h, c]

    def _at_once(
        self, z: Any, states: list[Any], mask: Any, reverse: bool
    ) -> tuple[Any, list[Any]]:
        h, c = states
        weights = self.recurrent_kernel
        outputs, h, c, _, _ = lstm(z, h, c, weights, *masked(mask), reverse=reverse)
        return outputs, [h, c]
