"""How far predicted regions cover the true ones: intersection over union (Jaccard, 1901)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import config, ops
from annette.metrics.base import Metric


class _Confusion(Metric):
    """How often each class was taken for each: variable (classes, classes), truth by rows.

    Counts are whole numbers unless another `dtype` is given, and so are the weights they are made
    of: give `dtype="float32"` for weights that are not.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype or "int32", name)
        whole = hasattr(num_classes, "__index__") and not isinstance(num_classes, bool)
        if not whole or num_classes < 1:
            raise ValueError(
                f"Argument `num_classes` must be a whole number above 0; it got {num_classes!r}."
            )
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm: Any = self.add_variable(
            (num_classes, num_classes), "zeros", self.dtype, "total_confusion_matrix"
        )

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch; class numbers outside the classes do not count."""
        true = self._labels(y_true, self.sparse_y_true)
        pred = self._labels(y_pred, self.sparse_y_pred)
        if true.shape != pred.shape:
            raise ValueError(
                f"{type(self).__name__} compares a predicted class with each true one; it got "
                f"targets of shape {tuple(ops.shape(y_true))} and predictions of shape "
                f"{tuple(ops.shape(y_pred))}."
            )
        counted = ops.ones_like(true, dtype="float32")
        if self.ignore_class is not None:
            counted = ops.cast(ops.not_equal(true, self.ignore_class), "float32")
        wide = self.dtype if "float" in self.dtype else "float32"
        weights = ops.cast(counted, wide)
        if sample_weight is not None:
            weights = weights * self._weights(sample_weight, true.shape[0], wide)
        rows = ops.one_hot(true, self.num_classes, dtype=wide)
        columns = ops.one_hot(pred, self.num_classes, dtype=wide)
        matrix = ops.matmul(ops.transpose(rows * ops.expand_dims(weights, -1)), columns)
        self.total_cm.assign_add(ops.cast(matrix, self.dtype))

    def _labels(self, y: Any, sparse: bool) -> Any:
        """Class numbers, one axis."""
        y = ops.convert_to_tensor(y)
        if not sparse:
            y = ops.argmax(y, axis=self.axis)
        return ops.reshape(ops.cast(y, "int32"), (-1,))

    def _weights(self, sample_weight: Any, values: int, dtype: str) -> Any:
        """One weight a value, as whole as the metric's dtype."""
        weights = ops.cast(ops.convert_to_tensor(sample_weight), self.dtype)
        weights = ops.cast(ops.reshape(weights, (-1,)), dtype)
        if weights.shape[0] not in (1, values):
            raise ValueError(
                f"`sample_weight` of shape {tuple(ops.shape(sample_weight))} does not fit "
                f"{values} values. Give one weight for each value of y_true."
            )
        return weights

    def _ious(self, classes: Sequence[int]) -> Any:
        """Mean over those of the classes that occurred, 0 where none did."""
        matrix = ops.cast(self.total_cm, config.floatx())
        picked = ops.convert_to_tensor(list(classes), dtype="int32")
        right = ops.take(ops.diagonal(matrix), picked)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1)
        union = ops.take(either, picked) - right
        occurred = ops.sum(ops.cast(union > 0.0, config.floatx()))
        share = right / (union + config.epsilon())
        return ops.divide_no_nan(ops.sum(share), occurred)

    def _config(self, *names: str) -> dict[str, Any]:
        return {**Metric.get_config(self), **{name: getattr(self, name) for name in names}}


class IoU(_Confusion):
    r"""$TP / (TP + FP + FN)$, the mean over `target_class_ids`.

    Classes that neither occurred nor were predicted do not count.

    Args:
        num_classes: classes are numbered from 0.
        target_class_ids: the classes to take the mean over.
        ignore_class: values whose truth is this class do not count.
        sparse_y_true, sparse_y_pred: class numbers (True), or a number a class along `axis`, the
            largest of which counts.
        dtype: of the counts and weights; whole numbers ("int32") unless given.

    Shapes: any; y_true and y_pred, once class numbers, have equally many values, and so has
    sample_weight. The result is a number.
    Source: Jaccard, Etude comparative de la distribution florale, 1901.

    Raises:
        ValueError: for a class outside 0 to `num_classes` - 1, or shapes that do not go together.
        TypeError: if `target_class_ids` is not a list or tuple.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        given: Any = target_class_ids
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            raise TypeError(
                "Argument `target_class_ids` must be a list of class numbers; it got "
                f"{target_class_ids!r}. Write [{target_class_ids!r}] for one class."
            )
        self.target_class_ids = list(target_class_ids)
        wrong = [i for i in self.target_class_ids if not 0 <= i < num_classes]
        if wrong or not self.target_class_ids:
            raise ValueError(
                f"Argument `target_class_ids` must name classes from 0 to {num_classes - 1}; it "
                f"got {self.target_class_ids!r}."
            )

    def result(self) -> Any:
        """The share so far; 0 before the first batch."""
        return self._ious(self.target_class_ids)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config(
            "num_classes",
            "target_class_ids",
            "ignore_class",
            "sparse_y_true",
            "sparse_y_pred",
            "axis",
        )


class BinaryIoU(IoU):
    r"""$TP / (TP + FP + FN)$ of class 0, class 1 or both, predicted 1 from `threshold` on.

    Args:
        target_class_ids: (0,), (1,) or (0, 1), whose mean is taken.
        threshold: a prediction below it is class 0.
        dtype: of the counts and weights; whole numbers ("int32") unless given.

    Shapes: any; y_true, y_pred and sample_weight have equally many values.

    Raises:
        ValueError: for another class, or shapes that do not go together.
        TypeError: if `target_class_ids` is not a list or tuple, or `threshold` not a number.
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        given: Any = threshold
        if isinstance(given, str) or not hasattr(given, "__float__"):
            raise TypeError(f"Argument `threshold` must be a number; it got {threshold!r}.")
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch: targets 0 and 1, and scores."""
        y_pred = ops.cast(ops.convert_to_tensor(y_pred) >= self.threshold, "int32")
        super().update_state(y_true, y_pred, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config("target_class_ids", "threshold")


class MeanIoU(_Confusion):
    r"""$TP / (TP + FP + FN)$, the mean over all classes that occurred.

    Arguments, shapes and errors are those of IoU.
    """

    def result(self) -> Any:
        """The mean so far; 0 before the first batch."""
        return self._ious(range(self.num_classes))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


class OneHotIoU(IoU):
    """IoU of one-hot targets, and of scores for each class (class numbers with `sparse_y_pred`).

    Arguments, shapes and errors are those of IoU.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config(
            "num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis"
        )


class OneHotMeanIoU(MeanIoU):
    """MeanIoU of one-hot targets, and of scores for each class (class numbers with `sparse_y_pred`).

    Arguments, shapes and errors are those of IoU.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config("num_classes", "ignore_class", "sparse_y_pred", "axis")
