"""Primitives: one record an operation; `PRIMITIVES` is the only list of their names."""

from annette.graph.primitive import PRIMITIVES, Primitive
from annette.primitives import (
    convolution,
    decompose,
    elementwise,
    fourier,
    index,
    linear,
    pooling,
    random,
    reduce,
    scan,
    shape,
)

__all__ = [
    "PRIMITIVES",
    "Primitive",
    "convolution",
    "decompose",
    "elementwise",
    "fourier",
    "index",
    "linear",
    "pooling",
    "random",
    "reduce",
    "scan",
    "shape",
]
