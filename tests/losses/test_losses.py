"""Losses give the numbers of their formulas, weighted, masked and reduced, eagerly and traced."""

import math

import numpy as np
import pytest

import annette
from annette import losses
from annette.backends import current_backend
from annette.graph.trace import trace

Y = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, -1.0]], "float32")
P = np.array([[0.5, 1.0, 0.0], [1.0, 2.0, -1.0]], "float32")
ONE_HOT = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]], "float32")
PROBABILITIES = np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]], "float32")
LABELLED = ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle")
CLASSES = sorted(name for name, loss in losses.ALL_OBJECTS.items() if isinstance(loss, type))


@pytest.mark.parametrize(
    ("loss", "y", "p", "expected"),
    [
        (losses.mean_squared_error, Y, P, [4.25 / 3, 4 / 3]),
        (losses.mean_absolute_error, Y, P, [2.5 / 3, 2 / 3]),
        (losses.mean_absolute_percentage_error, ONE_HOT + 1, P, [(50 + 50 + 100) / 3, 350 / 3]),
        (losses.mean_squared_logarithmic_error, [[1.0]], [[3.0]], [math.log(2) ** 2]),
        (losses.huber, Y, P, [(0.125 + 1.5) / 3, 1.5 / 3]),
        (losses.log_cosh, [[0.0]], [[1.0]], [math.log(math.cosh(1))]),
        (losses.log_cosh, [[0.0]], [[500.0]], [500 - math.log(2)]),
        (losses.cosine_similarity, [[1.0, 0.0]], [[1.0, 1.0]], [-math.sqrt(0.5)]),
        (losses.hinge, [[-1.0, 1.0]], [[0.5, 0.5]], [1.0]),
        (losses.hinge, [[0.0, 1.0]], [[0.5, 0.5]], [1.0]),
        (losses.squared_hinge, [[-1.0, 1.0]], [[0.5, 0.5]], [1.25]),
        (losses.categorical_hinge, ONE_HOT, PROBABILITIES, [0.5, 0.75]),
        (losses.kl_divergence, [[0.5, 0.5]], [[0.25, 0.75]], [math.log(2 / math.sqrt(3))]),
        (
            losses.binary_focal_crossentropy,
            [[1.0, 0.0]],
            [[0.5, 0.75]],
            [(math.log(2) / 4 + math.log(4) * 9 / 16) / 2],
        ),
        (
            losses.categorical_focal_crossentropy,
            ONE_HOT,
            PROBABILITIES,
            [-0.0225 * math.log(0.7), math.log(2) / 16],
        ),
        (
            lambda y, p: losses.categorical_generalized_cross_entropy(y, p, 0.5),
            [1, 0],
            PROBABILITIES,
            [2 - 2 * math.sqrt(0.7), 2 - 2 * math.sqrt(0.5)],
        ),
        (losses.dice, [[1.0, 0.0, 1.0]], [[0.5, 0.5, 1.0]], 0.25),
        (losses.tversky, [[1.0, 0.0, 1.0]], [[0.5, 0.5, 1.0]], 0.25),
        (lambda y, p: losses.tversky(y, p, 1.0, 0.0), [[1.0, 0.0, 1.0]], [[0.5, 0.5, 1.0]], 0.25),
        (lambda y, p: losses.dice(y, p, axis=1), ONE_HOT, ONE_HOT[::-1], [1.0, 1.0]),
        (losses.poisson, [[2.0]], [[3.0]], [3 - 2 * math.log(3)]),
        (losses.binary_crossentropy, [[1.0, 0.0]], [[0.5, 0.75]], [math.log(8) / 2]),
        (losses.categorical_crossentropy, ONE_HOT, PROBABILITIES, [-math.log(0.7), math.log(2)]),
        (
            losses.sparse_categorical_crossentropy,
            [1, 0],
            PROBABILITIES,
            [-math.log(0.7), math.log(2)],
        ),
    ],
)
def test_function_gives_formula_for_each_sample(loss, y, p, expected):
    np.testing.assert_allclose(loss(np.asarray(y), np.asarray(p, "float32")), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        lambda logits: losses.BinaryCrossentropy(from_logits=logits),
        lambda logits: losses.CategoricalCrossentropy(from_logits=logits),
        lambda logits: losses.SparseCategoricalCrossentropy(from_logits=logits),
    ],
)
def test_from_logits_equals_the_probabilities_of_the_logits(make):
    y = [1, 0] if "Sparse" in type(make(True)).__name__ else ONE_HOT
    if isinstance(make(True), losses.BinaryCrossentropy):
        logits = np.log(PROBABILITIES / (1 - PROBABILITIES))
    else:
        logits = np.log(PROBABILITIES) + 3
    np.testing.assert_allclose(make(True)(y, logits), make(False)(y, PROBABILITIES), rtol=1e-5)


