"""Lambda: a function as a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette.layers.layer import Layer
from annette.saving import serialization
from annette.utils.signature import signature


class Lambda(Layer):
    """Wraps a function of `annette.ops` as a layer without weights.

    Args:
        function: takes the inputs (and `arguments`).
        output_shape: the shape of a result, without rows, or a function that gives it with rows
            for the input's shape; found by itself if None.
        mask: what `compute_mask` gives, or a function for it.
        arguments: further keyword arguments for the function.

    Input shape: any.
    Output shape: what the function gives.

    Raises:
        ValueError: if `function` is no function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ValueError(f"Lambda expects a function; it got {function!r}.")
        self.function = function
        if arguments is not None and not isinstance(arguments, dict):
            raise TypeError(
                f"Lambda expects arguments to be a dict of keyword arguments; it got {arguments!r}."
            )
        self.arguments = arguments or {}
        self.mask = mask
        self._output_shape = output_shape
        self.supports_masking = mask is not None

    def call(self, inputs: Any, mask: Any = None, training: Any = None) -> Any:
        """Return the function of the inputs."""
        kwargs = dict(self.arguments)
        takes = signature(self.function)
        for name, value in (("mask", mask), ("training", training)):
            if takes.takes(name):
                kwargs[name] = value
        return self.function(inputs, **kwargs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape as it was told, or as it is found by itself."""
        told = self._output_shape
        if told is None:
            return super().compute_output_shape(input_shape)
        if callable(told):
            return told(input_shape)
        rows = input_shape
        while isinstance(rows, (list, tuple)):
            rows = rows[0]
        return (rows, *told)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output as a KerasTensor, for an input that is one."""
        if self._output_shape is None:
            return self._traced_spec(args, kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask that was asked for."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer; the function goes by its registered name."""
        config = {
            **super().get_config(),
            "function": serialization.serialize_keras_object(self.function),
        }
        if self._output_shape is not None:
            config["output_shape"] = self._output_shape
        if self.mask is not None:
            config["mask"] = serialization.serialize_keras_object(self.mask)
        return {**config, "arguments": self.arguments}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Lambda:
        """Return the layer that `config` describes."""
        config = dict(config)
        for key in ("function", "mask"):
            if isinstance(config.get(key), dict):
                config[key] = serialization.deserialize_keras_object(config[key], custom_objects)
        found: Lambda = super().from_config(config)
        return found
