"""Counts of right and wrong yes-or-no predictions at thresholds, and what is made of them."""

from __future__ import annotations

from typing import Any

from annette import config, ops
from annette.metrics.base import Metric

_NEVER = -1e10  # a score no threshold is below


def count_confusion(
    y_true: Any,
    y_pred: Any,
    sample_weight: Any,
    thresholds: list[float],
    dtype: str,
    multi_label: bool = False,
    label_weights: Any = None,
) -> dict[str, Any]:
    """Weighted numbers of true and false positives ("tp", "fp") and negatives ("tn", "fn").

    Shape: (thresholds,), or (thresholds, labels) with `multi_label`, where y is (samples, labels).
    A prediction is positive if it is above the threshold.
    """
    weights = ops.ones(tuple(y_pred.shape), dtype=dtype)
    if sample_weight is not None:
        weights = weights * _to_rank(ops.convert_to_tensor(sample_weight, dtype=dtype), y_pred)
    if label_weights is not None and not multi_label:
        weights = weights * ops.convert_to_tensor(label_weights, dtype=dtype)
    if not multi_label:
        y_true, y_pred, weights = (ops.reshape(x, (-1,)) for x in (y_true, y_pred, weights))
    truth = ops.cast(ops.cast(y_true, "bool"), dtype)
    yes, no = truth * weights, (1.0 - truth) * weights
    cuts = ops.convert_to_tensor(thresholds, dtype=y_pred.dtype)
    cuts = ops.reshape(cuts, (len(thresholds),) + (1,) * len(y_pred.shape))
    above = ops.cast(ops.expand_dims(y_pred, 0) > cuts, dtype)
    if multi_label:
        tp, fp = ops.sum(above * yes, axis=1), ops.sum(above * no, axis=1)
    else:
        tp, fp = ops.matmul(above, yes), ops.matmul(above, no)
    all_yes, all_no = ops.sum(yes, axis=0), ops.sum(no, axis=0)
    return {"tp": tp, "fp": fp, "fn": all_yes - tp, "tn": all_no - fp}


def _to_rank(weights: Any, values: Any) -> Any:
    """Weights that multiply the values: those of a sample count for all its values."""
    shape, rank = tuple(weights.shape), len(values.shape)
    if len(shape) > rank and shape[-1] == 1:
        weights, shape = ops.squeeze(weights, -1), shape[:-1]
    fits = len(shape) <= rank and all(
        n in (1, m) for n, m in zip(shape, values.shape, strict=False)
    )
    if not fits:
        raise ValueError(
            f"`sample_weight` of shape {shape} does not fit predictions of shape "
            f"{tuple(values.shape)}. Give one weight a sample."
        )
    return ops.reshape(weights, shape + (1,) * (rank - len(shape)))


def prepare(
    y_true: Any, y_pred: Any, dtype: str, top_k: int | None = None, class_id: int | None = None
) -> tuple[Any, Any]:
    """Both as arrays of one shape: only the `top_k` scores kept, only class `class_id` looked at.

    Raises:
        ValueError: if the shapes do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred, dtype=dtype)
    y_true = ops.convert_to_tensor(y_true, dtype=dtype)
    if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
        y_true = ops.expand_dims(y_true, -1)
    elif len(y_pred.shape) == len(y_true.shape) - 1 and y_true.shape[-1] == 1:
        y_pred = ops.expand_dims(y_pred, -1)
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(
            "Precision, recall and their like compare yes-or-no targets with predictions of the "
            f"same shape; it got targets {tuple(y_true.shape)} and predictions "
            f"{tuple(y_pred.shape)}. "
            "Make class numbers one-hot with to_categorical(y, num_classes)."
        )
    if top_k is not None:
        y_pred = _only_top(y_pred, top_k)
    if class_id is not None:
        classes = y_pred.shape[-1]
        if not hasattr(class_id, "__index__"):
            raise TypeError(f"Argument `class_id` must be a whole number; it got {class_id!r}.")
        if not 0 <= class_id < classes:
            raise ValueError(
                f"Argument `class_id` is {class_id}, but there are {classes} classes, "
                f"0 to {classes - 1}."
            )
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    return y_true, y_pred


def _only_top(y_pred: Any, k: int) -> Any:
    """The scores, those not among the k largest replaced by one below every threshold."""
    indices = ops.top_k(y_pred, k)[1]
    kept = ops.sum(ops.one_hot(indices, y_pred.shape[-1], dtype=y_pred.dtype), axis=-2)
    return ops.where(kept > 0.5, y_pred, _NEVER)


def check_thresholds(thresholds: Any, default: float) -> list[float]:
    """Thresholds as a list; ValueError if one is not between 0 and 1."""
    if thresholds is None:
        return [default]
    given = list(thresholds) if hasattr(thresholds, "__len__") else [thresholds]
    if not all(isinstance(t, (int, float)) or hasattr(t, "__float__") for t in given):
        raise TypeError(
            f"Argument `thresholds` must be a number or a list of them; it got {thresholds!r}."
        )
    wrong = [t for t in given if t is None or not 0 <= t <= 1]
    if wrong or not given:
        raise ValueError(
            f"Argument `thresholds` must have values between 0 and 1; it got {thresholds!r}."
        )
    return [float(t) for t in given]


class _Count(Metric):
    """The weighted number of one of the four outcomes, at each threshold."""

    _kind: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.thresholds = check_thresholds(thresholds, 0.5)
        self.accumulator = self.add_variable(
            (len(self.thresholds),), "zeros", config.floatx(), name="accumulator"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch: yes-or-no targets and predictions from 0 to 1."""
        y_true, y_pred = prepare(y_true, y_pred, config.floatx())
        counts = count_confusion(y_true, y_pred, sample_weight, self.thresholds, config.floatx())
        self.accumulator.assign_add(counts[self._kind])

    def result(self) -> Any:
        """The number so far; with several thresholds one for each."""
        return self.accumulator[0] if len(self.thresholds) == 1 else self.accumulator.value

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    r"""Number of samples that are positive and predicted so (above the threshold, 0.5).

    $\sum_i w_i \, y_i [p_i > t]$ with weights $w$ and the threshold $t$.

    Args:
        thresholds: above which a prediction is positive, a number or several; 0.5 unless given.

    Shapes: y_true and y_pred alike; the result is a number, or (thresholds,) for several.

    Raises:
        ValueError: for thresholds outside 0 to 1, or shapes that do not go together.
    """

    _kind = "tp"


