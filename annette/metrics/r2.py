"""How much of the targets' variance the predictions explain."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.losses.base import same_rank
from annette.metrics.base import Metric

AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    r"""$R^2 = 1 - \sum_i (y_i - \hat y_i)^2 / \sum_i (y_i - \bar y)^2$ for each output.

    1 for perfect predictions, 0 for those as good as the targets' mean, below for worse. Not a
    number while the targets have no variance and the predictions no error. With `num_regressors`
    $p$ above 0 it is the adjusted $1 - (1 - R^2)(n - 1) / (n - p - 1)$ for $n$ values so far, as
    soon as $n > p + 1$.

    Args:
        class_aggregation: "uniform_average" for the outputs' mean; "variance_weighted_average" for
            their mean weighted by the targets' variance; None for a number an output.
        num_regressors: how many variables the model predicts from.

    Shapes: y_true and y_pred (n, outputs); sample_weight (n,), (n, 1) or (n, outputs).
    Source: Wright, Correlation and causation, 1921.

    Raises:
        ValueError: for an unknown aggregation, a negative `num_regressors`, or arrays of another
            shape.
        TypeError: if `num_regressors` is not a number.
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            known = ", ".join(map(repr, AGGREGATIONS))
            raise ValueError(
                f"Argument `class_aggregation` must be one of {known}; it got "
                f"{class_aggregation!r}."
            )
        given: Any = num_regressors
        if isinstance(given, str) or given is None:
            raise TypeError(
                f"Argument `num_regressors` must be a whole number; it got {num_regressors!r}."
            )
        if num_regressors < 0:
            raise ValueError(
                f"Argument `num_regressors` must not be negative; it got {num_regressors!r}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples: Any = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, outputs: int) -> None:
        add = self.add_variable
        self.squared_sum: Any = add((outputs,), "zeros", name="squared_sum")
        self.sum: Any = add((outputs,), "zeros", name="sum")
        self.total_mse: Any = add((outputs,), "zeros", name="residual")
        self.count: Any = add((outputs,), "zeros", name="count")
        self._outputs = outputs
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch."""
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        given = tuple(y_true.shape), tuple(y_pred.shape)
        if given[0] != given[1]:
            y_true, y_pred = _as_columns(y_true), _as_columns(y_pred)
            y_true, y_pred = same_rank(y_true, y_pred)
        if len(y_pred.shape) != 2 or tuple(y_true.shape) != tuple(y_pred.shape):
            raise ValueError(
                "R2Score expects targets and predictions of one shape (samples, outputs); it got "
                f"targets {given[0]} and predictions {given[1]}."
            )
        if not self._built:
            self._build(y_pred.shape[-1])
        elif y_pred.shape[-1] != self._outputs:
            raise ValueError(
                f"R2Score {self.name!r} has seen {self._outputs} outputs so far; it got "
                f"predictions of {y_pred.shape[-1]}. Make a metric for each number of outputs."
            )
        weights = self._weights(sample_weight, tuple(y_pred.shape))
        weighted = y_true * weights
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weights, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        self.num_samples.assign_add(float(y_true.shape[0] * y_true.shape[1]))

    def _weights(self, sample_weight: Any, shape: tuple[int, int]) -> Any:
        if sample_weight is None:
            return ops.ones(shape, dtype=self.dtype)
        weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        if len(weights.shape) == 1:
            weights = ops.expand_dims(weights, -1)
        if tuple(weights.shape) not in ((shape[0], 1), (1, 1), shape, ()):
            raise ValueError(
                f"`sample_weight` of shape {tuple(ops.shape(sample_weight))} does not fit "
                f"predictions of shape {shape}. Give one weight a sample, of shape {shape[:1]}."
            )
        return ops.broadcast_to(weights, shape)

    def result(self) -> Any:
        """The score so far; not a number before the first batch."""
        if not self._built:
            return ops.convert_to_tensor(float("nan"), dtype=self.dtype)
        total = self.squared_sum - self.sum * (self.sum / self.count)
        # With errors but no variance there is nothing to explain.
        unexplained = ops.where(
            ops.logical_and(ops.equal(total, 0.0), self.total_mse > 0.0),
            ops.ones_like(total),
            self.total_mse / total,
        )
        score = 1.0 - unexplained
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.sum(score * total) / ops.sum(total)
        if not self.num_regressors:
            return score
        freedom = self.num_samples - float(self.num_regressors) - 1.0
        adjusted = 1.0 - (1.0 - score) * (self.num_samples - 1.0) / ops.maximum(freedom, 1e-7)
        return ops.where(freedom > 0.0, adjusted, score)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


def _as_columns(x: Any) -> Any:
    return ops.expand_dims(x, -1) if len(x.shape) == 1 else x
