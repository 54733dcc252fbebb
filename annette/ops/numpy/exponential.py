"""Powers, roots and logarithms beyond the primitives, composed so that nothing overflows midway."""

from __future__ import annotations

import math
from typing import Any

from annette.ops.common import (
    dtype_of,
    floating,
    from_python,
    op,
    operands,
    to_dtype,
    wide_floating,
)
from annette.ops.numpy import elementwise as el


@op
def exp2(x: Any) -> Any:
    """Return 2 to the power x."""
    return el.power(2.0, floating(x))


@op
def cbrt(x: Any) -> Any:
    """Return the real cube root."""
    x = wide_floating(x)
    return el.multiply(el.sign(x), el.power(el.absolute(x), 1.0 / 3.0))


def _log_add(x1: Any, x2: Any, log_base: float) -> Any:
    """Return log(base^x1 + base^x2) as the larger plus log(1 + base^-|x1 - x2|).

    Larger and smaller are chosen, not computed, so that all derivatives are right where they meet.
    """
    # Keras gives Python's numbers their own dtype here: they are not weak.
    a, b = operands(from_python(x1), from_python(x2), at_least_float=True)
    first = el.greater_equal(a, b)
    larger, smaller = el.where(first, a, b), el.where(first, b, a)
    finite = el.isfinite(larger)
    behind = el.subtract(smaller, el.where(finite, larger, 0.0))
    behind = el.where(finite, behind, el.where(el.isnan(smaller), smaller, float("-inf")))
    ratio = el.exp(el.multiply(behind, log_base))
    return el.add(larger, el.multiply(el.log1p(ratio), 1.0 / log_base))


@op
def logaddexp(x1: Any, x2: Any) -> Any:
    r"""Return :math:`\ln(e^{x_1} + e^{x_2})`, without overflow."""
    return _log_add(x1, x2, 1.0)


@op
def logaddexp2(x1: Any, x2: Any) -> Any:
    r"""Return :math:`\log_2(2^{x_1} + 2^{x_2})`, without overflow."""
    return _log_add(x1, x2, math.log(2.0))


@op
def ldexp(x1: Any, x2: Any) -> Any:
    r"""Return :math:`x_1 2^{x_2}` for whole numbers :math:`x_2`.

    Raises:
        TypeError: if x2 is not of an integer dtype.
    """
    x, n = floating(x1), from_python(x2)
    if "int" not in dtype_of(n):
        raise TypeError(
            f"ldexp expects whole numbers for x2; it got {dtype_of(n)}. Cast x2 to 'int32'."
        )
    # In three steps, so that a factor overflows only where the result does.
    third = el.floor_divide(n, 3)
    rest = el.subtract(n, el.multiply(third, 2))
    step = el.power(2.0, to_dtype(third, dtype_of(x)))
    last = el.power(2.0, to_dtype(rest, dtype_of(x)))
    return el.multiply(el.multiply(el.multiply(x, step), step), last)


# I0 is a series in (x/2)² of positive terms; beyond 20 its asymptotic series in 1/x is as exact.
_I0_SERIES = tuple(1.0 / math.factorial(k) ** 2 for k in range(52, -1, -1))
_I0_TAIL = tuple(
    math.prod((2 * j - 1) ** 2 for j in range(1, k + 1)) / (math.factorial(k) * 8.0**k)
    for k in range(14, -1, -1)
)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = el.add(el.multiply(x, y), c)
    return y


@op
def i0(x: Any) -> Any:
    r"""Return the modified Bessel function :math:`I_0(x) = \sum_k (x/2)^{2k} / (k!)^2`."""
    x = floating(x)
    if dtype_of(x) in ("float16", "bfloat16"):  # the coefficients reach from 1e-21 to 1e21
        return to_dtype(i0(to_dtype(x, "float32")), dtype_of(x))
    size = el.absolute(x)
    near = el.less(size, 20.0)
    centre = _polynomial(_I0_SERIES, el.square(el.multiply(el.where(near, x, 0.0), 0.5)))
    far = el.where(near, 20.0, size)
    root = el.exp(el.multiply(far, 0.5))
    tail = _polynomial(_I0_TAIL, el.divide(1.0, far))
    tail = el.multiply(
        el.multiply(root, el.divide(tail, el.sqrt(el.multiply(far, 2 * math.pi)))), root
    )
    return el.where(near, centre, tail)
