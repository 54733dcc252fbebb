"""Steps that look at no row: batch, shuffle, repeat, take, ..."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from annette.compat.dataset import blocks, elements
from annette.compat.dataset.base import INFINITE, UNKNOWN, Dataset, RowPlan
from annette.compat.dataset.blocks import Block
from annette.compat.tf.specs import TensorSpec
from annette.utils import tree


class Step(Dataset):
    """A dataset made of one other."""

    def __init__(self, source: Dataset) -> None:
        self.source = source

    @property
    def _blockwise(self) -> bool:  # type: ignore[override]  # it depends on the source
        return self.source._blockwise

    def _elements(self) -> Iterator[Any]:
        return super()._elements() if self._blockwise else self._singly()

    def _singly(self) -> Iterator[Any]:
        """Yield the elements where the source's are no rows of arrays."""
        raise NotImplementedError

    def _count(self) -> int:
        return self.source._count()

    def _spec(self) -> Any:
        return self.source._spec()

    def _table(self) -> list[np.ndarray] | None:
        return self.source._table()


class Same(Step):
    """The same elements."""

    def _blocks(self) -> Iterator[Block]:
        return self.source._blocks()

    def _singly(self) -> Iterator[Any]:
        return self.source._elements()

    def _elements(self) -> Iterator[Any]:
        return self.source._elements()

    def row_plan(self) -> RowPlan | None:
        """Return the source's."""
        return self.source.row_plan()


class Take(Step):
    """The first elements."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def _blocks(self) -> Iterator[Block]:
        return blocks.taken(self.source._blocks(), self.count)

    def _singly(self) -> Iterator[Any]:
        return itertools.islice(self.source._elements(), self.count)

    def _count(self) -> int:
        have = self.source._count()
        if have == UNKNOWN:
            return 0 if self.count == 0 else UNKNOWN
        return self.count if have == INFINITE else min(have, self.count)


class Skip(Step):
    """All but the first elements."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def _blocks(self) -> Iterator[Block]:
        return blocks.skipped(self.source._blocks(), self.count)

    def _singly(self) -> Iterator[Any]:
        return itertools.islice(self.source._elements(), self.count, None)

    def _count(self) -> int:
        have = self.source._count()
        return have if have < 0 else max(0, have - self.count)


class Shard(Step):
    """Each second, third, ... element."""

    def __init__(self, source: Dataset, shards: int, index: int) -> None:
        super().__init__(source)
        if not 0 <= index < shards:
            raise ValueError(
                f"shard expects an index from 0 up to num_shards - 1 = {shards - 1}; it got {index}."
            )
        self.shards, self.index = shards, index

    def _blocks(self) -> Iterator[Block]:
        return blocks.every(self.source._blocks(), self.shards, self.index)

    def _singly(self) -> Iterator[Any]:
        return itertools.islice(self.source._elements(), self.index, None, self.shards)

    def _count(self) -> int:
        have = self.source._count()
        return have if have < 0 else len(range(self.index, have, self.shards))


class Repeat(Step):
    """The elements several times over, or for ever."""

    def __init__(self, source: Dataset, count: int) -> None:
        super().__init__(source)
        self.count = count

    def _blocks(self) -> Iterator[Block]:
        return self._turns(self.source._blocks)

    def _singly(self) -> Iterator[Any]:
        return self._turns(self.source._elements)

    def _turns(self, turn: Any) -> Iterator[Any]:
        done = 0
        while self.count < 0 or done < self.count:
            empty = True
            for found in turn():
                empty = False
                yield found
            if empty:
                return
            done += 1

    def _count(self) -> int:
        have = self.source._count()
        if self.count == 0 or have == 0:
            return 0
        if have < 0:
            return have
        return INFINITE if self.count < 0 else have * self.count


