"""Statistics with NumPy's names: averages, quantiles, counts, differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.primitive import apply
from annette.graph.tensor import Tensor
from annette.ops.common import (
    dtype_of,
    floating,
    from_python,
    normal_axes,
    normal_axis,
    op,
    operands,
    rank,
    to_dtype,
)
from annette.ops.numpy import elementwise as el
from annette.ops.numpy import indexing, reduction
from annette.ops.numpy import shaping as sh
from annette.primitives import index as ix

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@op
def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Return the mean over `axis`, weighted if weights are given."""
    if weights is None:
        return reduction.mean(x, axis)
    x, weights = operands(x, weights, at_least_float=True)
    if tuple(weights.shape) != tuple(x.shape):
        if rank(weights) != 1 or axis is None or isinstance(axis, (tuple, list)):
            raise ValueError(
                "average takes weights of the shape of x, or one for each element along one axis; "
                f"the shapes are {tuple(x.shape)} and {tuple(weights.shape)}."
            )
        wide = [1] * rank(x)
        wide[normal_axis(axis, rank(x))] = weights.shape[0]
        weights = sh.broadcast_to(sh.reshape(weights, wide), x.shape)
    total = reduction.sum(weights, axis)
    return el.divide(reduction.sum(el.multiply(x, weights), axis), total)


def _flat_axes(x: Any, axis: Any) -> tuple[Any, tuple[int, ...], tuple[int, ...]]:
    """Return x with the axes to reduce merged into the last, them, and the shape that keeps them."""
    axes = normal_axes(axis, rank(x))
    rest = [i for i in range(rank(x)) if i not in axes]
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    moved = sh.transpose(x, (*rest, *axes))
    size = math.prod(x.shape[a] for a in axes)
    return sh.reshape(moved, (*(x.shape[i] for i in rest), size)), axes, kept


@op
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the value below which a fraction q lies, over `axis`; q's axes come first.

    Raises:
        ValueError: for an unknown method.
    """
    if method not in _METHODS:
        raise ValueError(f"quantile expects method to be one of {_METHODS}; it got {method!r}.")
    x = floating(x)
    flat, _, kept = _flat_axes(x, axis)
    n = flat.shape[-1]
    ordered = indexing.sort(flat, axis=-1)
    # Not-a-number sorts last: one of them makes the quantile not a number.
    broken = reduction.any(el.isnan(flat), axis=-1)
    q = to_dtype(from_python(q), dtype_of(x))
    at = el.multiply(q, float(n - 1))
    low, high = el.floor(at), el.ceil(at)
    below = indexing.take(ordered, to_dtype(low, "int32"), axis=-1)
    above = indexing.take(ordered, to_dtype(high, "int32"), axis=-1)
    value = _between(method, below, above, el.subtract(at, low))
    value = el.where(sh.reshape(broken, (*broken.shape, *(1,) * rank(q))), float("nan"), value)
    if rank(q):
        value = sh.moveaxis(value, list(range(-rank(q), 0)), list(range(rank(q))))
    return sh.reshape(value, (*q.shape, *kept)) if keepdims else value


def _between(method: str, below: Any, above: Any, part: Any) -> Any:
    if method == "lower":
        return below
    if method == "higher":
        return above
    if method == "midpoint":
        return el.multiply(el.add(below, above), 0.5)
    if method == "nearest":
        return el.where(el.less_equal(part, 0.5), below, above)
    return el.add(el.multiply(below, el.subtract(1.0, part)), el.multiply(above, part))


@op
def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the value below which q in a hundred lie, over `axis`."""
    share = el.divide(from_python(q), 100.0)
    return quantile(x, share, axis, method, keepdims)


@op
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle value over `axis`."""
    return quantile(x, 0.5, axis, "linear", keepdims)


def _nan_quantile(x: Any, q: Any, axis: Any, method: str, keepdims: bool) -> Any:
    """Place the fraction q among the numbers of each row, which sort before not-a-number."""
    x = floating(x)
    flat, _, kept = _flat_axes(x, axis)
    missing = el.isnan(flat)
    count = reduction.sum(to_dtype(el.logical_not(missing), dtype_of(x)), axis=-1, keepdims=True)
    ordered = indexing.sort(el.where(missing, float("inf"), flat), axis=-1)
    q = to_dtype(from_python(q), dtype_of(x))
    line = sh.reshape(q, (-1,))
    at = el.multiply(line, el.maximum(el.subtract(count, 1.0), 0.0))
    low, high = el.floor(at), el.ceil(at)
    below = indexing.take_along_axis(ordered, to_dtype(low, "int32"), axis=-1)
    above = indexing.take_along_axis(ordered, to_dtype(high, "int32"), axis=-1)
    value = _between(method, below, above, el.subtract(at, low))
    value = sh.moveaxis(el.where(el.equal(count, 0), float("nan"), value), -1, 0)
    shape = kept if keepdims else tuple(flat.shape[:-1])
    return sh.reshape(value, (*q.shape, *shape))


@op
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the quantile over `axis`, passing over not-a-number."""
    return _nan_quantile(x, q, axis, method, keepdims)


