"""Metrics gather over batches and give the numbers of their formulas, eagerly and traced."""

import math

import numpy as np
import pytest

from annette import metrics
from annette.backends import current_backend
from annette.graph.trace import trace

ONE_HOT = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]], "float32")
LABELS = np.array([1, 0, 2, 1], "int32")
SCORES = np.array([[0.1, 0.8, 0.1], [0.5, 0.3, 0.2], [0.6, 0.1, 0.3], [0.4, 0.3, 0.3]], "float32")
YES_NO = np.array([[1], [0], [1], [0]], "float32")
CHANCE = np.array([[0.9], [0.6], [0.4], [0.1]], "float32")
CLASSES = sorted(name for name, cls in metrics.ALL_OBJECTS.items() if name == cls.__name__)

REQUIRED = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 3},
    "OneHotMeanIoU": {"num_classes": 3},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
}


def make(name):
    """A metric with the arguments that have no default."""
    return getattr(metrics, name)(**REQUIRED.get(name, {}))


def targets_of(name):
    """Arrays of a kind that the metric takes."""
    if name in ("Mean", "Sum"):
        return (SCORES,)
    if name.startswith("Sparse"):
        return LABELS, SCORES
    if name == "BinaryIoU":
        return YES_NO, CHANCE
    if name in ("Accuracy", "IoU", "MeanIoU"):
        return LABELS, LABELS[::-1].copy()
    return ONE_HOT, SCORES


@pytest.mark.parametrize(
    ("metric", "batches", "expected"),
    [
        (metrics.Mean(), [([1, 3, 5, 7],)], 4.0),
        (metrics.Mean(), [([1.0, 3.0],), ([5.0],)], 3.0),
        (metrics.Mean(), [([1.0, 3.0], [3.0, 1.0])], 1.5),
        (metrics.Mean(), [(4.0,), (8.0,)], 6.0),
        (metrics.Sum(), [([1.0, 3.0], [3.0, 1.0]), ([4.0],)], 10.0),
        (metrics.Accuracy(), [([1, 2, 3, 4], [0, 2, 3, 4])], 0.75),
        (metrics.Accuracy(), [([[1], [2]], [1, 0])], 0.5),
        (metrics.BinaryAccuracy(), [(YES_NO, CHANCE)], 0.5),
        (metrics.BinaryAccuracy(threshold=0.3), [(YES_NO, CHANCE)], 0.75),
        (metrics.BinaryAccuracy(), [(YES_NO[:, 0], CHANCE)], 0.5),
        (metrics.CategoricalAccuracy(), [(ONE_HOT, SCORES)], 0.5),
        (metrics.CategoricalAccuracy(), [(ONE_HOT, SCORES, [1.0, 1.0, 0.0, 0.0])], 1.0),
        (metrics.SparseCategoricalAccuracy(), [(LABELS, SCORES)], 0.5),
        (metrics.SparseCategoricalAccuracy(), [(LABELS[:, None], SCORES)], 0.5),
        (
            metrics.SparseCategoricalAccuracy(),
            [(LABELS.reshape(2, 2), SCORES.reshape(2, 2, 3))],
            0.5,
        ),
        (metrics.TopKCategoricalAccuracy(2), [(ONE_HOT, SCORES)], 1.0),
        (metrics.SparseTopKCategoricalAccuracy(1), [(LABELS, SCORES)], 0.5),
        (
            metrics.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True),
            [([1, 2], [[0, 1], [0, 1]])],
            0.5,
        ),
        (metrics.MeanSquaredError(), [([[0.0], [2.0]], [[1.0], [4.0]])], 2.5),
        (metrics.RootMeanSquaredError(), [([[0.0]], [[1.0]]), ([[2.0]], [[4.0]])], math.sqrt(2.5)),
        (metrics.MeanAbsoluteError(), [([[0.0], [2.0]], [[1.0], [4.0]])], 1.5),
        (metrics.CosineSimilarity(), [([[1.0, 0.0]], [[1.0, 1.0]])], math.sqrt(0.5)),
        (metrics.Precision(), [(YES_NO, CHANCE)], 0.5),
        (metrics.Precision(thresholds=[0.5, 0.8]), [(YES_NO, CHANCE)], [0.5, 1.0]),
        (metrics.Precision(top_k=1), [(ONE_HOT, SCORES)], 0.5),
        (metrics.Precision(class_id=0, top_k=1), [(ONE_HOT, SCORES)], 1 / 3),
        (metrics.Recall(), [(YES_NO, CHANCE)], 0.5),
        (metrics.Recall(thresholds=0.3), [(YES_NO, CHANCE)], 1.0),
        (metrics.Precision(thresholds=0.95), [(YES_NO, CHANCE)], 0.0),
        (metrics.TruePositives(), [(YES_NO, CHANCE)], 1.0),
        (metrics.FalsePositives(), [(YES_NO, CHANCE, [1.0, 5.0, 1.0, 1.0])], 5.0),
        (metrics.TrueNegatives(thresholds=[0.05, 0.5]), [(YES_NO, CHANCE)], [0.0, 1.0]),
        (metrics.FalseNegatives(), [(YES_NO, CHANCE), (YES_NO, CHANCE)], 2.0),
        (metrics.AUC(), [(YES_NO, CHANCE)], 0.75),
        (metrics.AUC(), [(YES_NO[:2], CHANCE[:2]), (YES_NO[2:], CHANCE[2:])], 0.75),
        (metrics.AUC(from_logits=True), [(YES_NO, np.log(CHANCE / (1 - CHANCE)))], 0.75),
        (metrics.AUC(multi_label=True), [(ONE_HOT, SCORES)], (2 / 3 + 7 / 8 + 5 / 6) / 3),
    ],
)
def test_value(metric, batches, expected):
    for batch in batches:
        metric.update_state(*batch)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)


