"""Convolutions whose results are pooled at once: what lies between them is never in memory."""

from __future__ import annotations

from annette.backends.native.core import Core
from annette.backends.native.fuse import Unit, is_stored
from annette.backends.native.items import Base


def pooled(core: Core, units: list[Unit]) -> list[Unit]:
    """Give convolutions the pooling that alone reads their results; return the units left.

    Args:
        core: the compiled core.
        units: in the order in which they run.
    """
    place = {unit: n for n, unit in enumerate(units)}
    taken: set[Unit] = set()
    for unit in units:
        found = _pooling(core, unit)
        if found is not None and _ready(found, unit, place):
            unit.pool = found
            (made,) = _stored(unit)
            made.place = "piece"
            taken.add(found)
    return [unit for unit in units if unit not in taken]


def _stored(unit: Unit) -> list[Base]:
    writes = {ref.base: None for item in unit.items for ref in item.writes}
    return [base for base in writes if is_stored(base, unit)]


def _pooling(core: Core, unit: Unit) -> Unit | None:
    """Return the unit that alone reads what a convolution makes, if it pools lines of its own."""
    head = unit.head
    if head is None or head.kind != "conv" or any(item.kind == "sum" for item in unit.items):
        return None
    stored = _stored(unit)
    if len(stored) != 1 or stored[0].place != "temp" or len(stored[0].writers) != 1:
        return None
    made = stored[0]
    (write,) = (ref for ref in made.writers[0].writes if ref.base is made)
    if not (write.whole and write.dense) or len(made.readers) != 1:
        return None
    reader = made.readers[0]
    below: Unit = reader.unit
    kinds = ("max_pool", "depthwise")
    if reader is not below.items[0] or reader.kind not in kinds or len(reader.reads) != 1:
        return None
    sums = any(item.kind == "sum" for item in below.items)
    fits = core.module.pools(head.ints, reader.ints, core.codes[made.dtype])
    return below if not sums and fits else None


def _ready(below: Unit, unit: Unit, place: dict[Unit, int]) -> bool:
    """Say whether all that a pooling reads beside is there when the convolution runs."""
    for item in below.items:
        for ref in item.writes:
            if ref.base.place == "variable":
                return False
        for ref in item.reads:
            for writer in ref.base.writers:
                if writer.unit not in (unit, below) and place[writer.unit] > place[unit]:
                    return False
    return True
