"""Identity: gives what it gets."""

from __future__ import annotations

from typing import Any

from annette.layers.layer import Layer


class Identity(Layer):
    """Returns its input; a named place in a model.

    Input shape: any.
    Output shape: that of the input.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs
