"""Metrics of margins: the mean of a loss over all samples so far."""

from __future__ import annotations

from typing import Any

from annette.losses.margin import categorical_hinge, hinge, squared_hinge
from annette.metrics.reduction import OfFunction


class Hinge(OfFunction):
    """Mean distance to a margin of 1; targets -1 and 1, or 0 and 1."""

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(OfFunction):
    """Mean squared distance to a margin of 1; targets -1 and 1, or 0 and 1."""

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(OfFunction):
    """Mean distance to a margin of 1 between the right class and the best other."""

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)
