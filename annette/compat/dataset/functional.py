"""Steps that look at each element: functions of the program's own, windows, padding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from annette.compat.dataset import elements
from annette.compat.dataset.base import INFINITE, UNKNOWN, Dataset
from annette.compat.dataset.steps import Step, drawn_seed
from annette.compat.tf.specs import TensorSpec
from annette.utils import tree


class Looking(Step):
    """A step whose elements are made one by one."""

    _blockwise = False  # elements are made here

    def _elements(self) -> Iterator[Any]:
        return self._singly()

    def _table(self) -> list[np.ndarray] | None:
        return None


class Map(Looking):
    """What a function makes of each element."""

    def __init__(self, source: Dataset, function: Callable[..., Any]) -> None:
        super().__init__(source)
        self.function = function

    def _singly(self) -> Iterator[Any]:
        for found in self.source._elements():
            yield elements.element(called(self.function, found))

    def _spec(self) -> Any:
        """Return the first result's specs; the rows of a batch are as unknown as the source's."""
        for found in self.source._elements():
            made = elements.spec_of(elements.element(called(self.function, found)))
            return _with_rows_unknown(made, _rows(found, self.source._spec()))
        raise ValueError("The dataset is empty, so the form of its elements is not known.")


class Filter(Looking):
    """The elements that a function agrees to."""

    def __init__(self, source: Dataset, predicate: Callable[..., Any]) -> None:
        super().__init__(source)
        self.predicate = predicate

    def _singly(self) -> Iterator[Any]:
        for found in self.source._elements():
            if bool(called(self.predicate, found)):
                yield found

    def _count(self) -> int:
        return UNKNOWN


class TakeWhile(Filter):
    """The elements up to the first that a function does not agree to."""

    def _singly(self) -> Iterator[Any]:
        return itertools.takewhile(
            lambda found: bool(called(self.predicate, found)), self.source._elements()
        )


class Interleave(Looking):
    """Elements of datasets made of each element, a few of each in turn."""

    def __init__(
        self, source: Dataset, function: Callable[..., Any], cycle_length: Any, block_length: Any
    ) -> None:
        super().__init__(source)
        self.function = function
        self.cycle, self.block = int(cycle_length), int(block_length)

    def _singly(self) -> Iterator[Any]:
        given = self.source._elements()
        running: list[Iterator[Any] | None] = [None] * self.cycle
        place, over = 0, False
        while True:
            if running[place] is None and not over:
                found = next(given, None)
                over = found is None
                running[place] = None if over else self._opened(found)
            if over and not any(r is not None for r in running):
                return
            stream = running[place]
            if stream is not None:
                some = list(itertools.islice(stream, self.block))
                yield from some
                if len(some) < self.block:
                    running[place] = None
            place = (place + 1) % self.cycle

    def _opened(self, found: Any) -> Iterator[Any]:
        made = called(self.function, found)
        if not isinstance(made, Dataset):
            raise TypeError(
                "flat_map and interleave expect a function that returns a Dataset; it returned a "
                f"{type(made).__name__}. map takes functions that return arrays."
            )
        return made._elements()

    def _count(self) -> int:
        return UNKNOWN

    def _spec(self) -> Any:
        return Dataset._spec(self)


class Window(Looking):
    """Datasets of so many elements each."""

    def __init__(
        self, source: Dataset, size: Any, shift: Any, stride: Any, drop_remainder: Any
    ) -> None:
        super().__init__(source)
        self.size, self.stride = int(size), int(stride)
        self.shift = self.size if shift is None else int(shift)
        self.drop_remainder = bool(drop_remainder)
        if min(self.size, self.stride, self.shift) < 1:
            raise ValueError(
                "window expects size, shift and stride of 1 or more; it got "
                f"size={size}, shift={shift}, stride={stride}."
            )

    def _singly(self) -> Iterator[Any]:
        reach = (self.size - 1) * self.stride + 1
        held: list[Any] = []
        given = self.source._elements()
        over = False
        while True:
            while len(held) < reach and not over:
                found = next(given, None)
                over = found is None
                if not over:
                    held.append(found)
            part = held[: reach : self.stride]
            if not part or (len(part) < self.size and self.drop_remainder):
                return
            yield _windows(part)
            del held[: self.shift]
            for _ in range(self.shift - reach if not held else 0):
                next(given, None)

    def _count(self) -> int:
        have = self.source._count()
        if have < 0:
            return have
        reach = (self.size - 1) * self.stride if self.drop_remainder else 0
        return max(0, -(-(have - reach) // self.shift))

    def _spec(self) -> Any:
        return tree.map_structure(lambda s: DatasetSpec(s), self.source._spec())


class DatasetSpec:
    """What is said of a dataset that is itself part of an element."""

    def __init__(self, element_spec: Any) -> None:
        self.element_spec = element_spec

    def __repr__(self) -> str:
        return f"DatasetSpec({self.element_spec!r})"


class Listed(Dataset):
    """Elements that are there already."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def _elements(self) -> Iterator[Any]:
        return iter(self.items)

    def _count(self) -> int:
        return len(self.items)


class Scan(Looking):
    """The outputs of a function that hands a state on."""

    def __init__(self, source: Dataset, state: Any, function: Callable[..., Any]) -> None:
        super().__init__(source)
        self.state, self.function = elements.element(state), function

    def _singly(self) -> Iterator[Any]:
        state = self.state
        for found in self.source._elements():
            state, made = self.function(state, found)
            state = elements.element(state)
            yield elements.element(made)

    def _spec(self) -> Any:
        return Dataset._spec(self)


