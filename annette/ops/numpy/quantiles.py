"""Quantiles: the values below which a part of the elements lies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.tensor import Tensor
from annette.ops.common import dtype_of, floating, from_python, normal_axes, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping as sh

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _rows_last(x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """Return x with the axes to reduce made one, the last, and the shape that is left."""
    axes = normal_axes(axis, rank(x))
    rest = [i for i in range(rank(x)) if i not in axes]
    shape = tuple(x.shape[i] for i in rest)
    size = math.prod(x.shape[i] for i in axes)
    return sh.reshape(sh.transpose(x, (*rest, *axes)), (*shape, size)), shape


def _keep_axes(y: Any, x: Any, axis: Any, lead: int) -> Any:
    """Return a result, behind `lead` axes of its own, with axes of size 1 where x was reduced."""
    axes = normal_axes(axis, rank(x))
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    return sh.reshape(y, (*y.shape[:lead], *kept))


def _between(low: Any, high: Any, weight: Any, method: str) -> Any:
    """Return the value at a place between two neighbours."""
    if method in ("lower", "higher"):
        return low if method == "lower" else high
    if method == "midpoint":
        weight = el.where(el.greater(weight, 0), 0.5, 0.0)
    mixed = el.add(low, el.multiply(el.subtract(high, low), weight))
    # At a place of its own a neighbour plays no part, even if it is infinite.
    return el.where(el.equal(weight, 0), low, mixed)


def _places(position: Any, method: str) -> tuple[Any, Any, Any]:
    """Return the neighbours of a position in a sorted row, and how far past the lower it is."""
    if method == "nearest":
        position = el.round(position)
    low = el.floor(position)
    return to_dtype(low, "int32"), to_dtype(el.ceil(position), "int32"), el.subtract(position, low)


def _check_quantile(name: str, q: Any, method: str, highest: float = 1.0) -> Any:
    """Return the wanted quantiles in float64 where they are known.

    Raises:
        ValueError: if the method is unknown or a quantile is outside its range.
    """
    if method not in METHODS:
        raise ValueError(
            f"{name} expects method to be one of {', '.join(map(repr, METHODS))}; it got "
            f"{method!r}."
        )
    q = from_python(q)
    if isinstance(q, Tensor):
        return q
    q = np.asarray(q, "float64")
    if q.size and not (q.min() >= 0 and q.max() <= highest):
        raise ValueError(f"{name} expects q between 0 and {highest:g}; it got {q}.")
    return q


@op
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the values below which the parts `q` (0 … 1) of the elements over `axis` lie.

    The axes of q come first in the result. Not-a-number among the elements gives not-a-number.

    Raises:
        ValueError: if the method is unknown, q is outside 0 … 1, or there are no elements.
    """
    q = _check_quantile("quantile", q, method)
    x = floating(x)
    rows, _ = _rows_last(x, axis)
    if not rows.shape[-1]:
        raise ValueError(
            f"quantile over axis={axis} of shape {tuple(x.shape)}: there is no element."
        )
    y = indexing.sort(rows, axis=-1)
    low, high, weight = _places(el.multiply(q, rows.shape[-1] - 1.0), method)
    last = rank(y) - 1
    wide = (*q.shape, *(1,) * last)
    sides = [
        sh.moveaxis(indexing.take(y, p, axis=last), _run(last, rank(q)), _run(0, rank(q)))
        for p in (low, high)
    ]
    weight = sh.reshape(to_dtype(weight, dtype_of(x)), wide)
    y = _spoilt(_between(sides[0], sides[1], weight, method), y)
    return _keep_axes(y, x, axis, rank(q)) if keepdims else y


def _run(start: int, count: int) -> list[int]:
    return list(range(start, start + count))


def _spoilt(y: Any, ordered: Any) -> Any:
    """Return not-a-number where there is one in the row: sorting puts it last."""
    last = ordered[..., -1]
    return el.where(el.isnan(last), last, y)


@op
def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the values below which `q` (0 … 100) of a hundred elements over `axis` lie.

    Raises:
        ValueError: if the method is unknown, q is outside 0 … 100, or there are no elements.
    """
    q = _check_quantile("percentile", q, method, 100.0)
    q = el.multiply(q, 0.01) if isinstance(q, Tensor) else q / 100
    return quantile(x, q, axis, method, keepdims)


@op
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle of the sorted elements over `axis`, the mean of two where there are two.

    Shape: that of x without `axis`, or with size 1 there (`keepdims`).
    """
    return quantile(x, 0.5, axis=axis, keepdims=keepdims)


@op
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the values below which the parts `q` (0 … 1) of the numbers over `axis` lie.

    Raises:
        ValueError: if the method is unknown, q is outside 0 … 1, or there are no elements.
    """
    q = _check_quantile("nanquantile", q, method)
    x = floating(x)
    rows, shape = _rows_last(x, axis)
    if not rows.shape[-1]:
        raise ValueError(f"nanquantile over axis={axis} of shape {tuple(x.shape)}: no element.")
    ordered = indexing.sort(rows, axis=-1)
    # Numbers come first in the sorted rows: each row has as many places as numbers.
    there = to_dtype(el.logical_not(el.isnan(rows)), "int32")
    most = el.subtract(reduction.sum(there, -1, keepdims=True), 1)
    most = to_dtype(el.maximum(most, 0), "float64")
    wanted = sh.reshape(to_dtype(q, "float64"), (*(1,) * len(shape), -1))
    low, high, weight = _places(el.multiply(most, wanted), method)
    sides = [indexing.take_along_axis(ordered, p, axis=-1) for p in (low, high)]
    y = _between(sides[0], sides[1], to_dtype(weight, dtype_of(x)), method)
    y = sh.reshape(sh.moveaxis(y, -1, 0), (*q.shape, *shape))
    return _keep_axes(y, x, axis, rank(q)) if keepdims else y


@op
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the values below which `q` (0 … 100) of a hundred numbers over `axis` lie.

    Raises:
        ValueError: if the method is unknown, q is outside 0 … 100, or there are no elements.
    """
    q = _check_quantile("nanpercentile", q, method, 100.0)
    q = q / 100 if isinstance(q, np.ndarray) else el.multiply(q, 0.01)
    return nanquantile(x, q, axis, method, keepdims)


@op
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle of the sorted numbers over `axis`, the mean of two where there are two."""
    return nanquantile(x, 0.5, axis=axis, keepdims=keepdims)
