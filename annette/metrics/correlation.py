"""How predictions go together with targets: the mean of a coefficient a sample."""

from __future__ import annotations

from typing import Any

from annette import config, ops
from annette.losses.base import same_rank
from annette.metrics.reduction import OfFunction


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    r"""$\mathrm{cov}(y, p) / \sqrt{\mathrm{var}\, y \; \mathrm{var}\, p}$ along `axis`.

    From -1 to 1; not a number where the values along `axis` are all equal.

    Shapes: y_true and y_pred alike; the result lacks the axes in `axis` (a number, several, or None
    for all).
    Source: Pearson, Note on regression and inheritance in the case of two parents, 1895.
    """
    y_true, y_pred, axis = _prepare(y_true, y_pred, axis)
    y_true = y_true - ops.mean(y_true, axis=axis, keepdims=True)
    y_pred = y_pred - ops.mean(y_pred, axis=axis, keepdims=True)
    lengths = ops.sqrt(ops.sum(ops.square(y_true), axis=axis)) * ops.sqrt(
        ops.sum(ops.square(y_pred), axis=axis)
    )
    return ops.sum(y_true * y_pred, axis=axis) / lengths


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    r"""$2 \,\mathrm{cov}(y, p) / (\mathrm{var}\, y + \mathrm{var}\, p + (\bar y - \bar p)^2)$ along `axis`.

    From -1 to 1; 1 only where predictions equal targets, not just go together with them.

    Shapes: y_true and y_pred alike; the result lacks the axes in `axis` (a number, several, or None
    for all).
    Source: Lin, A concordance correlation coefficient to evaluate reproducibility, 1989.
    """
    y_true, y_pred, axis = _prepare(y_true, y_pred, axis)
    true_mean = ops.mean(y_true, axis=axis, keepdims=True)
    pred_mean = ops.mean(y_pred, axis=axis, keepdims=True)
    covariance = ops.mean((y_true - true_mean) * (y_pred - pred_mean), axis=axis)
    spread = ops.mean(
        ops.square(y_true - true_mean)
        + ops.square(y_pred - pred_mean)
        + ops.square(true_mean - pred_mean),
        axis=axis,
    )
    return 2.0 * covariance / (spread + config.epsilon())


def _prepare(y_true: Any, y_pred: Any, axis: Any) -> tuple[Any, Any, Any]:
    """Both as floating-point arrays of one rank, and the axes as NumPy takes them."""
    y_pred = ops.convert_to_tensor(y_pred)
    if "float" not in str(y_pred.dtype):
        y_pred = ops.cast(y_pred, config.floatx())
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    return y_true, y_pred, tuple(axis) if isinstance(axis, list) else axis


class _Correlation(OfFunction):
    """The mean of a coefficient along `axis`."""

    def __init__(self, fn: Any, name: str | None, dtype: Any, axis: Any) -> None:
        super().__init__(fn, name, dtype, axis=axis)
        self.axis = axis


class PearsonCorrelation(_Correlation):
    r"""Mean coefficient of linear correlation along `axis`: see `pearson_correlation`.

    $\mathrm{cov}(y, p) / \sqrt{\mathrm{var}\, y \; \mathrm{var}\, p}$ of each sample (Pearson,
    1895).

    Shapes: y_true and y_pred alike; the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: Any = None, axis: Any = -1
    ) -> None:
        super().__init__(pearson_correlation, name, dtype, axis)


class ConcordanceCorrelation(_Correlation):
    r"""Mean coefficient of agreement along `axis`: see `concordance_correlation`.

    $2 \,\mathrm{cov}(y, p) / (\mathrm{var}\, y + \mathrm{var}\, p + (\bar y - \bar p)^2)$ of each
    sample (Lin, 1989).

    Shapes: y_true and y_pred alike; the result is a number.

    Raises:
        ValueError: if the shapes do not go together.
    """

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: Any = -1
    ) -> None:
        super().__init__(concordance_correlation, name, dtype, axis)
