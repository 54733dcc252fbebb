"""F-scores, R2, correlations, overlaps, and rates at a bound: their numbers, state and refusals."""

import numpy as np
import pytest

import annette
from annette import metrics

ONE_HOT = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]], "float32")
SCORES = np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3], [0.1, 0.7, 0.2]], "float32")
TRUTH = np.array([0, 0, 0, 1, 1])
CHANCE = np.array([0, 0.3, 0.8, 0.3, 0.8], "float32")
SIDES = np.array([0, 0, 1, 1])
GUESSES = np.array([0, 1, 0, 1])
COLUMN = np.array([[1.0], [4.0], [3.0]], "float32")
NEAR = np.array([[2.0], [4.0], [4.0]], "float32")


@pytest.mark.parametrize(
    ("metric", "batches", "expected"),
    [
        (metrics.F1Score(), [(ONE_HOT, SCORES)], [1.0, 0.8, 0.0]),
        (metrics.F1Score(), [(ONE_HOT[:2], SCORES[:2]), (ONE_HOT[2:], SCORES[2:])], [1.0, 0.8, 0]),
        (metrics.F1Score("macro"), [(ONE_HOT, SCORES)], 0.6),
        (metrics.F1Score("micro"), [(ONE_HOT, SCORES)], 0.75),
        (metrics.F1Score("weighted"), [(ONE_HOT, SCORES)], 0.65),
        (metrics.F1Score("micro", 0.55), [(ONE_HOT, SCORES)], 4 / 7),
        (metrics.F1Score("micro"), [(ONE_HOT, SCORES, [1.0, 1.0, 0.0, 1.0])], 1.0),
        (metrics.FBetaScore(beta=2.0), [(ONE_HOT, SCORES)], [1.0, 10 / 11, 0.0]),
        (metrics.F1Score(), [(ONE_HOT, SCORES * 0)], [0.0, 0.0, 0.0]),
        (metrics.R2Score(), [(COLUMN, NEAR)], 4 / 7),
        (metrics.R2Score(), [(COLUMN[:2], NEAR[:2]), (COLUMN[2:], NEAR[2:])], 4 / 7),
        (metrics.R2Score(), [(COLUMN[:, 0], NEAR)], 4 / 7),
        (metrics.R2Score(), [(COLUMN, NEAR, [1.0, 1.0, 0.0])], 7 / 9),
        (metrics.R2Score(num_regressors=1), [(COLUMN, NEAR)], 1 / 7),
        (metrics.R2Score(num_regressors=2), [(COLUMN, NEAR)], 4 / 7),
        (metrics.R2Score(None), [(np.ones((2, 1)), np.zeros((2, 1)))], [0.0]),
        (metrics.R2Score(), [(np.ones((2, 1)), np.ones((2, 1)))], np.nan),
        (metrics.PearsonCorrelation(), [([[1.0, 2, 3], [1, 2, 3]], [[2.0, 4, 6], [3, 2, 1]])], 0.0),
        (metrics.PearsonCorrelation(), [([[1.0, 2, 3]], [[2.0, 4, 6]])], 1.0),
        (metrics.ConcordanceCorrelation(), [([[1.0, 2, 3]], [[1.0, 2, 3]])], 1.0),
        (metrics.ConcordanceCorrelation(), [([[1.0, 2, 3]], [[2.0, 3, 4]])], 4 / 7),
        (metrics.SensitivityAtSpecificity(0.5), [(TRUTH, CHANCE)], 0.5),
        (metrics.SensitivityAtSpecificity(0.5), [(TRUTH, CHANCE, [1, 1, 2, 2, 1])], 1 / 3),
        (metrics.SpecificityAtSensitivity(0.5), [(TRUTH, CHANCE)], 2 / 3),
        (metrics.RecallAtPrecision(0.8), [([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])], 0.5),
        (metrics.PrecisionAtRecall(0.5), [([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])], 1.0),
        (metrics.PrecisionAtRecall(1.0), [([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])], 2 / 3),
        (metrics.RecallAtPrecision(1.0), [([0, 1], [0.9, 0.2])], 0.0),
        (metrics.IoU(2, [0]), [(SIDES, GUESSES)], 1 / 3),
        (metrics.IoU(2, [0]), [(SIDES[:2], GUESSES[:2]), (SIDES[2:], GUESSES[2:])], 1 / 3),
        (metrics.MeanIoU(5), [(SIDES, SIDES)], 1.0),
        (metrics.MeanIoU(2, dtype="float32"), [(SIDES, GUESSES, [0.3, 0.3, 0.3, 0.1])], 5 / 21),
        (metrics.MeanIoU(2, ignore_class=255), [([0, 255, 1], [0, 1, 1])], 1.0),
        (metrics.MeanIoU(2), [([0, 9, 1], [0, 1, -4])], 1.0),
        (metrics.MeanIoU(2), [(SIDES.reshape(2, 2, 1), GUESSES.reshape(2, 2))], 1 / 3),
        (metrics.OneHotIoU(3, [1]), [(ONE_HOT, SCORES)], 2 / 3),
        (metrics.OneHotMeanIoU(3, sparse_y_pred=True), [(ONE_HOT, [0, 1, 1, 1])], 5 / 9),
        (metrics.BinaryIoU(threshold=0.3), [([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])], 1 / 3),
        (metrics.BinaryIoU([1]), [([0, 1, 0, 1], [0.1, 0.5, 0.4, 0.7])], 1.0),
    ],
)
def test_result_over_batches(metric, batches, expected):
    for _ in range(2):  # the second time after a reset
        metric.reset_state()
        for batch in batches:
            metric.update_state(*(np.asarray(part) for part in batch))
        np.testing.assert_allclose(metric.result(), expected, rtol=1e-5, atol=1e-6)


