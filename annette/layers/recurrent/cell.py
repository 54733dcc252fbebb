"""What the cells of SimpleRNN, LSTM and GRU share: weights, masks, and the way along a sequence."""

from __future__ import annotations

from typing import Any

from annette import activations, constraints, initializers, ops, regularizers
from annette.layers.arguments import positive_int
from annette.layers.layer import Layer
from annette.layers.recurrent.whole import ProjectedCell


class RecurrentCell(ProjectedCell, Layer):
    """A cell of matrix products, in two parts: `project`, and `step`."""

    _fields: tuple[str, ...] = (
        "units", "activation", "use_bias", "kernel_initializer", "recurrent_initializer",
        "bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
        "kernel_constraint", "recurrent_constraint", "bias_constraint", "dropout",
        "recurrent_dropout", "seed",
    )  # fmt: skip
    # The number of parts that kernel and recurrent kernel consist of.
    _gates = 1

    def __init__(
        self,
        units: int,
        *,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: Any,
        recurrent_activation: Any = None,
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2) if self._gates > 1 else 2
        super().__init__(**kwargs)
        self.units = positive_int(type(self).__name__, "units", units)
        self.activation = activations.get(activation)
        if self._gates > 1:
            self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._set_dropout(dropout, recurrent_dropout, seed)
        # Keras 2's word for a mask for each gate (1) or one for all (2).
        self.implementation = 1 if self._gates > 1 and self.recurrent_dropout else implementation
        if self._gates > 1 and self.implementation == 1:
            self.dropout_mask_count = self._gates
        self.state_size: Any = self.units
        self.output_size = self.units

    def build(self, input_shape: Any) -> None:
        """Make kernel, recurrent kernel and bias for the size of the last axis.

        Raises:
            ValueError: if it is not known.
        """
        features, wide = input_shape[-1], self.units * self._gates
        if features is None:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' needs to know the number of features, the "
                f"last axis of its inputs, to make its kernel; one step's shape is "
                f"{tuple(input_shape)}. Give Input a size there."
            )
        self.kernel = self.add_weight(
            (features, wide), self.kernel_initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            (self.units, wide), self.recurrent_initializer, name="recurrent_kernel",
            regularizer=self.recurrent_regularizer, constraint=self.recurrent_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self._bias_shape(), self._first_bias(), name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.units * self._gates,)

    def _first_bias(self) -> Any:
        """Return what makes the first bias."""
        return self.bias_initializer

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return a list of states of zeros, each (batch_size, units)."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [ops.zeros((batch_size, n), dtype=self.compute_dtype) for n in sizes]

    # --- one step -----------------------------------------------------------------------------

    def call(self, sequence: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """Return the output of one step and the new states, in the form of the old ones."""
        nested = isinstance(states, (list, tuple))
        before = list(states) if nested else [states]
        output, after = self.step(self.project(sequence, training), before, training)
        return output, after if nested else after[0]

    def project(self, x: Any, training: Any = False) -> Any:
        """Return x W + b of one step (n, features), or of all of a sequence (n, t, features)."""
        bias = self._input_bias()
        if not self._drops_inputs(training):
            # As rows of one matrix: b is then added to the product as it is made.
            flat = len(x.shape) > 2 and 0 not in x.shape
            z = ops.matmul(ops.reshape(x, (-1, x.shape[-1])) if flat else x, self.kernel)
            z = z if bias is None else ops.add(z, bias)
            return ops.reshape(z, (*x.shape[:-1], z.shape[-1])) if flat else z
        along = len(x.shape) == 3
        masks = self.get_dropout_mask(x[:, 0] if along else x)
        masks = masks if isinstance(masks, list) else [masks]
        kernels = ops.split(self.kernel, len(masks), axis=1)
        parts = [
            ops.matmul(x * (ops.expand_dims(m, 1) if along else m), w)
            for m, w in zip(masks, kernels, strict=True)
        ]
        z = parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)
        return z if bias is None else ops.add(z, bias)

    def _input_bias(self) -> Any:
        return self.bias

    def _thinned(self, h: Any, training: Any) -> list[Any]:
        """Return the state as each gate sees it; one for all where they see the same."""
        if not self._drops_states(training):
            return [h]
        masks = self.get_recurrent_dropout_mask(h)
        return [h * m for m in (masks if isinstance(masks, list) else [masks])]

    def _is_one_operation(self, training: Any) -> bool:
        # tanh and sigmoid, and each gate sees the whole state.
        gates = self._gates == 1 or self.recurrent_activation is activations.sigmoid
        return self.activation is activations.tanh and gates and not self._drops_states(training)

    def _recurrent(self, seen: list[Any]) -> Any:
        """Return h U, of the states that the gates see."""
        if len(seen) == 1:
            return ops.matmul(seen[0], self.recurrent_kernel)
        kernels = ops.split(self.recurrent_kernel, len(seen), axis=1)
        parts = [ops.matmul(h, u) for h, u in zip(seen, kernels, strict=True)]
        return ops.concatenate(parts, axis=-1)
