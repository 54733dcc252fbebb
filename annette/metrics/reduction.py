"""Sum and mean of values, and the mean of any function of targets and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette import ops
from annette.losses.base import apply_mask, same_rank
from annette.metrics.base import Metric
from annette.saving.serialization import deserialize_keras_object, serialize_keras_object
from annette.utils.arguments import returned_number


def samplewise(values: Any, sample_weight: Any, reduce: Callable[..., Any], dtype: str) -> Any:
    """One weighted value a sample, and its weight (None without weights).

    `reduce` takes the values of a sample together: `ops.mean` or `ops.sum`.
    """
    mask = getattr(values, "_keras_mask", None)
    values = ops.convert_to_tensor(values, dtype=dtype)
    if sample_weight is not None:
        weights = ops.convert_to_tensor(sample_weight, dtype=dtype)
        if mask is not None:
            weights = apply_mask(weights, mask, dtype, "sum")
        values, weights = same_rank(values, weights)
        rank = len(weights.shape)
        if len(values.shape) > rank:
            values = reduce(values, axis=tuple(range(rank, len(values.shape))))
        weights = ops.broadcast_to(weights, tuple(values.shape))
        values = values * weights
        sample_weight = reduce(weights, axis=tuple(range(1, rank))) if rank > 1 else weights
    if len(values.shape) > 1:
        values = reduce(values, axis=tuple(range(1, len(values.shape))))
    return values, sample_weight


class Sum(Metric):
    r"""$\sum_i w_i x_i$ over all values so far."""

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", self.dtype, "total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add the values of one batch."""
        values, _ = samplewise(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Any:
        """The sum so far."""
        return self.total.value


class Mean(Metric):
    r"""$\sum_i w_i x_i / \sum_i w_i$ over all samples so far; 0 before the first."""

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros", self.dtype, "total")
        self.count = self.add_variable((), "zeros", self.dtype, "count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take in the values of one batch, samples first."""
        values, weights = samplewise(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values))
        if weights is None:
            self.count.assign_add(float(values.shape[0]) if values.shape else 1.0)
        else:
            self.count.assign_add(ops.sum(weights))

    def result(self) -> Any:
        """The mean so far."""
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of `fn(y_true, y_pred, **kwargs)`, which gives a value a sample."""

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name, dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]  # a metric of two arrays
        """Take in one batch."""
        mask = getattr(y_pred, "_keras_mask", None)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        returned_number("metric", self.name, values)
        if sample_weight is not None and mask is not None:
            weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
            sample_weight = apply_mask(weights, mask, self.dtype, "sum")
        super().update_state(values, sample_weight=sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        extra = {"fn": self._fn, **self._fn_kwargs}
        return {**super().get_config(), **serialize_keras_object(extra)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A metric made from what `get_config` gave, without its state."""
        if "fn" in config:
            config = {**config, "fn": deserialize_keras_object(config["fn"])}
        return cls(**config)


class OfFunction(MeanMetricWrapper):
    """A MeanMetricWrapper whose function is fixed by its class, not part of its configuration."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Metric.get_config(self), **self._config()}

    def _config(self) -> dict[str, Any]:
        """The arguments besides name and dtype."""
        return dict(self._fn_kwargs)
