"""Reductions that leave out what is not a number."""

from __future__ import annotations

from typing import Any

from annette.graph.dtypes import is_float
from annette.ops.common import dtype_of, floating, from_python, op, to_dtype
from annette.ops.numpy import elementwise as el, reduction


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
    gap, mean = el.isnan(x), nanmean(x, axis, keepdims=True)
    # A distance that is not a number for another reason, as from infinity to infinity, counts.
    distance = el.subtract(el.where(gap, 0.0, x), el.where(gap, 0.0, mean))
    total = reduction.sum(el.square(distance), axis, keepdims)
    return el.divide(total, _present(x, axis, keepdims))


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
