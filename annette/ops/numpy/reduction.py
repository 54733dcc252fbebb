"""Reductions with NumPy's names: sums, means, extremes, counts."""

from __future__ import annotations

import math
from typing import Any

from annette.graph.dtypes import standardize
from annette.graph.primitive import apply
from annette.ops.common import (
    dtype_of,
    float_dtype,
    from_python,
    normal_axes,
    normal_axis,
    op,
    rank,
    to_dtype,
    unchanged,
)
from annette.ops.numpy import elementwise as el
from annette.primitives import reduce as r
from annette.primitives.shape import concatenate, reshape, slice_


def _reduce(primitive: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    axes = normal_axes(axis, rank(x))
    if not axes:
        return unchanged(x)
    return apply(primitive, (x,), {"axis": axes, "keepdims": bool(keepdims)})


def _sum_dtype(x: Any) -> Any:
    dtype = dtype_of(x)
    if dtype in ("bool", "int8", "int16"):
        return to_dtype(x, "int32")
    if dtype in ("uint8", "uint16"):
        return to_dtype(x, "uint32")
    return x


@op
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:  # Keras's name
    """Return the sum over `axis` (None: all)."""
    return _reduce(r.sum_, _sum_dtype(from_python(x)), axis, keepdims)


@op
def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the product over `axis` (None: all)."""
    x = from_python(x)
    x = to_dtype(x, standardize(dtype)) if dtype is not None else _sum_dtype(x)
    return _reduce(r.prod, x, axis, keepdims)


def _float_for_mean(x: Any) -> Any:
    x = from_python(x)
    return to_dtype(x, float_dtype(dtype_of(x)))


def _count(x: Any, axis: Any) -> int:
    return math.prod(x.shape[a] for a in normal_axes(axis, rank(x)))


@op
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over `axis` (None: all); integers become floats."""
    x = _float_for_mean(x)
    count = _count(x, axis)
    total = _reduce(r.sum_, x, axis, keepdims)
    return el.multiply(total, 1.0 / count) if count else el.divide(total, 0.0)


@op
def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean squared distance from the mean over `axis` (None: all)."""
    x = _float_for_mean(x)
    return mean(el.square(el.subtract(x, mean(x, axis, keepdims=True))), axis, keepdims)


@op
def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the square root of the variance over `axis` (None: all)."""
    return el.sqrt(var(x, axis, keepdims))


@op
def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the largest element over `axis` (None: all)."""
    return _extreme(r.max_, el.maximum, from_python(x), axis, keepdims, initial)


@op
def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """Return the smallest element over `axis` (None: all)."""
    return _extreme(r.min_, el.minimum, from_python(x), axis, keepdims, initial)


def _extreme(primitive: Any, pair: Any, x: Any, axis: Any, keepdims: bool, initial: Any) -> Any:
    if initial is None:
        return _reduce(primitive, x, axis, keepdims)
    initial = to_dtype(from_python(initial), dtype_of(x))
    if 0 in (x.shape[a] for a in normal_axes(axis, rank(x))):
        from annette.ops.numpy.creation import zeros

        shape = r._reduced(tuple(x.shape), normal_axes(axis, rank(x)), keepdims)
        return el.add(zeros(shape, dtype_of(x)), initial)
    return pair(_reduce(primitive, x, axis, keepdims), initial)


@op
def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest element over `axis` (None: all)."""
    return max(x, axis, keepdims)


@op
def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest element over `axis` (None: all)."""
    return min(x, axis, keepdims)


@op
def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:  # Keras's name
    """Say whether all are true over `axis` (None: all)."""
    return el.logical_not(any(el.logical_not(x), axis, keepdims))


@op
def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:  # Keras's name
    """Say whether one at least is true over `axis` (None: all)."""
    return el.not_equal(sum(to_dtype(el._truth(x), "int32"), axis, keepdims), 0)


def _arg(primitive: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    x = from_python(x)
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        flat = apply(reshape, (x,), {"shape": (math.prod(x.shape),)})
        found = apply(primitive, (flat,), {"axis": 0})
        return apply(reshape, (found,), {"shape": (1,) * rank(x)}) if keepdims else found
    axis = normal_axis(axis, rank(x))
    found = apply(primitive, (x,), {"axis": axis})
    if keepdims:
        shape = tuple(1 if i == axis else n for i, n in enumerate(x.shape))
        found = apply(reshape, (found,), {"shape": shape})
    return found


@op
def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the largest element is along `axis` (None: in the flattened array)."""
    return _arg(r.argmax, x, axis, keepdims)


@op
def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the smallest element is along `axis` (None: in the flattened array)."""
    return _arg(r.argmin, x, axis, keepdims)


@op
def cumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running sum along `axis` (None: of the flattened array)."""
    x = from_python(x)
    x = to_dtype(x, standardize(dtype)) if dtype is not None else x
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        x, axis = apply(reshape, (x,), {"shape": (math.prod(x.shape),)}), 0
    return apply(r.cumsum, (x,), {"axis": normal_axis(axis, rank(x))})


@op
def cumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running product along `axis` (None: of the flattened array)."""
    x = from_python(x)
    x = to_dtype(x, standardize(dtype)) if dtype is not None else x
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    if axis is None:
        x, axis = apply(reshape, (x,), {"shape": (math.prod(x.shape),)}), 0
    axis = normal_axis(axis, rank(x))
    n, y, step = x.shape[axis], unchanged(x), 1
    while step < n:
        # Each element takes in the product that ends `step` before it: log2(n) rounds.
        start, stop = [0] * rank(x), list(x.shape)
        stop[axis] = step
        head = apply(slice_, (y,), _block(start, stop))
        start[axis], stop[axis] = step, n
        tail = apply(slice_, (y,), _block(start, stop))
        start[axis], stop[axis] = 0, n - step
        before = apply(slice_, (y,), _block(start, stop))
        y = apply(concatenate, (head, el.multiply(tail, before)), {"axis": axis})
        step *= 2
    return y


def _block(start: list[int], stop: list[int]) -> dict[str, Any]:
    return {"start": tuple(start), "stop": tuple(stop), "step": (1,) * len(start)}


@op
def count_nonzero(x: Any, axis: Any = None) -> Any:
    """Return how many elements over `axis` are not 0."""
    return sum(to_dtype(el._truth(x), "int32"), axis)