class Unique(Looking):
    """Each different element once."""

    def _singly(self) -> Iterator[Any]:
        met = set()
        for found in self.source._elements():
            key = tuple(
                (x.shape, tuple(np.asarray(x).ravel().tolist())) for x in tree.flatten(found)
            )
            if key not in met:
                met.add(key)
                yield found

    def _count(self) -> int:
        return UNKNOWN


class Sampled(Dataset):
    """Elements of datasets by chance."""

    def __init__(self, datasets: Any, weights: Any, seed: Any, stop_on_empty: Any) -> None:
        self.datasets = list(datasets)
        n = len(self.datasets)
        self.weights = np.full(n, 1 / n) if weights is None else np.asarray(weights, "float64")
        if len(self.weights) != n:
            raise ValueError(
                f"sample_from_datasets expects a weight for each of {n} datasets; it got "
                f"{len(self.weights)}."
            )
        self.seed = drawn_seed() if seed is None else int(seed)
        self.stop_on_empty = bool(stop_on_empty)

    def _elements(self) -> Iterator[Any]:
        rng = np.random.default_rng(self.seed & 0xFFFFFFFFFFFFFFFF)
        running = [d._elements() for d in self.datasets]
        weights = self.weights.copy()
        nothing = object()
        while weights.sum() > 0:
            place = int(rng.choice(len(running), p=weights / weights.sum()))
            found = next(running[place], nothing)
            if found is nothing:
                if self.stop_on_empty:
                    return
                weights[place] = 0
                continue
            yield found

    def _count(self) -> int:
        return INFINITE if any(d._count() == INFINITE for d in self.datasets) else UNKNOWN


class PaddedBatch(Looking):
    """So many elements at a time, filled up at their ends."""

    def __init__(
        self, source: Dataset, size: Any, shapes: Any, values: Any, drop_remainder: Any
    ) -> None:
        super().__init__(source)
        self.size, self.drop_remainder = int(size), bool(drop_remainder)
        self.shapes, self.values = shapes, values

    def _singly(self) -> Iterator[Any]:
        given = self.source._elements()
        while held := list(itertools.islice(given, self.size)):
            if len(held) < self.size and self.drop_remainder:
                return
            columns = list(zip(*(tree.flatten(e) for e in held), strict=True))
            shapes = _for_parts(self.shapes, len(columns), _is_shape)
            values = _for_parts(self.values, len(columns), np.isscalar)
            made = [padded(c, s, v) for c, s, v in zip(columns, shapes, values, strict=True)]
            yield tree.pack_sequence_as(held[0], made)

    def _count(self) -> int:
        have = self.source._count()
        if have < 0:
            return have
        return have // self.size if self.drop_remainder else -(-have // self.size)

    def _spec(self) -> Any:
        specs = tree.flatten(self.source._spec())
        shapes = _for_parts(self.shapes, len(specs), _is_shape)
        rows = self.size if self.drop_remainder else None
        made = [
            TensorSpec((rows, *((None,) * len(s.shape) if w is None else w)), s.dtype)
            for s, w in zip(specs, shapes, strict=True)
        ]
        return tree.pack_sequence_as(self.source._spec(), made)


def padded(parts: Any, shape: Any, value: Any) -> Any:
    """Return arrays stacked, each filled up at its ends to `shape` (None: the longest's).

    Raises:
        ValueError: if one is longer than `shape`.
    """
    axes = parts[0].ndim
    longest = [max(p.shape[i] for p in parts) for i in range(axes)]
    given = [None] * axes if shape is None else [None if d in (None, -1) else int(d) for d in shape]
    full = [n if d is None else d for d, n in zip(given, longest, strict=True)]
    if any(n > d for d, n in zip(full, longest, strict=True)):
        raise ValueError(f"padded_batch to shape {tuple(full)} got an element of {longest}.")
    text = parts[0].dtype.kind == "O"
    filler = (b"" if text else 0) if value is None else np.asarray(value).item()
    filler = filler.encode() if isinstance(filler, str) else filler
    out = np.full((len(parts), *full), filler, parts[0].dtype)
    for i, part in enumerate(parts):
        corner: Any = (i, *(slice(n) for n in part.shape))
        out[corner] = part
    return elements.as_array(out, out)


def called(function: Callable[..., Any], found: Any) -> Any:
    """Return what a function makes of an element: a tuple's parts are its arguments."""
    plain_tuple = type(found) is tuple
    return function(*found) if plain_tuple else function(found)


def _windows(part: list[Any]) -> Any:
    flat = [tree.flatten(e) for e in part]
    made = [Listed(list(column)) for column in zip(*flat, strict=True)]
    return tree.pack_sequence_as(part[0], made)


def _for_parts(given: Any, count: int, single: Callable[[Any], Any]) -> list[Any]:
    """Return a setting for each part: one for all, or those of a structure."""
    if given is None or single(given):
        return [given] * count
    parts = [given[k] for k in sorted(given)] if isinstance(given, dict) else list(given)
    return [q for p in parts for q in _for_parts(p, 1, single)]


def _is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        d is None or isinstance(d, (int, np.integer)) for d in value
    )


def _rows(found: Any, spec: Any) -> int | None:
    """Return the length of a batch whose rows the source does not know, None if it is none."""
    for x, s in zip(tree.flatten(found), tree.flatten(spec), strict=True):
        if isinstance(s, TensorSpec) and len(s.shape) and s.shape[0] is None:
            return int(x.shape[0])
    return None


def _with_rows_unknown(specs: Any, rows: int | None) -> Any:
    def one(spec: Any) -> Any:
        if rows is None or not isinstance(spec, TensorSpec) or spec.shape[:1] != (rows,):
            return spec
        return TensorSpec((None, *spec.shape[1:]), spec.dtype)

    return tree.map_structure(one, specs)
