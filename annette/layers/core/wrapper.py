"""Wrapper: a layer around another."""

from __future__ import annotations

from typing import Any

from annette.layers.layer import Layer
from annette.saving import serialization


class Wrapper(Layer):
    """A layer that owns another and changes what it does; derive from it and write `call`.

    Args:
        layer: the layer inside.

    Input shape: that of the wrapped layer, unless the subclass says otherwise.
    Output shape: what `call` gives.
    Weights: those of the wrapped layer.

    Raises:
        ValueError: if `layer` is no layer.
    """

    _fields: tuple[str, ...] = ("layer",)

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__} expects a layer to wrap, such as Dense(3); it got "
                f"{layer!r}."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the wrapped layer."""
        if not self.layer.built:
            self.layer.build(input_shape)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the wrapper that `config` describes."""
        layer = serialization.deserialize_keras_object(config["layer"], custom_objects)
        return super().from_config({**config, "layer": layer})
