"""Activation: an activation function as a layer."""

from __future__ import annotations

from typing import Any

from annette import activations
from annette.layers.layer import Layer


class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: by name or a callable.

    Input shape: any.
    Output shape: that of the input.
    """

    _fields = ("activation",)

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return the activation of the inputs."""
        return self.activation(inputs)