class Shuffle(Step):
    """The elements in another order, which depends on the seed and the number of the pass."""

    def __init__(self, source: Dataset, size: Any, seed: Any, anew: bool) -> None:
        super().__init__(source)
        size = int(size)
        if size == INFINITE:
            size = 2**62
        if size < 1:
            raise ValueError(f"shuffle expects a buffer_size of 1 or more; it got {size}.")
        self.size, self.anew = size, anew
        self.seed = drawn_seed() if seed is None else int(seed)
        self.passes = 0

    def _blocks(self) -> Iterator[Block]:
        return blocks.shuffled(self.source._blocks(), self.size, self._rng())

    def _singly(self) -> Iterator[Any]:
        rng = self._rng()
        held: list[Any] = []
        for found in self.source._elements():
            if len(held) < self.size:
                held.append(found)
                continue
            place = int(rng.integers(len(held)))
            leaving, held[place] = held[place], found
            yield leaving
        for place in rng.permutation(len(held)):
            yield held[place]

    def _rng(self) -> np.random.Generator:
        number = self.passes if self.anew else 0
        self.passes += 1
        return np.random.default_rng([self.seed & 0xFFFFFFFFFFFFFFFF, number])


class Batch(Step):
    """So many elements at a time."""

    _blockwise = False  # batches are no rows

    def __init__(self, source: Dataset, size: Any, drop_remainder: Any) -> None:
        super().__init__(source)
        self.size = int(size)
        if self.size < 1:
            raise ValueError(f"batch expects a batch_size of 1 or more; it got {size!r}.")
        self.drop_remainder = bool(drop_remainder)

    def _elements(self) -> Iterator[Any]:
        if not self.source._blockwise:
            yield from self._singly()
            return
        form = self.source._spec()
        for leaves in blocks.batches(self.source._blocks(), self.size, self.drop_remainder):
            yield tree.pack_sequence_as(form, [elements.as_array(a, a) for a in leaves])

    def _singly(self) -> Iterator[Any]:
        held: list[Any] = []
        for found in self.source._elements():
            held.append(found)
            if len(held) == self.size:
                yield elements.stacked(held)
                held = []
        if held and not self.drop_remainder:
            yield elements.stacked(held)

    def _count(self) -> int:
        have = self.source._count()
        if have < 0:
            return have
        return have // self.size if self.drop_remainder else -(-have // self.size)

    def _spec(self) -> Any:
        return elements.with_rows(self.source._spec(), self.size if self.drop_remainder else None)

    def _table(self) -> list[np.ndarray] | None:
        return None

    def row_plan(self) -> RowPlan | None:
        """Return the plan, where the elements are rows of one set of arrays."""
        leaves, rows = self.source._table(), self.source._count()
        if leaves is None or rows < self.size or not self.source._blockwise:
            return None
        rows = rows // self.size * self.size if self.drop_remainder else rows
        data = tree.pack_sequence_as(self.source._spec(), leaves)
        if isinstance(_bare(self.source), _Plain):
            return RowPlan(data, self.size, rows, None)

        def order() -> np.ndarray:
            places = [b.positions()[0] for b in self.source._blocks()]
            return np.concatenate(places)[:rows]

        return RowPlan(data, self.size, rows, order)


class Unbatch(Step):
    """The rows of each element."""

    _blockwise = True  # each element is a stretch of rows

    def _blocks(self) -> Iterator[Block]:
        for found in self.source._elements():
            leaves = tree.flatten(found)
            if any(leaf.ndim == 0 for leaf in leaves):
                raise ValueError("unbatch expects elements with rows; it got single numbers.")
            yield Block.whole(leaves)

    def _count(self) -> int:
        return self.source._count() if self.source._count() <= 0 else UNKNOWN

    def _spec(self) -> Any:
        return elements.without_rows(self.source._spec())

    def _table(self) -> list[np.ndarray] | None:
        return None


class Enumerate(Step):
    """Elements with their numbers."""

    def __init__(self, source: Dataset, start: int) -> None:
        super().__init__(source)
        self.start = start

    def _blocks(self) -> Iterator[Block]:
        place = self.start
        for block in self.source._blocks():
            numbers = np.arange(place, place + len(block), dtype="int64")
            place += len(block)
            yield Block([numbers, *block.leaves], [slice(0, len(numbers)), *block.places])

    def _singly(self) -> Iterator[Any]:
        for number, found in enumerate(self.source._elements(), self.start):
            yield elements.array(np.int64(number)), found

    def _spec(self) -> Any:
        return TensorSpec((), "int64"), self.source._spec()

    def _table(self) -> list[np.ndarray] | None:
        return None


