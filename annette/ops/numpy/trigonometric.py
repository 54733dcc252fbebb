"""Circular and hyperbolic functions and their inverses, composed so that nothing overflows midway.

Where a formula has two forms, the argument of the one that is not chosen is kept where it is
harmless: its gradient must be a number too.
"""

from __future__ import annotations

import math
from typing import Any

from annette.graph.dtypes import COMPLEX
from annette.graph.primitive import apply
from annette.ops.common import dtype_of, floating, from_python, op, operands, wide_floating
from annette.ops.numpy import elementwise as el
from annette.ops.numpy.creation import zeros
from annette.ops.numpy.kinds import imag, real
from annette.primitives import shape as s


@op
def tan(x: Any) -> Any:
    r"""Return :math:`\sin x / \cos x`."""
    x = floating(x)
    return el.divide(el.sin(x), el.cos(x))


def _cathetus(x: Any) -> Any:
    """Return the square root of 1 - x², exact near 1."""
    return el.sqrt(el.multiply(el.subtract(1.0, x), el.add(1.0, x)))


@op
def arcsin(x: Any) -> Any:
    """Return the angle between -π/2 and π/2 whose sine is x; not a number outside -1 … 1."""
    x = floating(x)
    return el.arctan2(x, _cathetus(x))


@op
def arccos(x: Any) -> Any:
    """Return the angle between 0 and π whose cosine is x; not a number outside -1 … 1."""
    x = floating(x)
    return el.arctan2(_cathetus(x), x)


@op
def sinh(x: Any) -> Any:
    r"""Return :math:`(e^x - e^{-x}) / 2`."""
    x = floating(x)
    t = el.expm1(el.clip(x, -1.0, 1.0))
    near = el.multiply(el.add(t, el.divide(t, el.add(t, 1.0))), 0.5)
    # e^(x/2) twice: e^x alone overflows before its half does.
    root = el.exp(el.multiply(x, 0.5))
    far = el.subtract(_half_square(root), _half_square(el.divide(1.0, root)))
    return el.where(el.less(el.absolute(x), 1.0), near, far)


@op
def cosh(x: Any) -> Any:
    r"""Return :math:`(e^x + e^{-x}) / 2`."""
    root = el.exp(el.multiply(floating(x), 0.5))
    return el.add(_half_square(root), _half_square(el.divide(1.0, root)))


def _half_square(x: Any) -> Any:
    return el.multiply(el.multiply(x, 0.5), x)


@op
def arcsinh(x: Any) -> Any:
    r"""Return :math:`\ln(x + \sqrt{x^2 + 1})`."""
    x = floating(x)
    small = el.clip(x, -1.0, 1.0)
    square = el.square(small)
    root = el.sqrt(el.add(square, 1.0))
    near = el.log1p(el.add(small, el.divide(square, el.add(root, 1.0))))
    large = el.absolute(x)
    large = el.where(el.less(large, 1.0), 1.0, large)
    root = el.sqrt(el.add(el.square(el.divide(1.0, large)), 1.0))
    far = el.multiply(el.sign(x), el.add(el.log(large), el.log1p(root)))
    return el.where(el.less(el.absolute(x), 1.0), near, far)


@op
def arccosh(x: Any) -> Any:
    r"""Return :math:`\ln(x + \sqrt{x^2 - 1})`; not a number below 1."""
    x = floating(x)
    above = el.subtract(x, 1.0)
    near = el.minimum(above, 1.0)
    near = el.log1p(el.add(near, el.multiply(el.sqrt(near), el.sqrt(el.add(near, 2.0)))))
    large = el.where(el.less(x, 2.0), 2.0, x)
    root = el.sqrt(el.subtract(1.0, el.square(el.divide(1.0, large))))
    far = el.add(el.log(large), el.log1p(root))
    return el.where(el.less(above, 1.0), near, far)


@op
def arctanh(x: Any) -> Any:
    r"""Return :math:`\tfrac12 \ln\frac{1 + x}{1 - x}`; not a number outside -1 … 1."""
    x = floating(x)
    return el.multiply(el.subtract(el.log1p(x), el.log1p(el.negative(x))), 0.5)


@op
def deg2rad(x: Any) -> Any:
    """Return degrees as radians."""
    return el.multiply(wide_floating(x), math.pi / 180.0)


@op
def rad2deg(x: Any) -> Any:
    """Return radians as degrees."""
    return el.multiply(wide_floating(x), 180.0 / math.pi)


# sin(y)/y = 1 - y²/6 + y⁴/120 - …, in y²
_SINC_SERIES = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(4, -1, -1))


@op
def sinc(x: Any) -> Any:
    r"""Return :math:`\sin(\pi x) / (\pi x)`, and 1 at 0."""
    y = el.multiply(floating(x), math.pi)
    near = el.less(el.absolute(y), 0.1)
    away = el.where(near, 1.0, y)
    # The series has the right derivatives at 0.
    square = el.square(el.where(near, y, 0.0))
    series: Any = _SINC_SERIES[0]
    for c in _SINC_SERIES[1:]:
        series = el.add(el.multiply(square, series), c)
    return el.where(near, series, el.divide(el.sin(away), away))


@op
def hypot(x1: Any, x2: Any) -> Any:
    r"""Return :math:`\sqrt{x_1^2 + x_2^2}`, without overflow."""
    a, b = map(wide_floating, operands(x1, x2))
    # Whatever the scale, the result is the same: the gradient takes it as a constant.
    scale = apply(s.stop_gradient, (el.maximum(el.absolute(a), el.absolute(b)),), {})
    usable = el.logical_and(el.isfinite(scale), el.greater(scale, 0))
    scale = el.where(usable, scale, 1.0)
    total = el.add(el.square(el.divide(a, scale)), el.square(el.divide(b, scale)))
    endless = el.logical_or(el.isinf(a), el.isinf(b))  # even beside not-a-number
    return el.where(endless, float("inf"), el.multiply(el.sqrt(total), scale))


@op
def angle(x: Any) -> Any:
    """Return the angle of a number in the complex plane; of a real one 0, or π below 0."""
    x = from_python(x)
    if dtype_of(x) in COMPLEX:
        return el.arctan2(imag(x), real(x))
    x = floating(x)
    return el.arctan2(zeros((), dtype_of(x)), x)
