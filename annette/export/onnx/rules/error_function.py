"""The error function of float64, which ONNX runtimes have of float32 only.

Cody, "Rational Chebyshev approximations for the error function", 1969; right to 4e-16.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from annette.export.onnx.writer import Writer

# Polynomials, highest power first: x P(x^2) / Q(x^2) near 0, 1 - e^(-x^2) R(x) / S(x) elsewhere.
_NEAR = 0.46875
_P = (0.185777706184603153, 3.16112374387056560, 113.864154151050156, 377.485237685302021,
      3209.37758913846947)  # fmt: skip
_Q = (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062)
_R = (2.15311535474403846e-8, 0.564188496988670089, 8.88314979438837594, 66.1191906371416295,
      298.635138197400131, 881.952221241769090, 1712.04761263407058, 2051.07837782607147,
      1230.33935479799725)  # fmt: skip
_S = (1.0, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019,
      3290.79923573345963, 4362.61909014324716, 3439.36767414372164, 1230.33935480374942)  # fmt: skip
# From here on erf is 1 in float64.
_FAR = 6.0


def precise_erf(w: Writer, x: str) -> str:
    """Write the error function of a float64; return its name."""
    size = w.node("Min", w.node("Abs", x), _number(w, _FAR))
    square = w.node("Mul", size, size)
    near = w.node("Div", _polynomial(w, _P, square), _polynomial(w, _Q, square))
    near = w.node("Mul", x, near)
    tail = w.node("Div", _polynomial(w, _R, size), _polynomial(w, _S, size))
    tail = w.node("Mul", w.node("Exp", w.node("Neg", square)), tail)
    far = w.node("Mul", w.node("Sign", x), w.node("Sub", _number(w, 1.0), tail))
    return w.node("Where", w.node("LessOrEqual", size, _number(w, _NEAR)), near, far)


def _number(w: Writer, value: float) -> str:
    return w.const(np.array(value, "float64"))


def _polynomial(w: Writer, factors: Sequence[float], x: str) -> str:
    """Write a polynomial by Horner's rule."""
    name = _number(w, factors[0])
    for factor in factors[1:]:
        name = w.node("Add", w.node("Mul", name, x), _number(w, factor))
    return name
