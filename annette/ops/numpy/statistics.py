"""Means with weights, quantiles, differences, counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.primitive import apply
from annette.ops.common import (
    concrete,
    dtype_of,
    floating,
    from_python,
    normal_axis,
    op,
    operands,
    rank,
    to_dtype,
    unchanged,
)
from annette.ops.numpy import elementwise as el, indexing, linear, reduction, shaping as sh
from annette.ops.numpy.ranges import linspace
from annette.primitives import index as ix
from annette.primitives.shape import stop_gradient


@op
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Return the mean over `axis` (None: all), each element counted with its weight.

    Weights have the shape of x, or are a vector along the one axis.

    Raises:
        ValueError: if the weights fit neither.
    """
    x = floating(x)
    if weights is None:
        return reduction.mean(x, axis=axis)
    x, weights = operands(x, weights, at_least_float=True)
    if tuple(weights.shape) != tuple(x.shape):
        if axis is None or isinstance(axis, (tuple, list)):
            raise ValueError(
                f"average over axis={axis} expects weights of the shape of x, {tuple(x.shape)}; it "
                f"got {tuple(weights.shape)}."
            )
        place = normal_axis(axis, rank(x))
        if tuple(weights.shape) != (x.shape[place],):
            raise ValueError(
                f"average over axis={axis} expects weights of shape {tuple(x.shape)} or "
                f"({x.shape[place]},); it got {tuple(weights.shape)}."
            )
        wide = tuple(n if i == place else 1 for i, n in enumerate(x.shape))
        weights = sh.broadcast_to(sh.reshape(weights, wide), tuple(x.shape))
    total = reduction.sum(el.multiply(x, weights), axis=axis)
    return el.divide(total, reduction.sum(weights, axis=axis))


@op
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest minus the smallest element over `axis` (None: all)."""
    x = from_python(x)
    return el.subtract(reduction.max(x, axis, keepdims), reduction.min(x, axis, keepdims))


@op
def corrcoef(x: Any) -> Any:
    r"""Return :math:`C_{ij} / \sqrt{C_{ii} C_{jj}}` for the covariances C of the rows of a matrix.

    Shapes: x (n, samples); the result is (n, n).

    Raises:
        ValueError: if x has more than two axes.
    """
    x = floating(x)
    if rank(x) > 2:
        raise ValueError(f"corrcoef takes a matrix or a vector; it got shape {tuple(x.shape)}.")
    rows = sh.reshape(x, (-1, x.shape[-1])) if rank(x) else sh.reshape(x, (1, 1))
    rows = el.subtract(rows, reduction.mean(rows, axis=1, keepdims=True))
    # The rows are brought to length 1 first: nothing overflows.
    size = reduction.max(el.absolute(rows), axis=1, keepdims=True)
    size = apply(stop_gradient, (size,), {})
    rows = el.divide(rows, el.where(el.greater(size, 0), size, 1.0))
    rows = el.divide(rows, el.sqrt(reduction.sum(el.square(rows), axis=1, keepdims=True)))
    r = el.clip(linear.matmul(rows, sh.transpose(rows)), -1.0, 1.0)
    return r if rank(x) == 2 else sh.reshape(r, ())


@op
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return the differences of neighbours along `axis`, n times over.

    Raises:
        ValueError: if n is below 0, or `a` is a scalar.
    """
    x = from_python(a)
    if n < 0:
        raise ValueError(f"diff expects n of 0 or more; it got {n}.")
    if not rank(x):
        raise ValueError("diff takes an array of 1 axis or more; it got a scalar.")
    axis = normal_axis(axis, rank(x))
    y = unchanged(x)
    n = min(n, x.shape[axis])  # by then nothing is left
    minus = el.not_equal if dtype_of(x) == "bool" else el.subtract
    for _ in range(n):
        size = y.shape[axis]
        first, last = [0] * rank(x), list(y.shape)
        first[axis], last[axis] = min(1, size), max(size - 1, 0)
        y = minus(sh.slice_static(y, first, y.shape), sh.slice_static(y, [0] * rank(x), last))
    return y


