"""What the layers of pooling share."""

from __future__ import annotations

from typing import Any

from annette import config
from annette.graph.dtypes import is_float
from annette.graph.symbolic import KerasTensor
from annette.layers.arguments import data_format as checked_format, factors
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class Places(Layer):
    """A layer that takes the channels of inputs one by one over their places."""

    # The number of spatial axes, and whether it takes means, which whole numbers have none of.
    _spatial: int
    _means = False

    def __init__(self, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_format(type(self).__name__, data_format)
        self.input_spec = InputSpec(ndim=self._spatial + 2)

    def _sizes(self, places: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the sizes of the spatial axes of the output."""
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
        if self.data_format == "channels_last":
            return (shape[0], *self._sizes(shape[1:-1]), shape[-1])
        return (*shape[:2], *self._sizes(shape[2:]))

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """Return the output as a KerasTensor, of the input's dtype; means of integers are floats."""
        dtype = inputs.dtype
        if self._means and not is_float(dtype):
            dtype = config.floatx()
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)


class Pooling(Places):
    """A layer that makes one number of each window."""

    _fields = ("pool_size", "padding", "strides", "data_format")

    def __init__(
        self, pool_size: Any, strides: Any, padding: str, data_format: str | None, **kwargs: Any
    ) -> None:
        super().__init__(data_format, **kwargs)
        me, axes = type(self).__name__, self._spatial
        self.pool_size = factors(me, "pool_size", pool_size, axes)
        steps = pool_size if strides is None else strides
        self.strides = factors(me, "strides", steps, axes)
        found = padding.lower() if isinstance(padding, str) else padding
        if found not in ("valid", "same"):
            raise ValueError(f"{me} expects padding to be 'valid' or 'same'; it got {padding!r}.")
        self.padding = found

    def _sizes(self, places: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(None if n is None else self._size(n, i) for i, n in enumerate(places))

    def _size(self, n: int, number: int) -> int:
        k, s = self.pool_size[number], self.strides[number]
        if self.padding == "same":
            return -(-n // s)
        if n < k:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has windows of {k} places along spatial axis "
                f"{number} (pool_size={self.pool_size}), and its inputs have {n} there. Take a "
                "smaller pool_size, padding='same', or larger inputs."
            )
        return (n - k) // s + 1


class GlobalPooling(Places):
    """A layer that makes one number of all places."""

    _fields = ("data_format", "keepdims")

    def __init__(self, data_format: str | None, keepdims: bool, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.keepdims = keepdims

    @property
    def _axes(self) -> tuple[int, ...]:
        """The spatial axes."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self._spatial))

    def _sizes(self, places: tuple[Any, ...]) -> tuple[Any, ...]:
        return (1,) * self._spatial if self.keepdims else ()


class AdaptivePooling(Places):
    """A layer that makes as many numbers as asked for, whatever the size of the inputs."""

    _fields = ("output_size", "data_format")

    def __init__(self, output_size: Any, data_format: str | None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        me, axes = type(self).__name__, self._spatial
        given = (output_size,) * axes if isinstance(output_size, int) else output_size
        whole = isinstance(given, (list, tuple)) and all(isinstance(n, int) for n in given)
        if not whole or len(given) != axes:
            more = f" or {axes} of them" if axes > 1 else ""
            raise TypeError(
                f"{me} expects output_size to be a whole number{more}; it got {output_size!r}."
            )
        self.output_size = factors(me, "output_size", output_size, axes)

    def _sizes(self, places: tuple[Any, ...]) -> tuple[Any, ...]:
        return self.output_size
