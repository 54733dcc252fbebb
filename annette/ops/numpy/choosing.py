"""Choosing between values, and comparing them as wholes."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import count_constant
from annette.ops.common import (
    concrete,
    dtype_of,
    float_dtype,
    floating,
    from_python,
    op,
    operands,
    to_dtype,
    unchanged,
)
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping
from annette.ops.numpy.creation import zeros
from annette.utils.explain import explains


@op
def fmax(x1: Any, x2: Any) -> Any:
    """Return the larger of each pair; a number rather than not-a-number."""
    a, b = operands(x1, x2)
    return el.where(el.isnan(a), b, el.where(el.isnan(b), a, el.maximum(a, b)))


@op
def fmin(x1: Any, x2: Any) -> Any:
    """Return the smaller of each pair; a number rather than not-a-number."""
    a, b = operands(x1, x2)
    return el.where(el.isnan(a), b, el.where(el.isnan(b), a, el.minimum(a, b)))


@op
def fabs(x: Any) -> Any:
    """Return |x| as a float."""
    return el.absolute(floating(x))


@op
def trunc(x: Any) -> Any:
    """Return x without its fraction."""
    x = from_python(x)
    if float_dtype(dtype_of(x)) != dtype_of(x):
        return unchanged(x)
    return el.where(el.less(x, 0), el.ceil(x), el.floor(x))


@op
def fmod(x1: Any, x2: Any) -> Any:
    """Return the remainder with the sign of x1."""
    a, b = operands(x1, x2)
    if dtype_of(a) == "bool":
        a, b = to_dtype(a, "int32"), to_dtype(b, "int32")
    below = el.less(a, 0)
    rest = el.mod(el.where(below, el.negative(a), a), el.absolute(b))
    return el.where(below, el.negative(rest), rest)


@op
def heaviside(x1: Any, x2: Any) -> Any:
    """Return the step function of x1: 0 below 0, 1 above, x2 at 0."""
    a, b = operands(x1, x2, at_least_float=True)
    step = el.where(el.less(a, 0), 0.0, el.where(el.equal(a, 0), b, 1.0))
    return el.where(el.isnan(a), a, step)


@op
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return, at each place, the choice whose condition is the first to hold, else the default.

    Raises:
        ValueError: if there are not as many conditions as choices, or none.
    """
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            "select expects as many conditions as choices, at least one; it got "
            f"{len(condlist)} in condlist and {len(choicelist)} in choicelist."
        )
    *choices, result = operands(*choicelist, default)
    for condition, choice in reversed(list(zip(condlist, choices, strict=True))):
        result = el.where(condition, choice, result)
    return result


@op
def allclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Say whether |x1 - x2| <= atol + rtol |x2| everywhere."""
    return reduction.all(el.isclose(x1, x2, rtol, atol, equal_nan))


@op
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Say where x1 is one of the elements of x2 (`invert`: where it is none of them)."""
    a, b = operands(x1, x2)
    if dtype_of(a) == "bool":
        a, b = to_dtype(a, "int32"), to_dtype(b, "int32")
    if 0 in b.shape:
        found = zeros(tuple(a.shape), "bool")
    else:
        ordered = indexing.sort(shaping.ravel(b))
        place = indexing.searchsorted(ordered, shaping.ravel(a))
        place = el.minimum(place, ordered.shape[0] - 1)
        found = shaping.reshape(indexing.take(ordered, place), tuple(a.shape))
        found = el.equal(found, a)
    return el.logical_not(found) if invert else found


@explains
def unique(
    x: Any, sorted: bool = True, return_index: bool = False, return_inverse: bool = False,
    return_counts: bool = False, axis: Any = None, size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """Return the different elements of x (or slices along `axis`), in order.

    Args:
        x: an array.
        sorted: accepted for Keras: they always are.
        return_index: whether to return where each is first.
        return_inverse: whether to return, for each element of x, its place in the result.
        return_counts: whether to return how often each comes.
        axis: slices along it are compared; None: elements.
        size: how many to return: the first ones, or filled up.
        fill_value: what to fill up with; the smallest unless given.

    Raises:
        ValueError: inside a trace.
    """
    why = "how many elements differ depends on the values"
    known = concrete(x, "unique", why, "Count with ops.one_hot")
    values, index, inverse, counts = np.unique(
        known, return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    if size is not None:
        along = 0 if axis is None else axis % known.ndim
        values = _resized(values, size, along, fill_value)
        index, counts = _resized(index, size, 0, None, first=True), _resized(counts, size, 0, 0)
    wanted = [values.astype(known.dtype)]
    extra = ((return_index, index), (return_inverse, inverse), (return_counts, counts))
    wanted += [part.astype("int32") for asked, part in extra if asked]
    return tuple(wrap(w) for w in wanted) if len(wanted) > 1 else wrap(wanted[0])


def _resized(
    values: np.ndarray, size: int, axis: int, fill: Any, first: bool = False
) -> np.ndarray:
    """Return the first `size` along an axis, filled up with a value, the first or the least."""
    n = values.shape[axis]
    if n >= size or not n:
        return values.take(range(min(size, n)), axis)
    count_constant(size)
    place = [0 if first else int(np.argmin(values)) if values.ndim == 1 else 0]
    more = np.repeat(values.take(place, axis), size - n, axis)
    if fill is not None:
        more = np.full_like(more, fill)
    return np.concatenate([values, more], axis)
