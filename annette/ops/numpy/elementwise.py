"""Elementwise functions with NumPy's names, composed of the elementwise primitives."""

from __future__ import annotations

import math
from typing import Any

from annette.graph.dtypes import COMPLEX
from annette.graph.primitive import apply
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
from annette.primitives import elementwise as e, fourier


@op
def add(x1: Any, x2: Any) -> Any:
    """Return x1 + x2, elementwise."""
    return apply(e.add, operands(x1, x2), {})


@op
def subtract(x1: Any, x2: Any) -> Any:
    """Return x1 - x2, elementwise."""
    return apply(e.subtract, operands(x1, x2), {})


@op
def multiply(x1: Any, x2: Any) -> Any:
    """Return x1 * x2, elementwise."""
    return apply(e.multiply, operands(x1, x2), {})


@op
def true_divide(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, elementwise; integers become floats."""
    return apply(e.divide, operands(x1, x2, at_least_float=True), {})


@op
def divide(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, elementwise; integers become floats."""
    return apply(e.divide, operands(x1, x2, at_least_float=True), {})


@op
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, and 0 where x2 is 0."""
    a, b = operands(x1, x2, at_least_float=True)
    zero = equal(b, 0)
    return where(zero, 0.0, divide(a, where(zero, 1.0, b)))


@op
def power(x1: Any, x2: Any) -> Any:
    """Return x1 to the power x2, elementwise."""
    if type(x2) in (int, float) and x2 in (2, 1):
        x = from_python(x1)
        x = to_dtype(x, dtype_of(operands(x, x2)[0]))
        return unchanged(x) if x2 == 1 else multiply(x, x)
    return apply(e.power, operands(x1, x2), {})


@op
def negative(x: Any) -> Any:
    """Return -x."""
    return apply(e.negative, (from_python(x),), {})


@op
def absolute(x: Any) -> Any:
    """Return |x|, of complex numbers as real ones."""
    x = from_python(x)
    if dtype_of(x) in COMPLEX:
        parts = apply(fourier.real, (x,), {}), apply(fourier.imag, (x,), {})
        return sqrt(add(square(parts[0]), square(parts[1])))
    return unchanged(x) if dtype_of(x) == "bool" else apply(e.absolute, (x,), {})


abs = absolute  # Keras's name


@op
def maximum(x1: Any, x2: Any) -> Any:
    """Return the larger of each pair."""
    return apply(e.maximum, operands(x1, x2), {})


@op
def minimum(x1: Any, x2: Any) -> Any:
    """Return the smaller of each pair."""
    return apply(e.minimum, operands(x1, x2), {})


@op
def exp(x: Any) -> Any:
    """Return e to the power x."""
    return apply(e.exp, (floating(x),), {})


@op
def expm1(x: Any) -> Any:
    """Return e^x - 1, exact near 0."""
    return apply(e.expm1, (floating(x),), {})


@op
def log(x: Any) -> Any:
    """Return the natural logarithm."""
    return apply(e.log, (floating(x),), {})


@op
def log1p(x: Any) -> Any:
    """Return ln(1 + x), exact near 0."""
    return apply(e.log1p, (floating(x),), {})


@op
def log2(x: Any) -> Any:
    """Return the logarithm to base 2."""
    return multiply(log(x), 1.0 / math.log(2.0))


@op
def log10(x: Any) -> Any:
    """Return the logarithm to base 10."""
    return multiply(log(x), 1.0 / math.log(10.0))


@op
def sqrt(x: Any) -> Any:
    """Return the square root."""
    return apply(e.sqrt, (floating(x),), {})


@op
def square(x: Any) -> Any:
    """Return x * x."""
    x = from_python(x)
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    return multiply(x, x)


@op
def reciprocal(x: Any) -> Any:
    """Return 1 / x."""
    return divide(1, x)


@op
def sin(x: Any) -> Any:
    """Return the sine."""
    return apply(e.sin, (floating(x),), {})


@op
def cos(x: Any) -> Any:
    """Return the cosine."""
    return apply(e.cos, (floating(x),), {})


@op
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent."""
    return apply(e.tanh, (floating(x),), {})


@op
def arctan(x: Any) -> Any:
    """Return the inverse tangent."""
    return apply(e.arctan, (floating(x),), {})


@op
def arctan2(x1: Any, x2: Any) -> Any:
    """Return the angle of the point (x2, x1)."""
    # Keras gives Python's numbers their own dtype here: they are not weak.
    pair = operands(from_python(x1), from_python(x2), at_least_float=True)
    return apply(e.arctan2, pair, {})


@op
def sign(x: Any) -> Any:
    """Return -1, 0 or 1."""
    x = from_python(x)
    return apply(e.sign, (to_dtype(x, "int32") if dtype_of(x) == "bool" else x,), {})


@op
def floor(x: Any) -> Any:
    """Return the largest whole number that is not above x."""
    return apply(e.floor, (floating(x),), {})


@op
def ceil(x: Any) -> Any:
    """Return the smallest whole number that is not below x."""
    return negative(floor(negative(floating(x))))


@op
def round(x: Any, decimals: int = 0) -> Any:  # Keras's name
    """Return x rounded to `decimals` places, ties to even."""
    x = from_python(x)
    dtype = dtype_of(x)
    if decimals >= 0 and float_dtype(dtype) != dtype:
        return unchanged(to_dtype(x, "int32") if dtype == "bool" else x)
    if decimals == 0:
        return apply(e.rint, (x,), {})
    scale = 10.0**decimals
    return to_dtype(divide(apply(e.rint, (multiply(floating(x), scale),), {}), scale), dtype)


@op
def isfinite(x: Any) -> Any:
    """Say where x is neither infinite nor not-a-number."""
    return apply(e.isfinite, (from_python(x),), {})


@op
def isnan(x: Any) -> Any:
    """Say where x is not a number."""
    x = from_python(x)
    return not_equal(x, x)


@op
def isinf(x: Any) -> Any:
    """Say where x is infinite."""
    return equal(absolute(floating(x)), float("inf"))


@op
def equal(x1: Any, x2: Any) -> Any:
    """Say where x1 = x2."""
    return apply(e.equal, operands(x1, x2), {})


@op
def not_equal(x1: Any, x2: Any) -> Any:
    """Say where x1 differs from x2."""
    return apply(e.not_equal, operands(x1, x2), {})


@op
def less(x1: Any, x2: Any) -> Any:
    """Say where x1 < x2."""
    return apply(e.less, operands(x1, x2), {})


@op
def less_equal(x1: Any, x2: Any) -> Any:
    """Say where x1 <= x2."""
    return apply(e.less_equal, operands(x1, x2), {})


@op
def greater(x1: Any, x2: Any) -> Any:
    """Say where x1 > x2."""
    return less(x2, x1)


@op
def greater_equal(x1: Any, x2: Any) -> Any:
    """Say where x1 >= x2."""
    return less_equal(x2, x1)


def _truth(x: Any) -> Any:
    x = from_python(x)
    return x if dtype_of(x) == "bool" else not_equal(x, 0)


@op
def logical_not(x: Any) -> Any:
    """Say where x is false."""
    return apply(e.logical_not, (_truth(x),), {})


@op
def logical_and(x1: Any, x2: Any) -> Any:
    """Say where both are true."""
    return apply(e.logical_and, (_truth(x1), _truth(x2)), {})


@op
def logical_or(x1: Any, x2: Any) -> Any:
    """Say where one at least is true."""
    return apply(e.logical_or, (_truth(x1), _truth(x2)), {})


@op
def logical_xor(x1: Any, x2: Any) -> Any:
    """Say where just one is true."""
    return not_equal(_truth(x1), _truth(x2))


@op
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return x1 where the condition holds, else x2; without them, where it holds (on arrays).

    Shape: the result has the shape to which all three broadcast.

    Raises:
        ValueError: if one of x1 and x2 is missing, or the shapes do not broadcast.
    """
    if x1 is None and x2 is None:
        from annette.ops.numpy.indexing import nonzero

        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where takes both x1 and x2, or neither; one of them is None.")
    a, b = operands(x1, x2)
    return apply(e.select, (_truth(condition), a, b), {})


@op
def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """Return x, no smaller than x_min and no larger than x_max."""
    x = from_python(x)
    x = to_dtype(x, "int32") if dtype_of(x) == "bool" else x
    dtype = dtype_of(x)
    low, high = (to_dtype(from_python(v), dtype) for v in (x_min, x_max))
    return apply(e.clip, (x, low, high), {})


@op
def floor_divide(x1: Any, x2: Any) -> Any:
    """Return the quotient rounded down."""
    a, b = operands(x1, x2)
    if dtype_of(a) == "bool":
        a, b = to_dtype(a, "int32"), to_dtype(b, "int32")
    return apply(e.floor_divide, (a, b), {})


@op
def mod(x1: Any, x2: Any) -> Any:
    """Return the remainder with the sign of x2."""
    a, b = operands(x1, x2)
    if dtype_of(a) == "bool":
        a, b = to_dtype(a, "int32"), to_dtype(b, "int32")
    return apply(e.remainder, (a, b), {})


def _logical_or_bitwise(logical: Any, bitwise: Any) -> Any:
    def operation(x1: Any, x2: Any) -> Any:
        a, b = operands(x1, x2)
        if dtype_of(a) == "bool":
            return apply(logical, (a, b), {})
        return apply(bitwise, (a, b), {})

    return op(operation)


logical_and_or_bitwise = _logical_or_bitwise(e.logical_and, e.bitwise_and)
logical_or_or_bitwise = _logical_or_bitwise(e.logical_or, e.bitwise_or)
logical_xor_or_bitwise = _logical_or_bitwise(e.not_equal, e.bitwise_xor)


@op
def logical_not_or_bitwise(x: Any) -> Any:
    """Return ``~x``: the opposite of a bool, the complement of an integer."""
    x = from_python(x)
    return apply(e.logical_not if dtype_of(x) == "bool" else e.bitwise_not, (x,), {})


@op
def isclose(
    x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Any:
    """Say where |x1 - x2| <= atol + rtol |x2|."""
    a, b = operands(x1, x2, at_least_float=True)
    finite = logical_and(isfinite(a), isfinite(b))
    near = less_equal(absolute(subtract(a, b)), add(multiply(absolute(b), rtol), atol))
    close = logical_or(logical_and(finite, near), equal(a, b))
    return logical_or(close, logical_and(isnan(a), isnan(b))) if equal_nan else close
