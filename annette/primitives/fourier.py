"""Fourier transforms along the last axis, on pairs of real and imaginary parts; complex numbers.

Inside graphs that are differentiated complex numbers are pairs of arrays: the transforms are then
linear maps between real arrays, and each one's gradient is another of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import COMPLEX, is_float, numpy_dtype
from annette.graph.primitive import Primitive, Spec
from annette.primitives.shape import pad


def _check(name: str, *parts: Any) -> None:
    first, last = parts[0], parts[-1]
    if not is_float(first.dtype) or first.dtype != last.dtype:
        raise TypeError(
            f"Primitive {name!r} takes floating-point numbers of one dtype; it got "
            f"{' and '.join(str(p.dtype) for p in parts)}. Cast them first."
        )
    if first.shape != last.shape:
        raise ValueError(
            f"{name} takes real and imaginary parts of one shape; they are {first.shape} and "
            f"{last.shape}."
        )
    if not first.shape or not first.shape[-1]:
        raise ValueError(
            f"{name} transforms along the last axis, which needs 1 element or more; the shape is "
            f"{first.shape}."
        )


def _wide(x: Any) -> Any:
    """Return `x` in a dtype that has a complex one: half precision as float32."""
    return x if x.dtype in ("float32", "float64") else x.astype("float32")


def _joined(re: Any, im: Any) -> Any:
    return _wide(re) + 1j * _wide(im)


def _parts(z: Any, like: Any) -> tuple[Any, Any]:
    return z.real.astype(like.dtype), z.imag.astype(like.dtype)


def _fft_shape(re: Any, im: Any, *, sign: int) -> list[Spec]:
    _check("fft", re, im)
    return [(re.shape, re.dtype)] * 2


def _fft(xp: Any, re: Any, im: Any, *, sign: int) -> Any:
    z = _joined(re, im)
    y = xp.fft.fft(z) if sign < 0 else xp.fft.ifft(z) * z.shape[-1]
    return _parts(y, re)


fft: Primitive = Primitive(
    "fft", r"y_k = \sum_j x_j e^{\pm 2 \pi i\, jk / n}", run=_fft, shape=_fft_shape,
    vjp=lambda g, y, re, im, *, sign: fft(g[0], g[1], sign=-sign),
    samples=lambda rng: [
        ((rng.normal(size=shape), rng.normal(size=shape)), {"sign": sign})
        for shape, sign in (((2, 5), -1), ((4,), 1), ((2, 1, 3), 1))
    ],
    family="fourier",
)  # fmt: skip


def _rfft_shape(x: Any) -> list[Spec]:
    _check("rfft", x)
    return [((*x.shape[:-1], x.shape[-1] // 2 + 1), x.dtype)] * 2


def _rfft_vjp(g: Any, y: Any, x: Any) -> tuple[Any, ...]:
    n = x.shape[-1]
    widths = (*((0, 0, 0),) * (len(x.shape) - 1), (0, n - g[0].shape[-1], 0))
    return (fft(pad(g[0], widths=widths), pad(g[1], widths=widths), sign=1)[0],)


rfft: Primitive = Primitive(
    "rfft", r"y_k = \sum_j x_j e^{-2 \pi i\, jk / n},\ 0 \le k \le n / 2",
    run=lambda xp, x: _parts(xp.fft.rfft(_wide(x)), x), shape=_rfft_shape, vjp=_rfft_vjp,
    samples=lambda rng: [
        ((rng.normal(size=shape),), {}) for shape in ((2, 5), (6,), (2, 1, 1))
    ],
    family="fourier",
)  # fmt: skip


def _irfft_shape(re: Any, im: Any, *, n: int) -> Spec:
    _check("irfft", re, im)
    if re.shape[-1] != n // 2 + 1 or n < 1:
        raise ValueError(
            f"Primitive 'irfft' makes {n} numbers of {n // 2 + 1}; the shape is {re.shape}."
        )
    return (*re.shape[:-1], n), re.dtype


def _irfft_vjp(g: Any, y: Any, re: Any, im: Any, *, n: int) -> tuple[Any, ...]:
    # All but the first, and with even n the last, stand for their conjugates too.
    weights = np.full(n // 2 + 1, 2.0 / n)
    weights[0] = 1.0 / n
    if n % 2 == 0:
        weights[-1] = 1.0 / n
    weights = weights.astype(numpy_dtype(g.dtype))
    back = rfft(g)
    return back[0] * weights, back[1] * weights


irfft: Primitive = Primitive(
    "irfft", r"y_j = \tfrac1n \sum_{k=0}^{n-1} x_k e^{2 \pi i\, jk / n},\ x_{n-k} = \bar x_k",
    run=lambda xp, re, im, *, n: xp.fft.irfft(_joined(re, im), n).astype(re.dtype),
    shape=_irfft_shape, vjp=_irfft_vjp,
    samples=lambda rng: [
        ((rng.normal(size=shape), rng.normal(size=shape)), {"n": n})
        for shape, n in (((2, 3), 5), ((4,), 6), ((2, 1), 1))
    ],
    family="fourier",
)  # fmt: skip


def _complex_shape(re: Any, im: Any) -> Spec:
    if re.dtype not in ("float32", "float64") or re.dtype != im.dtype or re.shape != im.shape:
        raise ValueError(
            "Primitive 'complex' takes two arrays of one shape in float32 or float64; they are "
            f"{re.dtype}{list(re.shape)} and {im.dtype}{list(im.shape)}."
        )
    return re.shape, "complex128" if re.dtype == "float64" else "complex64"


complex_ = Primitive(
    "complex", r"a + i b", run=lambda xp, re, im: _joined(re, im), shape=_complex_shape, vjp=None,
    samples=lambda rng: [((rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), {})],
    family="fourier",
)  # fmt: skip


def _part_shape(z: Any) -> Spec:
    if z.dtype not in COMPLEX:
        raise TypeError(f"The parts of a number are taken of complex dtypes; it got {z.dtype}.")
    return z.shape, "float64" if z.dtype == "complex128" else "float32"


def _complexes(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    return [((rng.normal(size=(2, 3)) + 1j * rng.normal(size=(2, 3)),), {})]


real = Primitive(
    "real", r"\operatorname{Re} z", run=lambda xp, z: xp.array(z.real), shape=_part_shape,
    vjp=None, samples=_complexes, family="fourier",
)  # fmt: skip
imag = Primitive(
    "imag", r"\operatorname{Im} z", run=lambda xp, z: xp.array(z.imag), shape=_part_shape,
    vjp=None, samples=_complexes, family="fourier",
)  # fmt: skip