@op
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the percentile over `axis`, passing over not-a-number."""
    return _nan_quantile(x, el.divide(from_python(q), 100.0), axis, method, keepdims)


@op
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle value over `axis`, passing over not-a-number."""
    return _nan_quantile(x, 0.5, axis, "linear", keepdims)


@op
def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest less the smallest over `axis`."""
    return el.subtract(reduction.max(x, axis, keepdims), reduction.min(x, axis, keepdims))


@op
def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running product along `axis` (None: of the flattened array)."""
    x = from_python(x)
    x = to_dtype(x, dtype) if dtype is not None else x
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        x, axis = sh.ravel(x), 0
    moved = sh.moveaxis(x, axis, -1)
    n = moved.shape[-1]
    # Row i of the triangle holds the first i elements and ones: its product is the i-th result.
    rows = sh.broadcast_to(sh.expand_dims(moved, -2), (*moved.shape[:-1], n, n))
    kept = el.where(np.tri(n, dtype=bool), rows, 1)
    found = reduction.prod(kept, axis=-1, dtype=dtype_of(x))
    return sh.moveaxis(found, -1, axis)


@op
def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    """Return how often each whole number comes (or the sum of its weights), along the last axis.

    Inside a trace the length is `minlength`, which must then be given.
    """
    x = from_python(x)
    if "int" not in dtype_of(x):
        raise TypeError(f"bincount takes whole numbers; it got {dtype_of(x)}.")
    if isinstance(x, Tensor):
        if minlength < 1:
            raise ValueError("Inside a traced function bincount needs minlength, its fixed length.")
        size = minlength
    else:
        size = max(int(x.max()) + 1 if x.size else 0, minlength)
    weight = np.ones((), "int32") if weights is None else from_python(weights)
    weight = sh.broadcast_to(weight, x.shape)
    if rank(x) == 1:
        return apply(ix.scatter_add, (weight, x), {"axis": 0, "size": size})
    rows = sh.unstack(x), sh.unstack(weight)
    return sh.stack(
        [apply(ix.scatter_add, (w, r), {"axis": 0, "size": size}) for r, w in zip(*rows, strict=True)]
    )


@op
def digitize(x: Any, bins: Any) -> Any:
    """Return the number of the interval between `bins` that each element lies in."""
    return indexing.searchsorted(bins, x, side="right")


@op
def histogram(x: Any, bins: int = 10, range: Any = None) -> Any:  # noqa: A002  # Keras's name
    """Return how many elements lie in each of `bins` equal intervals, and the intervals' edges.

    Raises:
        ValueError: if `bins` is no whole number above 0, or the range is turned round.
    """
    if not isinstance(bins, int) or bins < 1:
        raise ValueError(f"histogram expects bins to be a whole number above 0; it got {bins!r}.")
    if range is not None and (len(range) != 2 or range[0] > range[1]):
        raise ValueError(f"histogram expects range as (low, high); it got {range!r}.")
    x = sh.ravel(floating(x))
    low, high = (reduction.min(x), reduction.max(x)) if range is None else range
    from annette.ops.numpy.creation import arange

    flat = el.equal(low, high)
    low, high = el.where(flat, el.subtract(low, 0.5), low), el.where(flat, el.add(high, 0.5), high)
    steps = el.divide(arange(bins + 1, dtype=dtype_of(x)), float(bins))
    edges = el.add(low, el.multiply(steps, el.subtract(high, low)))
    place = el.subtract(indexing.searchsorted(edges, x, side="right"), 1)
    place = el.where(el.equal(x, edges[-1]), bins - 1, place)
    inside = el.logical_and(el.greater_equal(place, 0), el.less(place, bins))
    one = to_dtype(inside, "int32")
    counts = apply(ix.scatter_add, (one, el.clip(place, 0, bins - 1)), {"axis": 0, "size": bins})
    return to_dtype(counts, dtype_of(x)), to_dtype(edges, dtype_of(x))


