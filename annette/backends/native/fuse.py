"""From items to units: elementwise steps run together, also on the tiles of a matrix product."""

from __future__ import annotations

import math
from collections.abc import Iterator

from annette.backends.native.items import Base, Item, Ref

# A loop's limits (steps and registers of the core), with room to spare.
_MOST_STEPS = 40
_MOST_REGISTERS = 60
# What gives its results to steps that follow, tile by tile.
HEADS = ("matmul", "conv", "conv_filter", "depthwise", "depthwise_filter")
# Units of at most so many elements are joined though they share nothing: it saves instructions.
_SMALL = 4096


class Unit:
    """Items that become one instruction: one structured item, or steps after at most one head."""

    __slots__ = ("head", "items", "made", "number", "pool")

    def __init__(self, item: Item) -> None:
        self.items = [item]
        self.pool: Unit | None = None  # of each piece of what a convolution makes
        self.head: Item | None = item if item.kind in HEADS else None
        self.number = item.number
        self.made: set[Base] = {r.base for r in item.writes}
        item.unit = self

    @property
    def loops(self) -> bool:
        """Whether steps can join it."""
        return self.items[0].kind in ("step", *HEADS)

    @property
    def shape(self) -> tuple[int, ...]:
        """The space its steps cover, without axes of size 1."""
        return self.items[0].shape

    def join(self, other: Unit) -> None:
        """Take in the items of another unit."""
        self.items = sorted([*self.items, *other.items], key=lambda item: item.number)
        self.head = self.head or other.head
        self.made |= other.made
        self.number = self.items[0].number
        for item in other.items:
            item.unit = self

    def followers(self) -> Iterator[Unit]:
        """Yield the units that read what this one makes, or write after it to the same place."""
        for mine in self.items:
            for ref in mine.writes:
                for item in ref.base.readers:
                    if item.unit is not self:
                        yield item.unit
                for item in () if ref.base.parted else ref.base.writers:
                    if item.unit is not self and item.number > mine.number:
                        yield item.unit


def fuse(items: list[Item]) -> list[Unit]:
    """Return the units, in an order in which they can run."""
    units: list[Unit] = []
    for item in reversed(items):
        unit = Unit(item)
        target = _sink(item) if item.kind in ("step", *HEADS) else None
        if target is None:
            units.append(unit)
        else:
            target.join(unit)
    return _with_sums(_merge(order(units)))


def _sink(item: Item) -> Unit | None:
    """Return the unit of an item's readers that it can be part of."""
    readers = [r for ref in item.writes for r in ref.base.readers]
    candidates: list[Unit] = list(dict.fromkeys(r.unit for r in readers))
    if any(len(ref.base.writers) > 1 for ref in item.writes):
        return None
    if item.kind == "step" and len(candidates) != 1:
        return None
    for unit in candidates:
        if not _fits(item, unit) or not _in_place(item, unit):
            continue
        others = [u for u in candidates if u is not unit]
        if not any(_reaches(other, unit) for other in others):
            return unit
    return None


def _fits(item: Item, unit: Unit) -> bool:
    if not unit.loops or unit.shape != item.shape or _too_large([item, *unit.items]):
        return False
    return not (item.kind in HEADS and unit.head is not None)


def _too_large(items: list[Item]) -> bool:
    """Say whether items have more steps, operands and results than a loop takes."""
    refs = [ref for item in items for ref in (*item.reads, *item.writes)]
    if len(items) > _MOST_STEPS or len(refs) <= _MOST_REGISTERS:
        return len(items) > _MOST_STEPS
    seen = {(ref.base, ref.offset, ref.shape, ref.strides) for ref in refs}
    return len(seen) > _MOST_REGISTERS


def _in_place(item: Item, unit: Unit) -> bool:
    """Say whether a unit reads what an item makes place by place, and only so."""
    # What is written in another order, or by a copy, which fills no register, is read from memory.
    filled = item.kind != "step" or item.index >= 0
    bases = {ref.base: filled and ref.whole for ref in item.writes}
    return all(
        bases[ref.base] and reader.kind == "step" and aligned(ref, reader)
        for reader in unit.items
        for ref in reader.reads
        if ref.base in bases
    )


def aligned(ref: Ref, item: Item) -> bool:
    """Say whether a step reads a whole value in order."""
    return ref.whole and ref.shape == item.shape


def _reaches(start: Unit, goal: Unit) -> bool:
    """Say whether `goal` needs what `start` makes, directly or through others."""
    stack, seen = [start], {id(start)}
    last = goal.items[-1].number  # what begins after the goal's last item leads nowhere near it
    while stack:
        unit = stack.pop()
        if unit is goal:
            return True
        for follower in unit.followers():
            near = follower.number < last or follower is goal
            if near and id(follower) not in seen:
                seen.add(id(follower))
                stack.append(follower)
    return False