def test_whole_counts_take_whole_weights():
    """As in Keras: an IoU of the default dtype cuts its weights to whole numbers."""
    metric = metrics.MeanIoU(2)
    metric.update_state(SIDES, SIDES, sample_weight=[2.9, 0.5, 1.0, 1.0])
    np.testing.assert_array_equal(metric.total_cm.numpy(), [[2, 0], [0, 2]])
    assert metric.total_cm.dtype == "int32"


@pytest.mark.parametrize("name", ["f1_score", "r2_score", "pearson_correlation", "binary_io_u"])
@pytest.mark.parametrize("eager", [False, True])
def test_named_in_compile_it_is_told_by_fit_and_evaluate(name, eager):
    x = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
    y = (x > 0.1).astype("float32")
    model = annette.Sequential([annette.Input((3,)), annette.layers.Dense(3, "sigmoid")])
    model.compile("sgd", "mse", metrics=[name], run_eagerly=eager)
    history = model.fit(x, y, batch_size=3, epochs=2, verbose=0).history
    told = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)[name]
    alone = metrics.get(name)
    np.testing.assert_allclose(told, alone(y, model.predict(x, verbose=0)), rtol=1e-5)
    assert len(history[name]) == 2


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: metrics.F1Score("mean"), ValueError, "`average`"),
        (lambda: metrics.F1Score(threshold=1), ValueError, "`threshold`"),
        (lambda: metrics.F1Score(threshold=0.0), ValueError, "`threshold`"),
        (lambda: metrics.FBetaScore(beta=1), ValueError, "`beta`"),
        (lambda: metrics.FBetaScore(beta=-1.0), ValueError, "`beta`"),
        (lambda: metrics.F1Score()([0, 1], ONE_HOT[:2]), ValueError, "to_categorical"),
        (lambda: metrics.F1Score()(ONE_HOT, SCORES, [1.0, 2.0]), ValueError, "sample_weight"),
        (lambda: metrics.F1Score().result(), ValueError, "before its first batch"),
        (lambda: metrics.R2Score("mean"), ValueError, "`class_aggregation`"),
        (lambda: metrics.R2Score(num_regressors=-1), ValueError, "`num_regressors`"),
        (lambda: metrics.R2Score(num_regressors="a"), TypeError, "`num_regressors`"),
        (lambda: metrics.R2Score()(COLUMN, ONE_HOT), ValueError, "outputs"),
        (lambda: metrics.R2Score()(COLUMN, NEAR, [1.0, 2.0]), ValueError, "sample_weight"),
        (lambda: metrics.PrecisionAtRecall(1.1), ValueError, "`recall`"),
        (lambda: metrics.PrecisionAtRecall("a"), TypeError, "`recall`"),
        (lambda: metrics.RecallAtPrecision(0.5, 0), ValueError, "`num_thresholds`"),
        (lambda: metrics.RecallAtPrecision(0.5, 2.5), TypeError, "`num_thresholds`"),
        (lambda: metrics.RecallAtPrecision(0.5, class_id=9)(ONE_HOT, SCORES), ValueError, "9"),
        (lambda: metrics.IoU(2, [2]), ValueError, "`target_class_ids`"),
        (lambda: metrics.IoU(2, []), ValueError, "`target_class_ids`"),
        (lambda: metrics.IoU(2, 0), TypeError, r"Write \[0\]"),
        (lambda: metrics.MeanIoU("a"), ValueError, "`num_classes`"),
        (lambda: metrics.MeanIoU(2)(SIDES, GUESSES[:3]), ValueError, "targets of shape"),
        (lambda: metrics.MeanIoU(2)(SIDES, GUESSES, [1, 2]), ValueError, "sample_weight"),
        (lambda: metrics.BinaryIoU(threshold=None), TypeError, "`threshold`"),
        (lambda: metrics.get("io_u"), ValueError, "instance"),
    ],
)
def test_wrong_arguments_are_named(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_another_number_of_classes_is_refused():
    metric = metrics.F1Score()
    metric.update_state(ONE_HOT, SCORES)
    with pytest.raises(ValueError, match="3 classes so far"):
        metric.update_state(ONE_HOT[:, :2], SCORES[:, :2])
