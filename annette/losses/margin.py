"""Losses that want a margin. Targets are -1 and 1; 0 and 1 are taken for them."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.losses.base import same_rank
from annette.losses.regression import _Plain
from annette.losses.targets import checked_by, elementwise


def _signed_pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as arrays; targets that are all 0 or 1 as -1 and 1."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true, y_pred = same_rank(ops.convert_to_tensor(y_true, dtype=y_pred.dtype), y_pred)
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    return ops.where(binary, 2.0 * y_true - 1.0, y_true), y_pred


@checked_by(elementwise)
def hinge(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i \max(1 - y_i \hat y_i, 0)$ over the last axis.

    Targets are -1 and 1; where they are all 0 and 1 they are taken as these.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).
    Source: Cortes and Vapnik, Support-vector networks, 1995.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _signed_pair(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


@checked_by(elementwise)
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i \max(1 - y_i \hat y_i, 0)^2$ over the last axis.

    Targets are as for `hinge`.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).
    Source: Cortes and Vapnik, Support-vector networks, 1995.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _signed_pair(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


@checked_by(elementwise)
def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    r"""$\max(1 + \max_i (1 - y_i) \hat y_i - \sum_i y_i \hat y_i, 0)$ for one-hot $y$.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).
    Source: Crammer and Singer, On the algorithmic implementation of multiclass kernel-based vector
    machines, 2001.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(_Plain):
    r"""Distance to a margin of 1: `hinge`, reduced.

    $\frac1d \sum_i \max(1 - y_i \hat y_i, 0)$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(_Plain):
    r"""Squared distance to a margin of 1: `squared_hinge`, reduced.

    $\frac1d \sum_i \max(1 - y_i \hat y_i, 0)^2$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(_Plain):
    r"""Distance to a margin of 1 between the right class and the best other: `categorical_hinge`.

    $\max(1 + \max_i (1 - y_i) \hat y_i - \sum_i y_i \hat y_i, 0)$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)
