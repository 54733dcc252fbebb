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
    if made.dtype != head.writes[0].dtype:  # pieces are cut for numbers of one size
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
    """Say whether a pooling may run where the convolution does.

    All that it reads beside must be there by then, and nothing may be written later where it writes:
    the zeros around its result, for one.
    """
    writes = [ref.base for item in below.items for ref in item.writes]
    if any(base.place == "variable" for base in writes):
        return False
    bases = [ref.base for item in below.items for ref in item.reads]
    bases += [base for base in writes if not base.parted]
    writers = {item.unit for base in bases for item in base.writers} - {unit, below}
    return all(place[writer] < place[unit] for writer in writers)
