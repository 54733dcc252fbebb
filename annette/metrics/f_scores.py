"""Means of precision and recall."""

from __future__ import annotations

from typing import Any

from annette import config, ops
from annette.metrics.base import Metric

AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    r"""$(1 + \beta^2) \frac{P R}{\beta^2 P + R}$ of precision $P$ and recall $R$, for each class.

    A class is predicted where its score is above `threshold`; without one, where it is the largest
    of its sample (and not 0).

    Args:
        average: None for a score a class; "macro" for their mean; "weighted" for their mean
            weighted by how often each class is true; "micro" to count all classes together.
        beta: how many times recall counts as precision.

    Shapes: y_true and y_pred (n, classes); sample_weight (n,). The result is (classes,) without an
    average, else a number.
    Source: van Rijsbergen, Information retrieval, 1979.

    Raises:
        ValueError: for an unknown average, a `beta` that is not a float above 0, a `threshold` that
            is not a float above 0 and up to 1, or arrays of another shape.
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in AVERAGES:
            known = ", ".join(map(repr, AVERAGES))
            raise ValueError(f"Argument `average` must be one of {known}; it got {average!r}.")
        if not isinstance(beta, float) or not beta > 0.0:
            raise ValueError(f"Argument `beta` must be a float above 0; it got {beta!r}.")
        if threshold is not None and not (isinstance(threshold, float) and 0.0 < threshold <= 1.0):
            raise ValueError(
                "Argument `threshold` must be None or a float above 0 and not above 1; it got "
                f"{threshold!r}."
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)

        def add(shape: Any, initializer: str, name: str) -> Any:
            return self.add_variable(shape, initializer, self.dtype, name)

        self.true_positives: Any = add(shape, "zeros", name="true_positives")
        self.false_positives: Any = add(shape, "zeros", name="false_positives")
        self.false_negatives: Any = add(shape, "zeros", name="false_negatives")
        self.intermediate_weights: Any = add(shape, "zeros", name="intermediate_weights")
        self._classes = classes
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch: yes-or-no targets and a score for each class."""
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        self._check(tuple(y_true.shape), tuple(y_pred.shape))
        if not self._built:
            self._build(y_pred.shape[-1])
        if self.threshold is None:
            best = ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(y_pred >= best, ops.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        predicted = ops.cast(chosen, self.dtype)
        weights = self._weights(sample_weight, y_pred.shape[0])
        axis = None if self.average == "micro" else 0
        for variable, counted in (
            (self.true_positives, predicted * y_true),
            (self.false_positives, predicted * (1.0 - y_true)),
            (self.false_negatives, (1.0 - predicted) * y_true),
            (self.intermediate_weights, y_true),
        ):
            variable.assign_add(ops.sum(counted * weights, axis=axis))

    def _check(self, true_shape: tuple[Any, ...], pred_shape: tuple[Any, ...]) -> None:
        kind = type(self).__name__
        if len(true_shape) != 2 or true_shape != pred_shape:
            raise ValueError(
                f"{kind} expects targets and predictions of one shape (samples, classes); it got "
                f"targets {true_shape} and predictions {pred_shape}. "
                "Make class numbers one-hot with to_categorical(y, num_classes)."
            )
        if self._built and pred_shape[1] != self._classes:
            raise ValueError(
                f"{kind} {self.name!r} has counted {self._classes} classes so far; it got "
                f"predictions of {pred_shape[1]}. Make a metric for each number of classes."
            )

    def _weights(self, sample_weight: Any, samples: int) -> Any:
        """Weights (n, 1), or 1."""
        if sample_weight is None:
            return 1.0
        weights = ops.convert_to_tensor(sample_weight, dtype=self.dtype)
        shape = tuple(weights.shape)
        if shape not in ((samples,), (samples, 1)):
            raise ValueError(
                f"`sample_weight` of shape {shape} does not fit {samples} samples. "
                f"Give one weight a sample, of shape {(samples,)}."
            )
        return ops.reshape(weights, (samples, 1))

    def result(self) -> Any:
        """The score so far; ValueError before the first batch, when the classes are not known."""
        if not self._built:
            raise ValueError(
                f"{type(self).__name__} {self.name!r} has no result before its first batch, which "
                "tells the number of classes. Call update_state(y_true, y_pred) first."
            )
        tiny = config.epsilon()
        tp = self.true_positives.value
        precision = tp / (tp + self.false_positives + tiny)
        recall = tp / (tp + self.false_negatives + tiny)
        square = self.beta**2
        score = (1.0 + square) * precision * recall / (square * precision + recall + tiny)
        if self.average == "macro":
            return ops.mean(score)
        if self.average == "weighted":
            weights: Any = self.intermediate_weights.value
            return ops.sum(score * (weights / (ops.sum(weights) + tiny)))
        return score

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    r"""$2 \frac{P R}{P + R}$ of precision $P$ and recall $R$, for each class: FBetaScore, beta 1.

    Arguments, shapes and errors are those of FBetaScore.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        described = super().get_config()
        del described["beta"]
        return described
