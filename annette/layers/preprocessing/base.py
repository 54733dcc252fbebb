"""What preprocessing layers share: lists and strings as inputs, and what `adapt` may be given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from annette import ops
from annette.graph.dtypes import standardize
from annette.graph.symbolic import KerasTensor, symbolic_inputs
from annette.graph.tensor import Tensor
from annette.layers.layer import Layer

MODES = ("int", "one_hot", "multi_hot", "count")


class Preprocessing(Layer):
    """A layer that also takes lists, and, where it can, strings.

    Strings are in no graph: on arrays of them a layer computes at once.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays or lists, record on Tensors, or add to a functional model."""
        if args:
            args = (self._as_inputs(args[0]), *args[1:])
        elif "inputs" in kwargs:
            kwargs = {**kwargs, "inputs": self._as_inputs(kwargs["inputs"])}
        return super().__call__(*args, **kwargs)

    def _as_inputs(self, x: Any) -> Any:
        return as_array(x)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output as a KerasTensor; one of strings may stand for the input."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return super().compute_output_spec(*args, **kwargs)
        given = args[0]
        shapes = given.shape if isinstance(given, KerasTensor) else [t.shape for t in given]
        return KerasTensor(self.compute_output_shape(shapes), self.output_dtype)

    @property
    def output_dtype(self) -> str:
        """The dtype of the output."""
        return self.compute_dtype


def as_array(x: Any) -> Any:
    """Return an array of numbers or strings for lists, scalars, frames' columns and bytes.

    Tensors and KerasTensors stay as they are.
    """
    if isinstance(x, (Tensor, KerasTensor)) or hasattr(x, "_read"):
        return x
    if isinstance(x, (list, tuple)) and (symbolic_inputs(x) or any(_is_tensor(i) for i in x)):
        return ops.stack(list(x))
    if hasattr(x, "detach"):
        x = x.detach().cpu()
    array = x if isinstance(x, np.ndarray) else np.asarray(x)
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    if array.dtype.kind == "O":
        return _from_objects(array)
    if array is x or array.dtype.kind not in "iuf":
        return array
    return array if hasattr(x, "dtype") else ops.convert_to_tensor(x)


def _is_tensor(x: Any) -> bool:
    return isinstance(x, Tensor)


def _from_objects(array: np.ndarray) -> np.ndarray:
    """Return an object array as one of strings or of numbers."""
    flat = [v.decode() if isinstance(v, bytes) else v for v in array.reshape(-1).tolist()]
    if any(isinstance(v, str) for v in flat):
        wrong = next((v for v in flat if not isinstance(v, str)), None)
        if wrong is not None or None in flat:
            raise ValueError(
                f"An array of strings holds {wrong!r} of type {type(wrong).__name__} too. Fill "
                "missing values first, for instance with ''."
            )
        return np.array(flat, dtype=str).reshape(array.shape)
    return np.array(flat).reshape(array.shape)


def is_string(x: Any) -> bool:
    """Say whether an array or KerasTensor is one of strings."""
    dtype = getattr(x, "dtype", None)
    return dtype == "string" or getattr(dtype, "kind", "") in ("U", "T", "S")


def strings_only(layer: Layer, x: Any) -> np.ndarray:
    """Return the strings that a layer is given.

    Raises:
        ValueError: if they are none.
    """
    if is_string(x):
        return np.asarray(x)
    if isinstance(x, np.ndarray) and not x.size:
        return x.astype(str)
    raise ValueError(
        f"{type(layer).__name__} '{layer.name}' takes strings; it got values of dtype "
        f"{getattr(x, 'dtype', type(x).__name__)}. Convert them with .astype(str)."
    )


def batches(data: Any, steps: int | None = None) -> Iterator[Any]:
    """Yield what `adapt` is given, batch by batch.

    An array, or a list of numbers or strings (nested or not), is one batch; anything else that can
    be gone through, such as a generator or a PyDataset, gives a batch at a time. Of a batch
    ``(x, y)`` the first part counts.

    Raises:
        TypeError: if `data` cannot be gone through.
    """
    if isinstance(data, (str, bytes, list, tuple)) or hasattr(data, "__array__"):
        yield as_array(data)
        return
    if hasattr(data, "num_batches") and hasattr(data, "__getitem__"):
        data = (data[i] for i in range(data.num_batches or 0))
    if not isinstance(data, Iterable):
        raise TypeError(
            "adapt expects an array, a list, or batches to go through; it got "
            f"{type(data).__name__}."
        )
    for i, batch in enumerate(data):
        if steps is not None and i >= steps:
            return
        yield as_array(batch[0] if isinstance(batch, tuple) else batch)


def check_mode(layer: str, mode: Any, allowed: tuple[str, ...] = MODES) -> str:
    """Return an `output_mode`.

    Raises:
        ValueError: if there is no such mode.
    """
    if mode not in allowed:
        raise ValueError(
            f"{layer} expects output_mode to be one of {', '.join(map(repr, allowed))}; it got "
            f"{mode!r}."
        )
    return str(mode)


def not_sparse(layer: str, sparse: Any) -> bool:
    """Refuse sparse outputs.

    Raises:
        ValueError: if they are asked for.
    """
    if sparse:
        raise ValueError(
            f"{layer} got sparse={sparse!r}; annette's arrays are dense. Leave sparse=False."
        )
    return False


def encode(indices: Any, mode: str, depth: int, dtype: str, weights: Any = None) -> Any:
    """Return places as numbers ("int"), or as rows of `depth` entries.

    "one_hot" has a row for each place; "multi_hot" and "count" have one for all places along the
    second axis (the only one, if there are no rows). Places below 0 or from `depth` on count
    nowhere.
    """
    if mode == "int":
        return ops.cast(indices, dtype)
    shape = tuple(indices.shape)
    if not shape:
        indices, shape = ops.reshape(indices, (1,)), (1,)
        if mode != "one_hot":
            return encode(indices, mode, depth, dtype, weights)
    if mode == "one_hot":
        if len(shape) > 1 and shape[-1] == 1:
            indices = ops.squeeze(indices, -1)
        return ops.one_hot(indices, depth, dtype=dtype)
    if isinstance(indices, np.ndarray) and (weights is None or isinstance(weights, np.ndarray)):
        return ops.convert_to_tensor(_counted(indices, mode, depth, weights).astype(dtype))
    hits, over = ops.one_hot(indices, depth, dtype=dtype), min(len(shape) - 1, 1)
    if mode == "multi_hot":
        return ops.max(hits, axis=over)
    if weights is not None:
        hits = hits * ops.expand_dims(ops.cast(weights, dtype), -1)
    return ops.sum(hits, axis=over)


def _counted(indices: np.ndarray, mode: str, depth: int, weights: Any) -> np.ndarray:
    """Count by place, without an array of hits, which for long texts would be large."""
    over = min(indices.ndim - 1, 1)
    indices = np.moveaxis(np.asarray(indices, np.int64), over, -1)
    rows = indices.reshape(-1, indices.shape[-1])
    inside = (rows >= 0) & (rows < depth)
    flat = (np.arange(len(rows))[:, None] * depth + rows)[inside]
    by = None
    if weights is not None:
        wide = np.moveaxis(np.asarray(weights, "float64"), over, -1)
        by = wide.reshape(rows.shape)[inside]
    counts = np.bincount(flat, by, minlength=len(rows) * depth)
    counts = counts.reshape(*indices.shape[:-1], depth)
    return np.minimum(counts, 1) if mode == "multi_hot" else counts


def encoded_shape(input_shape: Any, mode: str, depth: int | None) -> tuple[int | None, ...]:
    """Return the shape that `encode` gives for places of this shape."""
    shape: tuple[int | None, ...] = tuple(input_shape)
    if mode == "int":
        return shape
    if mode == "one_hot":
        return (*(shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape), depth)
    over = min(len(shape) - 1, 1)
    return (*shape[:over], *shape[over + 1 :], depth)


def is_whole(dtype: Any) -> bool:
    """Say whether `dtype` is one of whole numbers."""
    return "int" in standardize(dtype)
