"""Metrics of margins: the mean of a loss over all samples so far."""

from __future__ import annotations

from typing import Any

from annette.losses.margin import categorical_hinge, hinge, squared_hinge
from annette.metrics.reduction import OfFunction


class Hinge(OfFunction):
    r"""Mean distance to a margin of 1; targets -1 and 1, or 0 and 1.

    $\frac1d \sum_i \max(1 - y_i \hat y_i, 0)$, the mean over the samples, weighted where weights
    are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(OfFunction):
    r"""Mean squared distance to a margin of 1; targets -1 and 1, or 0 and 1.

    $\frac1d \sum_i \max(1 - y_i \hat y_i, 0)^2$, the mean over the samples, weighted where weights
    are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(OfFunction):
    r"""Mean distance to a margin of 1 between the right class and the best other.

    $\max(1 + \max_i (1 - y_i) \hat y_i - \sum_i y_i \hat y_i, 0)$, the mean over the samples,
    weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
