"""What the values of a checkpoint must be like: a file that is whole may be none that a run wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Check = Callable[[Any], bool]
_MOST = 2**63


def is_count(value: Any) -> bool:
    """Say whether a value is a whole number from 0 that a machine counts to."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and 0 <= value < _MOST


def is_flag(value: Any) -> bool:
    """Say whether a value is True or False."""
    return isinstance(value, (bool, np.bool_))


def is_text(value: Any) -> bool:
    """Say whether a value is a text."""
    return isinstance(value, str)


def is_number(value: Any) -> bool:
    """Say whether a value is one number, which floats can hold."""
    if isinstance(value, np.ndarray):
        return value.size == 1 and is_numeric(value)
    if isinstance(value, str):
        return False
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def is_numeric(value: Any) -> bool:
    """Say whether a value is a number or an array of numbers."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biufc" or value.dtype.name == "bfloat16"
    return isinstance(value, (complex, np.number)) or is_number(value)


def is_log(value: Any) -> bool:
    """Say whether callbacks can be told a value: whatever it is, floats can hold a whole number."""
    return not isinstance(value, int) or is_number(value)


def is_plain(value: Any, depth: int = 100) -> bool:
    """Say whether a value is made of numbers, texts, lists and dicts alone, without arrays."""
    if isinstance(value, list):
        return depth > 0 and all(is_plain(v, depth - 1) for v in value)
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(k, str) and is_plain(v, depth - 1) for k, v in value.items()
        )
    return value is None or isinstance(value, (bool, int, float, str))


def or_none(fits: Check) -> Check:
    """Return a check that None passes as well."""
    return lambda value: value is None or fits(value)


def list_of(fits: Check) -> Check:
    """Return a check of lists."""
    return lambda value: isinstance(value, list) and all(map(fits, value))


def dict_of(fits: Check) -> Check:
    """Return a check of dicts with texts as keys."""
    return lambda value: (
        isinstance(value, dict) and all(isinstance(k, str) and fits(v) for k, v in value.items())
    )


def check_parts(what: str, parts: Any, checks: dict[str, Check]) -> None:
    """Look whether a dict has all parts, each as it should be.

    Raises:
        TypeError: naming the first that is not.
    """
    if not isinstance(parts, dict):
        raise TypeError(f"the state of {what} is a dict; it is of type {type(parts).__name__}")
    for name, fits in checks.items():
        if name not in parts or not fits(parts[name]):
            raise TypeError(f"{name} cannot be {str(parts.get(name))[:80]!r} in {what}")


def check_fit(what: str, arrays: Iterable[Any] | None, variables: Iterable[Any]) -> None:
    """Look whether arrays, if there are any, have the shapes of variables.

    Raises:
        ValueError: if not.
    """
    if arrays is None:
        return
    shapes = [tuple(np.shape(a)) for a in arrays]
    wanted = [tuple(v.shape) for v in variables]
    if shapes != wanted:
        raise ValueError(f"{what} have the shapes {shapes[:9]}; the model's are {wanted[:9]}")
