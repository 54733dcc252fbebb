"""Losses of continuous values. y_true and y_pred have one shape; the result lacks its last axis."""

from __future__ import annotations

import math
from typing import Any

from annette import config, ops
from annette.losses.base import Loss, LossFunctionWrapper, same_rank
from annette.losses.targets import checked_by, elementwise


def _pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as arrays of one dtype and rank."""
    y_pred = ops.convert_to_tensor(y_pred)
    return same_rank(ops.convert_to_tensor(y_true, dtype=y_pred.dtype), y_pred)


@checked_by(elementwise)
def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i (y_i - \hat y_i)^2$ over the last axis.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@checked_by(elementwise)
def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i |y_i - \hat y_i|$ over the last axis.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@checked_by(elementwise)
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac{100}d \sum_i |y_i - \hat y_i| / \max(|y_i|, \epsilon)$ over the last axis.

    Small targets weigh much: better for values far from 0.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    relative = ops.abs((y_true - y_pred) / ops.maximum(ops.abs(y_true), config.epsilon()))
    return 100.0 * ops.mean(relative, axis=-1)


@checked_by(elementwise)
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i (\ln(1 + y_i) - \ln(1 + \hat y_i))^2$ for values not below 0.

    The error is one of ratios: 10 for 20 counts about as 100 for 200.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    true_log = ops.log(ops.maximum(y_true, config.epsilon()) + 1.0)
    pred_log = ops.log(ops.maximum(y_pred, config.epsilon()) + 1.0)
    return ops.mean(ops.square(true_log - pred_log), axis=-1)


@checked_by(elementwise)
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    r"""Mean of $e^2 / 2$ for $|e| \le \delta$, $\delta |e| - \delta^2 / 2$ above (Huber, 1964).

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    small = 0.5 * ops.square(error)
    return ops.mean(ops.where(error <= delta, small, delta * error - 0.5 * delta**2), axis=-1)


@checked_by(elementwise)
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    r"""$\frac1d \sum_i \ln \cosh(\hat y_i - y_i)$ over the last axis, without overflow.

    About $e^2 / 2$ for small errors $e$ and $|e| - \ln 2$ for large ones.

    Shapes: y_true and y_pred (n, ..., d) alike; the result (n, ...).

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


@checked_by(elementwise)
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    r"""$-\frac{y \cdot \hat y}{\|y\| \|\hat y\|}$ along `axis`: -1 for the same direction.

    Shapes: y_true and y_pred alike; the result lacks `axis`.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class _Plain(LossFunctionWrapper):
    """A loss whose only arguments are those that every loss has."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return Loss.get_config(self)


class MeanSquaredError(_Plain):
    r"""Mean of the squared errors: `mean_squared_error`, reduced.

    $\frac1d \sum_i (y_i - \hat y_i)^2$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(_Plain):
    r"""Mean of the errors' sizes: `mean_absolute_error`, reduced.

    $\frac1d \sum_i |y_i - \hat y_i|$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(_Plain):
    r"""Mean of the errors in per cent of the targets: `mean_absolute_percentage_error`, reduced.

    $\frac{100}d \sum_i |y_i - \hat y_i| / \max(|y_i|, \epsilon)$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(_Plain):
    r"""Mean of the squared errors of logarithms: `mean_squared_logarithmic_error`, reduced.

    $\frac1d \sum_i (\ln(1 + y_i) - \ln(1 + \hat y_i))^2$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(_Plain):
    r"""Squared error up to `delta` and straight above: `huber`, reduced.

    The mean of $e^2 / 2$ for errors $|e| \le \delta$, of $\delta |e| - \delta^2 / 2$ above, of each
    sample.

    Args:
        delta: $\delta$, where the straight part begins.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.
    Source: Huber, Robust estimation of a location parameter, 1964.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        # Keras forgets delta; the default is left out so that its files and ours stay equal.
        delta = self._fn_kwargs["delta"]
        return {**super().get_config(), **({} if delta == 1.0 else {"delta": delta})}


class LogCosh(_Plain):
    r"""Logarithm of the error's hyperbolic cosine: `log_cosh`, reduced.

    $\frac1d \sum_i \ln \cosh(\hat y_i - y_i)$ of each sample.

    Shapes: y_true and y_pred (n, ..., d) alike; the result is a number, or (n, ...) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(_Plain):
    r"""Negative cosine of the angle between target and prediction: `cosine_similarity`, reduced.

    $-\frac{y \cdot \hat y}{\|y\| \|\hat y\|}$ of each sample.

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        axis = self._fn_kwargs["axis"]
        return {**super().get_config(), **({} if axis == -1 else {"axis": axis})}