def order(units: list[Unit], extra: dict[Unit, set[Unit]] | None = None) -> list[Unit]:
    """Sort units so that each runs after what it needs; `extra` names more that must follow one."""
    waiting: dict[Unit, int] = dict.fromkeys(units, 0)
    after: dict[Unit, set[Unit]] = {}
    for unit in units:
        after[unit] = set(unit.followers()) | (extra or {}).get(unit, set())
        after[unit].discard(unit)
    for followers in after.values():
        for follower in followers:
            waiting[follower] += 1
    ready = sorted((u for u, n in waiting.items() if n == 0), key=lambda u: -u.number)
    result: list[Unit] = []
    while ready:
        unit = ready.pop()
        result.append(unit)
        freed = []
        for follower in after[unit]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                freed.append(follower)
        if freed:
            ready = sorted([*ready, *freed], key=lambda u: -u.number)
    if len(result) != len(units):
        raise ValueError("The units of a plan need each other in a circle.")
    return result


def _merge(units: list[Unit]) -> list[Unit]:
    """Join units of one shape where one feeds the other, and small ones anyway."""
    groups: dict[tuple[int, ...], list[Unit]] = {}
    for unit in units:
        if not unit.loops:
            continue
        group = groups.setdefault(unit.shape, [])
        whole = unit
        for earlier in reversed(group):
            if _joins(earlier, whole):
                earlier.join(whole)
                whole = earlier
        group[:] = [u for u in group if u.items[0].unit is u]
        if whole is unit:
            group.append(unit)
    kept = {item.unit for unit in units for item in unit.items}
    return order(list(kept))


def _joins(a: Unit, b: Unit) -> bool:
    if (a.head and b.head) or _too_large([*a.items, *b.items]):
        return False
    feeds = any(ref.base in a.made for item in b.items for ref in item.reads)
    if not feeds and math.prod(a.shape) > _SMALL:
        return False
    if not all(_in_place(item, b) and _in_place(item, a) for item in a.items):
        return False
    if any(ref.base in b.made for item in a.items for ref in item.reads):
        return False
    if any(len(base.writers) > 1 and not base.parted for base in (*a.made, *b.made)):
        return False
    return not any(
        _reaches(follower, b) for follower in set(a.followers()) if follower is not b
    ) and not any(_reaches(follower, a) for follower in set(b.followers()))


def _with_sums(units: list[Unit]) -> list[Unit]:
    """Let the loops that make a value sum it over all axes but the last."""
    kept = []
    for unit in units:
        item = unit.items[0]
        maker = item.reads[0].base.writers[0].unit if _sums_columns(item) else None
        if maker is not None and _makes_columns(maker, item):
            maker.join(unit)
        else:
            kept.append(unit)
    return order(kept)


def _sums_columns(item: Item) -> bool:
    """Say whether an item sums a whole value that one item makes over all axes but the last."""
    if item.kind != "sum":
        return False
    x = item.reads[0]
    kept = [(n, s) for n, s in zip(x.shape, x.strides, strict=True) if n != 1][: item.ints[0]]
    columns = [n for n in x.shape[: item.ints[0]] if n != 1]
    whole = x.offset == 0 and math.prod(x.shape) == x.base.size and 0 not in x.shape
    solid = all(s > 0 for n, s in zip(x.shape, x.strides, strict=True) if n != 1)
    return (
        whole and solid and len(columns) == 1 and kept[0][1] == 1
        and x.dtype in ("float32", "float64") and len(x.base.writers) == 1
    )  # fmt: skip


def _makes_columns(unit: Unit, item: Item) -> bool:
    """Say whether a unit's loop goes over rows of what an item sums."""
    if not unit.loops or (unit.head is not None and unit.head.kind not in ("conv", "depthwise")):
        return False
    columns = next(n for n in item.reads[0].shape[: item.ints[0]] if n != 1)
    base = item.reads[0].base
    fits = len(unit.shape) > 1 and unit.shape[-1] == columns and base.size == math.prod(unit.shape)
    # A copy fills no register.
    made = any(i.kind != "step" or i.index >= 0 for i in base.writers)
    return fits and made and not _too_large([item, *unit.items])


def is_stored(base: Base, unit: Unit) -> bool:
    """Say whether what a unit makes is needed in memory."""
    if base.place != "temp" or len(base.writers) > 1:
        return True
    if not unit.loops:
        return True
    return any(item.unit is not unit for item in base.readers)


def unit_name(unit: Unit) -> str:
    """Return the names of what a unit does, as a plan prints it."""
    names = [item.name for item in unit.items]
    counted = [f"{n}×{names.count(n)}" if names.count(n) > 1 else n for n in dict.fromkeys(names)]
    return " ".join([*counted, *([unit_name(unit.pool)] if unit.pool else [])])
