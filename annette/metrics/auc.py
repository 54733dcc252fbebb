"""Area under a curve over all thresholds."""

from __future__ import annotations

from typing import Any

from annette import config, ops
from annette.graph import Variable
from annette.metrics.base import Metric
from annette.metrics.confusion import count_confusion, prepare
from annette.utils.arguments import at_most

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "majoring", "minoring")


class AUC(Metric):
    r"""Area under the ROC curve, or under another, from counts at `num_thresholds` thresholds.

    ROC: true-positive rate over false-positive rate, the chance that a positive sample is scored
    above a negative one. PR: precision over recall. PRGAIN: their gains (Flach and Kull, 2015).
    `summation_method` takes trapezoids ("interpolation"; for PR the interpolation of Davis and
    Goadrich, 2006), or the higher ("majoring") or lower ("minoring") end of each step.

    Args:
        thresholds: to use instead of evenly spread ones; 0 and 1 are added.
        multi_label: predictions are (samples, labels), each label has its area, and the result is
            their mean weighted by `label_weights`.
        num_labels: makes the variables at once, with `multi_label`.
        from_logits: predictions are logits.

    Raises:
        ValueError: for an unknown curve or method, thresholds outside 0 to 1, less than two, or
            shapes that do not go together.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = _one_of("curve", str(curve).upper(), CURVES)
        self.summation_method = _one_of("summation_method", str(summation_method).lower(), METHODS)
        self._given_thresholds = thresholds is not None
        between = _between(num_thresholds, thresholds)
        super().__init__(dtype, name)
        self.num_thresholds = len(between) + 2
        # The ends lie outside 0 to 1, so that every prediction is on the same side of them.
        self._thresholds = [-config.epsilon(), *between, 1.0 + config.epsilon()]
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = label_weights
        self._from_logits = from_logits
        self._built = False
        if not multi_label and num_labels:
            raise ValueError("Argument `num_labels` is only for multi_label=True.")
        if multi_label and num_labels:
            self._build((None, num_labels))
        elif not multi_label:
            self._build(None)

    @property
    def thresholds(self) -> list[float]:
        """The thresholds, from just below 0 to just above 1."""
        return list(self._thresholds)

    def _build(self, shape: Any) -> None:
        """Make the variables, in multi-label mode for predictions of this shape."""
        size: tuple[int, ...] = (self.num_thresholds,)
        if self.multi_label:
            if len(shape) != 2:
                raise ValueError(
                    "AUC with multi_label=True expects predictions of shape (samples, labels); it "
                    f"got {tuple(shape)}."
                )
            self.num_labels = int(shape[1])
            size = (self.num_thresholds, self.num_labels)
        add = self.add_variable
        self.true_positives: Variable = add(size, "zeros", config.floatx(), name="true_positives")
        self.false_positives: Variable = add(size, "zeros", config.floatx(), name="false_positives")
        self.true_negatives: Variable = add(size, "zeros", config.floatx(), name="true_negatives")
        self.false_negatives: Variable = add(size, "zeros", config.floatx(), name="false_negatives")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch: yes-or-no targets and predictions from 0 to 1."""
        y_true, y_pred = prepare(y_true, y_pred, config.floatx())
        if not self._built:
            self._build(tuple(y_pred.shape))
        labels = y_pred.shape[-1]
        if self.label_weights is not None and len(self.label_weights) != labels:
            raise ValueError(
                f"AUC got {len(self.label_weights)} label_weights for {labels} labels. "
                "Give one weight a label."
            )
        if self._from_logits:
            y_pred = ops.sigmoid(y_pred)
        counts = count_confusion(
            y_true,
            y_pred,
            sample_weight,
            self._thresholds,
            config.floatx(),
            self.multi_label,
            self.label_weights,
        )
        self.true_positives.assign_add(counts["tp"])
        self.false_positives.assign_add(counts["fp"])
        self.true_negatives.assign_add(counts["tn"])
        self.false_negatives.assign_add(counts["fn"])

    def result(self) -> Any:
        """The area so far."""
        tp: Any = self.true_positives
        fp: Any = self.false_positives
        tn: Any = self.true_negatives
        fn: Any = self.false_negatives
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._mean(_precision_recall_area(tp, fp, fn))
        recall = ops.divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            x, y = ops.divide_no_nan(fp, fp + tn), recall
        elif self.curve == "PR":
            x, y = recall, ops.divide_no_nan(tp, tp + fp)
        else:
            odds = ops.divide_no_nan(tp + fn, fp + tn)
            x = ops.maximum(1.0 - odds * (fn / (tp + config.epsilon())), 0.0)
            y = 1.0 - odds * ops.divide_no_nan(fp, tp)
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (left + right) / 2.0
        elif self.summation_method == "minoring":
            heights = ops.minimum(left, right)
        else:
            heights = ops.maximum(left, right)
        return self._mean(ops.sum((x[:-1] - x[1:]) * heights, axis=0))

    def _mean(self, areas: Any) -> Any:
        """One area for all labels."""
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.convert_to_tensor(self.label_weights, dtype=config.floatx())
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))

    def reset_state(self) -> None:
        """Forget all batches."""
        if self._built:
            super().reset_state()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        label_weights = None if self.label_weights is None else list(self.label_weights)
        described = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": label_weights,
            "from_logits": self._from_logits,
        }
        if self._given_thresholds:
            described["thresholds"] = self.thresholds[1:-1]
        return described


def _precision_recall_area(tp: Any, fp: Any, fn: Any) -> Any:
    r"""Area under precision over recall, along which between two thresholds TP and FP go together.

    With slope $s = \Delta TP / \Delta P$ and $P = TP + FP$ the precision of a point between is
    $s + c / P$, $c = TP - s P$, whose integral is $s \Delta TP + s c \ln (P_a / P_b)$.
    """
    p = tp + fp
    step = tp[:-1] - tp[1:]
    slope = ops.divide_no_nan(step, ops.maximum(p[:-1] - p[1:], 0.0))
    cut = tp[1:] - slope * p[1:]
    both = ops.logical_and(p[:-1] > 0, p[1:] > 0)
    ratio = ops.where(both, ops.divide_no_nan(p[:-1], ops.maximum(p[1:], 0.0)), 1.0)
    gained = slope * (step + cut * ops.log(ratio))
    return ops.sum(ops.divide_no_nan(gained, ops.maximum(tp[1:] + fn[1:], 0.0)), axis=0)


def _between(num_thresholds: int, thresholds: Any) -> list[float]:
    """The thresholds without the two ends."""
    if thresholds is not None:
        given = sorted({float(t) for t in thresholds})
        if any(not 0 <= t <= 1 for t in given):
            raise ValueError(
                f"Argument `thresholds` must have values between 0 and 1; it got {thresholds!r}."
            )
        return given
    if not isinstance(num_thresholds, int) or num_thresholds < 2:
        raise ValueError(
            f"Argument `num_thresholds` must be a whole number above 1; it got {num_thresholds!r}."
        )
    at_most("AUC", "num_thresholds", num_thresholds, 2**20)
    return [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]


def _one_of(argument: str, value: str, known: tuple[str, ...]) -> str:
    if value in known:
        return value
    names = ", ".join(map(repr, known))
    raise ValueError(f"Argument `{argument}` must be one of {names}; it got {value!r}.")
