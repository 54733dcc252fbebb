"""Reductions that leave out what is not a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import is_float
from annette.ops.common import dtype_of, floating, from_python, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping as sh, statistics as st


def _filled(x: Any, value: float) -> Any:
    """Return x with `value` for what is not a number."""
    x = from_python(x)
    return el.where(el.isnan(x), value, x) if is_float(dtype_of(x)) else x


def _present(x: Any, axis: Any, keepdims: bool) -> Any:
    """Return how many elements are numbers, in the dtype of x."""
    there = to_dtype(el.logical_not(el.isnan(x)), "int32")
    return to_dtype(reduction.sum(there, axis, keepdims), dtype_of(x))


@op
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum over `axis` of what is a number."""
    return reduction.sum(_filled(x, 0.0), axis, keepdims)


@op
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the product over `axis` of what is a number."""
    return reduction.prod(_filled(x, 1.0), axis, keepdims)


@op
def nancumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running sum along `axis` of what is a number."""
    return reduction.cumsum(_filled(x, 0.0), axis, dtype)


@op
def nancumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running product along `axis` of what is a number."""
    return reduction.cumprod(_filled(x, 1.0), axis, dtype)


@op
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over `axis` of what is a number."""
    x = floating(x)
    return el.divide(nansum(x, axis, keepdims), _present(x, axis, keepdims))


@op
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the variance over `axis` of what is a number."""
    x = floating(x)
    distance = el.square(el.subtract(x, nanmean(x, axis, keepdims=True)))
    return nanmean(el.where(el.isnan(x), x, distance), axis, keepdims)


@op
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over `axis` of what is a number."""
    return el.sqrt(nanvar(x, axis, keepdims))


def _extreme(reduce: Any, worst: float, x: Any, axis: Any, keepdims: bool) -> Any:
    x = from_python(x)
    if not is_float(dtype_of(x)):
        return reduce(x, axis, keepdims)
    found = reduce(_filled(x, worst), axis, keepdims)
    nothing = el.equal(_present(x, axis, keepdims), 0)
    return el.where(nothing, float("nan"), found)


@op
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest number over `axis`; not-a-number where there is none."""
    return _extreme(reduction.max, float("-inf"), x, axis, keepdims)


@op
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest number over `axis`; not-a-number where there is none."""
    return _extreme(reduction.min, float("inf"), x, axis, keepdims)


def _place(find: Any, worst: float, x: Any, axis: Any, keepdims: bool) -> Any:
    x = from_python(x)
    if not is_float(dtype_of(x)):
        return find(x, axis, keepdims)
    found = find(_filled(x, worst), axis, keepdims)
    return el.where(el.equal(_present(x, axis, keepdims), 0), -1, found)


@op
def nanargmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the largest number is along `axis`; -1 where there is none."""
    return _place(reduction.argmax, float("-inf"), x, axis, keepdims)


@op
def nanargmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the smallest number is along `axis`; -1 where there is none."""
    return _place(reduction.argmin, float("inf"), x, axis, keepdims)


@op
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the values below which the parts `q` (0 … 1) of the numbers over `axis` lie.

    Raises:
        ValueError: if the method is unknown, q is outside 0 … 1, or there are no elements.
    """
    q = st.check_quantile("nanquantile", q, method)
    x = floating(x)
    rows, shape = st.rows_last(x, axis)
    if not rows.shape[-1]:
        raise ValueError(f"nanquantile over axis={axis} of shape {tuple(x.shape)}: no element.")
    ordered = indexing.sort(rows, axis=-1)
    # Numbers come first in the sorted rows: each row has as many places as numbers.
    most = el.subtract(_present(rows, -1, True), 1.0)
    most = to_dtype(el.where(el.less(most, 0), 0.0, most), "float64")
    wanted = sh.reshape(to_dtype(q, "float64"), (*(1,) * len(shape), -1))
    low, high, weight = st.places(el.multiply(most, wanted), method)
    sides = [indexing.take_along_axis(ordered, p, axis=-1) for p in (low, high)]
    y = st.between(*sides, to_dtype(weight, dtype_of(x)), method)
    y = sh.reshape(sh.moveaxis(y, -1, 0), (*q.shape, *shape))
    return st.keep_axes(y, x, axis, rank(q)) if keepdims else y


@op
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """Return the values below which `q` (0 … 100) of a hundred numbers over `axis` lie.

    Raises:
        ValueError: if the method is unknown, q is outside 0 … 100, or there are no elements.
    """
    q = st.check_quantile("nanpercentile", q, method, 100.0)
    q = q / 100 if isinstance(q, np.ndarray) else el.multiply(q, 0.01)
    return nanquantile(x, q, axis, method, keepdims)


@op
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the middle of the sorted numbers over `axis`, the mean of two where there are two."""
    return nanquantile(x, 0.5, axis=axis, keepdims=keepdims)
