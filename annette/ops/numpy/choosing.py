"""Choosing between values, and comparing them as wholes."""

from __future__ import annotations

from typing import Any

from annette.ops.common import (
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
