"""The rules, a file for each family of operations."""

from annette.export.onnx.rules import (
    composed,
    convolution,
    elementwise,
    fourier,
    fused,
    index,
    linear,
    loops,
    pooling,
    recurrent,
    reduce,
    shape,
    without,
)

__all__ = [
    "composed",
    "convolution",
    "elementwise",
    "fourier",
    "fused",
    "index",
    "linear",
    "loops",
    "pooling",
    "recurrent",
    "reduce",
    "shape",
    "without",
]
