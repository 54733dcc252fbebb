"""Checks of constructor arguments that several layers share."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.ops.convolution import data_format as data_format


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


def counted(layer: str, name: str, value: Any) -> int:
    """Return `value` as an int.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is below 1.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{layer} expects {name} to be a whole number; it got {value!r}.")
    return positive_int(layer, name, value)


def factors(layer: str, name: str, value: Any, axes: int, least: int = 1) -> tuple[int, ...]:
    """Return a whole number of `least` or more for each axis, of one number or one an axis.

    Raises:
        ValueError: for anything else.
    """
    given = (value,) * axes if isinstance(value, (int, np.integer)) else value
    whole = isinstance(given, (list, tuple)) and all(_is_whole(n) and n >= least for n in given)
    if not whole or len(given) != axes:
        more = f", or {axes} of them" if axes > 1 else ""
        raise ValueError(
            f"{layer} expects {name} to be a whole number above {least - 1}{more}; it got "
            f"{value!r}."
        )
    return tuple(int(n) for n in given)


def pair(layer: str, name: str, value: Any) -> tuple[int, int]:
    """Return (before, after), of one number for both or a pair.

    Raises:
        ValueError: for anything else, and for numbers below 0.
    """
    given = (value, value) if _is_whole(value) else value
    whole = isinstance(given, (list, tuple)) and all(_is_whole(n) and n >= 0 for n in given)
    if not whole or len(given) != 2:
        raise ValueError(
            f"{layer} expects {name} to be a whole number of 0 or more, or a pair (before, after) "
            f"of them; it got {value!r}."
        )
    return int(given[0]), int(given[1])


def pairs(layer: str, name: str, value: Any, axes: int) -> tuple[tuple[int, int], ...]:
    """Return (before, after) for each axis, of one number, or a number or pair an axis.

    Raises:
        ValueError: for anything else, and for numbers below 0.
    """
    given = (value,) * axes if _is_whole(value) else value
    if not isinstance(given, (list, tuple)) or len(given) != axes:
        raise ValueError(
            f"{layer} expects {name} to be a whole number, or {axes} numbers or pairs (before, "
            f"after), one for each axis; it got {value!r}."
        )
    return tuple(pair(layer, f"{name}[{i}]", one) for i, one in enumerate(given))


def axes_argument(layer: str, value: Any) -> int | list[int]:
    """Return `axis` as an int or a list of them.

    Raises:
        TypeError: for anything else.
    """
    if _is_whole(value):
        return int(value)
    if isinstance(value, (list, tuple)) and value and all(_is_whole(n) for n in value):
        return [int(n) for n in value]
    raise TypeError(
        f"{layer} expects axis to be a whole number or a list of them; it got {value!r}."
    )


def axes_within(layer: Any, axis: int | list[int], rank: int) -> tuple[int, ...]:
    """Return axes of 0 or more, in order.

    Raises:
        ValueError: if an axis is not there, or is named twice.
    """
    given = [axis] if isinstance(axis, int) else axis
    found = sorted({n % rank for n in given if -rank <= n < rank})
    if len(found) != len(given):
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' expects axis to name axes of its inputs, each "
            f"once; it got axis={axis!r} and inputs of {rank} axes, which go from {-rank} to "
            f"{rank - 1}."
        )
    return tuple(found)


def known_sizes(layer: Any, axes: Any, shape: Any) -> tuple[int, ...]:
    """Return the sizes of `axes`.

    Raises:
        ValueError: if one is not known.
    """
    found = tuple(shape[axis] for axis in axes)
    if None in found:
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' has weights for axis "
            f"{', '.join(map(str, axes))} and needs to know its size; the inputs' shape is "
            f"{tuple(shape)}. Give Input a size there."
        )
    return found


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def below_one(layer: Any, name: str, value: float) -> float:
    """Return a fraction that noise can be drawn for.

    Raises:
        ValueError: if it is 1.
    """
    if value >= 1:
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' cannot draw noise for {name}={value!r}, whose "
            f"variance is without bounds. Give {name} a number below 1."
        )
    return value
