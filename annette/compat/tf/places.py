"""Sorting, and reading and writing at places, in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.compat.tf.tensors import constant

__all__ = (
    "argsort boolean_mask gather_nd meshgrid roll scatter_nd searchsorted sequence_mask slice sort "
    "strided_slice tensor_scatter_nd_add tensor_scatter_nd_update unique"
).split()


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: Any = None) -> Any:
    """Return the values in order along an axis."""
    made = ops.sort(constant(values), axis=axis)
    return ops.flip(made, axis=axis) if _falling(direction) else made


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: Any = False, name: Any = None
) -> Any:
    """Return the places that put the values in order along an axis."""
    x = constant(values)
    if _falling(direction):  # whole numbers and booleans would overflow with their sign turned
        x = ops.negative(ops.cast(x, "float64") if "int" in str(x.dtype) else x)
    return ops.cast(ops.argsort(x, axis=axis), "int32")


def _falling(direction: str) -> bool:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"direction must be 'ASCENDING' or 'DESCENDING'; it got {direction!r}.")
    return direction == "DESCENDING"


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = "int32", name: Any = None
) -> Any:
    """Return where values belong in a sorted array."""
    return ops.cast(
        ops.searchsorted(constant(sorted_sequence), constant(values), side), str(out_type)
    )


def roll(input: Any, shift: Any, axis: Any, name: Any = None) -> Any:
    """Return the array with its elements moved round along axes."""
    return ops.roll(constant(input), shift, axis)


def meshgrid(*args: Any, indexing: str = "xy", **options: Any) -> Any:
    """Return the coordinates of a grid."""
    return ops.meshgrid(*(constant(a) for a in args), indexing=indexing)


def slice(input_: Any, begin: Any, size: Any, name: Any = None) -> Any:
    """Return a part: from `begin`, so many along each axis (-1: to the end)."""
    x = constant(input_)
    key = tuple(
        _span(int(b), None if int(n) == -1 else int(b) + int(n))
        for b, n in zip(begin, size, strict=True)
    )
    return x[key]


def strided_slice(
    input_: Any, begin: Any, end: Any, strides: Any = None, *masks: Any, name: Any = None
) -> Any:
    """Return a part: from `begin` up to `end` with steps, along the first axes."""
    steps = [1] * len(begin) if strides is None else strides
    x = constant(input_)
    return x[
        tuple(_span(int(b), int(e), int(s)) for b, e, s in zip(begin, end, steps, strict=True))
    ]


def _span(*parts: Any) -> Any:
    import builtins

    return builtins.slice(*parts)


def boolean_mask(tensor: Any, mask: Any, axis: Any = None, name: Any = None) -> Any:
    """Return the elements for which the mask holds."""
    x, mask = constant(tensor), np.asarray(mask, bool)
    places = np.argwhere(mask)
    if axis:
        return ops.take(x, places[:, 0], axis=axis)
    return x[tuple(places.T)]


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: Any = None) -> Any:
    """Return the elements (or slices) at the places that the last axis of `indices` gives.

    Raises:
        ValueError: for `batch_dims` other than 0.
    """
    if batch_dims:
        raise ValueError(f"gather_nd takes batch_dims=0; it got {batch_dims!r}.")
    x, places = constant(params), np.asarray(indices)
    return x[tuple(np.moveaxis(places, -1, 0))]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: Any = None) -> Any:
    """Return zeros with values added at places."""
    updates = constant(updates)
    return tensor_scatter_nd_add(
        ops.zeros(tuple(int(n) for n in shape), str(updates.dtype)), indices, updates
    )


def tensor_scatter_nd_add(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """Return the array with values added at places."""
    x, updates = constant(tensor), constant(updates)
    places = np.asarray(indices)
    flat = np.ravel_multi_index(
        tuple(np.moveaxis(places, -1, 0)), tuple(x.shape[: places.shape[-1]])
    )
    rows = int(np.prod(x.shape[: places.shape[-1]]))
    rest = tuple(x.shape[places.shape[-1] :])
    added = ops.segment_sum(
        ops.reshape(updates, (flat.size, *rest)), flat.ravel().astype("int32"), num_segments=rows
    )
    return x + ops.reshape(added, tuple(x.shape))


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: Any = None) -> Any:
    """Return the array with other values at places."""
    return ops.scatter_update(constant(tensor), constant(indices), constant(updates))


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: Any = None) -> Any:
    """Return rows that hold up to each length."""
    lengths = constant(lengths)
    width = int(np.max(np.asarray(lengths))) if maxlen is None else int(maxlen)
    made = constant(np.arange(width)) < ops.expand_dims(lengths, -1)
    return made if str(dtype) == "bool" else ops.cast(made, str(dtype))


def unique(x: Any, out_idx: Any = "int32", name: Any = None) -> Any:
    """Return the different values in the order they come, and for each element which it is."""
    found, first, inverse = np.unique(np.asarray(x), return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return constant(found[order]), constant(rank[inverse.reshape(-1)].astype(str(out_idx)))
