"""A plan as text: one line an instruction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from annette.backends.native.fuse import Unit, is_stored, unit_name
from annette.backends.native.items import Base

if TYPE_CHECKING:
    from annette.backends.native.plan import Plan

# Widths of the columns: a line has at most 120 characters.
_WHAT, _SHAPE, _OPERANDS = 31, 20, 38
_NAME = 24


class Line(NamedTuple):
    """What one instruction of a plan says of itself."""

    number: int
    what: str
    shape: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    in_place: tuple[str, ...]
    fallback: bool


def lines(plan: Plan) -> list[Line]:
    """Return what each instruction of a plan does, on what, and where it works in place."""
    return [_line(plan, number, unit) for number, unit in enumerate(plan.units)]


def text(plan: Plan) -> str:
    """Return a plan as a table; with tasks and bytes once the core has it."""
    found = lines(plan)
    costs = plan.costs()
    head = f"plan {plan.name} ({plan.core.isa})"
    rows = [head, _row("", "instruction", "on", "operands -> results", "bytes", "tasks", "")]
    for line in found:
        tasks, _, moved, _ = costs[line.number] if costs else (0, 0.0, 0.0, 0.0)
        mark = "NumPy" if line.fallback else "in place" if line.in_place else ""
        rows.append(
            _row(
                str(line.number), line.what, line.shape, _operands(line),
                _amount(moved) if moved else "", str(tasks) if costs else "", mark,
            )
        )  # fmt: skip
        body = plan.units[line.number].items[0].call if line.what == "scan" else None
        if body is not None:
            rows += [f"  | {row}" for row in text(body).splitlines()[2:]]
    return "\n".join([*rows, summary(plan, found)])


def summary(plan: Plan, found: list[Line]) -> str:
    """Return the last line: instructions, memory, what runs in NumPy."""
    names = list(dict.fromkeys(line.what for line in found if line.fallback))
    count = sum(line.fallback for line in found)
    kinds = f"{count} in NumPy ({', '.join(names)})" if count else "none in NumPy"
    return f"{_many(len(found), 'instruction')}, arena {_amount(plan.arena_bytes)}, {kinds}"


def _line(plan: Plan, number: int, unit: Unit) -> Line:
    read, written = _bases(unit)
    places = {base.slot for base in read if base.place == "variable"}
    changed = [b for b in written if b.place == "variable" and b.slot in places]
    return Line(
        number,
        unit_name(unit),
        _shape(unit),
        tuple(dict.fromkeys(_name(plan, b) for b in read)),
        tuple(dict.fromkeys(_name(plan, b) for b in written)),
        tuple(_name(plan, b) for b in changed),
        unit.items[0].kind == "call",
    )


def _bases(unit: Unit) -> tuple[list[Base], list[Base]]:
    """Return the values that a unit reads from memory, and those it leaves there."""
    read = [ref.base for item in unit.items for ref in item.reads if ref.base not in unit.made]
    written = [ref.base for item in unit.items for ref in item.writes]
    stored = [b for b in dict.fromkeys(written) if is_stored(b, unit)]
    if unit.pool is not None:
        more, made = _bases(unit.pool)
        read += [b for b in more if b not in stored]
        stored = made
    return list(dict.fromkeys(read)), stored


def _shape(unit: Unit) -> str:
    """Return the space that a unit covers: of a product its matrices, else its first operand."""
    item = unit.head or unit.items[0]
    if unit.head is not None:
        return " x ".join(_axes(ref.shape) for ref in item.reads[:2])
    if unit.loops:
        return _axes(item.shape)
    given = [max(item.reads, key=lambda r: r.base.size)] if item.reads else []
    return " > ".join(_axes(ref.shape) for ref in (*given, *item.writes[:1]))


def _axes(shape: Iterable[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _name(plan: Plan, base: Base) -> str:
    if base.place == "input":
        return f"x{base.slot}"
    if base.place == "output":
        return f"y{base.slot}"
    if base.place == "variable":
        return str(plan.variables[base.slot].path)
    if base.place == "constant" and base.array is not None:
        return f"{base.array.item():.4g}" if base.size == 1 else f"const{_axes(base.array.shape)}"
    return f"%{base.number}"


def _operands(line: Line) -> str:
    """Return operands and results; what does not fit is counted."""
    reads = [_short(n) for n in line.reads if not n.lstrip("-")[:1].isdigit()]
    writes = [_short(n) for n in line.writes if n not in line.in_place]
    room = _OPERANDS - (len(_fitting(writes, _OPERANDS // 2)) + 4 if writes else 0)
    left = _fitting(reads, room)
    return f"{left} -> {_fitting(writes, _OPERANDS // 2)}" if writes else left


def _fitting(names: list[str], room: int) -> str:
    """Return the names that fit, and how many more there are."""
    kept = list(names)
    while kept and len(_joined(kept, len(names))) > room:
        kept.pop()
    return _joined(kept, len(names))


def _joined(kept: list[str], count: int) -> str:
    rest = count - len(kept)
    return ", ".join([*kept, f"+{rest}"] if rest else kept)


def _short(name: str) -> str:
    """Return the end of a variable's path, which tells most."""
    name = "/".join(name.split("/")[-2:])
    return name if len(name) <= _NAME else "…" + name[1 - _NAME :]


def _row(*cells: str) -> str:
    number, what, shape, operands, moved, tasks, mark = cells
    if len(what) > _WHAT:
        what = what[: _WHAT - 1] + "…"
    if len(shape) > _SHAPE:
        shape = shape[: _SHAPE - 1] + "…"
    return (
        f"{number:>3} {what:{_WHAT}} {shape:{_SHAPE}} {operands:{_OPERANDS}} "
        f"{moved:>8} {tasks:>5} {mark}"
    ).rstrip()


def _amount(count: float) -> str:
    """Return a number of bytes, short."""
    units = ["B", "KB", "MB", "GB"]
    while count >= 1000 and len(units) > 1:
        count /= 1000
        units.pop(0)
    whole = units[0] == "B" or count >= 100
    return f"{count:.{0 if whole else 1}f} {units[0]}"


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
