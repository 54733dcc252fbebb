"""What kind of number an element is: real, infinite, negative; and the parts of a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import COMPLEX, is_float, numpy_dtype, standardize
from annette.graph.primitive import apply
from annette.ops.common import dtype_of, floating, from_python, op, operands, to_dtype, unchanged
from annette.ops.numpy import elementwise as el
from annette.ops.numpy.creation import ones, zeros
from annette.primitives import elementwise as e, fourier, shape as s


def _is_complex(x: Any) -> bool:
    return dtype_of(x) in COMPLEX


@op
def real(x: Any) -> Any:
    """Return the real part: x itself unless its dtype is complex."""
    x = from_python(x)
    return apply(fourier.real, (x,), {}) if _is_complex(x) else unchanged(x)


@op
def imag(x: Any) -> Any:
    """Return the imaginary part: zeros unless the dtype is complex."""
    x = from_python(x)
    return apply(fourier.imag, (x,), {}) if _is_complex(x) else zeros(tuple(x.shape), dtype_of(x))


@op
def conjugate(x: Any) -> Any:
    """Return the complex conjugate: x itself unless its dtype is complex."""
    x = from_python(x)
    if not _is_complex(x):
        return unchanged(x)
    return apply(fourier.complex_, (real(x), el.negative(imag(x))), {})


conj = conjugate


@op
def copy(x: Any) -> Any:
    """Return x in memory of its own."""
    x = apply(s.identity, (from_python(x),), {})
    return x.copy() if isinstance(x, np.ndarray) else x


@op
def isreal(x: Any) -> Any:
    """Say where x is real: everywhere unless its dtype is complex."""
    x = from_python(x)
    return el.equal(imag(x), 0) if _is_complex(x) else ones(tuple(x.shape), "bool")


@op
def isposinf(x: Any) -> Any:
    """Say where x is positive infinity."""
    return el.equal(floating(x), float("inf"))


@op
def isneginf(x: Any) -> Any:
    """Say where x is negative infinity."""
    return el.equal(floating(x), float("-inf"))


def _bits(x: Any) -> Any:
    """Return the bits of floats as signed integers of their width."""
    width = numpy_dtype(dtype_of(x)).itemsize * 8
    return apply(e.bitcast, (x,), {"dtype": f"int{width}"})


@op
def signbit(x: Any) -> Any:
    """Say where x has a minus sign: below 0, and at the float -0."""
    x = from_python(x)
    if dtype_of(x) == "bool":
        x = to_dtype(x, "int32")
    return el.less(_bits(x) if is_float(dtype_of(x)) else x, 0)


@op
def nextafter(x1: Any, x2: Any) -> Any:
    """Return the float next to x1 on the way to x2; x2 where they are equal."""
    a, b = operands(x1, x2, at_least_float=True)
    bits, dtype = _bits(a), dtype_of(a)
    # Floats of one sign are ordered as their bits; away from 0 is one up.
    away = el.equal(el.greater(b, a), el.greater(a, 0))
    moved = el.where(away, el.add(bits, 1), el.subtract(bits, 1))
    moved = apply(e.bitcast, (moved,), {"dtype": dtype})
    least = np.ones((), f"int{numpy_dtype(dtype).itemsize * 8}").view(numpy_dtype(dtype))
    moved = el.where(el.equal(a, 0), el.where(el.less(b, 0), -least, least), moved)
    moved = el.where(el.equal(a, b), b, moved)
    return el.where(el.isnan(a), a, el.where(el.isnan(b), b, moved))


@op
def view(x: Any, dtype: Any = None) -> Any:
    """Return the bits of x read as another dtype; a narrower one makes the last axis longer.

    Raises:
        ValueError: if the last axis holds no whole number of values of that dtype.
    """
    x = from_python(x)
    dtype = dtype_of(x) if dtype is None else standardize(dtype)
    return unchanged(x) if dtype == dtype_of(x) else apply(e.bitcast, (x,), {"dtype": dtype})


@op
def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Return x with not-a-number and infinities replaced (None: by the largest and smallest)."""
    x = from_python(x)
    dtype = dtype_of(x)
    if not is_float(dtype):
        return unchanged(x)
    largest = _largest(dtype)
    posinf = largest if posinf is None else posinf
    neginf = -largest if neginf is None else neginf
    y = el.where(el.isnan(x), to_dtype(from_python(nan), dtype), x)
    y = el.where(isposinf(x), to_dtype(from_python(posinf), dtype), y)
    return el.where(isneginf(x), to_dtype(from_python(neginf), dtype), y)


def _largest(dtype: str) -> Any:
    if dtype == "bfloat16":
        return np.asarray(3.3895313892515355e38, numpy_dtype(dtype))
    return np.finfo(dtype).max
