"""Dtypes by name, and what two of them make together (Keras's promotion rules).

A Python number is weak: it takes the type of the array beside it, as long as the kind fits.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from annette import config

FLOATS = ("bfloat16", "float16", "float32", "float64")
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
ALLOWED = ("bool", *UNSIGNED, *SIGNED, *FLOATS, *COMPLEX)
_KNOWN = frozenset(ALLOWED)
_PYTHON = {bool: "bool", int: "int32", float: "float"}


def standardize(dtype: Any) -> str:
    """Return the name of `dtype`: None means ``floatx()``, Python's types their defaults.

    Raises:
        ValueError: if `dtype` is no dtype an array of annette can have.
    """
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, str) and dtype in _KNOWN:
        return dtype
    if isinstance(dtype, np.dtype):
        known = name_of(dtype)
        if known in _KNOWN:
            return known
    if isinstance(dtype, type) and dtype in _PYTHON:
        name = _PYTHON[dtype]
        return config.floatx() if name == "float" else name
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    name = {"float": config.floatx(), "int": "int32", "bool_": "bool"}.get(name, name)
    if name not in _KNOWN:
        raise ValueError(f"dtype must be one of {', '.join(ALLOWED)}; it got {dtype!r}.")
    return name


@functools.lru_cache(256)
def name_of(dtype: np.dtype[Any]) -> str:
    """Return the name of NumPy's dtype; NumPy works it out each time it is asked."""
    return str(dtype.name)


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """Return NumPy's dtype of that name (bfloat16 comes from ml_dtypes).

    Raises:
        ImportError: for bfloat16, where ml_dtypes is not installed.
    """
    if dtype == "bfloat16":
        try:
            import ml_dtypes
        except ImportError as error:
            raise ImportError(
                "The dtype bfloat16 needs the package ml_dtypes. Install it with "
                "`pip install ml_dtypes`, or use float16 or float32."
            ) from error

        wide: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
        return wide
    return np.dtype(dtype)


def is_float(dtype: str) -> bool:
    """Say whether `dtype` is a real floating-point type."""
    return dtype in FLOATS


def is_int(dtype: str) -> bool:
    """Say whether `dtype` is an integer type, signed or not."""
    return dtype in SIGNED or dtype in UNSIGNED


def promote(strong: list[str], weak: list[type]) -> str:
    """Return the common dtype of the `strong` dtypes and the `weak` Python types.

    Floats win over integers whatever their widths, integers over bool; a complex number over all.
    """
    if len(strong) == 1 and not weak:
        return strong[0]
    result = _join(strong) if strong else None
    if complex in weak:
        return "complex128" if result == "float64" else result if result in COMPLEX else "complex64"
    if float in weak:
        return result if result in FLOATS or result in COMPLEX else config.floatx()
    if int in weak:
        return "int32" if result in (None, "bool") else result
    return result or "bool"


def _join(dtypes: list[str]) -> str:
    kinds = set(dtypes)
    complexes = kinds.intersection(COMPLEX)
    floats = kinds.intersection(FLOATS)
    if complexes:
        wide = "complex128" in complexes or "float64" in floats
        return "complex128" if wide else "complex64"
    if floats:
        if floats == {"bfloat16", "float16"}:
            return "float32"
        return max(floats, key=FLOATS.index)
    kinds.discard("bool")
    if not kinds:
        return "bool"
    signed = [SIGNED.index(d) for d in kinds if d in SIGNED]
    unsigned = [UNSIGNED.index(d) for d in kinds if d in UNSIGNED]
    if not unsigned:
        return SIGNED[max(signed)]
    if not signed:
        return UNSIGNED[max(unsigned)]
    width = max(max(signed), max(unsigned) + 1)
    return SIGNED[width] if width < len(SIGNED) else config.floatx()


def result_type(*operands: Any) -> str:
    """Return the dtype that an operation on `operands` has (``keras.backend.result_type``).

    An operand is an array, Tensor, Variable, dtype, or a Python number or type (weak).
    """
    strong: list[str] = []
    weak: list[type] = []
    for operand in operands:
        if isinstance(operand, (bool, np.bool_)) or operand is bool:
            strong.append("bool")
        elif type(operand) in (int, float, complex):
            weak.append(type(operand))
        elif operand in (int, float, complex) if isinstance(operand, type) else False:
            weak.append(operand)
        elif hasattr(operand, "dtype") and not isinstance(operand, type):
            strong.append(standardize(operand.dtype))
        else:
            strong.append(standardize(operand))
    return promote(strong, weak)
