"""Dense: each output is a weighted sum of all inputs."""

from __future__ import annotations

from typing import Any

from annette import activations, constraints, initializers, ops, regularizers
from annette.layers.arguments import not_quantized, positive_int
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class Dense(Layer):
    r"""A fully connected layer.

    .. math:: y = f(x W + b)

    Args:
        units: number of outputs.
        activation: f, by name or a callable; None for none.
        use_bias: whether there is a b.
        kernel_initializer, bias_initializer: first values of W and b.
        kernel_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: applied to them after each update.

    Input shape: (rows, ..., inputs).
    Output shape: (rows, ..., units).
    Weights: kernel (inputs, units), bias (units).

    Raises:
        ValueError: if `units` is no whole number above 0.
    """

    _fields = (
        "units", "activation", "use_bias", "kernel_initializer", "bias_initializer",
        "kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint",
        "quantization_config",
    )  # fmt: skip

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        not_quantized("Dense", quantization_config)
        self.quantization_config = None
        self.units = positive_int("Dense", "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for the size of the last axis."""
        inputs = input_shape[-1]
        if inputs is None:
            raise ValueError(
                f"Dense '{self.name}' needs to know the size of the last axis of its inputs to "
                f"make its kernel; the shape is {tuple(input_shape)}."
            )
        self.kernel = self.add_weight(
            (inputs, self.units), self.kernel_initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,), self.bias_initializer, name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip
        self.input_spec = InputSpec(min_ndim=2, axes={-1: inputs})

    def call(self, inputs: Any) -> Any:
        """Return f(x W + b)."""
        lead = tuple(inputs.shape)[:-1]
        # As rows of one matrix: b and f are then computed on the product as it is made.
        flat = len(lead) > 1 and 0 not in inputs.shape
        y = ops.matmul(ops.reshape(inputs, (-1, inputs.shape[-1])) if flat else inputs, self.kernel)
        if self.bias is not None:
            y = ops.add(y, self.bias)
        # One of the library's own looks at single numbers or the last axis, another at what it likes.
        early = flat and self.activation in activations.ALL_OBJECTS.values()
        y = self.activation(y) if early else y
        y = ops.reshape(y, (*lead, self.units)) if flat else y
        return y if early or self.activation is None else self.activation(y)