class TrueNegatives(_Count):
    r"""Number of samples that are negative and predicted so.

    $\sum_i w_i (1 - y_i) [p_i \le t]$ with weights $w$ and the threshold $t$.

    Args:
        thresholds: above which a prediction is positive, a number or several; 0.5 unless given.

    Shapes: y_true and y_pred alike; the result is a number, or (thresholds,) for several.

    Raises:
        ValueError: for thresholds outside 0 to 1, or shapes that do not go together.
    """

    _kind = "tn"


class FalsePositives(_Count):
    r"""Number of samples predicted positive that are not.

    $\sum_i w_i (1 - y_i) [p_i > t]$ with weights $w$ and the threshold $t$.

    Args:
        thresholds: above which a prediction is positive, a number or several; 0.5 unless given.

    Shapes: y_true and y_pred alike; the result is a number, or (thresholds,) for several.

    Raises:
        ValueError: for thresholds outside 0 to 1, or shapes that do not go together.
    """

    _kind = "fp"


class FalseNegatives(_Count):
    r"""Number of samples predicted negative that are not.

    $\sum_i w_i \, y_i [p_i \le t]$ with weights $w$ and the threshold $t$.

    Args:
        thresholds: above which a prediction is positive, a number or several; 0.5 unless given.

    Shapes: y_true and y_pred alike; the result is a number, or (thresholds,) for several.

    Raises:
        ValueError: for thresholds outside 0 to 1, or shapes that do not go together.
    """

    _kind = "fn"


class _Share(Metric):
    """True positives as a share of them and one other outcome."""

    _other: str
    _other_name: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dtype, name)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = check_thresholds(thresholds, 0.5 if top_k is None else _NEVER)
        shape = (len(self.thresholds),)
        self.true_positives: Any = self.add_variable(
            shape, "zeros", config.floatx(), name="true_positives"
        )
        self._others = self.add_variable(shape, "zeros", config.floatx(), name=self._other_name)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch: yes-or-no targets and predictions from 0 to 1."""
        y_true, y_pred = prepare(y_true, y_pred, config.floatx(), self.top_k, self.class_id)
        counts = count_confusion(y_true, y_pred, sample_weight, self.thresholds, config.floatx())
        self.true_positives.assign_add(counts["tp"])
        self._others.assign_add(counts[self._other])

    def result(self) -> Any:
        """The share so far, 0 where there is none; with several thresholds one for each."""
        total = self.true_positives + self._others
        share = ops.divide_no_nan(self.true_positives, total)
        return share[0] if len(self.thresholds) == 1 else share

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Share):
    r"""How many of those predicted positive are so: $TP / (TP + FP)$.

    A prediction is positive above `thresholds` (0.5); with `top_k` if it is among the k largest of
    its sample. `class_id` looks at one class.

    Raises:
        ValueError: for thresholds outside 0 to 1.
    """

    _other = "fp"
    _other_name = "false_positives"

    @property
    def false_positives(self) -> Any:
        """Number of samples predicted positive that are not."""
        return self._others


class Recall(_Share):
    r"""How many of the positive are predicted so: $TP / (TP + FN)$.

    The arguments are those of Precision.

    Raises:
        ValueError: for thresholds outside 0 to 1.
    """

    _other = "fn"
    _other_name = "false_negatives"

    @property
    def false_negatives(self) -> Any:
        """Number of samples predicted negative that are not."""
        return self._others
