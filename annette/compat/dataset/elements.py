"""Elements of datasets: structures of arrays, and what is said about them."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.compat.strings import Strings, is_text, strings
from annette.compat.tf.dtypes import DType, as_dtype
from annette.compat.tf.specs import TensorSpec
from annette.graph.array import wrap
from annette.utils import tree


def element(value: Any) -> Any:
    """Return `value` with an array for each part; tuples and dicts are structure, lists are data.

    Raises:
        ValueError: if a part is None.
    """
    from annette.compat.dataset.base import Dataset

    if isinstance(value, tuple):
        parts = [element(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, dict):
        return {key: element(v) for key, v in value.items()}
    if isinstance(value, Dataset):
        return value
    if value is None:
        raise ValueError("An element of a dataset holds None; arrays and numbers are expected.")
    return array(value)


def array(value: Any) -> Any:
    """Return one array: Python's numbers as float32 and int32, strings as bytes."""
    if is_text(value):
        return strings(value)
    from annette.compat.tf.tensors import constant

    if not hasattr(value, "dtype") or type(value).__module__.startswith("pandas"):
        made = np.asarray(value)
        if is_text(made):
            return strings(made)
        value = made if hasattr(value, "dtype") else value
    return constant(value)


def row(leaf: np.ndarray, place: Any) -> Any:
    """Return one row (or several) of an array."""
    return as_array(leaf[place], leaf)


def as_array(found: Any, like: np.ndarray) -> Any:
    """Return what indexing gave as one of annette's arrays."""
    if like.dtype.kind == "O":
        if not isinstance(found, np.ndarray):
            found = np.array(found, dtype=object)
        return found.view(Strings)
    return wrap(found)


def plain(value: Any) -> Any:
    """Return an array as NumPy has it: a scalar as a NumPy scalar (or bytes)."""
    if isinstance(value, np.ndarray):
        bare = value.view(np.ndarray)
        return bare[()] if bare.ndim == 0 else bare
    return list(value.as_numpy_iterator()) if hasattr(value, "as_numpy_iterator") else value


def spec_of(value: Any) -> Any:
    """Return the structure of specs of an element."""

    def one(x: Any) -> Any:
        return TensorSpec(x.shape, dtype_of(x)) if isinstance(x, np.ndarray) else x

    return tree.map_structure(one, value)


def dtype_of(x: np.ndarray) -> DType:
    """Return TensorFlow's name of an array's dtype."""
    return DType("string") if x.dtype.kind in "OUS" else as_dtype(x.dtype)


def with_rows(spec: Any, rows: int | None) -> Any:
    """Return specs with an axis of rows more in front."""
    return tree.map_structure(lambda s: TensorSpec((rows, *s.shape), s.dtype), spec)


def without_rows(spec: Any) -> Any:
    """Return specs without their first axis."""
    return tree.map_structure(lambda s: TensorSpec(s.shape[1:], s.dtype), spec)


def common(first: Any, second: Any) -> Any:
    """Return the specs that hold for both: axes that differ are None."""

    def one(a: Any, b: Any) -> Any:
        if len(a.shape) != len(b.shape):
            return TensorSpec((None,) * len(a.shape), a.dtype)
        shape = (m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
        return TensorSpec(shape, a.dtype)

    return tree.map_structure(one, first, second)


def stacked(elements: list[Any]) -> Any:
    """Return elements as one batch.

    Raises:
        ValueError: if their shapes differ.
    """

    def one(*parts: Any) -> Any:
        shapes = {p.shape for p in parts}
        if len(shapes) > 1:
            raise ValueError(
                f"batch expects elements of one shape; it got {sorted(shapes)[:4]}. "
                "padded_batch fills them up to one length."
            )
        return as_array(np.stack(parts), parts[0])

    return tree.map_structure(one, *elements)