@op
def corrcoef(x: Any) -> Any:
    """Return the correlations between the rows of x."""
    x = floating(x)
    x = sh.expand_dims(x, 0) if rank(x) == 1 else x
    centred = el.subtract(x, reduction.mean(x, axis=-1, keepdims=True))
    from annette.ops.numpy.linear import matmul

    covariance = matmul(centred, sh.transpose(centred))
    spread = el.sqrt(reduction.sum(el.square(centred), axis=-1))
    scale = el.multiply(sh.expand_dims(spread, 0), sh.expand_dims(spread, 1))
    found = el.clip(el.divide(covariance, scale), -1.0, 1.0)
    return sh.squeeze(found) if found.shape == (1, 1) else found


@op
def correlate(x1: Any, x2: Any, mode: str = "valid") -> Any:
    """Return the sums of products of x1 with x2 moved along it.

    Raises:
        ValueError: for a mode that is not "valid", "same" or "full", or arrays of several axes.
    """
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"correlate expects mode 'valid', 'same' or 'full'; it got {mode!r}.")
    a, b = operands(x1, x2)
    if rank(a) != 1 or rank(b) != 1:
        raise ValueError("correlate takes two arrays of one axis each.")
    a, b = (to_dtype(v, "float32") if "float" not in dtype_of(v) else v for v in (a, b))
    turned = a.shape[0] < b.shape[0]
    if turned:
        a, b = b, a
    n, m = a.shape[0], b.shape[0]
    wide = sh.pad_zeros(a, [(m - 1, m - 1)])
    places = np.arange(n + m - 1)[:, None] + np.arange(m)
    full = reduction.sum(el.multiply(indexing.take(wide, places, axis=0), b), axis=-1)
    full = sh.flip(full) if turned else full
    if mode == "full":
        return full
    length = n if mode == "same" else n - m + 1
    start = (n + m - 1 - length) // 2
    if mode == "same" and turned:
        start = (n + m - 1) - length - start
    return sh.slice_static(full, [start], [start + length])


@op
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Return each element less the one before it along `axis`, n times over."""
    if n < 0:
        raise ValueError(f"diff expects n of 0 or more; it got {n}.")
    a = from_python(a)
    axis = normal_axis(axis, rank(a))
    for _ in range(n):
        size = a.shape[axis]
        after = [slice(None)] * rank(a)
        before = list(after)
        after[axis], before[axis] = slice(1, size), slice(0, max(size - 1, 0))
        later, earlier = indexing.getitem(a, tuple(after)), indexing.getitem(a, tuple(before))
        a = (el.not_equal if dtype_of(a) == "bool" else el.subtract)(later, earlier)
    return a


@op
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    """Return the integral of y along `axis` by the trapezoidal rule."""
    y = sh.moveaxis(floating(y), axis, -1)
    n = y.shape[-1]
    step: Any = dx
    if x is not None:
        x = floating(x)
        step = diff(x if rank(x) == 1 else sh.moveaxis(x, axis, -1))
    pair = el.add(y[..., 1:n], y[..., : n - 1])
    return reduction.sum(el.multiply(el.multiply(pair, step), 0.5), axis=-1)


@op
def unique(
    x: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,  # noqa: A002
    axis: Any = None, size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """Return the different elements, sorted. Only on arrays: the number depends on the values."""
    x = from_python(x)
    if isinstance(x, Tensor):
        raise ValueError("unique works on arrays alone: inside a trace its size is not known.")
    found = np.unique(
        np.asarray(x), return_inverse=return_inverse, return_counts=return_counts, axis=axis
    )
    parts = list(found) if isinstance(found, tuple) else [found]
    if size is not None:
        parts[0] = _resized(parts[0], size, axis or 0, fill_value)
        if return_counts:
            parts[-1] = _resized(parts[-1], size, 0, 0)
    results = [wrap(p if i == 0 else p.astype("int32")) for i, p in enumerate(parts)]
    return results[0] if len(results) == 1 else tuple(results)


def _resized(values: np.ndarray, size: int, axis: int, fill: Any) -> np.ndarray:
    values = np.take(values, range(min(size, values.shape[axis])), axis=axis)
    missing = size - values.shape[axis]
    if missing <= 0:
        return values
    first = np.take(values, [0], axis=axis) if values.size else np.zeros(1, values.dtype)
    pad = np.repeat(first if fill is None else np.full_like(first, fill), missing, axis=axis)
    return np.concatenate([values, pad], axis=axis)
