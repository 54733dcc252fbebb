"""The best of one rate where another is as good as asked for, over all thresholds."""

from __future__ import annotations

from typing import Any

from annette import config, ops
from annette.metrics.base import Metric
from annette.metrics.confusion import count_confusion, prepare
from annette.utils.arguments import at_most


class _BestAt(Metric):
    """The largest `_wanted` rate among the thresholds where `_given` is at least a bound.

    Counts are kept at `num_thresholds` thresholds spread evenly from 0 to 1 (0.5 for one). Each
    rate is the share of one count in it and another.
    """

    _argument: str  # under which the bound is given
    _given: tuple[str, str]  # the rate that is bounded
    _wanted: tuple[str, str]  # the rate that is as large as can be

    def __init__(
        self, value: Any, num_thresholds: int, class_id: int | None, name: Any, dtype: Any
    ) -> None:
        super().__init__(dtype, name)
        self.value = _share(self._argument, value)
        if isinstance(num_thresholds, bool) or not hasattr(num_thresholds, "__index__"):
            raise TypeError(
                f"Argument `num_thresholds` must be a whole number; it got {num_thresholds!r}."
            )
        if num_thresholds < 1:
            raise ValueError(
                f"Argument `num_thresholds` must be a whole number above 0; it got "
                f"{num_thresholds!r}."
            )
        self.num_thresholds = at_most(type(self).__name__, "num_thresholds", num_thresholds, 2**20)
        self.class_id = class_id
        last = max(num_thresholds - 1, 1)
        self.thresholds = [0.5] if num_thresholds == 1 else [i / last for i in range(last + 1)]
        shape = (num_thresholds,)
        self.true_positives: Any = self.add_variable(
            shape, "zeros", config.floatx(), name="true_positives"
        )
        self.false_positives: Any = self.add_variable(
            shape, "zeros", config.floatx(), name="false_positives"
        )
        self.true_negatives: Any = self.add_variable(
            shape, "zeros", config.floatx(), name="true_negatives"
        )
        self.false_negatives: Any = self.add_variable(
            shape, "zeros", config.floatx(), name="false_negatives"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch: yes-or-no targets and predictions from 0 to 1."""
        y_true, y_pred = prepare(y_true, y_pred, config.floatx(), class_id=self.class_id)
        y_pred = ops.clip(y_pred, 0.0, 1.0)
        counts = count_confusion(y_true, y_pred, sample_weight, self.thresholds, config.floatx())
        self.true_positives.assign_add(counts["tp"])
        self.false_positives.assign_add(counts["fp"])
        self.true_negatives.assign_add(counts["tn"])
        self.false_negatives.assign_add(counts["fn"])

    def _rate(self, names: tuple[str, str]) -> Any:
        counted, other = (getattr(self, name) for name in names)
        return ops.divide_no_nan(counted, counted + other)

    def result(self) -> Any:
        """The best so far; 0 where no threshold is good enough."""
        wanted = self._rate(self._wanted)
        allowed = self._rate(self._given) >= self.value
        return ops.max(ops.where(allowed, wanted, ops.zeros_like(wanted)))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            self._argument: self.value,
            "num_thresholds": self.num_thresholds,
            "class_id": self.class_id,
        }


def _share(argument: str, value: Any) -> Any:
    """The value; TypeError or ValueError if it is not a number from 0 to 1."""
    if isinstance(value, str) or not hasattr(value, "__float__"):
        raise TypeError(f"Argument `{argument}` must be a number from 0 to 1; it got {value!r}.")
    if not 0 <= value <= 1:
        raise ValueError(f"Argument `{argument}` must be between 0 and 1; it got {value!r}.")
    return value


_PRECISION = ("true_positives", "false_positives")
_SENSITIVITY = ("true_positives", "false_negatives")
_SPECIFICITY = ("true_negatives", "false_positives")


class SensitivityAtSpecificity(_BestAt):
    r"""Largest sensitivity $TP / (TP + FN)$ where $TN / (TN + FP) \ge$ `specificity`.

    Args:
        specificity: from 0 to 1.
        num_thresholds: at how many thresholds from 0 to 1 it is counted.
        class_id: look at this class only.

    Shapes: y_true and y_pred alike; the result is a number, 0 where no threshold will do.

    Raises:
        ValueError: for a share outside 0 to 1, less than one threshold, or a class there is not.
        TypeError: if those are not numbers.
    """

    _argument, _given, _wanted = "specificity", _SPECIFICITY, _SENSITIVITY

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity


class SpecificityAtSensitivity(_BestAt):
    r"""Largest specificity $TN / (TN + FP)$ where $TP / (TP + FN) \ge$ `sensitivity`.

    Arguments, shapes and errors are as for SensitivityAtSpecificity.
    """

    _argument, _given, _wanted = "sensitivity", _SENSITIVITY, _SPECIFICITY

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity


class PrecisionAtRecall(_BestAt):
    r"""Largest precision $TP / (TP + FP)$ where $TP / (TP + FN) \ge$ `recall`.

    Arguments, shapes and errors are as for SensitivityAtSpecificity.
    """

    _argument, _given, _wanted = "recall", _SENSITIVITY, _PRECISION

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall


class RecallAtPrecision(_BestAt):
    r"""Largest recall $TP / (TP + FN)$ where $TP / (TP + FP) \ge$ `precision`.

    Arguments, shapes and errors are as for SensitivityAtSpecificity.
    """

    _argument, _given, _wanted = "precision", _PRECISION, _SENSITIVITY

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision
