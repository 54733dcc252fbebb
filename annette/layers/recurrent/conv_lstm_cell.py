"""ConvLSTMCell: one step of an LSTM whose products are convolutions."""

from __future__ import annotations

from typing import Any

from annette import activations, initializers, ops, regularizers
from annette.constraints import get as constraint
from annette.layers.convolution.base import Windowed
from annette.layers.input_spec import InputSpec
from annette.layers.recurrent.lstm_cell import forget_bias
from annette.layers.recurrent.whole import ProjectedCell


class ConvLSTMCell(ProjectedCell, Windowed):
    r"""One step of `ConvLSTM1D`, `ConvLSTM2D` or `ConvLSTM3D`.

    .. math:: i, f, o = \sigma(x * W + h * U + b), \quad g = \phi(x * W_g + h * U_g + b_g), \quad
        c' = f c + i g, \quad h' = o \, \phi(c')

    The parts of W, U and b come in the order i, f, g, o. The convolution by U keeps the size.
    (Shi et al., Convolutional LSTM network, 2015, without the peepholes.)

    Input shape: (rows, places, ..., channels), and h and c (rows, places, ..., filters).
    Output shape: (rows, places, ..., filters), and a list of the new h and c.
    Weights: kernel (kernel_size, channels, 4 filters), recurrent_kernel (kernel_size, filters,
        4 filters), bias (4 filters).
    """

    _fields = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
        "activation", "recurrent_activation", "use_bias", "kernel_initializer",
        "recurrent_initializer", "bias_initializer", "unit_forget_bias", "kernel_regularizer",
        "recurrent_regularizer", "bias_regularizer", "kernel_constraint", "recurrent_constraint",
        "bias_constraint", "dropout", "recurrent_dropout", "seed",
    )  # fmt: skip
    dropout_mask_count = 4

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        *,
        recurrent_activation: Any,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        unit_forget_bias: bool,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(kernel_size, activity_regularizer=None, **kwargs)
        self.filters = filters
        self._not_both()
        self.recurrent_activation = activations.get(recurrent_activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.unit_forget_bias = unit_forget_bias
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.kernel_constraint = constraint(kernel_constraint)
        self.recurrent_constraint = constraint(recurrent_constraint)
        self._set_dropout(dropout, recurrent_dropout, seed)
        # They depend on the size of the pictures: get_initial_state tells them.
        self.state_size = [-1, -1]

    def build(self, input_shape: Any) -> None:
        """Make kernels and bias for the number of channels.

        Raises:
            ValueError: if it, or the size of the pictures, is not known.
        """
        channels = self._known_channels(input_shape)
        shape = tuple(input_shape)
        if None in shape[1:]:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' keeps a state for each place, so that the "
                f"size of the pictures must be known; one step's shape is {shape}. Give Input a "
                "size for every axis but rows and steps."
            )
        self.input_spec = InputSpec(ndim=len(shape))
        self._state_shape = self.compute_output_shape(shape)[1:]
        wide = 4 * self.filters
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, wide), self.kernel_initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            (*self.kernel_size, self.filters, wide), self.recurrent_initializer,
            name="recurrent_kernel", regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            first: Any = self.bias_initializer
            self.bias = self.add_weight(
                (wide,), forget_bias(first, self.filters) if self.unit_forget_bias else first,
                name="bias", regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def _filters_of(self, channels: Any) -> int | None:
        return self.filters

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return h and c of zeros."""
        shape = (batch_size, *self._state_shape)
        return [ops.zeros(shape, dtype=self.compute_dtype) for _ in range(2)]

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, Any]:
        """Return the output of one step, and the new h and c."""
        return self.step(self.project(inputs, training), list(states), training)

    def project(self, x: Any, training: Any = False) -> Any:
        """Return x * W + b of one step, or of all of a sequence, whose steps come second."""
        along = len(x.shape) == self._spatial + 3
        masks: list[Any] = [None]
        if self._drops_inputs(training):
            masks = self.get_dropout_mask(x[:, 0] if along else x)
        kernels = [self.kernel]
        if len(masks) > 1:
            kernels = ops.split(self.kernel, len(masks), axis=-1)
        parts = []
        for mask, kernel in zip(masks, kernels, strict=True):
            seen = x
            if mask is not None:
                seen = x * (ops.expand_dims(mask, 1) if along else mask)
            if along:
                seen = ops.reshape(seen, (-1, *seen.shape[2:]))
            parts.append(self._convolved(seen, kernel))
        y = self._with_bias(parts[0] if len(parts) == 1 else self._side_by_side(parts))
        return ops.reshape(y, (*x.shape[:2], *y.shape[1:])) if along else y

    def _convolved(self, x: Any, kernel: Any) -> Any:
        return ops.conv(x, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)

    def _side_by_side(self, parts: list[Any]) -> Any:
        return ops.concatenate(parts, axis=self._channel_axis)

    def _with_bias(self, y: Any) -> Any:
        if self.bias is None:
            return y
        last = self.data_format == "channels_last"
        b = self.bias if last else ops.reshape(self.bias, (-1, *(1,) * self._spatial))
        return ops.add(y, b)

    def step(self, z: Any, states: list[Any], training: Any) -> tuple[Any, list[Any]]:
        """Return the new h, and a list of the new h and c."""
        h, c = states
        z = ops.add(z, self._recurrent(h, training))
        i, f, g, o = ops.split(z, 4, axis=self._channel_axis)
        gate, phi = self.recurrent_activation, self.activation
        c = gate(f) * c + gate(i) * phi(g)
        h = gate(o) * phi(c)
        return h, [h, c]

    def _recurrent(self, h: Any, training: Any) -> Any:
        """Return h * U, of the same size as h."""

        def same(x: Any, kernel: Any) -> Any:
            return ops.conv(x, kernel, 1, "same", self.data_format)

        if not self._drops_states(training):
            return same(h, self.recurrent_kernel)
        masks = self.get_recurrent_dropout_mask(h)
        kernels = ops.split(self.recurrent_kernel, len(masks), axis=-1)
        parts = [same(h * m, u) for m, u in zip(masks, kernels, strict=True)]
        return self._side_by_side(parts)


class ConvLSTMCell1D(ConvLSTMCell):
    """One step of `ConvLSTM1D`."""

    _spatial = 1


class ConvLSTMCell2D(ConvLSTMCell):
    """One step of `ConvLSTM2D`."""

    _spatial = 2


class ConvLSTMCell3D(ConvLSTMCell):
    """One step of `ConvLSTM3D`."""

    _spatial = 3
