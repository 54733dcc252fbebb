"""Metrics of continuous values: the mean of a loss over all samples so far."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.losses.base import same_rank
from annette.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from annette.metrics.reduction import Mean, OfFunction


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    r"""$\frac{y \cdot \hat y}{\|y\| \|\hat y\|}$ along `axis`: 1 for the same direction."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    return ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class MeanSquaredError(OfFunction):
    r"""Mean of the squared errors.

    $\frac1d \sum_i (y_i - \hat y_i)^2$, the mean over the samples, weighted where weights are
    given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(OfFunction):
    r"""Mean of the errors' sizes.

    $\frac1d \sum_i |y_i - \hat y_i|$, the mean over the samples, weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(OfFunction):
    r"""Mean of the errors in per cent of the targets.

    $\frac{100}d \sum_i |y_i - \hat y_i| / \max(|y_i|, \epsilon)$, the mean over the samples,
    weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(OfFunction):
    r"""Mean of the squared errors of logarithms.

    $\frac1d \sum_i (\ln(1 + y_i) - \ln(1 + \hat y_i))^2$, the mean over the samples, weighted where
    weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class RootMeanSquaredError(Mean):
    r"""$\sqrt{\frac1n \sum_i (y_i - \hat y_i)^2}$ over all values so far."""

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]  # a metric of two arrays
        """Take in one batch."""
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_true, y_pred = same_rank(y_true, y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Any:
        """The root of the mean so far."""
        return ops.sqrt(super().result())


class CosineSimilarity(OfFunction):
    r"""Mean cosine of the angle between target and prediction.

    $\frac{y \cdot \hat y}{\|y\| \|\hat y\|}$ along `axis`, the mean over the samples, weighted
    where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)

    def _config(self) -> dict[str, Any]:
        # Keras forgets the axis; the default is left out so that its files and ours stay equal.
        axis = self._fn_kwargs["axis"]
        return {} if axis == -1 else {"axis": axis}


class LogCoshError(OfFunction):
    r"""Mean logarithm of the errors' hyperbolic cosine.

    $\frac1d \sum_i \ln \cosh(\hat y_i - y_i)$, the mean over the samples, weighted where weights
    are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)
