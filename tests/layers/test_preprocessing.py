"""Preprocessing layers: what a user relies on beyond the numbers, which the golden cases hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

X = np.random.default_rng(0).normal(5.0, 3.0, size=(200, 2)).astype("float32")


def test_normalization_learns_from_batches_what_it_learns_from_all() -> None:
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(X)
    parts.adapt(X[i : i + 33] for i in range(0, 200, 33))
    np.testing.assert_allclose(whole(X), parts(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.asarray(whole(X)).std(0), 1, rtol=1e-4)


def test_normalization_carries_its_statistics_in_its_weights() -> None:
    first, second = layers.Normalization(), layers.Normalization()
    first.adapt(X)
    second.build(X.shape)
    second.set_weights(first.get_weights())
    np.testing.assert_array_equal(first(X), second(X))


def test_normalization_brings_back_what_it_normalized() -> None:
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    there.adapt(X)
    back.adapt(X)
    np.testing.assert_allclose(back(there(X)), X, rtol=1e-5)


def test_a_table_through_a_functional_model() -> None:
    rng = np.random.default_rng(1)
    age, color = rng.uniform(18, 80, (256, 1)), rng.integers(0, 4, (256, 1))
    income = rng.lognormal(10, 1, (256, 1))
    y = ((age > 50) ^ (color == 2)).astype("float32")
    scaled, binned = (
        layers.Normalization(),
        layers.Discretization(num_bins=8, output_mode="one_hot"),
    )
    scaled.adapt(income)
    binned.adapt(age)
    inputs = {
        "age": keras.Input((1,), name="age"),
        "color": keras.Input((1,), name="color", dtype="int64"),
        "income": keras.Input((1,), name="income"),
    }
    x = layers.Concatenate()(
        [
            binned(inputs["age"]),
            layers.CategoryEncoding(4, output_mode="one_hot")(inputs["color"]),
            scaled(inputs["income"]),
        ]
    )
    assert x.shape == (None, 8 + 4 + 1)
    hidden = layers.Dense(32, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    data = {"age": age, "color": color, "income": income}
    model.fit(data, y, epochs=40, verbose=0)
    assert model.evaluate(data, y, verbose=0)[1] > 0.9
    again = keras.Model.from_config(model.get_config())
    assert [type(x) for x in again.layers] == [type(x) for x in model.layers]


def test_layers_take_lists() -> None:
    assert np.asarray(layers.Rescaling(2)([1, 2])).tolist() == [2.0, 4.0]
    assert np.asarray(layers.Discretization([1.0])([1.0, 0.0])).tolist() == [1, 0]
    hot = layers.CategoryEncoding(3, output_mode="one_hot")([2, 1])
    assert np.asarray(hot).tolist() == [[0, 0, 1], [0, 1, 0]]


def test_discretization_makes_bins_of_equal_size() -> None:
    layer = layers.Discretization(num_bins=5)
    layer.adapt(X[:, 0])
    sizes = np.bincount(np.asarray(layer(X[:, 0])), minlength=5)
    assert sizes.min() > 30
    assert sizes.max() < 50


def test_a_pipeline_applies_its_layers_in_order() -> None:
    layer = layers.Pipeline([layers.Rescaling(2.0), layers.Discretization([0.0, 10.0])])
    assert np.asarray(layer([-1.0, 4.0, 6.0])).tolist() == [0, 1, 2]
    symbol = layer(keras.Input((3,)))
    assert (symbol.shape, symbol.dtype) == ((None, 3), "int32")
    again = layers.Pipeline.from_config(layer.get_config())
    assert [type(x).__name__ for x in again.layers] == ["Rescaling", "Discretization"]


REFUSED: list[tuple[Any, str]] = [
    (lambda: layers.Rescaling("a"), "scale to be a number"),
    (lambda: layers.Normalization(mean=1.0), "mean and variance together"),
    (lambda: layers.Normalization("x"), "axis to be a whole number"),
    (lambda: layers.Normalization(axis=4).adapt(X), "do not have"),
    (lambda: layers.Normalization().build((None, None)), "needs the size of axis"),
    (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(X), "cannot adapt"),
    (lambda: layers.Normalization(mean=[1, 2, 3], variance=1.0)(X), "does not fit"),
    (lambda: layers.CategoryEncoding(), "expects num_tokens"),
    (lambda: layers.CategoryEncoding(0), "above 0"),
    (lambda: layers.CategoryEncoding(3, "int"), "'one_hot', 'multi_hot', 'count'"),
    (lambda: layers.CategoryEncoding(3, sparse=True), "dense"),
    (lambda: layers.CategoryEncoding(3)([[1, 7]]), "encodes 0 to 2; it got 7"),
    (lambda: layers.CategoryEncoding(3)([[1]], count_weights=[[1.0]]), "'count' only"),
    (lambda: layers.Discretization(), "one of num_bins"),
    (lambda: layers.Discretization([1.0], num_bins=2), "one of num_bins"),
    (lambda: layers.Discretization([2.0, 1.0]), "Sort them"),
    (lambda: layers.Discretization(num_bins=-1), "0 or more"),
    (lambda: layers.Discretization(num_bins=3)([1.0]), "call adapt"),
    (lambda: layers.Discretization([1.0]).adapt([1.0]), "cannot adapt"),
    (lambda: layers.Discretization([1.0], output_mode="x"), "output_mode"),
    (lambda: layers.Pipeline("x"), "list of layers"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
