"""Losses of probabilities: cross-entropies, divergence, Poisson."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import config, ops
from annette.losses.base import Loss, LossFunctionWrapper, same_rank
from annette.losses.regression import _Plain
from annette.losses.targets import binary, checked_by, elementwise, labels, one_hot


@checked_by(binary)
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    r"""$-\frac1n \sum_i y_i \ln p_i + (1 - y_i) \ln(1 - p_i)$ over `axis`.

    `y_pred` is $p$, or with `from_logits` $z$ with $p = 1 / (1 + e^{-z})$. `label_smoothing` $s$
    makes the targets $y (1 - s) + s / 2$.

    Shapes: y_true and y_pred alike; the result lacks `axis`.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@checked_by(one_hot)
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    r"""$-\sum_i y_i \ln p_i$ over the classes along `axis`, for one-hot $y$.

    `y_pred` is $p$, or with `from_logits` $z$ with $p =$ softmax $z$. `label_smoothing` $s$ makes
    the targets $y (1 - s) + s / n$ for $n$ classes.

    Shapes: y_true and y_pred alike; the result lacks `axis`.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    if label_smoothing:
        classes = y_true.shape[axis]
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@checked_by(labels, integers=True)
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    r"""$-\ln p_y$ for the class number $y$, among the classes along `axis`.

    `y_pred` is $p$, or with `from_logits` $z$ with $p =$ softmax $z$. Samples of `ignore_class`
    have a loss of 0. Shapes: y_true as y_pred without `axis`, or with that axis 1 long.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(
            y_true, y_pred, from_logits=from_logits, axis=axis
        )
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    counted = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(counted, y_true, ops.zeros_like(y_true))
    values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    return ops.where(counted, values, ops.zeros_like(values))


@checked_by(labels, integers=True)
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    r"""$(1 - p_y^q) / q$ for the class number $y$: cross-entropy for $q \to 0$, $1 - p_y$ for 1.

    The larger `q`, the less wrong labels harm.

    Shapes: y_true as y_pred (..., classes) without the last axis, or with that 1 long; the result
    lacks the last axis.
    Source: Zhang and Sabuncu, Generalized cross entropy loss for training deep neural networks with
    noisy labels, 2018.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if tuple(y_true.shape) != tuple(y_pred.shape[:-1]):
        raise ValueError(
            "categorical_generalized_cross_entropy expects class numbers of shape "
            f"{tuple(y_pred.shape[:-1])} for predictions of shape {tuple(y_pred.shape)}; it got "
            f"targets of shape {tuple(y_true.shape)}. For one-hot targets give np.argmax(y, -1)."
        )
    chosen = ops.one_hot(ops.cast(y_true, "int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    # The least number there is keeps the slope at 0 finite, and the other classes' 0.
    least = 6e-8 if str(y_pred.dtype) == "float16" else 1e-37
    p = ops.maximum(ops.sum(y_pred * chosen, axis=-1), least)
    return (1.0 - ops.power(p, q)) / q


@checked_by(elementwise)
def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    r"""$\sum_i y_i \ln(y_i / p_i)$ over the last axis (Kullback and Leibler, 1951).

    Both are kept from the float type's epsilon to 1, so that no logarithm is infinite.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@checked_by(elementwise)
def poisson(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i \hat y_i - y_i \ln \hat y_i$ over the last axis.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


class BinaryCrossentropy(LossFunctionWrapper):
    r"""Cross-entropy of yes-or-no targets: `binary_crossentropy`, reduced.

    $-\frac1d \sum_i y_i \ln p_i + (1 - y_i) \ln(1 - p_i)$ of each sample.

    Args:
        from_logits: `y_pred` are logits $z$, not probabilities.
        label_smoothing: how far targets are drawn from 0 and 1 to the middle, from 0 to 1.
        axis: of the classes.

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **Loss.get_config(self),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


class CategoricalCrossentropy(LossFunctionWrapper):
    r"""Cross-entropy of one-hot targets: `categorical_crossentropy`, reduced.

    $-\sum_i y_i \ln p_i$ of each sample.

    Args:
        from_logits: `y_pred` are logits $z$, not probabilities.
        label_smoothing: how far targets are drawn from 0 and 1 to the middle, from 0 to 1.
        axis: of the classes.

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **Loss.get_config(self),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    r"""Cross-entropy of class numbers: `sparse_categorical_crossentropy`, reduced.

    Samples of `ignore_class` do not count in the mean.

    $-\ln p_y$ of each sample.

    Args:
        from_logits: `y_pred` are logits $z$, not probabilities.
        ignore_class: a class number that stands for no class.
        axis: of the classes.

    Shapes: y_true as y_pred without `axis`, or with that axis 1 long; the result is a number, or
    without a reduction lacks `axis`.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config_ = {
            **Loss.get_config(self),
            "from_logits": self.from_logits,
            "ignore_class": self.ignore_class,
        }
        return config_ if self.axis == -1 else {**config_, "axis": self.axis}


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Cross-entropy that bears wrong labels: `categorical_generalized_cross_entropy`, reduced.

    Raises:
        ValueError: if `q` is not between 0 and 1.
        TypeError: if it is not a number.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if isinstance(q, bool) or not isinstance(q, (int, float, np.number)):
            raise TypeError(f"Argument `q` must be a number between 0 and 1; it got {q!r}.")
        if not 0 < q < 1:
            raise ValueError(
                f"Argument `q` must be above 0 and below 1; it got {q!r}. For 0 use "
                "SparseCategoricalCrossentropy."
            )
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
        self.q = q

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Loss.get_config(self), "q": self.q}


class KLDivergence(_Plain):
    r"""How far a predicted distribution is from the true one: `kl_divergence`, reduced.

    $\sum_i y_i \ln(y_i / p_i)$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(_Plain):
    r"""Negative log-likelihood of counts, up to a constant: `poisson`, reduced.

    $\frac1d \sum_i \hat y_i - y_i \ln \hat y_i$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)
