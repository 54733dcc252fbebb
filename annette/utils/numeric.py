"""Arrays made ready for training: one-hot classes, unit vectors, sequences of equal length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Return class indices as one-hot rows: ``y[..., k] = 1`` where ``x[...] == k``, else 0.

    Input shape: ``(...)`` or ``(..., 1)``.  Output shape: ``(..., num_classes)``.

    Args:
        x: integers from 0 to ``num_classes - 1``.
        num_classes: the number of classes; the largest index plus one if None.

    Raises:
        ValueError: for indices that are negative, too large or no integers.
    """
    given = np.asarray(x)
    try:
        labels = given.astype("int64")  # figures written as strings are fine
    except (TypeError, ValueError):
        raise ValueError(
            f"to_categorical expects integers; it got values such as {given.reshape(-1)[0]!r}. "
            "numpy.unique(labels, return_inverse=True) numbers labels."
        ) from None
    if given.dtype.kind == "f" and not np.array_equal(labels, given):
        raise ValueError(
            "to_categorical expects class indices, which are whole numbers; it got "
            f"{given[labels != given].reshape(-1)[0]}."
        )
    shape = labels.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    labels = labels.reshape(-1)
    if not num_classes:
        if not labels.size:
            raise ValueError("to_categorical got no labels; pass num_classes to say how many.")
        num_classes = int(labels.max()) + 1
    wrong = (labels < 0) | (labels >= num_classes)
    if wrong.any():
        hint = (
            " Labels that start at 1 become right with x - 1."
            if labels.max() >= num_classes
            else ""
        )
        raise ValueError(
            f"to_categorical expects integers from 0 to {num_classes - 1} (num_classes is "
            f"{num_classes}); it got {labels[wrong][0]}.{hint}"
        )
    rows = np.zeros((labels.size, num_classes))
    rows[np.arange(labels.size), labels] = 1
    return rows.reshape((*shape, num_classes))


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Return `x` divided by its norm along `axis`: ``x / |x|_order``; zeros stay zeros.

    Input shape: any.  Output shape: that of x.
    """
    from annette import ops
    from annette.graph.symbolic import KerasTensor
    from annette.graph.tensor import Tensor

    if isinstance(x, (KerasTensor, Tensor)):
        return ops.normalize(x, axis=axis, order=order)
    array = np.asarray(x)
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, 1, norm)


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Return sequences of different lengths as one array, padded with `value` or cut.

    Output shape: ``(len(sequences), maxlen, ...)``.

    Args:
        sequences: lists or arrays, of values or of vectors of one shape.
        maxlen: the length of all; that of the longest if None.
        dtype: of the result; ``object`` or ``"str"`` for strings.
        padding: ``"pre"`` to pad before each sequence, ``"post"`` after it.
        truncating: ``"pre"`` to cut from the beginning, ``"post"`` from the end.
        value: what to pad with.

    Raises:
        ValueError: if `sequences` is no list of sequences, their vectors differ in shape, or
            an argument is not known.
    """
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(f"{name} must be 'pre' or 'post'; it got {given!r}.")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"sequences must be a list of lists; it got {type(sequences).__name__}.")
    for i, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"sequences must be a list of lists; sequences[{i}] is {sequence!r}.")
    if maxlen is None:
        maxlen = max((len(s) for s in sequences), default=0)
    inner = next((np.asarray(s).shape[1:] for s in sequences if len(s)), ())
    text = np.dtype(dtype).kind == "U"
    if isinstance(value, str) and dtype is not object and not text:
        raise ValueError(
            f"value is the string {value!r} and dtype is {dtype!r}; strings need dtype=object."
        )
    padded = np.full((len(sequences), maxlen, *inner), value, object if text else dtype)
    for i, sequence in enumerate(sequences):
        if not len(sequence):
            continue
        kept = (
            sequence[max(0, len(sequence) - maxlen) :] if truncating == "pre" else sequence[:maxlen]
        )
        part = np.asarray(kept, dtype=padded.dtype)
        if part.shape[1:] != inner:
            raise ValueError(
                f"All vectors must have one shape; sequences[{i}] has vectors of shape "
                f"{part.shape[1:]}, the first sequence of shape {inner}."
            )
        span = slice(0, len(part)) if padding == "post" else slice(maxlen - len(part), maxlen)
        padded[i, span] = part
    return padded
