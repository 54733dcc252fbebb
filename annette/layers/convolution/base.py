"""What all layers of convolution share: windows, channels, bias and activation."""

from __future__ import annotations

from typing import Any

from annette import activations, constraints, initializers, ops, regularizers
from annette.layers.arguments import data_format as checked_format, factors, positive_int
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer

Shape = tuple[int | None, ...]


class Windowed(Layer):
    """A layer whose outputs each see a window of the inputs, with its own bias and activation."""

    # The number of spatial axes, and the kinds of padding there are.
    _spatial: int
    _paddings: tuple[str, ...] = ("valid", "same")

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        me, axes = type(self).__name__, self._spatial
        self.kernel_size = factors(me, "kernel_size", kernel_size, axes)
        self.strides = factors(me, "strides", strides, axes)
        self.dilation_rate = factors(me, "dilation_rate", dilation_rate, axes)
        self.padding = self._known_padding(padding)
        self.data_format = checked_format(me, data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(ndim=axes + 2)

    def _known_padding(self, value: Any) -> str:
        found = value.lower() if isinstance(value, str) else value
        if found not in self._paddings:
            names = " or ".join(map(repr, self._paddings))
            raise ValueError(
                f"{type(self).__name__} expects padding to be {names}; it got {value!r}."
            )
        return str(found)

    def _not_both(self) -> None:
        """Refuse strides and dilation together.

        Raises:
            ValueError: if one of each is above 1.
        """
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"{type(self).__name__} takes strides above 1 or a dilation_rate above 1, not "
                f"both; it got strides={self.strides} and dilation_rate={self.dilation_rate}."
            )

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else 1

    def _known_channels(self, input_shape: Any) -> int:
        """Return the number of channels; from now on inputs must have as many.

        Raises:
            ValueError: if there are other axes than expected, or the number is not known.
        """
        axes, shape = self._spatial + 2, tuple(input_shape)
        if len(shape) != axes:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects inputs of {axes} axes (rows first); "
                f"build got the shape {shape}."
            )
        channels = shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' needs to know the number of channels, axis "
                f"{self._channel_axis} with data_format={self.data_format!r}, to make its kernel; "
                f"the inputs' shape is {shape}. Give Input a size there."
            )
        if not channels:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' needs a channel or more; the inputs' shape "
                f"is {shape}."
            )
        self.input_spec = InputSpec(ndim=axes, axes={self._channel_axis: channels})
        return int(channels)

    def _add_bias(self, size: int) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (size,), self.bias_initializer, name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def _finished(self, y: Any) -> Any:
        """Return `y` with bias and activation."""
        if self.bias is not None:
            b = self.bias
            if self.data_format == "channels_first":
                b = ops.reshape(b, (-1, *(1,) * self._spatial))
            y = ops.add(y, b)
        return y if self.activation is None else self.activation(y)

    def _size(self, n: int, number: int) -> int:
        """Return how many windows there are along the spatial axis of this number.

        Raises:
            ValueError: if the input is smaller than a window.
        """
        wide = self.dilation_rate[number] * (self.kernel_size[number] - 1) + 1
        padded = n if self.padding == "valid" or not n else n + wide - 1
        if padded < wide:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has windows of {wide} places along spatial "
                f"axis {number} (kernel_size={self.kernel_size}, dilation_rate="
                f"{self.dilation_rate}), and its inputs have {n} there. Take a smaller kernel or "
                "dilation, padding='same', or larger inputs."
            )
        if self.padding == "same":
            return -(-n // self.strides[number])
        return (padded - wide) // self.strides[number] + 1

    def _filters_of(self, channels: Any) -> int | None:
        """Return the number of channels that come out for those that go in."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape (rows first, None where unknown).

        Raises:
            ValueError: if there are other axes than expected, or a window is too large.
        """
        shape = tuple(input_shape)
        if len(shape) != self._spatial + 2:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects a shape of {self._spatial + 2} axes "
                f"(rows first); it got {shape}."
            )
        last = self.data_format == "channels_last"
        places = shape[1:-1] if last else shape[2:]
        sizes = tuple(None if n is None else self._size(n, i) for i, n in enumerate(places))
        filters = self._filters_of(shape[self._channel_axis])
        return (shape[0], *sizes, filters) if last else (shape[0], filters, *sizes)


class Kernel(Windowed):
    """A layer with one kernel for all of a window."""

    _fields: tuple[str, ...] = (
        "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate",
        "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer",
        "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint",
    )  # fmt: skip

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        *,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(kernel_size, **kwargs)
        self.filters = positive_int(type(self).__name__, "filters", filters)
        self._not_both()
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def _add_kernel(self, shape: tuple[int, ...]) -> None:
        self.kernel = self.add_weight(
            shape, self.kernel_initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self._add_bias(self.filters)

    def _filters_of(self, channels: Any) -> int | None:
        return self.filters
