"""NaN and infinite values in data: found quickly, in bounded memory, told by row and column."""

from __future__ import annotations

from typing import Any

import numpy as np

_CHUNK = 1 << 20  # elements looked at in one go
_SHOWN = 5


class NonFinite:
    """What `find_nonfinite` found in an array.

    `nan` and `inf` count the values, `rows` the rows that have any; `first_row` is the first of
    them, `first_index` where in the array; `columns` are those concerned, of a 2-D array.
    """

    __slots__ = ("columns", "first_index", "first_row", "inf", "nan", "rows")

    def __init__(self, first_index: tuple[int, ...]) -> None:
        self.first_index = first_index
        self.first_row = first_index[0]
        self.nan = 0
        self.inf = 0
        self.rows = 0
        self.columns: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """Return the number of values that are not finite."""
        return self.nan + self.inf

    def describe(self, columns: list[str] | None = None) -> str:
        """Say it in words: ``3 NaN in 2 rows (the first is row 17), in columns 4 and 9``."""
        parts = [f"{n} {what}" for n, what in ((self.nan, "NaN"), (self.inf, "infinite")) if n]
        if self.rows == 1:
            text = f"{' and '.join(parts)} in row {self.first_row}"
        else:
            text = f"{' and '.join(parts)} in {self.rows} rows (the first is row {self.first_row})"
        if self.columns:
            shown = [columns[c] if columns else str(c) for c in self.columns[:_SHOWN]]
            if len(self.columns) > _SHOWN:
                shown.append(f"{len(self.columns) - _SHOWN} more")
            names = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
            text += f", in column{'s' if len(self.columns) > 1 else ''} {names}"
        elif len(self.first_index) > 2:
            text += f", first at index {self.first_index}"
        return text


def find_nonfinite(array: Any, dtype: str | None = None) -> NonFinite | None:
    """Return what values of `array` are NaN or infinite, None if all are finite.

    `dtype` is the type the values will have in the network: one too large for it counts as
    infinite. A sum over each part of the array tells whether it needs a closer look, so a clean
    array is read once and never copied whole.

    Args:
        array: any array with rows on its first axis (also a memory-mapped one).
        dtype: the type to judge by, the array's own if None.
    """
    kind = array.dtype.kind
    if (kind not in "fc" and array.dtype.name != "bfloat16") or 0 in array.shape:
        return None
    rows = array.shape[0]
    step = max(1, _CHUNK // max(1, int(np.prod(array.shape[1:], dtype=np.int64))))
    limit = None
    if dtype is not None and kind == "f" and np.dtype(array.dtype).itemsize > _itemsize(dtype):
        limit = dtype
    found: NonFinite | None = None
    columns: set[int] = set()
    for start in range(0, rows, step):
        part = array[start : start + step]
        if _clean(part, limit):
            continue
        if limit is not None:
            with np.errstate(over="ignore"):
                bad = ~np.isfinite(part.astype(limit))
        else:
            bad = ~np.isfinite(part)
        if not bad.any():
            continue
        if found is None:
            where = np.unravel_index(int(bad.argmax()), bad.shape)
            found = NonFinite((int(where[0]) + start, *(int(i) for i in where[1:])))
        nans = int(np.isnan(part).sum())
        found.nan += nans
        found.inf += int(bad.sum()) - nans
        found.rows += int(bad.reshape(len(bad), -1).any(axis=1).sum())
        if bad.ndim == 2 and bad.shape[1] > 1:
            columns.update(int(c) for c in np.flatnonzero(bad.any(axis=0)))
    if found is not None:
        found.columns = tuple(sorted(columns))
    return found


def _clean(part: np.ndarray, limit: str | None) -> bool:
    """Say whether `part` is certainly finite; False where a closer look is needed."""
    with np.errstate(all="ignore"):
        if limit is not None:  # NaN makes both comparisons false
            top = _largest(limit)
            return bool(part.min() >= -top and part.max() <= top)
        wide = np.float32 if part.dtype.itemsize < 4 else None
        return bool(np.isfinite(np.add.reduce(part, axis=None, dtype=wide)))


def _itemsize(dtype: str) -> int:
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def _largest(dtype: str) -> float:
    return 3.3895e38 if dtype == "bfloat16" else float(np.finfo(dtype).max)
