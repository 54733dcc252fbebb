"""Pipeline: layers one after the other, as one layer."""

from __future__ import annotations

from typing import Any

from annette.layers.layer import Layer
from annette.layers.preprocessing.base import Preprocessing
from annette.saving import serialization


class Pipeline(Preprocessing):
    """Applies layers one after the other. It is a layer, and no model.

    Args:
        layers: what to apply, in order.

    Input shape: that of the first layer.
    Output shape: that of the last layer.

    Raises:
        ValueError: if `layers` holds anything but layers.
    """

    def __init__(self, layers: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(layers, (list, tuple)) or not all(isinstance(x, Layer) for x in layers):
            raise ValueError(f"Pipeline expects a list of layers; it got {layers!r}.")
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return list(self._pipeline_layers)

    def _as_inputs(self, x: Any) -> Any:
        first = self._pipeline_layers[0] if self._pipeline_layers else None
        return first._as_inputs(x) if isinstance(first, Preprocessing) else x

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """Return what the last layer makes of what those before it made."""
        for layer in self._pipeline_layers:
            takes = layer._call_signature
            kwargs = {"training": training} if takes.takes("training") else {}
            if takes.takes("mask"):
                kwargs["mask"] = mask
            inputs = layer(inputs, **kwargs)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        for layer in self._pipeline_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    @property
    def output_dtype(self) -> str:
        """The dtype of the last layer's output."""
        last = self._pipeline_layers[-1] if self._pipeline_layers else None
        dtype: str = getattr(last, "output_dtype", last.compute_dtype if last else "float32")
        return dtype

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        described = [serialization.serialize_keras_object(x) for x in self._pipeline_layers]
        return {"layers": described, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer that `config` describes."""
        config = dict(config)
        config["layers"] = [serialization.deserialize_keras_object(x) for x in config["layers"]]
        return cls(**config)
