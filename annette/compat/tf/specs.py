"""`tf.TensorSpec` and `tf.TensorShape`: what is said about arrays that are not there yet."""

from __future__ import annotations

from typing import Any

from annette.compat.tf.dtypes import DType, as_dtype

__all__ = ["TensorShape", "TensorSpec"]


class TensorShape(tuple[Any, ...]):
    """A shape: a tuple of lengths, None where one is not known."""

    def __new__(cls, dims: Any = ()) -> TensorShape:
        """Return the shape of these lengths."""
        dims = (dims,) if isinstance(dims, int) else dims
        return super().__new__(cls, (None if d is None else int(d) for d in dims))

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    ndims = rank

    @property
    def dims(self) -> list[Any]:
        """The lengths as a list."""
        return list(self)

    def as_list(self) -> list[Any]:
        """Return the lengths as a list."""
        return list(self)

    def num_elements(self) -> int | None:
        """Return the product of the lengths, None if one is not known."""
        import math

        return None if None in self else math.prod(self)

    def is_fully_defined(self) -> bool:
        """Return whether each length is known."""
        return None not in self

    def is_compatible_with(self, other: Any) -> bool:
        """Return whether an array can have both shapes."""
        other = TensorShape(other)
        return len(self) == len(other) and all(
            None in (a, b) or a == b for a, b in zip(self, other, strict=True)
        )

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return TensorShape(found) if isinstance(key, slice) else found

    def __repr__(self) -> str:
        return f"TensorShape({list(self)})"

    def __str__(self) -> str:
        return f"({', '.join(map(str, self))}{',' if len(self) == 1 else ''})"


class TensorSpec:
    """Shape, dtype and name of an array.

    Args:
        shape: lengths, None where one is not known.
        dtype: of the elements.
        name: of the array.
    """

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape = TensorShape(() if shape is None else shape)
        self._any_rank = shape is None
        self.dtype: DType = as_dtype(dtype)
        self.name = name

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """Return the spec of an array."""
        return cls(tensor.shape, tensor.dtype, name)

    def is_compatible_with(self, value: Any) -> bool:
        """Return whether an array (or another spec) fits this spec."""
        same = str(as_dtype(value.dtype)) == str(self.dtype)
        return same and (self._any_rank or self.shape.is_compatible_with(value.shape))

    def __eq__(self, other: Any) -> bool:
        return (
            isinstance(other, TensorSpec)
            and tuple(self.shape) == tuple(other.shape)
            and str(self.dtype) == str(other.dtype)
        )

    def __hash__(self) -> int:
        return hash((tuple(self.shape), str(self.dtype)))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"
