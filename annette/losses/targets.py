"""Do these targets fit this loss and this output? Checks of the user's arrays, before training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])
Shape = tuple[Any, ...]


def checked_by(check: Callable[..., None], *, integers: bool = False) -> Callable[[F], F]:
    """Decorator of a loss function: how its targets are checked, and whether they are classes."""

    def decorate(fn: F) -> F:
        fn.check_targets = check  # type: ignore[attr-defined]  # read by LossFunctionWrapper
        fn.integer_targets = integers  # type: ignore[attr-defined]
        return fn

    return decorate


def numbers(y: np.ndarray, loss: str) -> None:
    """Raise unless the targets are finite numbers."""
    if y.dtype.kind not in "biuf":
        raise ValueError(
            f"{loss} expects targets that are numbers; it got an array of dtype {y.dtype}. "
            "Turn names of classes into numbers first, "
            "for instance with np.unique(y, return_inverse=True)."
        )
    if y.dtype.kind == "f" and y.size and not (np.isfinite(y.max()) and np.isfinite(y.min())):
        raise ValueError(
            f"{loss} expects targets that are finite numbers; y has NaN or infinite values. "
            "Remove those samples or replace the values (np.nan_to_num)."
        )


def elementwise(y: np.ndarray, output_shape: Shape, loss: str, **_: Any) -> None:
    """Targets with one value for each value of the output."""
    numbers(y, loss)
    if not _fits(y.shape, output_shape):
        units = output_shape[-1] if len(output_shape) > 1 else 1
        mend = f"Give y of shape {_rows(output_shape)}"
        if y.ndim <= 2 and len(output_shape) == 2:
            wanted = y.shape[1] if y.ndim == 2 else 1
            mend += f", or give the last layer {_count(wanted, 'unit')} instead of {units}"
        raise ValueError(_mismatch(loss, y, output_shape, mend + "."))


def binary(y: np.ndarray, output_shape: Shape, loss: str, **_: Any) -> None:
    """Targets between 0 and 1, one for each value of the output."""
    numbers(y, loss)
    classes = output_shape[-1]
    if not _fits(y.shape, output_shape) and _is_labels(y, output_shape):
        raise ValueError(
            _mismatch(
                loss,
                y,
                output_shape,
                "For one label a sample give the last layer 1 unit; for several classes use "
                f"sparse_categorical_crossentropy with the {classes} units.",
            )
        )
    elementwise(y, output_shape, loss)
    if y.size and y.dtype.kind != "b" and (y.min() < 0 or y.max() > 1):
        low, high = y.min(), y.max()
        mend = "Scale them, or use mean_squared_error for other values."
        if {low, high} == {-1, 1}:
            mend = "Write (y + 1) / 2, or use hinge, which is for -1 and 1."
        elif classes == 1 and np.array_equal(y, np.round(y)) and low >= 0:
            n = int(high) + 1
            mend = f"For {n} classes use {n} units and sparse_categorical_crossentropy."
        raise ValueError(f"{loss} expects targets from 0 to 1; it got {low:g} to {high:g}. {mend}")


def one_hot(y: np.ndarray, output_shape: Shape, loss: str, *, axis: int = -1, **_: Any) -> None:
    """Targets with one value a class, as the output has."""
    numbers(y, loss)
    classes = output_shape[axis]
    if not _fits(y.shape, output_shape, squeeze=False):
        mend = f"Give y of shape {_rows(output_shape)}."
        if _is_labels(y, output_shape):
            mend = (
                "For class numbers use sparse_categorical_crossentropy, or make them one-hot with "
                f"to_categorical(y, {classes})."
            )
        elif y.ndim == len(output_shape):
            mend = f"Give the last layer {_count(y.shape[-1], 'unit')} instead of {classes}."
        raise ValueError(_mismatch(loss, y, output_shape, mend))
    if classes == 1:
        raise ValueError(
            f"{loss} compares classes, but the output has only 1 unit, whose softmax is always 1. "
            "Use binary_crossentropy with a sigmoid, or one unit a class."
        )


def labels(
    y: np.ndarray,
    output_shape: Shape,
    loss: str,
    *,
    ignore_class: int | None = None,
    axis: int = -1,
    **_: Any,
) -> None:
    """Targets that are numbers of classes, from 0 to one less than the output has units."""
    numbers(y, loss)
    shape = list(output_shape)
    classes = shape.pop(axis) if len(shape) > 1 else None
    if not (_same(y.shape, shape) or (y.shape[-1:] == (1,) and _same(y.shape[:-1], shape))):
        mend = f"Give one class number a sample: y of shape {_rows(shape)}."
        if classes is not None and y.shape[-1:] == (classes,) and _same(y.shape[:-1], shape):
            mend = (
                "For one-hot targets use categorical_crossentropy, or give class numbers: "
                "np.argmax(y, axis=-1)."
            )
        raise ValueError(_mismatch(loss, y, output_shape, mend))
    if y.size and y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        raise ValueError(
            f"{loss} expects class numbers, that is whole numbers; it got for instance "
            f"{y[y != np.round(y)].flat[0]:g}. Use mean_squared_error for continuous targets."
        )
    if classes is not None and y.size:
        _check_range(y, int(classes), loss, ignore_class)


def groups(y: np.ndarray, output_shape: Shape, loss: str, **_: Any) -> None:
    """Targets that tell which samples belong together: one whole number a sample."""
    numbers(y, loss)
    if not (y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)):
        raise ValueError(
            _mismatch(loss, y, output_shape, "Give one class number a sample: y of shape (n,).")
        )
    if y.size and y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        raise ValueError(
            f"{loss} expects class numbers, that is whole numbers; it got for instance "
            f"{y[y != np.round(y)].flat[0]:g}."
        )


def sequences(y: np.ndarray, output_shape: Shape, loss: str, **_: Any) -> None:
    """Targets that are rows of class numbers, filled up with 0, for outputs over frames."""
    numbers(y, loss)
    if y.ndim != 2 or len(output_shape) != 3:
        mend = "Give a row of class numbers for each sequence, to logits (n, frames, classes)."
        raise ValueError(_mismatch(loss, y, output_shape, mend))
    if y.size and y.dtype.kind == "f" and not np.array_equal(y, np.round(y)):
        raise ValueError(
            f"{loss} expects class numbers, that is whole numbers; it got for instance "
            f"{y[y != np.round(y)].flat[0]:g}."
        )
    if output_shape[-1] is not None and y.size:
        _check_range(y, int(output_shape[-1]), loss, None)


def _check_range(y: np.ndarray, classes: int, loss: str, ignore_class: int | None) -> None:
    kept = y if ignore_class is None else y[y != ignore_class]
    if not kept.size or (kept.min() >= 0 and kept.max() < classes):
        return
    low, high = int(kept.min()), int(kept.max())
    if low < 0:
        mend = "Number the classes from 0; to leave samples out use ignore_class or sample_weight."
    elif low > 0 and high - low < classes:
        mend = f"Number the classes from 0: y - {low}."
    else:
        mend = f"Give the last layer {high + 1} units."
    has = "1 class, 0" if classes == 1 else f"{classes} classes, 0 to {classes - 1}"
    raise ValueError(
        f"{loss}: the output has {has}, but the labels go from {low} to {high}. {mend}"
    )


def _fits(shape: Shape, output_shape: Shape, squeeze: bool = True) -> bool:
    if _same(shape, output_shape):
        return True
    if not squeeze:
        return False
    if shape[-1:] == (1,) and _same(shape[:-1], output_shape):
        return True
    return bool(output_shape) and output_shape[-1] == 1 and _same(shape, output_shape[:-1])


def _same(shape: Any, other: Any) -> bool:
    """Equal but for the first axis; None goes with every size."""
    if len(shape) != len(other):
        return False
    pairs = zip(shape[1:], other[1:], strict=True)
    return all(n == m or m is None or n is None for n, m in pairs)


def _is_labels(y: np.ndarray, output_shape: Shape) -> bool:
    """One whole number for each row of units."""
    one_a_row = _same(y.shape, output_shape[:-1]) or (
        y.shape[-1:] == (1,) and _same(y.shape[:-1], output_shape[:-1])
    )
    return one_a_row and (y.dtype.kind in "biu" or bool(np.array_equal(y, np.round(y))))


def _mismatch(loss: str, y: np.ndarray, output_shape: Shape, mend: str) -> str:
    return (
        f"{loss}: targets of shape {_rows(y.shape)} do not fit an output of shape "
        f"{_rows(output_shape)}. {mend}"
    )


def _rows(shape: Any) -> str:
    """A shape in words, its first axis as `n`."""
    rest = "".join(f", {n}" for n in tuple(shape)[1:])
    return f"(n{rest or ','})"


def _count(n: int, word: str) -> str:
    return f"{n} {word}" + "s" * (n != 1)
