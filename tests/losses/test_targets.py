"""Targets that do not fit a loss or an output are named, with the mend; those that fit pass."""

import numpy as np
import pytest

from annette import losses

LABELS = np.array([0, 2, 1])
ONE_HOT = np.eye(3, dtype="float32")

SCCE = losses.SparseCategoricalCrossentropy
CCE = losses.CategoricalCrossentropy
BCE = losses.BinaryCrossentropy
MSE = losses.MeanSquaredError


@pytest.mark.parametrize(
    ("loss", "y", "output"),
    [
        (SCCE(), LABELS, (3, 3)),
        (SCCE(), LABELS[:, None], (None, 3)),
        (SCCE(), LABELS.astype("float64"), (3, 3)),
        (SCCE(), LABELS.astype("uint8"), (3, 3)),
        (SCCE(), LABELS.astype(">i8"), (3, 3)),
        (SCCE(), np.array([True, False]), (2, 2)),
        (SCCE(ignore_class=-1), np.array([0, -1, 2]), (3, 3)),
        (SCCE(), np.zeros((2, 5), int), (2, 5, 3)),
        (CCE(), ONE_HOT, (3, 3)),
        (CCE(), ONE_HOT * -2.5, (3, 3)),
        (BCE(), np.array([0, 1, 1]), (3, 1)),
        (BCE(), np.array([True, False]), (2, 1)),
        (BCE(), ONE_HOT, (3, 3)),
        (BCE(), np.full((3, 1), 0.25), (3,)),
        (MSE(), np.arange(3), (3, 1)),
        (MSE(), np.zeros((3, 2)), (None, 2)),
        (losses.Hinge(), np.array([-1, 1]), (2, 1)),
        (losses.Loss(), np.array(["a"]), (1, 1)),
        (MSE(), np.zeros((0, 1)), (0, 1)),
        (losses.Circle(), np.array([7, 900]), (2, 3)),
        (losses.Circle(), np.array([[7.0], [900.0]]), (2, 3)),
        (losses.Dice(), np.zeros((2, 4, 4, 1)), (2, 4, 4, 1)),
    ],
)
def test_targets_that_fit_pass(loss, y, output):
    loss.check_targets(y, output)


@pytest.mark.parametrize(
    ("loss", "y", "output", "says"),
    [
        (SCCE(), np.array([1, 2, 3]), (3, 3), "Number the classes from 0: y - 1"),
        (SCCE(), np.array([0, 5]), (2, 3), "last layer 6 units"),
        (SCCE(), np.array([-1, 0]), (2, 3), "ignore_class"),
        (SCCE(), ONE_HOT, (3, 3), "categorical_crossentropy"),
        (SCCE(), np.array([0.5, 1.0]), (2, 3), "whole numbers"),
        (SCCE(), np.array(["cat", "dog"]), (2, 3), "np.unique"),
        (SCCE(), np.array([None, 1]), (2, 3), "numbers"),
        (SCCE(), np.array([0.0, np.nan]), (2, 3), "NaN"),
        (SCCE(), np.array([0, 1]), (2, 1), "1 class, 0"),
        (CCE(), LABELS, (3, 3), r"to_categorical\(y, 3\)"),
        (CCE(), LABELS[:, None], (3, 3), "sparse_categorical_crossentropy"),
        (CCE(), ONE_HOT, (3, 4), "3 units instead of 4"),
        (CCE(), np.ones((3, 1)), (3, 1), "binary_crossentropy"),
        (CCE(), np.full((3, 3), np.inf), (3, 3), "infinite"),
        (BCE(), np.array([-1, 1]), (2, 1), r"\(y \+ 1\) / 2"),
        (BCE(), np.array([0, 1, 2]), (3, 1), "3 classes"),
        (BCE(), np.array([0, 1]), (2, 2), "1 unit"),
        (BCE(), np.full((2, 4), 255, "uint8"), (2, 4), "Scale them"),
        (MSE(), np.zeros((3, 2)), (3, 1), "2 units instead of 1"),
        (MSE(), np.arange(3), (3, 3), "1 unit instead of 3"),
        (MSE(), np.zeros((2, 5)), (2, 5, 2), r"\(n, 5, 2\)"),
        (losses.KLDivergence(), np.zeros((3, 2)), (3, 4), "2 units"),
        (losses.Circle(), ONE_HOT, (3, 3), "one class number"),
        (losses.Circle(), np.array([0.5, 1.0]), (2, 3), "whole numbers"),
        (losses.BinaryFocalCrossentropy(), np.array([0, 1, 2]), (3, 1), "3 classes"),
        (losses.CategoricalFocalCrossentropy(), LABELS, (3, 3), "to_categorical"),
        (losses.CategoricalGeneralizedCrossEntropy(), np.array([0, 5]), (2, 3), "6 units"),
    ],
)
def test_targets_that_do_not_fit_are_named_with_the_mend(loss, y, output, says):
    with pytest.raises(ValueError, match=says) as raised:
        loss.check_targets(y, output)
    assert str(raised.value).startswith(loss.name)


def test_a_loss_given_by_name_checks_its_targets_too():
    loss = losses.LossFunctionWrapper(losses.get("sparse_categorical_crossentropy"))
    with pytest.raises(ValueError, match="classes"):
        loss.check_targets(np.array([7]), (1, 3))
