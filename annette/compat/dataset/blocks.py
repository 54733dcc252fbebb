"""Stretches of rows of arrays: what datasets hand on to each other while no row is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Places = slice | np.ndarray


class Block:
    """Rows of some arrays, each column with the places of its rows; nothing is copied.

    Args:
        leaves: the arrays.
        places: for each array, which of its rows, in order: a slice with step 1, or positions.
    """

    __slots__ = ("leaves", "places")

    def __init__(self, leaves: list[np.ndarray], places: list[Places]) -> None:
        self.leaves = leaves
        self.places = places

    @classmethod
    def whole(cls, leaves: list[np.ndarray]) -> Block:
        """Return all rows of the arrays."""
        return cls(leaves, [slice(0, len(leaves[0]))] * len(leaves))

    def __len__(self) -> int:
        first = self.places[0]
        return first.stop - first.start if isinstance(first, slice) else len(first)

    def cut(self, start: int, stop: int) -> Block:
        """Return the rows from `start` up to `stop` of this block."""
        return Block(self.leaves, [_cut(p, start, stop) for p in self.places])

    def pick(self, rows: np.ndarray) -> Block:
        """Return the rows of this block at some places."""
        return Block(self.leaves, [rows + p.start if isinstance(p, slice) else p[rows]
                                   for p in self.places])  # fmt: skip

    def gather(self) -> list[np.ndarray]:
        """Return the rows themselves, one array a column."""
        return [leaf[p] for leaf, p in zip(self.leaves, self.places, strict=True)]

    def positions(self) -> list[np.ndarray]:
        """Return the places of the rows as arrays, one a column."""
        return [np.arange(p.start, p.stop) if isinstance(p, slice) else p for p in self.places]

    def same_arrays(self, other: Block) -> bool:
        """Say whether both are of the same arrays."""
        return all(a is b for a, b in zip(self.leaves, other.leaves, strict=True))


def _cut(places: Places, start: int, stop: int) -> Places:
    if isinstance(places, slice):
        return slice(places.start + start, places.start + stop)
    return places[start:stop]


def batches(blocks: Iterator[Block], size: int, drop_remainder: bool) -> Iterator[list[np.ndarray]]:
    """Yield the rows in batches of `size`; a batch within one block is one indexing."""
    waiting: list[Block] = []
    have = 0
    for block in blocks:
        start = 0
        while len(block) - start >= size - have:
            stop = start + size - have
            waiting.append(block.cut(start, stop))
            yield joined(waiting)
            waiting, have, start = [], 0, stop
        if start < len(block):
            waiting.append(block.cut(start, len(block)))
            have += len(block) - start
    if waiting and not drop_remainder:
        yield joined(waiting)


def joined(blocks: list[Block]) -> list[np.ndarray]:
    """Return the rows of several blocks, one array a column."""
    if len(blocks) == 1:
        return blocks[0].gather()
    return [np.concatenate(parts) for parts in zip(*(b.gather() for b in blocks), strict=True)]


def zipped(streams: list[Iterator[Block]]) -> Iterator[Block]:
    """Yield the columns of several streams side by side, up to the shortest one's end."""
    heads: list[Block | None] = [None] * len(streams)
    while True:
        for i, stream in enumerate(streams):
            while heads[i] is None or not len(heads[i] or ()):
                found = next(stream, None)
                if found is None:
                    return
                heads[i] = found
        current = [head for head in heads if head is not None]
        n = min(len(head) for head in current)
        parts = [head.cut(0, n) for head in current]
        yield Block([a for p in parts for a in p.leaves], [q for p in parts for q in p.places])
        heads = [head.cut(n, len(head)) for head in current]


def shuffled(blocks: Iterator[Block], size: int, rng: np.random.Generator) -> Iterator[Block]:
    """Yield the rows in the order that a buffer of `size` rows gives them.

    The buffer is filled; then a row drawn from it goes out and the next one comes into its place;
    at the end what is left goes out in any order. The columns that are moved about are the places
    of the rows, or the rows themselves from where the arrays change.
    """
    columns: list[np.ndarray] = []
    home: Block | None = None  # the arrays that `columns` are places in; None: they are rows
    started = False

    def given(made: list[np.ndarray]) -> Block:
        return Block.whole(made) if home is None else Block(home.leaves, list(made))

    for block in blocks:
        if not started:
            home, started = block, True
        elif home is not None and not home.same_arrays(block):
            columns = [leaf[p] for leaf, p in zip(home.leaves, columns, strict=True)]
            home = None
        arriving = block.gather() if home is None else block.positions()
        room = max(0, size - len(columns[0])) if columns else size
        fill = [a[:room] for a in arriving]
        columns = [np.concatenate(c) for c in zip(columns, fill, strict=True)] if columns else fill
        arriving = [a[room:] for a in arriving]
        if len(arriving[0]):
            columns, leaving = _exchange(columns, arriving, rng)
            yield given(leaving)
    if columns and len(columns[0]):
        order = rng.permutation(len(columns[0]))
        yield given([c[order] for c in columns])


def _exchange(
    buffer: list[np.ndarray], arriving: list[np.ndarray], rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Let rows in one by one, each into the place of a row drawn, and return what went out.

    All at once: the row that goes out at a draw is the one that the last draw of the same place
    let in, or the one that was there at first.
    """
    n, size = len(arriving[0]), len(buffer[0])
    drawn = rng.integers(0, size, n)
    by_place = np.argsort(drawn, kind="stable")
    again = drawn[by_place][1:] == drawn[by_place][:-1]
    before = np.full(n, -1)
    before[by_place[1:][again]] = by_place[:-1][again]
    fresh = before < 0
    buffer = [b.copy() for b in buffer]
    leaving: list[np.ndarray] = []
    for held, coming in zip(buffer, arriving, strict=True):
        out = coming[before]
        out[fresh] = held[drawn[fresh]]
        held[drawn] = coming  # of several to one place the last one stays
        leaving.append(out)
    return buffer, leaving


def every(blocks: Iterator[Block], count: int, first: int) -> Iterator[Block]:
    """Yield each `count`-th row, beginning with row `first`."""
    seen = 0
    for block in blocks:
        rows: Any = np.arange((first - seen) % count, len(block), count)
        seen += len(block)
        if len(rows):
            yield block.pick(rows)


def taken(blocks: Iterator[Block], count: int) -> Iterator[Block]:
    """Yield the first `count` rows."""
    for block in blocks:
        if count <= 0:
            return
        yield block.cut(0, min(count, len(block)))
        count -= len(block)
        if count <= 0:
            return


def skipped(blocks: Iterator[Block], count: int) -> Iterator[Block]:
    """Yield all rows but the first `count`."""
    for block in blocks:
        if count < len(block):
            yield block.cut(count, len(block)) if count > 0 else block
        count = max(0, count - len(block))
