"""Metrics of probabilities: the mean of a loss over all samples so far."""

from __future__ import annotations

from typing import Any

from annette.losses.probabilistic import (
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from annette.metrics.reduction import OfFunction


class KLDivergence(OfFunction):
    r"""How far predicted distributions are from the true ones.

    $\sum_i y_i \ln(y_i / p_i)$, the mean over the samples, weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(kl_divergence, name, dtype)


class Poisson(OfFunction):
    r"""Negative log-likelihood of counts, up to a constant.

    $\frac1d \sum_i \hat y_i - y_i \ln \hat y_i$, the mean over the samples, weighted where weights
    are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(OfFunction):
    r"""Cross-entropy of yes-or-no targets.

    $-\frac1d \sum_i y_i \ln p_i + (1 - y_i) \ln(1 - p_i)$, the mean over the samples, weighted
    where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(OfFunction):
    r"""Cross-entropy of one-hot targets.

    $-\sum_i y_i \ln p_i$ along `axis`, the mean over the samples, weighted where weights are given.

    Shapes: y_true and y_pred (n, ..., d) alike; sample_weight (n, ...); the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(OfFunction):
    r"""Cross-entropy of class numbers; samples of `ignore_class` have a value of 0.

    $-\ln p_y$ along `axis`, the mean over the samples, weighted where weights are given.

    Shapes: y_true (n, ...) or (n, ..., 1), y_pred (n, ..., classes); sample_weight (n, ...);
    the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
