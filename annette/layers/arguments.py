"""Checks of constructor arguments that several layers share."""

from __future__ import annotations

from typing import Any

import numpy as np


def positive_int(layer: str, name: str, value: Any) -> int:
    """Return `value` as an int.

    Raises:
        ValueError: if it is no whole number above 0.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if isinstance(value, float) and value.is_integer():
        raise ValueError(
            f"{layer} expects {name} to be a whole number; it got {value!r}. Write {int(value)}."
        )
    if not whole or value < 1:
        raise ValueError(f"{layer} expects {name} to be a whole number above 0; it got {value!r}.")
    return int(value)


def fraction(layer: str, name: str, value: Any) -> float:
    """Return `value` as it is.

    Raises:
        ValueError: if it is no number from 0 to 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError(f"{layer} expects {name} to be a number from 0 to 1; it got {value!r}.")
    return value


def not_quantized(layer: str, value: Any) -> None:
    """Refuse a quantization configuration.

    Raises:
        ValueError: if one is given.
    """
    if value is not None:
        raise ValueError(
            f"{layer} got quantization_config={value!r}; annette computes with full weights. Leave "
            "it None."
        )
