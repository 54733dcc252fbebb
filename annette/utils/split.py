"""split_dataset: the rows of arrays in two parts (`keras.utils.split_dataset`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from annette.utils.py_dataset import PyDataset


class Rows:
    """Rows of arrays, one at a time: an array's row, or a tuple of the rows of several arrays.

    ``fit(rows.batch(32))`` trains on them.
    """

    def __init__(self, arrays: tuple[np.ndarray, ...], single: bool) -> None:
        self.arrays = arrays
        self._single = single

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> Any:
        found = tuple(a[index] for a in self.arrays)
        return found[0] if self._single else found

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def cardinality(self) -> int:
        """Return the number of rows."""
        return len(self)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield row after row."""
        return iter(self)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> Batches:
        """Return the rows in batches, as `fit`, `evaluate` and `predict` take them.

        Raises:
            ValueError: if `batch_size` is not a whole number of at least 1.
        """
        return Batches(self, batch_size, drop_remainder)


class Batches(PyDataset):
    """Batches of `Rows`."""

    def __init__(self, rows: Rows, batch_size: int, drop_remainder: bool = False) -> None:
        super().__init__()
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise ValueError(
                f"batch_size must be a whole number of at least 1; it got {batch_size!r}."
            )
        self.rows = rows
        self.batch_size = batch_size
        self.drop_remainder = drop_remainder

    def __len__(self) -> int:
        whole, rest = divmod(len(self.rows), self.batch_size)
        return whole + (rest > 0 and not self.drop_remainder)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches; it was asked for number {index}.")
        found = self.rows[index * self.batch_size : (index + 1) * self.batch_size]
        return found if isinstance(found, tuple) else (found,)


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Rows, Rows]:
    """Split rows into a left and a right part, such as for training and for testing.

    The left part is taken from the beginning, the right one from the end; where both sizes are
    given and small, rows between them are left out.

    Args:
        dataset: an array, a list or tuple of arrays with equally many rows, or a dataset that
            gives row after row (``tf.data``, torch or its like).
        left_size: a number of rows, or a fraction between 0 and 1; what `right_size` leaves if
            None.
        right_size: the same for the right part.
        shuffle: whether to bring the rows into a random order first.
        seed: of that order.
        preferred_backend: accepted; the parts are the same on all backends.

    Returns:
        two `Rows`; ``.batch(n)`` makes batches of them.

    Raises:
        TypeError: if the dataset or a size is of a wrong kind.
        ValueError: if the arrays differ in length or are empty, or a size does not fit them.
    """
    arrays, single = _as_arrays(dataset)
    total = len(arrays[0])
    left, right = _sizes(left_size, right_size, total)
    if shuffle:
        import random

        order = list(range(total))
        random.Random(seed).shuffle(order)
        arrays = tuple(a[order] for a in arrays)
    return (
        Rows(tuple(a[:left] for a in arrays), single),
        Rows(tuple(a[total - right :] for a in arrays), single),
    )


def _as_arrays(dataset: Any) -> tuple[tuple[np.ndarray, ...], bool]:
    """Return the dataset's arrays, and whether it is of single arrays."""
    arrays: tuple[np.ndarray, ...]
    if isinstance(dataset, np.ndarray):
        return _checked((dataset,)), True
    if isinstance(dataset, (list, tuple)):
        for i, x in enumerate(dataset):
            if not isinstance(x, np.ndarray):
                raise ValueError(
                    f"split_dataset expects a list or tuple of arrays; number {i} is {x!r} of type "
                    f"{type(x).__name__}. Use numpy.asarray on it."
                )
        return _checked(tuple(dataset)), False
    arrays, single = _from_rows(dataset)
    return _checked(arrays), single


def _checked(arrays: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Return the arrays if they have equally many rows, and at least one."""
    if not arrays or not len(arrays[0]):
        raise ValueError("split_dataset expects at least one row; the dataset is empty.")
    lengths = [len(a) for a in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(
            f"split_dataset expects arrays with equally many rows; they have {lengths}."
        )
    return arrays


def _from_rows(dataset: Any) -> tuple[tuple[np.ndarray, ...], bool]:
    countable = hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")
    if isinstance(dataset, (dict, str, bytes)) or not (
        countable or hasattr(dataset, "as_numpy_iterator")
    ):
        raise TypeError(
            "split_dataset expects an array, a list or tuple of arrays, or a dataset of rows; it "
            f"got {dataset!r} of type {type(dataset).__name__}."
        )
    if hasattr(dataset, "as_numpy_iterator"):
        rows = list(dataset.as_numpy_iterator())
    else:
        rows = [dataset[i] for i in range(len(dataset))]
    if rows and isinstance(rows[0], (list, tuple)):
        return tuple(np.asarray(column) for column in zip(*rows, strict=True)), False
    return (np.asarray(rows),), True


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    """Return how many rows each part has."""
    if left is None and right is None:
        raise ValueError("split_dataset needs left_size or right_size; both are None.")
    for name, size in (("left_size", left), ("right_size", right)):
        if size is not None:
            _check_size(name, size, total)
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(
            f"left_size and right_size are fractions of one whole; they add up to {left + right}."
        )
    n_left = round(left * total) if isinstance(left, float) else left
    n_right = round(right * total) if isinstance(right, float) else right
    n_left = total - n_right if n_left is None else n_left
    n_right = total - n_left if n_right is None else n_right
    if n_left + n_right == total + 1 and isinstance(left, float) and isinstance(right, float):
        n_right -= 1  # two halves of an odd number
    if n_left + n_right > total:
        raise ValueError(
            f"left_size and right_size ask for {n_left} and {n_right} rows; there are {total}."
        )
    for name, count in (("left", n_left), ("right", n_right)):
        if count == 0:
            raise ValueError(
                f"With left_size={left} and right_size={right} the {name} part of {total} rows is "
                "empty. Choose other sizes."
            )
    return n_left, n_right


def _check_size(name: str, size: Any, total: int) -> None:
    if isinstance(size, bool) or not isinstance(size, (int, float)):
        raise TypeError(
            f"{name} must be a whole number, a fraction or None; it got {size!r} of type "
            f"{type(size).__name__}."
        )
    limit = 1 if isinstance(size, float) else total
    if not 0 < size < limit:
        raise ValueError(
            f"{name} must be a whole number between 0 and {total}, or a fraction between 0 and 1; "
            f"it got {size}."
        )