def test_area_under_precision_recall():
    metric = metrics.AUC(curve="PR", num_thresholds=1001)
    assert float(metric(YES_NO, np.array([[0.9], [0.2], [0.8], [0.1]]))) == pytest.approx(1.0)


@pytest.mark.parametrize("name", CLASSES)
def test_reset_forgets_everything(name):
    metric = make(name)
    fresh = np.asarray(metric.result()) if metric.variables else None
    metric.update_state(*targets_of(name))
    metric.reset_state()
    assert all(not v.numpy().any() for v in metric.variables)
    if fresh is not None:
        np.testing.assert_array_equal(metric.result(), fresh)


@pytest.mark.parametrize("name", CLASSES)
def test_traced_equals_eager(name):
    arrays = targets_of(name)
    traced, eager = make(name), make(name)
    weights = np.array([1.0, 2.0, 3.0, 4.0], "float32")

    def step(*xs):
        traced.update_state(*xs, sample_weight=weights)
        return traced.result()

    graph, _ = trace(step, [(a.shape, str(a.dtype)) for a in arrays])
    program = current_backend().compile(graph)
    for _ in range(2):
        (result,) = program(list(arrays))
        eager.update_state(*arrays, sample_weight=weights)
    np.testing.assert_allclose(result, eager.result(), rtol=1e-5)
    for a, b in zip(traced.variables, eager.variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", CLASSES)
def test_config_makes_an_equal_metric(name):
    metric = make(name)
    again = metrics.deserialize(metrics.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()


@pytest.mark.parametrize(
    "metric",
    [
        metrics.AUC(thresholds=[0.3, 0.6], curve="PR", multi_label=True, num_labels=3),
        metrics.Precision(thresholds=[0.2], class_id=1),
        metrics.SparseTopKCategoricalAccuracy(3, from_sorted_ids=True),
        metrics.CosineSimilarity(axis=0, dtype="float64"),
        metrics.MeanMetricWrapper(metrics.mean_squared_error, name="mine"),
        metrics.FBetaScore("macro", 2.0, 0.3),
        metrics.R2Score(None, 3),
        metrics.IoU(4, (1, 3), ignore_class=2, sparse_y_pred=False, axis=1, dtype="float32"),
        metrics.BinaryIoU((1,), 0.2),
        metrics.OneHotMeanIoU(4, sparse_y_pred=True),
        metrics.RecallAtPrecision(0.3, 7, class_id=1),
        metrics.PearsonCorrelation(axis=(1, 2)),
    ],
)
def test_config_keeps_arguments_that_are_not_default(metric):
    again = metrics.deserialize(metrics.serialize(metric))
    assert again.get_config() == metric.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in metric.variables]


def test_stateless_forms_leave_the_variables_alone():
    metric = metrics.Mean()
    metric.update_state([1.0])
    values = metric.stateless_update_state([0.0, 0.0], [4.0, 6.0])
    assert float(metric.stateless_result(values)) == 5.0
    assert float(metric.result()) == 1.0
    assert [float(v) for v in metric.stateless_reset_state()] == [0.0, 0.0]


def test_own_metrics_and_metrics_inside_them():
    class Both(metrics.Metric):
        def __init__(self):
            super().__init__(name="both")
            self.high = self.add_weight(name="high")
            self.mean = metrics.Mean()

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.high.assign(metrics.Mean()(y_pred))
            self.mean.update_state(y_true)

        def result(self):
            return self.high + self.mean.result()

    metric = Both()
    assert float(metric([1.0, 3.0], [5.0, 7.0])) == 8.0
    assert [v.path for v in metric.variables] == ["both/high", "mean/total", "mean/count"]
    metric.reset_state()
    assert float(metric.mean.result()) == 0.0


def test_names():
    assert metrics.Mean().name == "mean"
    assert metrics.LogCoshError().name == "logcosh"
    assert metrics.AUC(name="area").name == "area"
    assert metrics.get("mse").name == "mean_squared_error"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: metrics.get("accurracy"), "Did you mean 'accuracy'"),
        (lambda: metrics.get("mean_square_error"), "Did you mean 'mean_squared_error'"),
        (lambda: metrics.get(3), "metric"),
        (lambda: metrics.BinaryAccuracy(threshold="x"), "threshold"),
        (lambda: metrics.Precision(thresholds=[2.0]), "thresholds"),
        (lambda: metrics.AUC(curve="roq"), "curve"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds"),
        (lambda: metrics.AUC(summation_method="x"), "summation_method"),
        (lambda: metrics.AUC(thresholds=[3.0]), "thresholds"),
        (lambda: metrics.Precision()(LABELS, SCORES), "to_categorical"),
        (lambda: metrics.Recall(class_id=7)(ONE_HOT, SCORES), "class_id"),
        (lambda: metrics.AUC(multi_label=True)(YES_NO[:, 0], CHANCE[:, 0]), "multi_label"),
        (lambda: metrics.Precision()(YES_NO, CHANCE, sample_weight=[1.0, 2.0]), "sample_weight"),
        (lambda: metrics.Mean().stateless_result([1.0]), "2 variables"),
    ],
)
def test_wrong_arguments_are_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()
