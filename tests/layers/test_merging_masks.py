"""Masks of several inputs: where any counts the result counts, and what does not has no part."""

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

A = np.array([[[-1], [2], [3], [4]]], "float32")
B = np.array([[[5], [-6], [7], [-8]]], "float32")
COUNTS_A, COUNTS_B = np.array([[1, 0, 0, 1]], bool), np.array([[0, 1, 0, 1]], bool)


def _masked(x: np.ndarray, mask: np.ndarray) -> Any:
    x = keras.ops.convert_to_tensor(x)
    x._keras_mask = mask
    return x


@pytest.mark.parametrize(
    ("name", "both", "only_a"),
    [
        ("Add", [4, -4, 10, -4], [4, -4, 10, -4]),
        ("Subtract", [-6, 8, -4, 12], [-6, 8, -4, 12]),
        ("Average", [2, -2, 5, -2], [2, -2, 5, -2]),
        ("Multiply", [-1, -6, 0, -32], [-5, -6, 7, -32]),
        ("Maximum", [-1, -6, 3, 4], [5, -6, 7, 4]),
        ("Minimum", [-1, -6, 3, -8], [-1, -6, 7, -8]),
    ],
)
def test_elementwise_results_and_their_masks(
    name: str, both: list[float], only_a: list[float]
) -> None:
    layer = getattr(layers, name)()
    result = layer([_masked(A, COUNTS_A), _masked(B, COUNTS_B)])
    np.testing.assert_array_equal(np.ravel(result), both)
    np.testing.assert_array_equal(result._keras_mask, [[True, True, False, True]])
    result = layer([_masked(A, COUNTS_A), B])
    np.testing.assert_array_equal(np.ravel(result), only_a)
    assert getattr(result, "_keras_mask", None) is None


@pytest.mark.parametrize(
    ("axis", "both", "only_a"),
    [
        (-1, [[1, 1, 0, 1]], [[1, 1, 1, 1]]),
        (1, [[1, 0, 0, 1, 0, 1, 0, 1]], [[1, 0, 0, 1, 1, 1, 1, 1]]),
        (0, [[1, 0, 0, 1], [0, 1, 0, 1]], [[1, 0, 0, 1], [1, 1, 1, 1]]),
    ],
)
def test_masks_side_by_side(axis: int, both: list[Any], only_a: list[Any]) -> None:
    layer = layers.Concatenate(axis=axis)
    result = layer([_masked(A, COUNTS_A), _masked(B, COUNTS_B)])
    np.testing.assert_array_equal(result._keras_mask, np.array(both, bool))
    np.testing.assert_array_equal(
        layer([_masked(A, COUNTS_A), B])._keras_mask, np.array(only_a, bool)
    )


def test_a_mask_of_a_functional_model_reaches_the_loss() -> None:
    inputs = keras.Input((3,), dtype="int32"), keras.Input((3,), dtype="int32")
    embedding = layers.Embedding(3, 1, mask_zero=True, embeddings_initializer="ones")
    a, b = (embedding(x) for x in inputs)
    model = keras.Model(inputs, layers.Multiply()([a, b]))
    model.compile(loss="mse")
    x = np.array([[1, 0, 0]]), np.array([[0, 2, 0]])
    assert model.evaluate(x, np.full((1, 3, 1), 3.0), verbose=0) == pytest.approx(4.0)
