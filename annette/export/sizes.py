"""Sizes of a model whose data may have axes of any length: fixed numbers, and those that move."""

from __future__ import annotations

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


def traces(sizes: Sequence[Size]) -> int:
    """Return in how many traces `sizes` are known; one will do where none moves."""
    return max((len(n.at) for n in sizes if isinstance(n, Moving)), default=1)


def shape_at(shape: Sequence[Size], trace: int) -> tuple[int, ...]:
    """Return what `shape` is in one of the traces."""
    return tuple(at(n, trace) for n in shape)


def fixed(shape: Sequence[Size]) -> bool:
    """Say whether no size of `shape` moves."""
    return not any(isinstance(n, Moving) for n in shape)


class Line(NamedTuple):
    """One size told by another: ``(up * n + before) // down + plus``."""

    up: int
    down: int
    plus: int
    before: int = 0


def line(told: Moving, by: Moving) -> Line | None:
    """Return how `told` follows from `by`: along a line through all traces, or as a half."""
    return _straight(told, by) or _half(told, by)


def _straight(told: Moving, by: Moving) -> Line | None:
    step, rise = by.at[1] - by.at[0], told.at[1] - told.at[0]
    if not step or rise % step or rise // step < 1:
        return None
    up = rise // step
    plus = told.at[0] - up * by.at[0]
    fits = all(up * n + plus == m for n, m in zip(by.at, told.at, strict=True))
    return Line(up, 1, plus) if fits else None


def _half(told: Moving, by: Moving) -> Line | None:
    """A half that is rounded; odd and even sizes show which way."""
    if len({n % 2 for n in by.at}) < 2:
        return None
    for before in (0, 1):
        plus = {m - (n + before) // 2 for n, m in zip(by.at, told.at, strict=True)}
        if len(plus) == 1:
            return Line(1, 2, plus.pop(), before)
    return None