class Cache(Step):
    """The elements of the first whole pass, kept."""

    def __init__(self, source: Dataset) -> None:
        super().__init__(source)
        self.kept: list[Any] | None = None

    def _blocks(self) -> Iterator[Block]:
        return self._keeping(self.source._blocks)

    def _singly(self) -> Iterator[Any]:
        return self._keeping(self.source._elements)

    def _keeping(self, make: Any) -> Iterator[Any]:
        if self.kept is not None:
            yield from self.kept
            return
        met = []
        for found in make():
            met.append(found)
            yield found
        self.kept = met

    def row_plan(self) -> RowPlan | None:
        """Return the source's, where its batches are the same in each pass anyway."""
        plan = self.source.row_plan()
        return plan if plan is not None and plan.order is None else None


class Concatenate(Step):
    """One dataset after the other."""

    def __init__(self, source: Dataset, second: Dataset) -> None:
        super().__init__(source)
        self.second = second

    @property
    def _blockwise(self) -> bool:  # type: ignore[override]  # it depends on both
        return self.source._blockwise and self.second._blockwise

    def _blocks(self) -> Iterator[Block]:
        return itertools.chain(self.source._blocks(), self.second._blocks())

    def _singly(self) -> Iterator[Any]:
        return itertools.chain(self.source._elements(), self.second._elements())

    def _count(self) -> int:
        counts = (self.source._count(), self.second._count())
        return INFINITE if INFINITE in counts else UNKNOWN if UNKNOWN in counts else sum(counts)

    def _spec(self) -> Any:
        return elements.common(self.source._spec(), self.second._spec())

    def _table(self) -> list[np.ndarray] | None:
        return None


class Zip(Dataset):
    """Elements of several datasets side by side."""

    def __init__(self, datasets: Any) -> None:
        wrong = [d for d in tree.flatten(datasets) if not isinstance(d, Dataset)]
        if wrong:
            raise TypeError(f"zip expects datasets; it got a {type(wrong[0]).__name__}.")
        self.datasets = tree.lists_to_tuples(datasets)
        self.parts: list[Dataset] = tree.flatten(self.datasets)

    @property
    def _blockwise(self) -> bool:  # type: ignore[override]  # it depends on the parts
        return all(p._blockwise for p in self.parts)

    def _blocks(self) -> Iterator[Block]:
        return blocks.zipped([p._blocks() for p in self.parts])

    def _elements(self) -> Iterator[Any]:
        if self._blockwise:
            yield from super()._elements()
            return
        for found in zip(*(p._elements() for p in self.parts), strict=False):
            yield tree.pack_sequence_as(self.datasets, found)

    def _count(self) -> int:
        counts = [p._count() for p in self.parts]
        if UNKNOWN in counts:
            return UNKNOWN
        return min((c for c in counts if c != INFINITE), default=INFINITE)

    def _spec(self) -> Any:
        return tree.map_structure(lambda d: d._spec(), self.datasets)

    def _table(self) -> list[np.ndarray] | None:
        if not all(isinstance(_bare(p), _Plain) for p in self.parts):
            return None
        if len({p._count() for p in self.parts}) > 1:
            return None
        return [leaf for p in self.parts for leaf in p._table() or []]


class _PlainKind(type):
    def __instancecheck__(cls, value: Any) -> bool:
        from annette.compat.dataset.sources import Slices

        return isinstance(value, Slices) or (isinstance(value, Zip) and value._table() is not None)


class _Plain(metaclass=_PlainKind):
    """Rows of arrays in the order they have there."""


def _bare(dataset: Dataset) -> Dataset:
    """Return the dataset behind steps that leave the rows as they are."""
    while isinstance(dataset, Same):
        dataset = dataset.source
    return dataset


def drawn_seed() -> int:
    """Return a seed of the generator that `tf.random.set_seed` starts."""
    from annette.graph.context import suspended
    from annette.random import global_generator

    with suspended():
        first, second = np.asarray(global_generator().next()).tolist()
    return int(first) << 32 | int(second)
