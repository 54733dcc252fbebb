"""`tf.dtypes`: the names of element types."""

from __future__ import annotations

from typing import Any

import numpy as np

_NAMES = (
    "bfloat16 float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "complex64 complex128 bool string"
).split()
__all__ = ["DType", "as_dtype", *_NAMES]


class DType(str):
    """The name of an element type with what TensorFlow's types answer; it works as a plain name."""

    @property
    def name(self) -> str:
        """The name."""
        return str(self)

    @property
    def as_numpy_dtype(self) -> Any:
        """The type of NumPy's scalars."""
        if self == "string":
            return np.object_
        return np.dtype(str(self)).type

    @property
    def is_floating(self) -> Any:
        """Whether it is a float type."""
        return "float" in self

    @property
    def is_integer(self) -> Any:
        """Whether it is a whole-number type."""
        return "int" in self

    @property
    def max(self) -> Any:
        """The largest value."""
        return np.finfo(str(self)).max if self.is_floating else np.iinfo(str(self)).max

    @property
    def min(self) -> Any:
        """The smallest value."""
        return np.finfo(str(self)).min if self.is_floating else np.iinfo(str(self)).min

    def __repr__(self) -> str:
        return f"tf.{self}"


globals().update({name: DType(name) for name in _NAMES})


def as_dtype(type_value: Any) -> DType:
    """Return the type named or described by `type_value`."""
    if isinstance(type_value, str):
        return DType(type_value)
    kind = np.dtype(type_value)
    return DType("string" if kind.kind in "OUS" else kind.name)
