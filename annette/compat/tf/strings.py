"""`tf.strings`: what functions that prepare texts call."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.compat.strings import strings
from annette.compat.tf.tensors import constant


def _each(function: Callable[[str], str], x: Any) -> Any:
    """Return what a function makes of each string: bytes of bytes, text of text."""
    given = np.asarray(x)
    flat = [v.decode() if isinstance(v, bytes) else str(v) for v in given.reshape(-1).tolist()]
    made = [function(v) for v in flat]
    if given.dtype.kind == "U" and isinstance(x, np.ndarray):
        return np.array(made, dtype=str).reshape(given.shape)
    packed = np.empty(len(made), dtype=object)
    packed[:] = made
    return strings(packed.reshape(given.shape))


def lower(input: Any, encoding: str = "", name: Any = None) -> Any:
    """Return the strings in small letters."""
    return _each(str.lower, input)


def upper(input: Any, encoding: str = "", name: Any = None) -> Any:
    """Return the strings in capitals."""
    return _each(str.upper, input)


def strip(input: Any, name: Any = None) -> Any:
    """Return the strings without white space at their ends."""
    return _each(str.strip, input)


def regex_replace(
    input: Any, pattern: Any, rewrite: str, replace_global: Any = True, name: Any = None
) -> Any:
    """Return the strings with what matches a regular expression replaced."""
    found = re.compile(pattern.decode() if isinstance(pattern, bytes) else pattern)
    return _each(lambda v: found.sub(rewrite, v, count=0 if replace_global else 1), input)


def substr(input: Any, pos: int, len: int, unit: str = "BYTE", name: Any = None) -> Any:
    """Return `len` characters from place `pos` on."""
    return _each(lambda v: v[pos : pos + len], input)


def length(input: Any, unit: str = "BYTE", name: Any = None) -> Any:
    """Return how many bytes (or, with unit="UTF8_CHAR", characters) each string has."""
    given = strings(input)
    flat = [v if unit == "BYTE" else v.decode() for v in given.view(np.ndarray).reshape(-1)]
    return constant(np.array([len(v) for v in flat], "int32").reshape(given.shape))


def join(inputs: Any, separator: str = "", name: Any = None) -> Any:
    """Return strings joined element by element."""
    parts = np.broadcast_arrays(*(strings(i).view(np.ndarray) for i in inputs))
    made = [
        separator.encode().join(row) for row in zip(*(p.reshape(-1) for p in parts), strict=True)
    ]
    packed = np.empty(len(made), dtype=object)
    packed[:] = made
    return strings(packed.reshape(parts[0].shape))


def to_number(input: Any, out_type: Any = "float32", name: Any = None) -> Any:
    """Return the numbers that strings say."""
    given = strings(input).view(np.ndarray)
    return constant(
        np.array([float(v) for v in given.reshape(-1)]).reshape(given.shape).astype(str(out_type))
    )


def as_string(input: Any, **options: Any) -> Any:
    """Return numbers as strings."""
    given = np.asarray(input)
    packed = np.array([str(v) for v in given.reshape(-1).tolist()], dtype=object)
    return strings(packed.reshape(given.shape))
