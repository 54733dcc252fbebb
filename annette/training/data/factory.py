"""From what the user gave as x, y and sample_weight to a source of batches."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from annette.training.data.convert import (
    Leaf,
    as_leaf,
    convert_structure,
    is_array_like,
    is_frame,
    is_series,
)
from annette.training.data.source import DataSource, check_rows, make_row_source
from annette.training.data.stream import PyDatasetSource, StreamSource
from annette.training.data.weights import (
    check_class_weight,
    class_weight_to_sample_weights,
    match_sample_weight,
)
from annette.utils import tree
from annette.utils.py_dataset import PyDataset


def make_source(
    x: Any = None,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
    steps: int | None = None,
    seed: int | None = None,
    prefix: str = "",
) -> DataSource:
    """Return the source of batches for what the user passed to fit, evaluate or predict.

    Args:
        x: arrays (NumPy, pandas, SciPy sparse, other libraries' tensors, lists of numbers), alone
            or in lists, tuples and dicts; or a generator, an iterable of batches, a `PyDataset`.
        y: targets, for arrays only.
        sample_weight: weights, for arrays only.
        batch_size: rows a batch; None means 32.
        shuffle: whether to take the rows in a new order each epoch; ``"batch"`` keeps the batches.
        class_weight: a dict from class index to weight.
        steps: batches in an epoch, None for all.
        seed: what the order depends on besides the epoch; None draws one.
        prefix: put before the names in messages (``"validation "``).

    Raises:
        ValueError: if the data cannot be used, naming the part, what is wrong with it and the mend.
        TypeError: if `batch_size` or `steps` is not a whole number.
    """
    if isinstance(x, DataSource):
        return x
    batch_size = check_count("batch_size", batch_size)
    steps = check_count("steps", steps, "steps_per_epoch (or steps, validation_steps)")
    if shuffle not in (True, False, "batch", None):
        raise ValueError(f"shuffle must be True, False or 'batch'; it got {shuffle!r}.")
    if class_weight is not None:
        check_class_weight(class_weight)
    if is_stream(x):
        name = "PyDataset" if isinstance(x, PyDataset) else _stream_name(x)
        for label, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValueError(
                    f"{prefix}x is a {name}, which gives {label} itself, so {label} must not be "
                    f"passed. Let it yield (x, y) or (x, y, sample_weight)."
                )
        if isinstance(x, PyDataset):
            return PyDatasetSource(
                x,
                shuffle=shuffle or False,
                seed=seed,
                steps=steps,
                class_weight=class_weight,
                prefix=prefix,
            )
        plan = x.row_plan() if hasattr(x, "row_plan") and not steps else None
        if plan is not None and not (isinstance(plan.data, tuple) and len(plan.data) > 3):
            return _planned(plan, class_weight, prefix)
        return StreamSource(x, steps=steps, class_weight=class_weight, prefix=prefix)
    data = _convert(x, y, sample_weight, class_weight, prefix)
    return make_row_source(
        data, batch_size=batch_size, shuffle=shuffle or False, steps=steps, seed=seed
    )


def _planned(plan: Any, class_weight: dict[int, float] | None, prefix: str) -> DataSource:
    """Return the source for a dataset whose batches are rows of arrays, in an order of its own."""
    parts = plan.data if isinstance(plan.data, tuple) else (plan.data,)
    x, y, sample_weight = (*parts, None, None)[:3]
    data = _convert(x, y, sample_weight, class_weight, prefix)
    source = make_row_source(data, batch_size=plan.batch_size)
    source.take_in_order(plan.rows, plan.order)
    return source


def is_stream(x: Any) -> bool:
    """Say whether `x` gives batches itself: a generator, an iterable or a `PyDataset`."""
    if isinstance(x, PyDataset):
        return True
    if x is None or tree.is_nested(x) or is_array_like(x):
        return False
    if is_frame(x) or is_series(x) or isinstance(x, (str, bytes, range, set, frozenset, type)):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__next__")


def train_validation_split(arrays: Any, validation_split: float) -> tuple[Any, Any]:
    """Return ``(training, validation)``: the last fraction of the rows becomes validation data.

    Args:
        arrays: a structure of arrays, such as ``(x, y, sample_weight)``; Nones stay None.
        validation_split: the fraction, between 0 and 1.

    Raises:
        ValueError: if the fraction leaves one side empty, the arrays differ in rows, or there is
            something that cannot be split, such as a generator.
    """
    if not _is_fraction(validation_split):
        raise ValueError(
            f"validation_split must be a fraction between 0 and 1; it got {validation_split!r}."
        )
    parts = arrays if isinstance(arrays, tuple) else (arrays,)
    for part, label in zip(parts, ("x", "y", "sample_weight"), strict=False):
        if is_stream(part):
            raise ValueError(
                f"validation_split needs arrays; {label} is a {_stream_name(part)}, whose end is "
                "not known. Pass validation_data instead."
            )
    leaves = tuple(
        convert_structure(part, label)
        for part, label in zip(parts, ("x", "y", "sample_weight"), strict=False)
    )
    rows = check_rows(leaves)
    if rows == 0:
        return arrays, arrays
    cut = math.floor(rows * (1.0 - validation_split))
    if cut in (0, rows):
        raise ValueError(
            f"validation_split={validation_split} of {rows} rows leaves "
            f"{'nothing to train on' if cut == 0 else 'no row to validate with'}. "
            "Give more data or another fraction."
        )
    # frames are cut as frames, so that later messages can still name their columns
    sources = _same_leaves(parts, leaves)
    halves = [_cut(leaves, sources, slice(*span)) for span in ((0, cut), (cut, rows))]
    if isinstance(arrays, tuple):
        return halves[0], halves[1]
    return halves[0][0], halves[1][0]


def _is_fraction(value: Any) -> bool:
    return isinstance(value, numbers.Real) and 0 < float(value) < 1


def _same_leaves(parts: tuple[Any, ...], leaves: tuple[Any, ...]) -> list[Any]:
    """Return for each leaf the object the user gave."""
    found: list[Any] = []
    tree.map_structure_up_to(leaves, lambda given: found.append(given), parts)
    return found


def _cut(leaves: tuple[Any, ...], sources: list[Any], rows: slice) -> Any:
    given = iter(sources)

    def part(leaf: Leaf | None) -> Any:
        source = next(given)
        if leaf is None:
            return None
        if is_frame(source) or is_series(source):
            return source.iloc[rows]
        if not isinstance(leaf.array, np.ndarray):
            return leaf.array.matrix[rows]
        return leaf.array[rows]

    return tree.map_structure(part, leaves)


def check_count(name: str, value: Any, words: str | None = None) -> int | None:
    """Return `value` as an int, None as None.

    Raises:
        TypeError: if it is not a whole number.
        ValueError: if it is zero or negative.
    """
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Integral, np.integer)):
        mend = ""
        if isinstance(value, (float, np.floating)) and value > 0 and math.isfinite(value):
            mend = f" Write {max(1, math.ceil(value))}."
        raise TypeError(f"{words or name} must be a whole number; it got {value!r}.{mend}")
    if value < 1:
        raise ValueError(f"{words or name} must be at least 1; it got {value!r}.")
    return int(value)


def _stream_name(x: Any) -> str:
    return "generator" if hasattr(x, "__next__") else type(x).__name__


def _convert(
    x: Any, y: Any, sample_weight: Any, class_weight: dict[int, float] | None, prefix: str
) -> tuple[Any, ...]:
    """Return ``(x[, y[, sample_weight]])`` with a `Leaf` for each array, checked."""
    if x is None:
        raise ValueError(f"{prefix}x is None: there is no data. Pass arrays, or a generator.")
    if is_stream(y):
        raise ValueError(
            f"{prefix}y is a {_stream_name(y)} while x is not. Make y an array with one row a "
            "sample, or give one generator of (x, y) as x."
        )
    inputs = convert_structure(x, f"{prefix}x")
    targets = None if y is None else convert_structure(y, f"{prefix}y")
    weights = _weights(sample_weight, f"{prefix}sample_weight")
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError(
                "class_weight and sample_weight are both given; one of them can be used. "
                "Multiply the class's weight into sample_weight."
            )
        if targets is None:
            raise ValueError("class_weight needs y: the weight of a row is that of its class.")
        if tree.is_nested(targets):
            raise ValueError(
                "class_weight works for models with a single output; y has several parts. "
                "Use sample_weight instead."
            )
        made = class_weight_to_sample_weights(targets.array, class_weight)
        weights = Leaf(made, f"{prefix}sample_weight")
    elif weights is not None and targets is not None:
        check_rows((inputs, targets))
        weights = match_sample_weight(targets, weights)
    data: tuple[Any, ...] = (inputs,)
    if targets is not None or weights is not None:
        data = (inputs, targets) if weights is None else (inputs, targets, weights)
    if not any(leaf is not None for leaf in tree.flatten(inputs)):
        raise ValueError(f"{prefix}x holds no arrays, only None.")
    check_rows(data)
    return data


def _weights(sample_weight: Any, label: str) -> Any:
    """Return sample weights converted; a pandas Series is one number a row, not a column."""
    if sample_weight is None:
        return None
    if is_series(sample_weight):
        leaf = as_leaf(sample_weight, label)
        return Leaf(leaf.array[:, 0], label)
    return convert_structure(sample_weight, label)


__all__ = ["check_count", "is_stream", "make_source", "train_validation_split"]
