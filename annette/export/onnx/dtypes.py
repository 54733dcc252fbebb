"""Dtypes in ONNX files, and in which dtype onnxruntime computes what it has no kernel for."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype

# The numbers of onnx.TensorProto.DataType.
_NUMBERS = {
    "float32": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7,
    "string": 8, "bool": 9, "float16": 10, "float64": 11, "uint32": 12, "uint64": 13,
    "bfloat16": 16,
}  # fmt: skip
# Whole numbers that few operators take are computed as wider ones and brought back, which leaves the
# same bits where they wrap around.
WIDER = {
    "bool": "int32", "int8": "int32", "int16": "int32", "uint8": "int32", "uint16": "int32",
    "uint32": "int64", "uint64": "int64",
}  # fmt: skip


def carried(dtype: str) -> str:
    """Return the dtype in which the file holds a value between operations."""
    return "float32" if dtype == "bfloat16" else dtype


def onnx_type(dtype: str) -> int:
    """Return the number of the dtype that holds `dtype` between operations."""
    return _NUMBERS[carried(dtype)]


def onnx_number(dtype: str) -> int:
    """Return ONNX's number of a dtype."""
    return _NUMBERS[dtype]


def plain(array: np.ndarray, dtype: str | None = None) -> np.ndarray:
    """Return an array as a file holds it: C-ordered, in this machine's byte order."""
    wanted: Any = array.dtype.name if dtype is None else dtype
    return np.asarray(array, numpy_dtype(carried(wanted)), order="C")
