"""Reading at places: indexing, take, sort, with NumPy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import state
from annette.graph.primitive import apply
from annette.graph.tensor import Tensor
from annette.ops.common import concrete, dtype_of, from_python, normal_axis, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, shaping as sh
from annette.primitives import index as ix
from annette.utils.explain import explains


def _whole(indices: Any, size: int) -> Any:
    """Return integer indices with those below 0 counted from the end."""
    indices = from_python(indices)
    dtype = dtype_of(indices)
    if dtype == "bool" or "int" not in dtype:
        indices = to_dtype(indices, "int32")
    if not isinstance(indices, Tensor) and (indices.size == 0 or indices.min() >= 0):
        return indices
    return (
        indices if dtype.startswith("u") else el.where(el.less(indices, 0), indices + size, indices)
    )


@op
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Return the elements of x at `indices` along `axis` (None: of the flattened array)."""
    x = from_python(x)
    if axis is None:
        x, axis = sh.ravel(x), 0
    axis = normal_axis(axis, rank(x))
    return apply(ix.take, (x, _whole(indices, x.shape[axis])), {"axis": axis})


@op
def rows_at(x: Any, indices: Any, told: str) -> Any:
    """Return the rows of x at `indices`, which must be from 0 to one less than there are rows.

    Raises:
        ValueError: for another index, saying `told` with the index for its ``{}``; when the program
            runs, if the indices are not known before.
    """
    indices = from_python(indices)
    if not state.probing:  # places counted off along an axis whose size is not known are no numbers
        indices = apply(ix.within, (indices,), {"size": x.shape[0], "told": told})
    return apply(ix.take, (x, indices), {"axis": 0})


@op
def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    """Return, for each place of `indices`, the element of x there along `axis`.

    Shape: that of `indices`, broadcast along the other axes.
    """
    x, indices = from_python(x), from_python(indices)
    if axis is None:
        x, indices, axis = sh.ravel(x), sh.ravel(indices), 0
    axis = normal_axis(axis, rank(x))
    rest = tuple(
        n if i != axis else indices.shape[i]
        for i, n in enumerate(np.broadcast_shapes(
            tuple(1 if i == axis else n for i, n in enumerate(x.shape)),
            tuple(1 if i == axis else n for i, n in enumerate(indices.shape)),
        ))
    )  # fmt: skip
    x = sh.broadcast_to(x, tuple(x.shape[i] if i == axis else n for i, n in enumerate(rest)))
    indices = sh.broadcast_to(indices, rest)
    return apply(ix.take_along_axis, (x, _whole(indices, x.shape[axis])), {"axis": axis})


@op
def argsort(x: Any, axis: Any = -1) -> Any:
    """Return the order that sorts x upwards along `axis` (None: the flattened array)."""
    x = from_python(x)
    if axis is None:
        x, axis = sh.ravel(x), 0
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    return apply(ix.argsort, (x,), {"axis": normal_axis(axis, rank(x))})


@op
def sort(x: Any, axis: Any = -1) -> Any:
    """Return x sorted upwards along `axis` (None: the flattened array)."""
    x = from_python(x)
    if axis is None:
        x, axis = sh.ravel(x), 0
    return take_along_axis(x, argsort(x, axis), axis)


@op
def searchsorted(sorted_sequence: Any, values: Any, side: str = "left") -> Any:
    """Return where to put `values` so that the sorted sequence stays sorted.

    Shape: the result is as `values`.

    Raises:
        ValueError: for a sequence of several axes, or a `side` that is neither "left" nor "right".
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted expects side='left' or 'right'; it got {side!r}.")
    sequence = from_python(sorted_sequence)
    if rank(sequence) != 1:
        raise ValueError(
            "searchsorted takes a sorted sequence of one axis; it got shape "
            f"{tuple(sequence.shape)}."
        )
    return apply(ix.searchsorted, (sequence, from_python(values)), {"side": side})


@explains
def nonzero(x: Any) -> Any:
    """Return, for each axis, where x is not 0. Only on arrays: the number depends on the values.

    Shapes: as many results as x has axes, each (how many are not 0,).

    Raises:
        ValueError: inside a trace.
    """
    why = "how many elements are not 0 depends on the values"
    known = concrete(x, "nonzero", why, "Use ops.where(condition, a, b)")
    return tuple(wrap(i.astype("int32")) for i in np.nonzero(known))


@op
def get_item(x: Any, key: Any) -> Any:
    """Return ``x[key]`` for numbers, slices, None, Ellipsis and arrays of integers or bools.

    Raises:
        IndexError: if the key has too many parts or a place is outside.
    """
    from annette.ops.numpy.subscript import read_key, subscript

    x, key = from_python(x), read_key(key)
    parts = key if isinstance(key, tuple) else (key,)
    if isinstance(x, Tensor) or any(isinstance(k, Tensor) for k in parts):
        return subscript(x, key)
    try:
        return wrap(np.asarray(x)[key])
    except IndexError as error:
        raise IndexError(f"An array of shape {x.shape} was read at {key!r}: {error}.") from None


@op
def getitem(x: Any, key: Any) -> Any:
    """Return ``x[key]``: what models saved earlier call `get_item`."""
    return get_item(x, key)


@op
def argpartition(x: Any, kth: int, axis: int = -1) -> Any:
    """Return an order in which the k-th element stands where sorting would put it."""
    return argsort(x, axis=axis)
