"""Primitives: one record an operation; `PRIMITIVES` is the only list of their names."""

from annette.graph.primitive import PRIMITIVES, Primitive
from annette.primitives import decompose, elementwise, fourier, index, linear, random, reduce, shape

__all__ = [
    "PRIMITIVES",
    "Primitive",
    "decompose",
    "elementwise",
    "fourier",
    "index",
    "linear",
    "random",
    "reduce",
    "shape",
]
