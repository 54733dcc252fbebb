"""Windows of a series, with what is to be predicted from each."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from annette import ops
from annette.preprocessing.dataset import Dataset, drawn_seed, of_rows


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Return windows of a series, in batches.

    Window i is ``data[s], data[s + r], ..., data[s + (length - 1) r]`` with
    ``s = start_index + i stride`` and the sampling rate r; its target is ``targets[s]``. To
    predict `n` steps ahead of the window's beginning, pass ``targets=data[n:]``. Windows that
    would go over the end are left out.

    Args:
        data: the steps, (steps, ...), equally far from each other in time.
        targets: a target for the window that begins at each step, or None for windows alone.
        sequence_length: steps in a window.
        sequence_stride: steps between the beginnings of two windows.
        sampling_rate: steps between two that follow each other in a window.
        batch_size: windows in a batch, None for single windows.
        shuffle: whether the windows come in a new random order each time.
        seed: of these orders; None draws one.
        start_index: the first step to use.
        end_index: the step before which to stop.
        format: ``"tf"`` or ``"grain"``, as in Keras; the dataset is annette's own with both.

    Output shape: windows (n, sequence_length, ...), targets (n, ...).

    Raises:
        ValueError: if a number does not fit the data, or there are too few targets.
        TypeError: if a number is no whole one.
    """
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain'; it got {format!r}.")
    x = _array(data)
    y = None if targets is None else _array(targets)
    if x.ndim == 0:
        raise ValueError(f"data must be an array of steps; it is the single value {data!r}.")
    for name, value in (
        ("sequence_length", sequence_length), ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):  # fmt: skip
        _check_step(name, value, len(x) if name != "sequence_length" else None)
    first, end = _bounds(start_index, end_index, len(x))
    count = end - first - (sequence_length - 1) * sampling_rate
    if y is not None:
        count = min(count, len(y))
    starts = first + np.arange(0, max(count, 0), sequence_stride)
    if y is not None and len(starts) and starts[-1] >= len(y):
        raise ValueError(
            f"targets must reach to the last window, which begins at step {starts[-1]}; it has "
            f"{len(y)} rows. targets[i] belongs to the window that begins at data[i], also with "
            "a start_index."
        )
    offsets = np.arange(sequence_length) * sampling_rate

    def rows(which: np.ndarray) -> Any:
        begin = starts[which]
        windows = x[begin[:, None] + offsets]
        return windows if y is None else (windows, y[begin])

    return of_rows(len(starts), rows, batch_size, shuffle, drawn_seed(seed))


def _array(value: Any) -> np.ndarray:
    """Return arrays as they are, lists with the dtypes that annette gives to Python's numbers."""
    if isinstance(value, (list, tuple)):
        value = ops.convert_to_tensor(value)
    return np.asarray(value)


def _check_whole(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (numbers.Integral, np.integer)):
        raise TypeError(f"{name} must be a whole number; it got {value!r}.")


def _check_step(name: str, value: Any, length: int | None) -> None:
    _check_whole(name, value)
    if value < 1:
        raise ValueError(f"{name} must be at least 1; it got {value}.")
    if length is not None and value >= length:
        raise ValueError(
            f"{name} must be less than the number of steps in data, {length}; it got {value}."
        )


def _bounds(start: int | None, end: int | None, length: int) -> tuple[int, int]:
    """Return the first step to use, and the one before which to stop."""
    for name, value in (("start_index", start), ("end_index", end)):
        if value is None:
            continue
        _check_whole(name, value)
        if value < 0:
            raise ValueError(f"{name} must be 0 or greater; it got {value}.")
        if value >= length:
            mend = " Leave it None to use all steps." if name == "end_index" else ""
            raise ValueError(
                f"{name} must be less than the number of steps in data, {length}; it got "
                f"{value}.{mend}"
            )
    first = start or 0
    if end is not None and end <= first:
        raise ValueError(f"end_index must be greater than start_index; they are {end} and {first}.")
    return first, length if end is None else end