def test_cross_entropy_of_extreme_logits_is_finite():
    for loss, y in (("binary", [[1.0, 0.0]]), ("categorical", [[1.0, 0.0]])):
        fn = getattr(losses, f"{loss}_crossentropy")
        value = fn(np.array(y, "float32"), np.array([[-1e4, 1e4]], "float32"), from_logits=True)
        assert np.isfinite(value).all(), loss


def test_label_smoothing_moves_targets_towards_the_middle():
    smooth = losses.CategoricalCrossentropy(label_smoothing=0.3)(ONE_HOT, PROBABILITIES)
    by_hand = losses.CategoricalCrossentropy()(ONE_HOT * 0.7 + 0.1, PROBABILITIES)
    np.testing.assert_allclose(smooth, by_hand, rtol=1e-6)


@pytest.mark.parametrize(
    ("reduction", "weights", "expected"),
    [
        ("sum_over_batch_size", None, 2.0),
        ("mean", None, 2.0),
        ("sum", None, 4.0),
        ("none", None, [1.0, 3.0]),
        (None, [2.0, 0.5], [2.0, 1.5]),
        ("sum", [2.0, 0.5], 3.5),
        ("sum_over_batch_size", [2.0, 0.5], 1.75),
        ("mean_with_sample_weight", [2.0, 0.5], 1.4),
        ("sum_over_batch_size", [[2.0], [0.5]], 1.75),
    ],
)
def test_reduction_and_sample_weight(reduction, weights, expected):
    loss = losses.MeanAbsoluteError(reduction=reduction)
    value = loss([[0.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [4.0, 2.0]], sample_weight=weights)
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_a_weight_a_sample_counts_for_every_step_of_a_sequence():
    y, p = np.zeros((2, 3, 1), "float32"), np.ones((2, 3, 1), "float32")
    assert float(losses.MeanSquaredError()(y, p, sample_weight=[1.0, 0.0])) == 0.5


def test_a_weight_of_the_wrong_length_is_named():
    with pytest.raises(ValueError, match="sample_weight"):
        losses.MeanSquaredError()(Y, P, sample_weight=[1.0, 2.0, 3.0])


def test_masked_steps_do_not_count_in_the_mean():
    p = losses.base.ops.convert_to_tensor(np.array([[[1.0], [5.0]], [[3.0], [7.0]]], "float32"))
    p._keras_mask = np.array([[True, False], [True, False]])
    value = losses.MeanAbsoluteError()(np.zeros((2, 2, 1), "float32"), p)
    np.testing.assert_allclose(value, 2.0, rtol=1e-5)


def test_ignored_class_does_not_count_in_the_mean():
    p = np.array([[0.5, 0.5], [0.9, 0.1], [0.25, 0.75]], "float32")
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    expected = -(math.log(0.5) + math.log(0.75)) / 2
    np.testing.assert_allclose(loss([0, -1, 1], p), expected, rtol=1e-5)


def test_loss_is_computed_in_its_dtype():
    assert losses.MeanSquaredError()(Y.astype("float64"), P).dtype == "float32"
    assert losses.MeanSquaredError(dtype="float64")(Y, P).dtype == "float64"


@pytest.mark.parametrize("name", CLASSES)
def test_traced_equals_eager(name):
    loss = losses.get(name)
    y = np.array([1, 0], "int32") if name in LABELLED else ONE_HOT
    y, p = (np.array([[1], [2]]), PROBABILITIES[:, None]) if name == "CTC" else (y, PROBABILITIES)
    specs = [(a.shape, str(a.dtype)) for a in (y, p)]
    graph, _ = trace(lambda y, p: loss(y, p, sample_weight=np.array([1.0, 3.0])), specs)
    (traced,) = current_backend().compile(graph)([y, p])
    eager = loss(y, p, sample_weight=np.array([1.0, 3.0]))
    np.testing.assert_allclose(traced, eager, rtol=1e-6)


@pytest.mark.parametrize("name", CLASSES)
def test_config_makes_an_equal_loss(name):
    loss = losses.get(name)
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize(
    "loss",
    [
        losses.Huber(delta=0.5),
        losses.CosineSimilarity(axis=0),
        losses.BinaryFocalCrossentropy(True, 0.4, 3.0, from_logits=True, label_smoothing=0.1),
        losses.Dice(axis=(1,)),
        losses.Tversky(0.3, 0.7, axis=-1),
        losses.SparseCategoricalCrossentropy(ignore_class=2, from_logits=True),
        losses.MeanSquaredError(reduction="sum", name="mine", dtype="float64"),
    ],
)
def test_config_keeps_arguments_that_are_not_default(loss):
    again = losses.deserialize(losses.serialize(loss))
    y = [0, 1] if "Sparse" in type(loss).__name__ else Y
    np.testing.assert_array_equal(again(y, P), loss(y, P))
    assert (again.name, again.dtype, again.reduction) == (loss.name, loss.dtype, loss.reduction)


def test_own_losses_work_by_call_and_by_function():
    class Doubled(losses.Loss):
        def call(self, y_true, y_pred):
            return 2 * losses.mean_squared_error(y_true, y_pred)

    assert float(Doubled()([1.0], [3.0])) == 8.0
    assert float(losses.LossFunctionWrapper(losses.get("mse"), "sum")([[1.0]], [[3.0]])) == 4.0


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'categorical_crossentropy'"):
        losses.get("categorical_cross_entropy")
    with pytest.raises(ValueError, match="reduction"):
        losses.MeanSquaredError(reduction="avg")
    with pytest.raises(ValueError, match="not a loss"):
        losses.get(3)


def test_none_is_no_loss_and_aliases_mean_the_same():
    assert losses.get(None) is None
    for alias, fn in (("mse", losses.mean_squared_error), ("BCE", losses.binary_crossentropy)):
        assert losses.get(alias) is fn


def test_focal_losses_count_easy_samples_for_less():
    easy, hard = np.array([[0.9]], "float32"), np.array([[0.4]], "float32")
    one = np.ones((1, 1), "float32")
    plain = losses.binary_crossentropy(one, hard) / losses.binary_crossentropy(one, easy)
    focal = losses.binary_focal_crossentropy(one, hard) / losses.binary_focal_crossentropy(
        one, easy
    )
    assert focal > 10 * plain
    unfocused = losses.binary_focal_crossentropy(one, hard, gamma=0.0)
    np.testing.assert_allclose(unfocused, losses.binary_crossentropy(one, hard), rtol=1e-6)


def test_focal_weights_go_to_their_classes_along_any_axis():
    last = losses.categorical_focal_crossentropy(ONE_HOT, PROBABILITIES, alpha=[1.0, 2.0, 3.0])
    first = losses.categorical_focal_crossentropy(
        ONE_HOT.T.copy(), PROBABILITIES.T.copy(), alpha=[1.0, 2.0, 3.0], axis=0
    )
    np.testing.assert_allclose(first, last, rtol=1e-6)
    with pytest.raises(ValueError, match="3 classes"):
        losses.categorical_focal_crossentropy(ONE_HOT, PROBABILITIES, alpha=[1.0, 2.0])


def test_generalized_cross_entropy_lies_between_cross_entropy_and_distance():
    y = np.array([[1], [0]])
    near_log = losses.categorical_generalized_cross_entropy(y, PROBABILITIES, 1e-3)
    np.testing.assert_allclose(
        near_log, losses.sparse_categorical_crossentropy(y, PROBABILITIES), rtol=1e-3
    )
    near_one = losses.categorical_generalized_cross_entropy(y, PROBABILITIES, 0.999)
    np.testing.assert_allclose(near_one, [0.3, 0.5], rtol=1e-2)


def test_slope_of_generalized_cross_entropy_is_finite_for_an_impossible_class():
    p = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    total = lambda p: losses.base.ops.sum(  # noqa: E731
        losses.categorical_generalized_cross_entropy(np.array([0, 0]), p, 0.5)
    )
    assert np.isfinite(annette.grad(total)(p)).all()


@pytest.mark.parametrize(("q", "error"), [(0, ValueError), (1.0, ValueError), ("a", TypeError)])
def test_noise_parameter_is_between_0_and_1(q, error):
    with pytest.raises(error, match="`q`"):
        losses.CategoricalGeneralizedCrossEntropy(q=q)


def test_circle_wants_classes_together():
    apart = np.array([[1, 0], [1, 0], [-1, 0], [-1, 0]], "float32")
    good = losses.circle([0, 0, 1, 1], apart)
    bad = losses.circle([0, 1, 0, 1], apart)
    assert (good < 1e-3).all() and (bad > 100).all()


def test_circle_leaves_samples_without_a_partner_out_of_the_mean():
    embeddings = np.array([[1, 0], [0.6, 0.8], [0, 1]], "float32")
    values = losses.Circle(gamma=2.0, reduction=None)([0, 0, 1], embeddings)
    assert values[2] == 0
    mean = losses.Circle(gamma=2.0)([0, 0, 1], embeddings)
    np.testing.assert_allclose(mean, (values[0] + values[1]) / 2, rtol=1e-5)


def test_circle_of_half_precision_is_finite():
    embeddings = np.array([[1, 0], [0.6, 0.8], [0, 1]], "float16")
    assert np.isfinite(losses.Circle(dtype="float16", reduction=None)([0, 1, 2], embeddings)).all()


def test_overlap_of_a_batch_takes_a_weight_a_sample():
    loss = losses.Dice()(ONE_HOT, PROBABILITIES, sample_weight=[1.0, 3.0])
    np.testing.assert_allclose(loss, 2 * losses.Dice()(ONE_HOT, PROBABILITIES), rtol=1e-6)


def test_overlap_of_nothing_with_nothing_is_a_number():
    assert float(losses.dice(np.zeros((2, 2)), np.zeros((2, 2)))) == 1.0


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: losses.categorical_focal_crossentropy([1, 0], PROBABILITIES), "to_categorical"),
        (
            lambda: losses.categorical_generalized_cross_entropy(ONE_HOT, PROBABILITIES, 0.5),
            "argmax",
        ),
        (lambda: losses.circle([0, 1, 2], PROBABILITIES), "y_true"),
        (lambda: losses.circle([0, 1], PROBABILITIES, ref_embeddings=ONE_HOT[:1]), "ref_labels"),
    ],
)
def test_arrays_that_do_not_go_together_are_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_circle_takes_embeddings_longer_than_one_as_keras_does() -> None:
    embeddings = np.random.RandomState(0).rand(5, 4).astype("float32")
    each = losses.circle(np.array([0, 1, 2, 3, 2]), embeddings)
    # Keras 3.15.1
    np.testing.assert_allclose(each, [0, 0, 55.498615, 0, 55.09315], rtol=1e-5)
