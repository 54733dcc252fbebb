"""Reading at places: indexing, take, sort, with NumPy's names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.primitive import apply
from annette.graph.tensor import Tensor
from annette.ops.common import dtype_of, from_python, normal_axis, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, shaping as sh
from annette.primitives import index as ix


def _whole(indices: Any, size: int) -> Any:
    """Return integer indices with those below 0 counted from the end."""
    indices = from_python(indices)
    dtype = dtype_of(indices)
    if dtype == "bool" or "int" not in dtype:
        indices = to_dtype(indices, "int32")
    if not isinstance(indices, Tensor) and (indices.size == 0 or indices.min() >= 0):
        return indices
    return indices if dtype.startswith("u") else el.where(el.less(indices, 0), indices + size, indices)


@op
def take(x: Any, indices: Any, axis: Any = None) -> Any:
    """Return the elements of x at `indices` along `axis` (None: of the flattened array)."""
    x = from_python(x)
    if axis is None:
        x, axis = sh.ravel(x), 0
    axis = normal_axis(axis, rank(x))
    return apply(ix.take, (x, _whole(indices, x.shape[axis])), {"axis": axis})


@op
def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    """Return, for each place of `indices`, the element of x there along `axis`."""
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
    """Return where to put `values` so that the sorted sequence stays sorted."""
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted expects side='left' or 'right'; it got {side!r}.")
    sequence = from_python(sorted_sequence)
    if rank(sequence) != 1:
        raise ValueError(
            f"searchsorted takes a sorted sequence of one axis; it got shape {tuple(sequence.shape)}."
        )
    return apply(ix.searchsorted, (sequence, from_python(values)), {"side": side})


def nonzero(x: Any) -> Any:
    """Return, for each axis, where x is not 0. Only on arrays: the number depends on the values."""
    x = from_python(x)
    if isinstance(x, Tensor) and x.value is None:
        raise ValueError(
            "nonzero has a result whose size depends on the values, which a traced function cannot "
            "have. Use where(condition, a, b), or run_eagerly=True."
        )
    return tuple(wrap(i.astype("int32")) for i in np.nonzero(np.asarray(x)))


@op
def getitem(x: Any, key: Any) -> Any:
    """Return ``x[key]`` for numbers, slices, None, Ellipsis and arrays of integers or bools."""
    x = from_python(x)
    if not isinstance(x, Tensor):
        plain = np.asarray(x)
        return wrap(plain[_plain_key(key)])
    keys = list(key) if isinstance(key, tuple) else [key]
    keys = _expand(keys, rank(x))
    x, rest, new = _basic(x, keys)
    arrays = [(i, k) for i, k in enumerate(rest) if k is not None]
    if arrays:
        x = _advanced(x, arrays)
    for place in new:
        x = sh.expand_dims(x, place)
    return x


def _plain_key(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_plain_key(k) for k in key)
    if isinstance(key, list):
        return np.asarray(key)
    if isinstance(key, Tensor) or hasattr(key, "_read"):
        return np.asarray(key)
    return key


def _is_array(key: Any) -> bool:
    return isinstance(key, (Tensor, np.ndarray, list)) or hasattr(key, "_read")


def _expand(keys: list[Any], ndim: int) -> list[Any]:
    """Replace Ellipsis by full slices and a mask by the places where it holds."""
    spelled: list[Any] = []
    for k in keys:
        if _is_array(k) and not isinstance(k, Tensor) and np.asarray(k).dtype == bool:
            spelled.extend(np.nonzero(np.asarray(k)))
        else:
            spelled.append(k)
    used = sum(k is not None and k is not Ellipsis for k in spelled)
    if used > ndim:
        raise IndexError(f"An array of {ndim} axes was given {used} indices.")
    fill = [slice(None)] * (ndim - used)
    for i, k in enumerate(spelled):
        if k is Ellipsis:
            return spelled[:i] + fill + spelled[i + 1 :]
    return spelled + fill


def _basic(x: Any, keys: list[Any]) -> tuple[Any, list[Any], list[int]]:
    """Do the slices and whole numbers; return what is left: arrays per axis, places of new axes."""
    start, stop, step, flips, gone = [], [], [], [], []
    arrays: list[Any] = []
    new: list[int] = []
    axis = kept = 0
    for k in keys:
        if k is None:
            new.append(kept)
            kept += 1
            continue
        n = x.shape[axis]
        if _is_array(k) and not (isinstance(k, np.ndarray) and k.ndim == 0):
            a, b, c = 0, n, 1
            arrays.append(k)
            kept += 1
        elif isinstance(k, slice):
            a, b, c = k.indices(n)
            if c < 0:
                count = len(range(a, b, c))
                a, b, c = a + (count - 1) * c, a + 1, -c
                flips.append(axis)
                a, b = (0, 0) if count == 0 else (a, b)
            arrays.append(None)
            kept += 1
        else:
            a = normal_axis(k, n, "index")
            b, c = a + 1, 1
            gone.append(axis)
        start.append(a)
        stop.append(max(a, b))
        step.append(c)
        axis += 1
    if any(a or b != n or c != 1 for a, b, c, n in zip(start, stop, step, x.shape, strict=True)):
        x = sh.slice_static(x, start, stop, step)
    if flips:
        x = sh.flip(x, tuple(flips))
    if gone:
        x = sh.squeeze(x, tuple(gone))
    return x, arrays, new


def _advanced(x: Any, arrays: list[tuple[int, Any]]) -> Any:
    """Read at places given by index arrays: one flat index into the axes that have one."""
    axes = [i for i, _ in arrays]
    sizes = [x.shape[i] for i in axes]
    adjacent = axes == list(range(axes[0], axes[0] + len(axes)))
    to = axes[0] if adjacent else 0
    x = sh.moveaxis(x, axes, list(range(to, to + len(axes))))
    flat: Any = 0
    for (_, k), n in zip(arrays, sizes, strict=True):
        flat = _whole(k, n) + flat * n
    merged = (*x.shape[:to], math.prod(sizes), *x.shape[to + len(axes) :])
    return take(sh.reshape(x, merged), flat, axis=to)


@op
def get_item(x: Any, key: Any) -> Any:
    """Return ``x[key]``."""
    return getitem(x, key)


@op
def argpartition(x: Any, kth: int, axis: int = -1) -> Any:
    """Return an order in which the k-th element stands where sorting would put it."""
    return argsort(x, axis=axis)