@op
def digitize(x: Any, bins: Any) -> Any:
    """Return for each element how many of the ascending `bins` are not above it.

    Shape: the result is as x.

    Raises:
        ValueError: if `bins` is not of one axis.
    """
    bins = from_python(bins)
    if rank(bins) != 1:
        raise ValueError(f"digitize expects bins of one axis; it got shape {tuple(bins.shape)}.")
    return indexing.searchsorted(bins, x, side="right")


@op
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """Return how often each whole number from 0 comes in x, or the sum of its weights.

    Of a matrix the rows are counted each by itself.

    Raises:
        ValueError: inside a trace, if a number is below 0, or the weights have another shape.
        TypeError: if x is not of an integer dtype.
    """
    why = "the length of its result is the largest number and one"
    known = concrete(x, "bincount", why, "Use ops.one_hot and ops.sum")
    if known.dtype.kind not in "iub":
        raise TypeError(f"bincount counts whole numbers; it got {known.dtype}. Cast x to 'int32'.")
    if known.ndim not in (1, 2) or (known.size and known.min() < 0):
        raise ValueError(
            "bincount takes whole numbers from 0, on one axis or two; it got shape "
            f"{known.shape} and the smallest number {known.min() if known.size else None}."
        )
    size = max(int(minlength or 0), int(known.max()) + 1 if known.size else 0)
    values = np.ones(known.shape, "int32") if weights is None else from_python(weights)
    if tuple(values.shape) != known.shape:
        raise ValueError(
            f"bincount expects weights of the shape of x, {known.shape}; it got "
            f"{tuple(values.shape)}."
        )
    rows = known.shape[0] if known.ndim == 2 else 1
    places = known.astype("int64").reshape(rows, -1) + np.arange(rows)[:, None] * size
    flat = sh.reshape(values, (-1,))
    params = {"axis": 0, "size": rows * size}
    y = apply(ix.scatter_add, (flat, places.reshape(-1).astype("int32")), params)
    return sh.reshape(y, (rows, size) if known.ndim == 2 else (size,))


@op
def histogram(x: Any, bins: int = 10, range: Any = None) -> Any:  # Keras's name
    """Return how many elements lie in each of `bins` equal parts of `range`, and the parts' edges.

    Args:
        x: counted as one row.
        bins: how many parts.
        range: (lowest, highest); what lies outside is not counted. None: that of the elements.

    Shapes: the counts (bins,), the edges (bins + 1,).

    Raises:
        ValueError: if `bins` is no whole number above 0, or the range is not two ascending numbers.
    """
    if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ValueError(f"histogram expects bins to be a whole number above 0; it got {bins!r}.")
    x = floating(x)
    flat = sh.ravel(x)
    if range is not None:
        if not isinstance(range, (tuple, list)) or len(range) != 2 or range[0] > range[1]:
            raise ValueError(f"histogram expects range to be (lowest, highest); it got {range!r}.")
        low, high = (to_dtype(from_python(float(r)), dtype_of(x)) for r in range)
    elif not flat.shape[0]:
        low, high = (np.asarray(v, numpy_dtype(dtype_of(x))) for v in (0.0, 1.0))
    else:
        low, high = reduction.min(flat), reduction.max(flat)
    single = el.equal(low, high)
    low, high = el.where(single, low - 0.5, low), el.where(single, high + 0.5, high)
    edges = linspace(low, high, int(bins) + 1, dtype=dtype_of(x))
    place = indexing.searchsorted(edges, flat, side="right") - 1
    place = el.where(el.equal(flat, high), bins - 1, place)
    inside = el.logical_and(el.greater_equal(flat, low), el.less_equal(flat, high))
    counts = apply(
        ix.scatter_add, (to_dtype(inside, dtype_of(x)), to_dtype(place, "int32")),
        {"axis": 0, "size": int(bins)},
    )  # fmt: skip
    return counts, edges
