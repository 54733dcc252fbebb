"""Rescaling: values brought to another range."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.base import Preprocessing
from annette.saving import serialization


class Rescaling(Preprocessing):
    r"""Multiplies by a number and adds one.

    .. math:: y = s x + b

    Args:
        scale: s, a number or one for each feature.
        offset: b, likewise.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if `scale` or `offset` holds no numbers.
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("scale", scale), ("offset", offset)):
            if np.asarray(value).dtype.kind not in "iufb":
                raise ValueError(f"Rescaling expects {name} to be a number; it got {value!r}.")
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs in the other range."""
        dtype = self.compute_dtype
        scale, offset = ops.cast(self.scale, dtype), ops.cast(self.offset, dtype)
        return ops.cast(inputs, dtype) * scale + offset

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        described = serialization.serialize_keras_object
        return {
            **super().get_config(), "scale": described(self.scale), "offset": described(self.offset)
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer that `config` describes."""
        config = dict(config)
        for key in ("scale", "offset"):
            config[key] = serialization.deserialize_keras_object(config[key])
        return super().from_config(config)
