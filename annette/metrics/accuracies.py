"""How often predictions are right. The functions give 1 or 0 for each sample."""

from __future__ import annotations

import math
from typing import Any

from annette import config, ops
from annette.losses.base import same_rank
from annette.metrics.reduction import OfFunction


def accuracy(y_true: Any, y_pred: Any) -> Any:
    r"""$[y = \hat y]$, elementwise."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float | None = 0.5) -> Any:
    r"""$[y = [\hat y > t]]$, elementwise; $[y = \hat y]$ without a threshold $t$."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(y_true, y_pred)
    if threshold is not None:
        y_pred = ops.cast(y_pred > threshold, y_true.dtype)
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    r"""$[\arg\max y = \arg\max \hat y]$ over the last axis, for one-hot targets."""
    y_true = ops.argmax(ops.convert_to_tensor(y_true), axis=-1)
    return _hits(y_true, y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    r"""$[y = \arg\max \hat y]$ over the last axis of y_pred, for class numbers."""
    return _hits(_class_numbers(y_true, y_pred), y_pred)


def _hits(classes: Any, y_pred: Any) -> Any:
    best = ops.argmax(ops.convert_to_tensor(y_pred), axis=-1)
    return ops.cast(ops.equal(ops.cast(classes, best.dtype), best), config.floatx())


def _class_numbers(y_true: Any, y_pred: Any) -> Any:
    """Class numbers without a last axis of 1."""
    y_true = ops.convert_to_tensor(y_true)
    same = len(y_true.shape) == len(ops.shape(y_pred))
    return ops.squeeze(y_true, -1) if same and y_true.shape[-1] == 1 else y_true


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    r"""$[\arg\max y$ is among the $k$ largest of $\hat y]$ for one-hot targets."""
    return _among_top(ops.argmax(ops.convert_to_tensor(y_true), axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Any:
    r"""$[y$ is among the $k$ largest of $\hat y]$ for class numbers.

    With `from_sorted_ids` y_pred has class numbers, the best first, instead of scores.
    """
    classes = _class_numbers(y_true, y_pred)
    if not from_sorted_ids:
        return _among_top(classes, y_pred, k)
    first = ops.convert_to_tensor(y_pred)[..., :k]
    found = ops.equal(ops.expand_dims(ops.cast(classes, first.dtype), -1), first)
    return ops.cast(ops.any(found, axis=-1), config.floatx())


def _among_top(classes: Any, y_pred: Any, k: int) -> Any:
    """Whether fewer than k scores are above that of the class: no sorting."""
    y_pred = ops.convert_to_tensor(y_pred)
    classes = ops.expand_dims(ops.cast(classes, "int32"), -1)
    score = ops.take_along_axis(y_pred, classes, axis=-1)
    above = ops.sum(ops.cast(y_pred > score, "int32"), axis=-1)
    hit = ops.logical_and(above < k, ops.isfinite(ops.squeeze(score, -1)))
    return ops.cast(hit, config.floatx())


class Accuracy(OfFunction):
    r"""How often predictions equal targets.

    $[y = \hat y]$, the mean over the samples, weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(OfFunction):
    r"""How often predictions are on the right side of `threshold` (0 for logits).

    None takes predictions as they are.

    $[y = [\hat y > t]]$ with the threshold $t$, the mean over the samples, weighted where weights
    are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the threshold is not a finite number, or the shapes do not go together.
    """

    def __init__(
        self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float | None = 0.5
    ) -> None:
        if threshold is not None and not (
            isinstance(threshold, (int, float)) and math.isfinite(threshold)
        ):
            raise ValueError(
                f"Argument `threshold` must be a finite number or None; it got {threshold!r}."
            )
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(OfFunction):
    r"""How often the largest prediction is that of the one-hot target.

    $[\arg\max y = \arg\max \hat y]$, the mean over the samples, weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(OfFunction):
    r"""How often the largest prediction is that of the target, a class number.

    $[y = \arg\max \hat y]$, the mean over the samples, weighted where weights are given.

    Shapes: y_true (n, ...) or (n, ..., 1), y_pred (n, ..., classes); sample_weight (n, ...);
    the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(OfFunction):
    r"""How often the one-hot target is among the `k` largest predictions.

    $[\arg\max y \in \mathrm{top}_k(\hat y)]$, the mean over the samples, weighted where weights are
    given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(OfFunction):
    r"""How often the target, a class number, is among the `k` largest predictions.

    $[y \in \mathrm{top}_k(\hat y)]$, the mean over the samples, weighted where weights are given.

    Shapes: y_true (n, ...) or (n, ..., 1), y_pred (n, ..., classes); sample_weight (n, ...);
    the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids

    def _config(self) -> dict[str, Any]:
        # Keras forgets from_sorted_ids; the default is left out so that files stay equal.
        return {"k": self.k, **({"from_sorted_ids": True} if self.from_sorted_ids else {})}
