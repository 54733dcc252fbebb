"""Evenly spaced numbers, and the windows of signal processing."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import count_constant
from annette.graph.dtypes import numpy_dtype, result_type, standardize
from annette.graph.tensor import Tensor
from annette.ops.common import concrete, dtype_of, from_python, op, to_dtype
from annette.ops.numpy import elementwise as el, shaping as sh
from annette.utils.explain import explains


def _count(name: str, num: Any) -> int:
    if not hasattr(num, "__index__") or num.__index__() < 0:
        raise ValueError(f"{name} expects num to be a whole number not below 0; it got {num!r}.")
    return int(num)


def _range_dtype(dtype: Any, *ends: Any) -> str:
    if dtype is not None:
        return standardize(dtype)
    return result_type(*(e if type(e) in (int, float) else dtype_of(e) for e in ends), float)


def _positions(num: int, endpoint: bool, ndim: int, dtype: str) -> Any:
    """Return 0 … 1 in steps, on an axis in front of `ndim` others."""
    steps = num - 1 if endpoint else num
    count_constant(num)
    places = np.arange(num) / max(steps, 1)
    return places.reshape(num, *(1,) * ndim).astype(numpy_dtype(dtype))


@op
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """Return `num` evenly spaced numbers from start to stop (`endpoint`: stop among them).

    With `retstep` the distance of two is returned too. start and stop may be arrays: the numbers
    then lie along `axis`.

    Raises:
        ValueError: if `num` is below 0.
    """
    num = _count("linspace", num)
    count_constant(num)
    ends = [e if type(e) in (int, float) else from_python(e) for e in (start, stop)]
    result = _range_dtype(dtype, *ends)
    if not any(isinstance(e, Tensor) for e in ends):
        low, high = ends
        values, step = np.linspace(low, high, num, endpoint, retstep=True, axis=axis)
        values = wrap(values.astype(_floored(values, result)))
        step = wrap(np.asarray(step, numpy_dtype(result if "float" in result else "float32")))
        return (values, step) if retstep else values
    wide = result if "float" in result else "float64"
    a, b = (to_dtype(from_python(e), wide) for e in ends)
    between = el.subtract(b, a)
    t = _positions(num, endpoint, len(between.shape), wide)
    values = el.add(el.multiply(a, 1.0 - t), el.multiply(b, t))
    values = sh.moveaxis(values if wide == result else el.floor(values), 0, axis)
    steps = num - 1 if endpoint else num
    step = el.divide(between, steps if steps > 0 else float("nan"))
    values = to_dtype(values, result)
    return (values, step) if retstep else values


def _floored(values: np.ndarray, dtype: str) -> Any:
    if "int" in dtype:
        np.floor(values, out=values)
    return numpy_dtype(dtype)


@op
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """Return `num` numbers from base^start to base^stop, evenly spaced in their logarithms.

    Shape: (num,), or with `num` along `axis` where start and stop are arrays.
    """
    ends = [e if type(e) in (int, float) else from_python(e) for e in (start, stop)]
    result = _range_dtype(dtype, *ends)
    exponents = linspace(start, stop, num, endpoint, dtype="float64", axis=axis)
    return to_dtype(el.power(to_dtype(from_python(base), "float64"), exponents), result)


@op
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """Return `num` numbers from start to stop, each the same multiple of the one before.

    Neither may be 0, and both must have one sign.

    Raises:
        ValueError: for a 0, for two signs, or for a `num` below 0.
    """
    num = _count("geomspace", num)
    ends = [e if type(e) in (int, float) else from_python(e) for e in (start, stop)]
    result = _range_dtype(dtype, *ends)
    a, b = (to_dtype(from_python(e), "float64") for e in ends)
    if not isinstance(a, Tensor) and not isinstance(b, Tensor) and (a * b <= 0).any():
        raise ValueError(
            "geomspace expects start and stop of one sign, neither of them 0; it got "
            f"start={start} and stop={stop}."
        )
    ratio = el.divide(b, a)
    t = _positions(num, endpoint, len(ratio.shape), "float64")
    values = el.multiply(a, el.power(ratio, t))
    if endpoint and num > 1:
        values = el.where(np.equal(t, 1.0), b, values)
    return to_dtype(sh.moveaxis(values, 0, axis), result)


def _window(name: str, function: Any, length: Any, *parameters: Any) -> Any:
    given = concrete(length, name, "the length of its result is its argument", "Give it a number")
    if given.ndim or given.dtype.kind not in "iuf" or given < 0:
        raise ValueError(f"{name} expects a length of 0 or more; it got {length!r}.")
    window = function(int(given), *parameters)
    return wrap(window.astype(numpy_dtype(standardize(None))))


@explains
def bartlett(x: Any) -> Any:
    r"""Return Bartlett's window of length x: :math:`1 - |2n/(N-1) - 1|`."""
    return _window("bartlett", np.bartlett, x)


@explains
def blackman(x: Any) -> Any:
    r"""Return Blackman's window: :math:`0.42 - 0.5\cos t + 0.08\cos 2t, t = 2\pi n/(N-1)`."""
    return _window("blackman", np.blackman, x)


@explains
def hamming(x: Any) -> Any:
    r"""Return Hamming's window of length x: :math:`0.54 - 0.46\cos\tfrac{2\pi n}{N-1}`.

    Shape: (x,).
    """
    return _window("hamming", np.hamming, x)


@explains
def hanning(x: Any) -> Any:
    r"""Return von Hann's window of length x: :math:`0.5 - 0.5\cos\tfrac{2\pi n}{N-1}`.

    Shape: (x,).
    """
    return _window("hanning", np.hanning, x)


@explains
def kaiser(x: Any, beta: Any) -> Any:
    r"""Return Kaiser's window: :math:`I_0(\beta\sqrt{1 - (2n/(N-1) - 1)^2}) / I_0(\beta)`."""
    given = concrete(beta, "kaiser", "its window is computed at once", "Give beta as a number")
    return _window("kaiser", np.kaiser, x, float(given))
