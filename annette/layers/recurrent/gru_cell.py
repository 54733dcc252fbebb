"""GRUCell: one step of a network whose gates mix the new with the old."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.fused.recurrent import gru, gru_reset_after
from annette.layers.recurrent.cell import RecurrentCell
from annette.layers.recurrent.whole import masked


class GRUCell(RecurrentCell):
    r"""One step of `GRU`.

    .. math:: z, r = \sigma(x W + h U + b), \quad h' = z h + (1 - z) g

    with, if `reset_after`, and else

    .. math:: g = \phi(x W_g + b_g + r (h U_g + d_g)), \qquad g = \phi(x W_g + b_g + (r h) U_g)

    The parts of W, U and b come in the order z, r, g. (Cho, van Merriënboer et al., Learning phrase
    representations using RNN encoder-decoder, 2014.)

    Args:
        units: number of outputs.
        activation: phi, by name or a callable; None for none.
        recurrent_activation: sigma, of the gates.
        use_bias: whether there is a b (and, if `reset_after`, a second one beside U).
        kernel_initializer, recurrent_initializer, bias_initializer: first values of W, U and b.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: applied to them after each update.
        dropout: the fraction of x that is dropped while training.
        recurrent_dropout: the fraction of h that is dropped while training.
        reset_after: whether r is applied after the product with U.
        seed: a whole number, for the same masks in each run.

    Call arguments:
        inputs: one step's inputs.
        states: h, or a list of it.
        training: whether to drop.

    Input shape: (rows, features), and h (rows, units).
    Output shape: (rows, units), and the new states in the form of the old ones.
    Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias (2, 3 units) if
        `reset_after`, else (3 units).

    Raises:
        ValueError: if `units` is no whole number above 0, or a fraction is not from 0 to 1.
    """

    _fields = (*RecurrentCell._fields, "recurrent_activation", "reset_after")
    _gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
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
        self.reset_after = reset_after

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """Return the output of one step and the new states, in the form of the old ones."""
        return super().call(inputs, states, training)

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self) -> Any:
        return self.bias[0] if self.bias is not None and self.reset_after else self.bias

    def step(self, z: Any, states: list[Any], training: Any) -> tuple[Any, list[Any]]:
        """Return the new h, twice: as output and as state."""
        h = states[0]
        seen = self._thinned(h, training)
        if self.reset_after:
            gates, new = self._reset_after(z, seen)
        else:
            gates, new = self._reset_before(z, seen)
        h = gates * h + (1.0 - gates) * self.activation(new)
        return h, [h]

    def _at_once(
        self, z: Any, states: list[Any], mask: Any, reverse: bool
    ) -> tuple[Any, list[Any]]:
        weights: tuple[Any, ...] = (self.recurrent_kernel,)
        operation: Any = gru
        if self.reset_after:
            wide = 3 * self.units
            zeros = ops.zeros((wide,), dtype=self.compute_dtype)
            operation, weights = (
                gru_reset_after,
                (*weights, zeros if self.bias is None else self.bias[1]),
            )
        outputs, h = operation(z, *states, *weights, *masked(mask), reverse=reverse)[:2]
        return outputs, [h]

    def _reset_after(self, x: Any, seen: list[Any]) -> tuple[Any, Any]:
        """Return the gate z, and what g is made of."""
        u = self._recurrent(seen)
        if self.bias is not None:
            u = ops.add(u, self.bias[1])
        (xz, xr, xg), (uz, ur, ug) = ops.split(x, 3, axis=-1), ops.split(u, 3, axis=-1)
        gate = self.recurrent_activation
        return gate(xz + uz), xg + gate(xr + ur) * ug

    def _reset_before(self, x: Any, seen: list[Any]) -> tuple[Any, Any]:
        """Return the gate z, and what g is made of."""
        xz, xr, xg = ops.split(x, 3, axis=-1)
        kz, kr, kg = ops.split(self.recurrent_kernel, 3, axis=1)
        hz, hr, hg = seen if len(seen) == 3 else seen * 3
        gate = self.recurrent_activation
        if hz is hr:
            u = ops.matmul(hz, self.recurrent_kernel[:, : 2 * self.units])
            uz, ur = ops.split(u, 2, axis=-1)
        else:
            uz, ur = ops.matmul(hz, kz), ops.matmul(hr, kr)
        return gate(xz + uz), xg + ops.matmul(gate(xr + ur) * hg, kg)
