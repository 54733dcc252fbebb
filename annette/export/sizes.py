"""Sizes of a model whose data may have axes of any length: fixed numbers, and those that move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Moving(NamedTuple):
    """A size that moves with an unknown axis: what it is in each of the traces."""

    at: tuple[int, ...]


Size = int | Moving


def size_of(found: Sequence[int]) -> Size:
    """Return what the sizes found in the traces are: one number, or one that moves."""
    numbers = tuple(int(n) for n in found)
    return numbers[0] if len(set(numbers)) == 1 else Moving(numbers)


def at(size: Size, trace: int) -> int:
    """Return what `size` is in one of the traces."""
    return size.at[trace] if isinstance(size, Moving) else size


def shape_at(shape: Sequence[Size], trace: int) -> tuple[int, ...]:
    """Return what `shape` is in one of the traces."""
    return tuple(at(n, trace) for n in shape)


def fixed(shape: Sequence[Size]) -> bool:
    """Say whether no size of `shape` moves."""
    return not any(isinstance(n, Moving) for n in shape)


class Line(NamedTuple):
    """One size told by another: ``(up * n) // down + plus``."""

    up: int
    down: int
    plus: int


def line(told: Moving, by: Moving) -> Line | None:
    """Return how `told` follows from `by`, None if not along a line through all traces."""
    step, rise = by.at[1] - by.at[0], told.at[1] - told.at[0]
    if not step:
        return None
    common = math.gcd(step, rise) or 1
    up, down = rise // common, step // common
    if down < 0:
        up, down = -up, -down
    if up <= 0:
        return None
    # A quotient is meant only where nothing is left over.
    if any((up * n) % down for n in by.at):
        return None
    plus = told.at[0] - up * by.at[0] // down
    fits = all(up * n // down + plus == m for n, m in zip(by.at, told.at, strict=True))
    return Line(up, down, plus) if fits else None
