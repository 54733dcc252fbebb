"""Losses of how little two sets overlap, for segmentation."""

from __future__ import annotations

from typing import Any

from annette import config, ops
from annette.losses.base import Loss, LossFunctionWrapper
from annette.losses.regression import _pair
from annette.losses.targets import checked_by, elementwise


@checked_by(elementwise)
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    r"""$1 - \frac{2 \sum_i y_i p_i}{\sum_i y_i + \sum_i p_i}$ over `axis`, all axes for None.

    Shapes: y_true and y_pred alike; the result lacks the axes in `axis` (a number or several).
    Source: Dice, Measures of the amount of ecologic association between species, 1945.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    axis = _axes(axis)
    common = ops.sum(y_true * y_pred, axis=axis)
    both = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * common / (both + config.epsilon())


@checked_by(elementwise)
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Any:
    r"""$1 - \frac{TP}{TP + \alpha FN + \beta FP}$ over `axis`, all axes for None.

    $TP = \sum_i y_i p_i$, $FP = \sum_i (1 - y_i) p_i$, $FN = \sum_i y_i (1 - p_i)$. With both
    weights 1/2 it is `dice`. As Keras computes it, `alpha` weights what is missed and `beta` what is
    wrongly found, whatever the paper and Keras's own text call them.

    Shapes: y_true and y_pred alike; the result lacks the axes in `axis` (a number or several).
    Source: Salehi, Erdogmus and Gholipour, Tversky loss function for image segmentation using 3D
    fully convolutional deep networks, 2017.
    """
    y_true, y_pred = _pair(y_true, y_pred)
    axis = _axes(axis)
    tp = ops.sum(y_true * y_pred, axis=axis)
    fp = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    fn = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    return 1.0 - tp / (tp + alpha * fn + beta * fp + config.epsilon())


def _axes(axis: Any) -> Any:
    # A configuration read from JSON has a list where a tuple was given.
    return tuple(axis) if isinstance(axis, list) else axis


class Dice(LossFunctionWrapper):
    r"""How little targets and predictions overlap: `dice`, reduced.

    $1 - \frac{2 \sum_i y_i p_i}{\sum_i y_i + \sum_i p_i}$ over `axis` (Dice, 1945).

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`
    (all axes for None).

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Loss.get_config(self), **self._fn_kwargs}


class Tversky(LossFunctionWrapper):
    r"""Overlap with false positives and negatives weighted: `tversky`, reduced.

    $1 - \frac{TP}{TP + \alpha FN + \beta FP}$ over `axis` (Salehi et al., 2017).

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`
    (all axes for None).

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
        self.alpha = alpha
        self.beta = beta
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Loss.get_config(self), **self._fn_kwargs}
