"""Fourier transforms, as products with their matrices."""

from __future__ import annotations

import numpy as np

from annette.export.errors import Refused
from annette.export.flow import Step, Value
from annette.export.onnx.table import rule
from annette.export.onnx.writer import Writer
from annette.export.sizes import Moving, Size

# A matrix has as many numbers as the square of the length.
_LONGEST = 4096


def _length(w: Writer, n: Size) -> int:
    if isinstance(n, Moving) or n > _LONGEST:
        raise Refused(
            f"{w.where} transforms rows of {'an unknown length' if isinstance(n, Moving) else n}; "
            f"its Fourier transform can be written for known lengths up to {_LONGEST}."
        )
    return n


def _angles(rows: int, columns: int, n: int) -> np.ndarray:
    return 2 * np.pi * (np.outer(np.arange(rows), np.arange(columns)) % n) / n


def _product(w: Writer, x: Value, matrix: np.ndarray) -> str:
    return w.node("MatMul", w.get(x), w.const(matrix, x.dtype))


@rule("fft")
def _fft(w: Writer, step: Step) -> None:
    re, im = step.inputs
    n = _length(w, re.shape[-1])
    angles = _angles(n, n, n)
    cos, sin = np.cos(angles), np.sin(angles) * step.params["sign"]
    a, b = _product(w, re, cos), _product(w, im, sin)
    c, d = _product(w, re, sin), _product(w, im, cos)
    w.put(step.outputs[0], w.node("Sub", a, b))
    w.put(step.outputs[1], w.node("Add", c, d))


@rule("rfft")
def _rfft(w: Writer, step: Step) -> None:
    (x,) = step.inputs
    n = _length(w, x.shape[-1])
    angles = _angles(n, n // 2 + 1, n)
    w.put(step.outputs[0], _product(w, x, np.cos(angles)))
    w.put(step.outputs[1], _product(w, x, -np.sin(angles)))


@rule("irfft")
def _irfft(w: Writer, step: Step) -> None:
    re, im = step.inputs
    n = _length(w, step.params["n"])
    weights = np.full(n // 2 + 1, 2.0)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    angles = _angles(n // 2 + 1, n, n)
    share = weights[:, None] / n
    a, b = _product(w, re, np.cos(angles) * share), _product(w, im, np.sin(angles) * share)
    w.put(step.outputs[0], w.node("Sub", a, b))
