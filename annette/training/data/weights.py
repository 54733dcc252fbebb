"""Sample weights: given, replicated over outputs, or made from class weights."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from annette.graph import dtypes
from annette.training.data.convert import Leaf
from annette.utils import tree


def class_weight_to_sample_weights(y: Any, class_weight: dict[int, float]) -> np.ndarray:
    """Return each row's weight: that of its class; a class that is not named weighs 1.

    Input shape: labels ``(n,)`` or ``(n, 1)``, or one-hot rows ``(n, classes)``.
    Output shape: ``(n,)``.
    """
    from annette import config

    check_class_weight(class_weight)
    labels = np.asarray(y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else np.argmax(labels, axis=-1)
    if labels.ndim != 1:
        raise ValueError(
            "class_weight needs one class a row: y of shape (n,), (n, 1) or (n, classes); "
            f"y has shape {np.shape(y)}."
        )
    labels = np.round(labels).astype(np.int64)
    known, where = np.unique(labels, return_inverse=True)
    table = np.array([float(class_weight.get(int(c), 1.0)) for c in known], np.float64)
    weights = table[where.reshape(-1)] if len(known) else np.ones(0)
    return weights.astype(dtypes.numpy_dtype(config.floatx()))


def check_class_weight(class_weight: Any) -> None:
    """Raise unless `class_weight` is a dict from class indices to weights.

    Raises:
        ValueError: saying what came and how to write it.
    """
    if not isinstance(class_weight, dict):
        mend = (
            "sklearn.utils.class_weight.compute_class_weight('balanced', ...) computes such weights"
            if isinstance(class_weight, str)
            else "A list of weights becomes one with dict(enumerate(weights))"
        )
        raise ValueError(
            "class_weight must be a dict from class index to weight, such as {0: 1.0, 1: 5.0}; "
            f"it got {class_weight!r}. {mend}."
        )
    for label, weight in class_weight.items():
        if not isinstance(label, (numbers.Integral, np.integer)):
            raise ValueError(
                f"class_weight has the key {label!r}; its keys are class indices, 0, 1, 2, ..., "
                "as they stand in y."
            )
        if not isinstance(weight, (numbers.Real, np.number)) or not np.isfinite(float(weight)):
            raise ValueError(f"class_weight[{label!r}] must be a number; it got {weight!r}.")


def match_sample_weight(y: Any, sample_weight: Any) -> Any:
    """Return `sample_weight` in the structure of `y`: one weight array serves every output.

    Raises:
        ValueError: if it has another structure, or one array for several outputs is not (n,).
    """
    if sample_weight is None or not tree.is_nested(y):
        if tree.is_nested(sample_weight):
            raise ValueError(
                "sample_weight must be one array, because y is one array; "
                f"it got a {type(sample_weight).__name__} of {len(sample_weight)}."
            )
        return sample_weight
    if tree.is_nested(sample_weight):
        if isinstance(y, (list, tuple)) and isinstance(sample_weight, (list, tuple)):
            if len(y) == len(sample_weight):
                return type(y)(sample_weight)
        else:
            try:
                tree.assert_same_structure(y, sample_weight)
            except ValueError as problem:
                raise ValueError(
                    f"sample_weight must have the structure of y, one array an output. {problem}"
                ) from None
            return sample_weight
        raise ValueError(
            "sample_weight must have one array for each output in y: "
            f"y has {len(y)}, sample_weight has {len(sample_weight)}."
        )
    array = sample_weight.array if isinstance(sample_weight, Leaf) else np.asarray(sample_weight)
    if not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
        raise ValueError(
            "sample_weight is one array for a model with several outputs, so it needs one number "
            f"a row, shape (n,); it has shape {tuple(array.shape)}. Give one array an output for "
            "weights of another shape."
        )
    return tree.map_structure(lambda _: sample_weight, y)
