"""Fourier transforms, of whole arrays and of windows that move along them; complex numbers.

The transforms take and give pairs of real arrays, as Keras's do; a few functions beside them speak
of complex dtypes, through which no gradient passes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.context import count_constant
from annette.graph.dtypes import COMPLEX, is_float, numpy_dtype
from annette.graph.primitive import apply
from annette.ops.common import dtype_of, floating, from_python, op, operands, rank, to_dtype
from annette.ops.math import extract_sequences
from annette.ops.numpy import arranging, elementwise as el, shaping
from annette.primitives import fourier, index


def _pair(name: str, x: Any, axes: int = 1) -> tuple[Any, Any]:
    """Return the real and the imaginary part, of one shape and float dtype.

    Raises:
        ValueError: if `x` is no such pair, or has too few axes.
    """
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise ValueError(
            f"{name} expects x to be a pair (real part, imaginary part); it got "
            f"{type(x).__name__}. Write {name}((x, zeros_like(x))) for a real x."
        )
    parts = [from_python(part) for part in x]
    if not all(is_float(dtype_of(part)) for part in parts):
        raise ValueError(
            f"{name} expects real and imaginary parts of a float dtype; it got "
            f"{dtype_of(parts[0])} and {dtype_of(parts[1])}. Cast them first."
        )
    re, im = operands(*parts)
    if tuple(re.shape) != tuple(im.shape) or rank(re) < axes:
        raise ValueError(
            f"{name} expects real and imaginary parts of one shape with {axes} or more axes; they "
            f"are {tuple(re.shape)} and {tuple(im.shape)}."
        )
    return re, im


def _turned(parts: Any) -> tuple[Any, Any]:
    return shaping.swapaxes(parts[0], -1, -2), shaping.swapaxes(parts[1], -1, -2)


def _along_both(parts: Any, sign: int) -> tuple[Any, Any]:
    """Transform along the last two axes."""
    rows = apply(fourier.fft, parts, {"sign": sign})
    return _turned(apply(fourier.fft, _turned(rows), {"sign": sign}))


@op
def fft(x: Any) -> Any:
    r"""Return :math:`\sum_j x_j e^{-2 \pi i\, jk / n}` for each k, along the last axis.

    Args:
        x: (real part, imaginary part), each (..., n).

    Returns:
        The two parts of the transform, of the same shape.

    Raises:
        ValueError: if x is no pair of float arrays of one shape.
    """
    return tuple(apply(fourier.fft, _pair("fft", x), {"sign": -1}))


@op
def fft2(x: Any) -> Any:
    """Return the transform along the last two axes of (real part, imaginary part).

    Raises:
        ValueError: if x is no pair of float arrays of one shape with two axes or more.
    """
    return _along_both(_pair("fft2", x, 2), -1)


@op
def ifft2(x: Any) -> Any:
    """Return (real part, imaginary part) of what `fft2` makes x of.

    Raises:
        ValueError: if x is no pair of float arrays of one shape with two axes or more.
    """
    re, im = _along_both(_pair("ifft2", x, 2), 1)
    size = float(re.shape[-1] * re.shape[-2])
    return el.divide(re, size), el.divide(im, size)


def _cut(x: Any, length: int) -> Any:
    """Return the first `length` elements of the last axis, zeros where there are none."""
    missing = length - x.shape[-1]
    if missing <= 0:
        return x[..., :length] if missing else x
    return arranging.pad(x, [(0, 0)] * (rank(x) - 1) + [(0, missing)])


def _length(name: str, value: Any, default: int) -> int:
    if value is None:
        value = default
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
        raise ValueError(
            f"{name} expects fft_length to be a whole number of 1 or more; it got {value!r}."
        )
    return int(value.__index__())


@op
def rfft(x: Any, fft_length: int | None = None) -> Any:
    r"""Return :math:`\sum_j x_j e^{-2 \pi i\, jk / n}` of a real x for k from 0 to n / 2.

    Args:
        x: (..., n), transformed along the last axis.
        fft_length: n: x is cut, or zeros are appended; None: as long as x is.

    Returns:
        The real and the imaginary part, each (..., n // 2 + 1).

    Raises:
        ValueError: if x is a scalar, or the length is below 1.
    """
    x = floating(x)
    if not rank(x):
        raise ValueError("rfft takes an array of 1 axis or more; it got a scalar.")
    x = _cut(x, _length("rfft", fft_length, x.shape[-1]))
    return tuple(apply(fourier.rfft, (x,), {}))


@op
def irfft(x: Any, fft_length: int | None = None) -> Any:
    """Return the real array that `rfft` makes x of.

    Args:
        x: (real part, imaginary part), each (..., k).
        fft_length: n, how many numbers are wanted; None: 2 (k - 1).

    Returns:
        An array (..., n).

    Raises:
        ValueError: if x is no pair of float arrays of one shape, or the length is below 1.
    """
    re, im = _pair("irfft", x)
    n = _length("irfft", fft_length, 2 * (re.shape[-1] - 1))
    return apply(fourier.irfft, (_cut(re, n // 2 + 1), _cut(im, n // 2 + 1)), {"n": n})


# --- windows that move ----------------------------------------------------------------------------


def _check_frames(name: str, length: int, stride: int, fft_length: int) -> None:
    for word, value in (("sequence_length", length), ("sequence_stride", stride)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
            raise ValueError(
                f"{name} expects {word} to be a whole number of 1 or more; it got {value!r}."
            )
    if fft_length < length:
        raise ValueError(
            f"{name} expects fft_length to be sequence_length or more; they are {fft_length} and "
            f"{length}."
        )


def _window(name: str, window: Any, length: int, fft_length: int, dtype: str) -> Any:
    """Return the window in the middle of `fft_length` places; None: ones everywhere.

    Raises:
        ValueError: if it is none that is known, or has another length.
    """
    if window is None:
        return np.ones(count_constant(fft_length), numpy_dtype(dtype))
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(
                f"{name} expects window to be 'hann', 'hamming', None or an array; it got "
                f"{window!r}."
            )
        share = 0.5 if window == "hann" else 0.54
        count_constant(length)
        turns = np.cos(2 * np.pi * np.arange(length) / length)
        window = (share - (1 - share) * turns).astype(numpy_dtype(dtype))
    window = to_dtype(from_python(window), dtype)
    if tuple(window.shape) != (length,):
        raise ValueError(
            f"{name} expects a window of sequence_length={length} numbers; its shape is "
            f"{tuple(window.shape)}."
        )
    before = (fft_length - length) // 2
    return arranging.pad(window, (before, fft_length - length - before))


@op
def stft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann",
    center: bool = True,
) -> Any:  # fmt: skip
    r"""Return the transforms of the stretches of x that begin each stride (Gabor, 1946).

    :math:`y_{tk} = \sum_j w_j x_{ts + j} e^{-2 \pi i\, jk / n}`, n the `fft_length`, s the stride.

    Args:
        x: real numbers, (..., t).
        sequence_length: how many places the window has.
        sequence_stride: how far it moves from one stretch to the next.
        fft_length: n, no less than `sequence_length`: the window stands in its middle.
        window: "hann", "hamming", an array of `sequence_length` numbers, or None for no window.
        center: whether stretches are centred on their places, x mirrored at its ends.

    Returns:
        The real and the imaginary part, each (..., stretches, n // 2 + 1).

    Raises:
        TypeError: if x has no float dtype.
        ValueError: if a length or the window does not fit.
    """
    x = from_python(x)
    if not is_float(dtype_of(x)):
        raise TypeError(
            f"stft expects floating-point numbers; it got {dtype_of(x)}. Cast it to 'float32'."
        )
    _check_frames("stft", sequence_length, sequence_stride, fft_length)
    if center and rank(x):
        edge = (fft_length // 2, fft_length // 2)
        x = arranging.pad(x, [(0, 0)] * (rank(x) - 1) + [edge], mode="reflect")
    if not rank(x) or x.shape[-1] < fft_length:
        raise ValueError(
            f"stft needs fft_length={fft_length} numbers or more along the last axis; the shape is "
            f"{tuple(x.shape)}. Use a smaller fft_length."
        )
    shape = _window("stft", window, sequence_length, fft_length, dtype_of(x))
    return rfft(el.multiply(extract_sequences(x, fft_length, sequence_stride), shape))


def _overlapped(frames: Any, stride: int) -> Any:
    """Return the sum of frames (..., count, n) that begin each stride."""
    count, n = frames.shape[-2:]
    places = (np.arange(count)[:, None] * stride + np.arange(n)).astype("int32")
    params = {"axis": rank(frames) - 2, "size": (count - 1) * stride + n}
    return apply(index.scatter_add, (frames, places), params)


@op
def istft(
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int,
    length: int | None = None, window: Any = "hann", center: bool = True,
) -> Any:  # fmt: skip
    """Return the numbers whose `stft` is nearest to x (Griffin and Lim, 1984).

    Where all windows are 0 the result is 0. Without a window it is `fft_length` /
    `sequence_stride` times the numbers, as in Keras.

    Args:
        x: (real part, imaginary part), each (..., stretches, fft_length // 2 + 1).
        sequence_length: how many places the window has.
        sequence_stride: how far it moved from one stretch to the next.
        fft_length: how many numbers a stretch has.
        length: how many numbers are wanted at most; None: all that there are.
        window: as for `stft`.
        center: whether stretches were centred on their places.

    Returns:
        An array (..., t).

    Raises:
        ValueError: if x is no pair of float arrays of one shape, or a length or the window does
            not fit.
    """
    re, im = _pair("istft", x, 2)
    _check_frames("istft", sequence_length, sequence_stride, fft_length)
    dtype = dtype_of(re)
    shape = _window("istft", window, sequence_length, fft_length, dtype)
    frames = el.multiply(irfft((re, im), fft_length), shape)
    total = _overlapped(frames, sequence_stride)
    squares = shaping.broadcast_to(el.square(shape), (frames.shape[-2], fft_length))
    weight = _overlapped(squares, sequence_stride)
    y = el.divide(total, el.where(el.greater(weight, 1e-10), weight, 1.0))
    if window is None:
        y = el.multiply(y, fft_length / sequence_stride)
    begin = fft_length // 2 if center else 0
    end = y.shape[-1] - begin if length is None else begin + length
    return y[..., begin:end]


# --- complex numbers ------------------------------------------------------------------------------


def _complex_of(re: Any, im: Any) -> Any:
    wide = dtype_of(re) if dtype_of(re) == "float64" else "float32"
    return apply(fourier.complex_, (to_dtype(re, wide), to_dtype(im, wide)), {})


@op
def polar(abs_: Any, angle: Any) -> Any:
    r"""Return the complex numbers :math:`r e^{i \varphi}` of sizes `abs_` and angles `angle`.

    Shape: that to which both broadcast.
    """
    size, angle = operands(abs_, angle, at_least_float=True)
    return _complex_of(el.multiply(size, el.cos(angle)), el.multiply(size, el.sin(angle)))


@op
def view_as_complex(x: Any) -> Any:
    """Return the complex numbers (...) of real and imaginary parts (..., 2).

    Raises:
        ValueError: if the last axis has another size than 2.
    """
    x = from_python(x)
    if dtype_of(x) in COMPLEX:
        return x
    x = floating(x)
    if not rank(x) or x.shape[-1] != 2:
        raise ValueError(
            "view_as_complex expects a last axis of size 2 (real and imaginary part); the shape is "
            f"{tuple(x.shape)}."
        )
    return _complex_of(x[..., 0], x[..., 1])


@op
def view_as_real(x: Any) -> Any:
    """Return the real and imaginary parts (..., 2) of numbers (...)."""
    x = from_python(x)
    if dtype_of(x) not in COMPLEX:
        x = floating(x)
        return shaping.stack([x, el.multiply(x, 0.0)], axis=-1)
    return shaping.stack([apply(fourier.real, (x,), {}), apply(fourier.imag, (x,), {})], axis=-1)
