"""What a graph becomes before it is a plan: values in memory, looks at them, and work on them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Shape = tuple[int, ...]


class Base:
    """A value in memory.

    `place` is "temp" (the arena), "constant", "input", "variable" or "output"; `slot` the number of
    the array that is bound to it.
    """

    __slots__ = (
        "array", "dtype", "number", "parted", "place", "readers", "size", "slot", "writers",
    )  # fmt: skip

    def __init__(
        self, number: int, place: str, dtype: str, size: int, slot: int = 0, array: Any = None
    ) -> None:
        self.number = number
        self.place = place
        self.dtype = dtype
        self.size = size
        self.slot = slot
        self.array: np.ndarray | None = array
        self.parted = False  # whether its writers write parts that do not overlap
        self.writers: list[Item] = []
        self.readers: list[Item] = []


class Ref:
    """A look at a base: shape, strides and offset in elements."""

    __slots__ = ("base", "offset", "shape", "strides")

    def __init__(self, base: Base, shape: Shape, strides: Shape, offset: int = 0) -> None:
        self.base = base
        self.shape = shape
        self.strides = strides
        self.offset = offset

    @property
    def dtype(self) -> str:
        """The base's dtype."""
        return self.base.dtype

    @property
    def whole(self) -> bool:
        """Whether it is all of the base, in order."""
        return self.offset == 0 and self.dense and math.prod(self.shape) == self.base.size

    @property
    def dense(self) -> bool:
        """Whether its elements lie side by side in row-major order."""
        return all(
            n == 1 or a == b
            for n, a, b in zip(self.shape, self.strides, row_major(self.shape), strict=True)
        )

    def broadcast(self, shape: Shape) -> Ref:
        """Look at the same as if it had `shape`."""
        lead = len(shape) - len(self.shape)
        strides = tuple(
            0 if i < lead or (self.shape[i - lead] == 1 and n != 1) else self.strides[i - lead]
            for i, n in enumerate(shape)
        )
        return Ref(self.base, shape, strides, self.offset)

    def squeezed(self) -> Ref:
        """Look at the same without axes of size 1."""
        kept = [i for i, n in enumerate(self.shape) if n != 1]
        if len(kept) == len(self.shape):
            return self
        return Ref(
            self.base,
            tuple(self.shape[i] for i in kept),
            tuple(self.strides[i] for i in kept),
            self.offset,
        )

    def reshaped(self, shape: Shape) -> Ref | None:
        """Look at the same in another shape; None where that takes a copy."""
        strides = _reshaped_strides(self.squeezed(), shape)
        return None if strides is None else Ref(self.base, shape, strides, self.offset)

    def transposed(self, axes: Shape) -> Ref:
        """Look at the same with the axes in another order."""
        return Ref(
            self.base,
            tuple(self.shape[a] for a in axes),
            tuple(self.strides[a] for a in axes),
            self.offset,
        )

    def sliced(self, start: Shape, stop: Shape, step: Shape) -> Ref:
        """Look at a part."""
        ranges = [
            range(a, min(b, n), c) for a, b, c, n in zip(start, stop, step, self.shape, strict=True)
        ]
        offset = self.offset + sum(
            r.start * s for r, s in zip(ranges, self.strides, strict=True) if len(r)
        )
        return Ref(
            self.base,
            tuple(len(r) for r in ranges),
            tuple(s * c for s, c in zip(self.strides, step, strict=True)),
            offset,
        )

    def flipped(self, axes: Shape) -> Ref:
        """Look at the same with some axes reversed."""
        offset = self.offset + sum(
            (self.shape[a] - 1) * self.strides[a] for a in axes if self.shape[a]
        )
        strides = tuple(-s if i in axes else s for i, s in enumerate(self.strides))
        return Ref(self.base, self.shape, strides, offset)


def span(ref: Ref) -> int:
    """Return the elements from a look's first to its last, both included."""
    if 0 in ref.shape:
        return 0
    return 1 + sum((n - 1) * s for n, s in zip(ref.shape, ref.strides, strict=True))


def row_major(shape: Shape) -> Shape:
    """Return the strides of values that lie side by side in row-major order."""
    strides, gap = [], 1
    for n in reversed(shape):
        strides.append(gap)
        gap *= n
    return tuple(reversed(strides))


def _reshaped_strides(ref: Ref, shape: Shape) -> Shape | None:
    if ref.dense or math.prod(shape) == 0:
        return row_major(shape)
    strides: list[int] = []
    new = [n for n in shape if n != 1]
    i = 0
    for n, stride in zip(ref.shape, ref.strides, strict=True):
        # The axes of `shape` that this one splits into; one that joins several needs a copy.
        part = 1
        group = []
        while i < len(new) and part < n:
            part *= new[i]
            group.append(new[i])
            i += 1
        if part != n:
            return None
        strides.extend(stride * s for s in row_major(tuple(group)))
    found = iter(strides)
    return tuple(1 if n == 1 else next(found) for n in shape)


class Item:
    """One piece of work.

    Args:
        kind: "step" (elementwise), a structured kernel's name, or "call".
        name: for printing.
        reads: what it reads; of a step, broadcast to its shape and squeezed.
        writes: what it writes; of a step, a register or a place for each result.
        shape: the space a step or product covers, without axes of size 1.
        index: of a step in the core's table; -1 for one that copies.
        type: the dtype's code that chooses the step's loop.
        params: of a step.
        ints: of a structured kernel.
        call: what serves a "call"; a scan's body; what is said where numbers are not "within".
    """

    __slots__ = (
        "call", "full", "index", "ints", "kind", "name", "number", "params", "reads", "shape",
        "type", "unit", "writes",
    )  # fmt: skip

    def __init__(
        self,
        kind: str,
        name: str,
        reads: list[Ref],
        writes: list[Ref],
        *,
        shape: Shape = (),
        index: int = -1,
        type: int = 0,
        params: tuple[float, ...] = (),
        ints: tuple[int, ...] = (),
        call: Any = None,
        full: Shape = (),
    ) -> None:
        self.kind = kind
        self.name = name
        self.reads = reads
        self.writes = writes
        self.shape = shape
        self.index = index
        self.type = type
        self.params = params
        self.ints = ints
        self.call = call
        self.full = full  # of a product: its shape with all axes
        self.number = 0
        self.unit: Any = None


def squeeze(shape: Shape) -> Shape:
    """Return a shape without its axes of size 1."""
    return tuple(n for n in shape if n != 1)
