"""Reductions that pass over not-a-number, with NumPy's names."""

from __future__ import annotations

from typing import Any

from annette.ops.common import dtype_of, floating, from_python, op, to_dtype
from annette.ops.numpy import elementwise as el
from annette.ops.numpy import reduction


def _filled(x: Any, value: float) -> tuple[Any, Any]:
    """Return x with not-a-number replaced, and where it was."""
    x = from_python(x)
    if "float" not in dtype_of(x):
        return x, None
    missing = el.isnan(x)
    return el.where(missing, value, x), missing


@op
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the sum over `axis`, passing over not-a-number."""
    return reduction.sum(_filled(x, 0.0)[0], axis, keepdims)


@op
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the product over `axis`, passing over not-a-number."""
    return reduction.prod(_filled(x, 1.0)[0], axis, keepdims)


@op
def nancumsum(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running sum, passing over not-a-number."""
    return reduction.cumsum(_filled(x, 0.0)[0], axis, dtype)


@op
def nancumprod(x: Any, axis: Any = None, dtype: Any = None) -> Any:
    """Return the running product, passing over not-a-number."""
    from annette.ops.numpy.statistics import cumprod

    return cumprod(_filled(x, 1.0)[0], axis, dtype)


def _nan_extreme(reduce: Any, x: Any, worst: float, axis: Any, keepdims: bool) -> Any:
    filled, missing = _filled(x, worst)
    y = reduce(filled, axis, keepdims)
    if missing is None:
        return y
    return el.where(reduction.all(missing, axis, keepdims), float("nan"), y)


@op
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the largest element over `axis`, passing over not-a-number."""
    return _nan_extreme(reduction.max, x, float("-inf"), axis, keepdims)


@op
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the smallest element over `axis`, passing over not-a-number."""
    return _nan_extreme(reduction.min, x, float("inf"), axis, keepdims)


def _nan_place(find: Any, x: Any, worst: float, axis: Any, keepdims: bool) -> Any:
    filled, missing = _filled(x, worst)
    place = find(filled, axis, keepdims)
    if missing is None:
        return place
    return el.where(reduction.all(missing, axis, keepdims), -1, place)


@op
def nanargmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the largest element is, passing over not-a-number; -1 if all are."""
    return _nan_place(reduction.argmax, x, float("-inf"), axis, keepdims)


@op
def nanargmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return where the smallest element is, passing over not-a-number; -1 if all are."""
    return _nan_place(reduction.argmin, x, float("inf"), axis, keepdims)


@op
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the mean over `axis`, passing over not-a-number."""
    x = floating(x)
    filled, missing = _filled(x, 0.0)
    present = to_dtype(el.logical_not(missing), dtype_of(x))
    return el.divide(reduction.sum(filled, axis, keepdims), reduction.sum(present, axis, keepdims))


@op
def nanvar(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the variance over `axis`, passing over not-a-number."""
    x = floating(x)
    return nanmean(el.square(el.subtract(x, nanmean(x, axis, keepdims=True))), axis, keepdims)


@op
def nanstd(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the standard deviation over `axis`, passing over not-a-number."""
    return el.sqrt(nanvar(x, axis, keepdims))
