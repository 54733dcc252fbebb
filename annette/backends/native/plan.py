"""From units to a plan: order, memory, and the core's form of each instruction."""

from __future__ import annotations

from typing import Any

from annette.backends.native import printing
from annette.backends.native.core import Core
from annette.backends.native.fuse import Unit, aligned, fuse, is_stored, order, unit_name
from annette.backends.native.items import Base, Item, Ref, Shape
from annette.backends.native.pooled import pooled
from annette.backends.native.translate import Given, Translator, keeps
from annette.graph.dtypes import numpy_dtype
from annette.graph.graph import Graph
from annette.graph.lower import lower
from annette.graph.variable import Variable

_PLACES = {"temp": 0, "constant": 1, "input": 2, "variable": 3, "output": 4, "piece": 5}
_ALIGN = 64
_GUARD = 64


class Plan:
    """A graph as instructions over one arena.

    Args:
        core: the compiled core.
        graph: what to do.
        variables: every variable the graph reads or changes; their order is that of the arrays.
        guarded: keep bytes around every value that the core looks at after each instruction.
        given: how the inputs lie, for the body of a loop, whose inputs are parts of other values.
    """

    def __init__(
        self,
        core: Core,
        graph: Graph,
        variables: list[Variable],
        guarded: bool = False,
        given: Given | None = None,
    ) -> None:
        self.core = core
        self.name = graph.name
        self.outputs = graph.outputs
        ready = lower(graph, lambda node: keeps(core, node))
        self._work = Translator(
            core, ready, variables, lambda body, lies: Plan(core, body, [], guarded, lies), given
        )
        self.packed = self._work.packed
        self.variables = variables
        self._slots = {v: i for i, v in enumerate(variables)}
        self._bind_outputs(ready)
        assigned = self._bind_assigned(ready)
        self.units = self._scheduled(assigned)
        self.input_codes = [core.codes[t.dtype] for t in graph.inputs]
        self.input_codes += [core.codes[look.dtype] for _, look in self.packed]
        self.arena_bytes, self._offsets, self.guards = self._place(guarded)
        self.calls: list[Any] = []  # shared with the bodies of loops
        self.bodies: list[Any] = []
        self._built: Any = None

    def __str__(self) -> str:
        """Return a table of the instructions: shapes, operands, bytes, tasks, what is in place."""
        return printing.text(self)

    @property
    def calls_numpy(self) -> bool:
        """Whether an instruction is one of NumPy's."""
        return any(item.kind == "call" for unit in self.units for item in unit.items)

    def costs(self) -> list[tuple[int, float, float, float]]:
        """Return tasks, operations, bytes and measured seconds by instruction; [] before `build`."""
        return [] if self._built is None else list(self._built.costs())

    # --- outputs and variables --------------------------------------------------------------------

    def _bind_outputs(self, graph: Graph) -> None:
        work = self._work
        assigned = {id(t) for _, t in graph.assigns}
        for slot, t in enumerate(graph.outputs):
            ref = work.refs[id(t)]
            base = ref.base
            if base.place == "temp" and ref.whole and id(t) not in assigned and base.writers:
                base.place, base.slot = "output", slot
            else:
                target = work.fresh("output", t.shape, t.dtype, slot=slot)
                work.copy(ref, target)

    def _bind_assigned(self, graph: Graph) -> list[tuple[Base, Base]]:
        """Give each new value of a variable a base; return (old, new)."""
        work = self._work
        found = []
        taken: set[Base] = set()
        for v, t in graph.assigns:
            ref = work.refs[id(t)]
            old = work.variables[self._slots[v]]
            if ref.base is old and ref.whole:
                continue
            if ref.base.place == "variable":
                # Another variable's old value, which may be overwritten: taken first.
                kept = work.fresh("temp", t.shape, t.dtype)
                work.copy(ref, kept)
                ref = kept
            source = ref.base
            if source.place != "temp" or not ref.whole or source in taken or not source.writers:
                made = work.fresh("temp", t.shape, t.dtype)
                work.copy(ref, made)
                source = made.base
            taken.add(source)
            found.append((old, source))
        return found

    def _scheduled(self, assigned: list[tuple[Base, Base]]) -> list[Unit]:
        """Order the units; new values are made in the variables' arrays where no one still reads."""
        units = fuse(self._work.items)
        extra: dict[Unit, set[Unit]] = {}
        for old, new in assigned:
            writers = {item.unit for item in new.writers}
            readers = {item.unit for item in old.readers}
            if len(writers) == 1 and self._in_place(old, new, next(iter(writers))):
                writer = next(iter(writers))
                others = readers - {writer}
                if not any(_needs(writer, reader, extra) for reader in others):
                    for reader in others:
                        extra.setdefault(reader, set()).add(writer)
                    new.place, new.slot = "variable", old.slot
                    continue
            self._copy_late(old, new, units, extra)
        return pooled(self.core, order(units, extra))

    def _copy_late(
        self, old: Base, new: Base, units: list[Unit], extra: dict[Unit, set[Unit]]
    ) -> None:
        work = self._work
        shape = (new.size,)
        target = work.fresh("variable", shape, new.dtype, slot=old.slot)
        work.copy(Ref(new, shape, (1,)), target)
        unit = Unit(work.items[-1])
        units.append(unit)
        for reader in {item.unit for item in old.readers}:
            extra.setdefault(reader, set()).add(unit)

    @staticmethod
    def _in_place(old: Base, new: Base, writer: Unit) -> bool:
        """Say whether a unit reads an old value only at the places where it writes the new one."""
        for item in writer.items:
            for ref in item.reads:
                if ref.base is old and not (item.kind == "step" and aligned(ref, item)):
                    return False
        return True

    # --- memory -----------------------------------------------------------------------------------

    def _place(self, guarded: bool) -> tuple[int, dict[Base, int], list[tuple[int, int]]]:
        """Place the values of the arena: the largest first, as low as those alive beside it allow."""
        first: dict[Base, int] = {}
        last: dict[Base, int] = {}
        for n, unit in enumerate(self.units):
            for base in self._stored(unit):
                if base.place == "temp":
                    first.setdefault(base, n)
                    last[base] = n
        offsets: dict[Base, int] = {}
        top = _GUARD if guarded else 0
        guards = [(0, _GUARD)] if guarded else []
        for base in sorted(first, key=lambda b: (-_bytes(b), b.number)):
            size = -(-_bytes(base) // _ALIGN) * _ALIGN
            if guarded:
                offsets[base] = top
                guards.append((top + _bytes(base), size - _bytes(base) + _GUARD))
                top += size + _GUARD
                continue
            beside = sorted(
                (offsets[o], -(-_bytes(o) // _ALIGN) * _ALIGN)
                for o in offsets
                if first[o] <= last[base] and first[base] <= last[o]
            )
            place = 0
            for offset, taken in beside:
                if offset - place >= size:
                    break
                place = max(place, offset + taken)
            offsets[base] = place
            top = max(top, place + size)
        return top, offsets, guards

    def _stored(self, unit: Unit) -> list[Base]:
        """Return the bases whose memory a unit touches."""
        bases = [ref.base for item in unit.items for ref in item.reads if ref.base not in unit.made]
        bases += [
            ref.base for item in unit.items for ref in item.writes if is_stored(ref.base, unit)
        ]
        return bases + (self._stored(unit.pool) if unit.pool else [])

    # --- the core's form --------------------------------------------------------------------------

    def build(self, variables: int, outputs: int) -> Any:
        """Return the core's program."""
        self._numbers: dict[Any, int] = {}
        self._values: list[tuple[int, int, Any]] = []
        instructions = [self._instruction(unit) for unit in self.units]
        self._built = self.core.module.Program(
            self.core.isa, self._values, instructions, self.arena_bytes, self.input_codes,
            variables, outputs, self.guards, self.calls, *([self.bodies] if self.bodies else []),
        )  # fmt: skip
        return self._built

    def _value(self, base: Base) -> int:
        # A variable's old and new value lie in one place, as the core must know.
        key = ("variable", base.slot) if base.place == "variable" else base
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._values)
            place = _PLACES[base.place]
            if base.place == "constant":
                self._values.append((place, 0, base.array))
            else:
                slot = self._offsets[base] if base.place == "temp" else base.slot
                self._values.append((place, slot, _bytes(base)))
        return number

    def _view(self, ref: Ref) -> tuple[Any, ...]:
        return (
            self._value(ref.base), self.core.codes[ref.dtype], ref.offset, ref.shape, ref.strides,
        )  # fmt: skip

    def _instruction(self, unit: Unit) -> tuple[Any, ...]:
        head = unit.head
        item = head or unit.items[0]
        if unit.loops:
            kind = self.core.kinds["loop" if head is None else head.kind]
            reads = [] if head is None else [self._view(r) for r in head.reads]
            ints = () if head is None else head.ints
            pool = self._instruction(unit.pool) if unit.pool else None
            return kind, unit_name(unit), reads, [], ints, self._loop(unit), -1, pool
        call = -1
        if item.kind == "call":
            call = len(self.calls)
            self.calls.append(item.call)
        if item.kind == "scan":
            call = len(self.bodies)
            item.call.calls = self.calls
            parts = item.ints[4]  # each goes through the steps with a program of its own
            self.bodies += [item.call.build(0, len(item.call.outputs)) for _ in range(parts)]
        reads = [self._view(r) for r in item.reads]
        writes = [self._view(r) for r in item.writes]
        name = item.call if item.kind == "within" else item.name
        return self.core.kinds[item.kind], name, reads, writes, item.ints, None, call, None

    def _loop(self, unit: Unit) -> tuple[Any, ...]:
        shape = unit.shape if unit.head is None else unit.head.full
        loop = _Loop(self, unit, shape)
        if unit.head is not None:  # the core puts its tiles into the first register
            loop.made(unit.head.writes[0], shape)
        for item in unit.items:
            if item.kind == "sum":
                loop.sum(item)
            elif item is not unit.head:
                loop.step(item)
        return shape, loop.types, loop.inputs, loop.outputs, loop.steps, loop.sums


class _Loop:
    """Numbers the registers of a unit's steps."""

    def __init__(self, plan: Plan, unit: Unit, shape: Shape) -> None:
        self.plan = plan
        self.unit = unit
        self.shape = shape
        self.types: list[int] = []
        self.inputs: list[tuple[int, Any]] = []
        self.outputs: list[tuple[int, Any]] = []
        self.steps: list[tuple[Any, ...]] = []
        self.sums: list[tuple[int, Any]] = []
        self.registers: dict[Any, int] = {}

    def step(self, item: Item) -> None:
        """Add a step, with the loads it needs and the stores of what others read."""
        given = tuple(self._read(ref) for ref in item.reads)
        if item.index < 0:
            (copy,) = item.writes
            if aligned(copy, item):  # steps that follow read the copy from the register
                self.registers[copy.base] = given[0]
            if is_stored(copy.base, self.unit):
                self._store(given[0], copy)
            return
        made = tuple(self.made(ref, item.shape) for ref in item.writes)
        self.steps.append((item.index, item.type, given, made, item.params))

    def sum(self, item: Item) -> None:
        """Add up a register over all axes but the last."""
        self.sums.append((self.registers[item.reads[0].base], self.plan._view(item.writes[0])))

    def made(self, ref: Ref, shape: Shape) -> int:
        """Return a new register for a result; it is stored if others need it."""
        register = self._register(ref.base.dtype)
        self.registers[ref.base] = register
        if is_stored(ref.base, self.unit):
            self._store(register, ref)
        return register

    def _register(self, dtype: str) -> int:
        self.types.append(self.plan.core.codes[dtype])
        return len(self.types) - 1

    def _read(self, ref: Ref) -> int:
        if ref.base in self.registers:
            return self.registers[ref.base]
        key = (ref.base, ref.offset, ref.shape, ref.strides)
        if key not in self.registers:
            register = self._register(ref.dtype)
            self.registers[key] = register
            self.inputs.append((register, self._view(ref)))
        return self.registers[key]

    def _store(self, register: int, ref: Ref) -> None:
        self.outputs.append((register, self._view(ref)))

    def _view(self, ref: Ref) -> tuple[Any, ...]:
        """Look at an operand with all axes of the loop, which its squeezed form may lack."""
        if ref.shape == self.shape:
            return self.plan._view(ref)
        squeezed = ref.squeezed()
        strides = iter(squeezed.strides)
        full = tuple(0 if n == 1 else next(strides) for n in self.shape)
        return self.plan._view(Ref(ref.base, self.shape, full, ref.offset))


def _needs(writer: Unit, reader: Unit, extra: dict[Unit, set[Unit]]) -> bool:
    """Say whether `reader` runs after `writer`."""
    stack, seen = [writer], {writer}
    while stack:
        unit = stack.pop()
        if unit is reader:
            return True
        for follower in {*unit.followers(), *extra.get(unit, ())}:
            if follower not in seen:
                seen.add(follower)
                stack.append(follower)
    return False


def _bytes(base: Base) -> int:
    return base.size * numpy_dtype(base.dtype).itemsize
