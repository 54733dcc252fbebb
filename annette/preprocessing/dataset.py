"""The dataset that the functions of this package give: elements made anew each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.utils import tree


class Dataset:
    """Elements to go through again and again, as `fit`, `evaluate` and `predict` take them.

    An element is an array, or a tuple such as ``(x, y)``, most often a batch. Each method gives a
    new dataset and leaves this one as it is.

    Args:
        make: gives a new iterator over the elements.
        length: how many there are, None if that is not known.
        class_names: the classes in the order of their numbers, where there are such.
        file_paths: the files that the elements are made of, where there are such.
    """

    def __init__(
        self,
        make: Callable[[], Iterator[Any]],
        length: int | None = None,
        class_names: list[str] | None = None,
        file_paths: list[str] | None = None,
    ) -> None:
        self._make = make
        self._length = length
        self.class_names = class_names
        self.file_paths = file_paths

    def __iter__(self) -> Iterator[Any]:
        return self._make()

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("The number of elements of this dataset is not known.")
        return self._length

    def __bool__(self) -> bool:
        return True  # whether there are elements is not known before they are made

    def __repr__(self) -> str:
        count = "?" if self._length is None else self._length
        return f"<Dataset of {count} elements>"

    def cardinality(self) -> int:
        """Return the number of elements, -2 if it is not known."""
        return -2 if self._length is None else self._length

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield the elements with plain NumPy arrays."""
        for element in self:
            yield tree.map_structure(np.asarray, element)

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
    ) -> Dataset:
        """Return the elements as `map_func` changes them; of a tuple it gets each part.

        Args:
            map_func: called with an element's parts, gives the new element.
            num_parallel_calls: accepted; the elements are made one after the other.
            deterministic: accepted.
        """

        def make() -> Iterator[Any]:
            for element in self:
                yield map_func(*element) if isinstance(element, tuple) else map_func(element)

        return self._like(make, self._length)

    def take(self, count: int) -> Dataset:
        """Return the first `count` elements, all of them for -1."""
        if count < 0:
            return self
        length = None if self._length is None else min(count, self._length)
        return self._like(lambda: islice(iter(self), count), length)

    def skip(self, count: int) -> Dataset:
        """Return the elements without the first `count`, none of them for -1."""
        count = max(count, 0) if count != -1 else 1 << 62
        length = None if self._length is None else max(self._length - count, 0)
        return self._like(lambda: islice(iter(self), count, None), length)

    def cache(self, filename: Any = "") -> Dataset:
        """Return a dataset that keeps its elements in memory once it was gone through.

        Args:
            filename: accepted; the elements are kept in memory.
        """
        kept: list[Any] = []
        whole = False

        def make() -> Iterator[Any]:
            nonlocal whole
            if whole:
                yield from kept
                return
            found = []
            for element in self:
                found.append(element)
                yield element
            kept[:], whole = found, True

        return self._like(make, self._length)

    def prefetch(self, buffer_size: Any = None) -> Dataset:
        """Return the dataset; the elements are made when they are wanted."""
        return self

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> Dataset:
        """Return the elements in a random order.

        Args:
            buffer_size: among how many elements the next one is drawn.
            seed: of the order; None draws one.
            reshuffle_each_iteration: whether the order is another one each time.
        """
        times = 0
        seed = drawn_seed(seed)

        def make() -> Iterator[Any]:
            nonlocal times
            random = np.random.default_rng((seed, times))
            times += reshuffle_each_iteration
            waiting: list[Any] = []
            for element in self:
                waiting.append(element)
                if len(waiting) > buffer_size:
                    yield _drawn(waiting, random)
            while waiting:
                yield _drawn(waiting, random)

        return self._like(make, self._length)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Dataset:
        """Return batches of `batch_size` elements each; the last one may have fewer.

        Raises:
            ValueError: if `batch_size` is not a whole number of at least 1.
        """
        check_batch_size(batch_size)
        length = self._length
        if length is not None:
            length = length // batch_size if drop_remainder else -(-length // batch_size)

        def make() -> Iterator[Any]:
            elements = iter(self)
            while rows := list(islice(elements, batch_size)):
                if len(rows) == batch_size or not drop_remainder:
                    yield tree.map_structure(lambda *parts: wrap(np.stack(parts)), *rows)

        return self._like(make, length)

    def unbatch(self) -> Dataset:
        """Return the rows of the batches, one at a time."""

        def make() -> Iterator[Any]:
            for element in self:
                rows = len(tree.flatten(element)[0])
                for i in range(rows):
                    yield tree.map_structure(lambda a, i=i: a[i], element)

        return self._like(make, None)

    def _like(self, make: Callable[[], Iterator[Any]], length: int | None) -> Dataset:
        return Dataset(make, length)


def drawn_seed(seed: int | None) -> int:
    """Return `seed`, or one drawn by NumPy's global generator, which `set_random_seed` starts."""
    return int(np.random.randint(1_000_000)) if seed is None else int(seed)


def check_batch_size(batch_size: Any) -> None:
    """Raise unless it is a whole number of at least 1.

    Raises:
        ValueError: saying what came.
    """
    whole = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if not whole or batch_size < 1:
        raise ValueError(
            f"batch_size must be a whole number of at least 1, or None; it got {batch_size!r}."
        )


def of_rows(
    count: int,
    rows: Callable[[np.ndarray], Any],
    batch_size: int | None,
    shuffle: bool,
    seed: int,
    **names: Any,
) -> Dataset:
    """Return a dataset of rows that are computed when they are wanted.

    Args:
        count: how many rows there are.
        rows: gives the batch of some rows' numbers.
        batch_size: rows a batch; None for single rows.
        shuffle: whether the rows come in another random order each time.
        seed: of these orders.
        names: what the dataset is told of classes and files.
    """
    if batch_size is not None:
        check_batch_size(batch_size)
    times = 0

    def make() -> Iterator[Any]:
        nonlocal times
        order = np.arange(count)
        if shuffle:
            np.random.default_rng((seed, times)).shuffle(order)
            times += 1
        return _parts(order, rows, batch_size)

    length = count if batch_size is None else -(-count // batch_size)
    return Dataset(make, length, **names)


def _parts(
    order: np.ndarray, rows: Callable[[np.ndarray], Any], batch_size: int | None
) -> Iterator[Any]:
    for start in range(0, len(order), batch_size or 1):
        batch = tree.map_structure(wrap, rows(order[start : start + (batch_size or 1)]))
        yield tree.map_structure(lambda a: a[0], batch) if batch_size is None else batch


def _drawn(waiting: list[Any], random: np.random.Generator) -> Any:
    """Take one of the elements out."""
    place = int(random.integers(len(waiting)))
    waiting[place], waiting[-1] = waiting[-1], waiting[place]
    return waiting.pop()
