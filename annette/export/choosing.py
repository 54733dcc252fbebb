"""Which sizes unknown axes have in the traces: as free of each other as the model lets them be.

Two traces make a line and the others say whether it is one. What a choice of sizes hides would be
taken for a rule: axes that are equal in all traces for one axis, even sizes for sizes without a half.
So axes are made equal, and multiples of something, only where the model cannot be traced otherwise,
and the sizes leave all remainders by 8.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from annette.export.sizes import Moving, line

T = TypeVar("T")
Axis = tuple[int, int]
Shapes = Sequence[tuple[int | None, ...]]

# Traces where only the rows are not known, and where other axes are not.
ROWS_ONLY, TRACES = 3, 8
# What a model raises for sizes that it cannot have.
FAILURES = (ValueError, TypeError, IndexError, ZeroDivisionError)
_ROWS = (2, 3, 5, 4, 7, 11, 8, 9)
# The least odd size: many, and few for tables of so many places.
_MANY, _FEW = 37, 5
_FACTORS = (1, 2, 4, 8, 16, 32)


@dataclasses.dataclass(frozen=True)
class Choice:
    """Sizes for unknown axes, odd and even ones, from `least` on.

    Those of one group are equal, and multiples of the group's factor.
    """

    least: int
    groups: dict[Axis, Hashable]
    factors: dict[Hashable, int]

    def sizes(self, shapes: Shapes, moved: bool = False) -> list[list[tuple[int, ...]]]:
        """Return the sizes of each axis of each input in the traces; other ones of the kind if moved."""
        order = list(dict.fromkeys(self.groups.values()))
        table = _table(self.least, len(order))
        count = TRACES if order else ROWS_ONLY
        rows = tuple(n + (5 if moved else 0) for n in _ROWS[:count])

        def of(place: Axis, n: int | None) -> tuple[int, ...]:
            if n is not None:
                return (n,) * count
            if not place[1]:
                return rows
            group = self.groups[place]
            base = table[order.index(group)]
            return tuple(self.factors[group] * (m + (8 if moved else 0)) for m in base)

        return [[of((i, a), n) for a, n in enumerate(s)] for i, s in enumerate(shapes)]


def _table(least: int, count: int) -> list[tuple[int, ...]]:
    """Return so many rows of sizes, none of which follows from another."""
    rng = random.Random(least)
    found: list[tuple[int, ...]] = []
    while len(found) < count:
        ends = rng.sample(range(8), TRACES)
        row = tuple(
            least + (end - least) % 8 + 8 * rng.randrange(max(least // 8, 3)) for end in ends
        )
        others = [Moving(other) for other in found]
        if not any(line(Moving(row), o) or line(o, Moving(row)) for o in others):
            found.append(row)
    return found


def freest(attempt: Callable[[Choice], T], shapes: Shapes) -> T:
    """Return what `attempt` gives for the freest choice of sizes that it takes.

    Raises:
        ValueError, TypeError, IndexError, ZeroDivisionError: the first of them, if it takes none.
    """
    unknown = [(i, a) for i, s in enumerate(shapes) for a, n in enumerate(s) if n is None and a]
    choice, found = _first(attempt, unknown)
    for axis in unknown:
        if list(choice.groups.values()).count(choice.groups[axis]) > 1:
            factors = {**choice.factors, axis: choice.factors[choice.groups[axis]]}
            alone = dataclasses.replace(
                choice, groups={**choice.groups, axis: axis}, factors=factors
            )
            choice, found = _freer(attempt, alone, choice, found)
    for group in dict.fromkeys(choice.groups.values()):
        for factor in _FACTORS[: _FACTORS.index(choice.factors[group])]:
            less = dataclasses.replace(choice, factors={**choice.factors, group: factor})
            choice, found = _freer(attempt, less, choice, found)
            if choice is less:
                break
    return found


def _freer(
    attempt: Callable[[Choice], T], freer: Choice, choice: Choice, found: T
) -> tuple[Choice, T]:
    try:
        return freer, attempt(freer)
    except FAILURES:
        return choice, found


def _first(attempt: Callable[[Choice], T], unknown: list[Axis]) -> tuple[Choice, T]:
    """Return the first choice that is taken: each axis alone, those of one place, all as one."""
    problem: Exception | None = None
    keys: list[Callable[[Axis], Hashable]] = [
        lambda axis: axis,
        lambda axis: axis[1],
        lambda axis: 0,
    ]
    ways = [(_MANY, 1), (_FEW, 1), *((_MANY, f) for f in _FACTORS[1:])]
    for least, factor in ways if unknown else ways[:1]:
        for key in keys if len(unknown) > 1 else keys[:1]:
            groups = {axis: key(axis) for axis in unknown}
            choice = Choice(least, groups, dict.fromkeys(groups.values(), factor))
            try:
                return choice, attempt(choice)
            except FAILURES as error:
                problem = problem or error
    assert problem is not None
    raise problem
