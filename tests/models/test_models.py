"""Models made in the three ways, their structure, and their configuration and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

X = np.random.default_rng(0).normal(size=(12, 6)).astype("float32")


@pytest.fixture(autouse=True)
def fresh_names() -> None:
    keras.utils.clear_session()


def two_towers() -> Any:
    left, right = layers.Input((6,), name="left"), layers.Input((3,), name="right")
    shared = layers.Dense(4, "tanh", name="shared")
    joined = layers.Concatenate()([shared(left), layers.Dense(4)(right)])
    price = layers.Dense(1, name="price")(joined)
    kind = layers.Dense(3, "softmax", name="kind")(ops.relu(joined) * 2.0)
    return keras.Model([left, right], [price, kind], name="towers")


def test_several_inputs_and_outputs_by_list_or_name() -> None:
    model = two_towers()
    parts = [X, X[:, :3]]
    by_list = model.predict(parts, verbose=0)
    by_name = model.predict({"right": parts[1], "left": parts[0]}, verbose=0)
    assert [y.shape for y in by_list] == [(12, 1), (12, 3)]
    assert all((a == b).all() for a, b in zip(by_list, by_name, strict=True))
    assert model.input_names == ["left", "right"] and model.output_names == ["price", "kind"]


def test_losses_and_metrics_by_the_outputs_names() -> None:
    model = two_towers()
    model.compile(
        "adam",
        loss={"price": "mse", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"price": 0.5, "kind": 2.0},
        metrics={"kind": ["accuracy"], "price": ["mae"]},
    )
    y = {"price": X[:, :1], "kind": np.arange(12) % 3}
    history = model.fit({"left": X, "right": X[:, :3]}, y, epochs=2, verbose=0).history
    assert set(history) == {"loss", "price_loss", "kind_loss", "price_mae", "kind_accuracy"}
    total = 0.5 * history["price_loss"][0] + 2.0 * history["kind_loss"][0]
    assert history["loss"][0] == pytest.approx(total, rel=1e-5)
    values = model.evaluate([X, X[:, :3]], y, return_dict=True, verbose=0)
    assert set(values) == set(history)


def test_a_shared_layer_has_one_set_of_weights() -> None:
    shared = layers.Dense(4, name="twin")
    a, b = layers.Input((6,)), layers.Input((6,))
    model = keras.Model([a, b], layers.Subtract()([shared(a), shared(b)]))
    assert model.count_params() == 6 * 4 + 4
    np.testing.assert_allclose(model.predict([X, X], verbose=0), 0, atol=1e-6)


def test_models_nest() -> None:
    inner = keras.Sequential([layers.Input((6,)), layers.Dense(5, "relu"), layers.Dense(4)])
    data = layers.Input((6,))
    outer = keras.Model(data, layers.Dense(2)(inner(data)))
    assert outer.count_params() == inner.count_params() + 4 * 2 + 2
    assert outer.layers[1] is inner
    outer.compile("sgd", "mse")
    before = inner.get_weights()[0]
    outer.fit(X, X[:, :2], verbose=0)
    assert (before != inner.get_weights()[0]).any()


def test_part_of_a_model_is_a_model() -> None:
    model = keras.Sequential(
        [layers.Input((6,)), layers.Dense(5, "relu", name="mid"), layers.Dense(2)]
    )
    part = keras.Model(model.inputs, model.get_layer("mid").output)
    kernel, bias = model.get_layer("mid").get_weights()
    np.testing.assert_allclose(
        part.predict(X, verbose=0), np.maximum(X @ kernel + bias, 0), rtol=1e-5, atol=1e-6
    )


def test_an_unbuilt_sequential_is_built_by_its_data() -> None:
    model = keras.Sequential([layers.Dense(5), layers.Dense(2)])
    assert not model.built and model.weights == []
    assert model(X).shape == (12, 2)
    assert model.built and len(model.weights) == 4
    assert model.input_shape == (12, 6) or model.input_shape == (None, 6)


def test_layers_are_added_and_taken_away() -> None:
    model = keras.Sequential()
    model.add(layers.Input((6,)))
    model.add(layers.Dense(5))
    model.add(layers.Dense(2))
    assert model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 5)
    model.add(layers.Dense(3))
    assert model(X).shape == (12, 3)


class Block(keras.Model):
    def __init__(self, units: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.steps = [layers.Dense(units, "relu"), layers.Dropout(0.5)]
        self.parts = {"last": layers.Dense(2)}

    def call(self, inputs: Any, training: bool = False) -> Any:
        for step in self.steps:
            inputs = step(inputs)
        return self.parts["last"](inputs)


def test_a_model_by_subclassing_finds_its_layers_in_lists_and_dicts() -> None:
    model = Block(units=5)
    model.compile("adam", "mse")
    model.fit(X, X[:, :2], verbose=0)
    assert len(model.layers) == 3 and len(model.trainable_weights) == 4
    assert model.get_config()["units"] == 5
    assert (model(X) == model(X)).all()
    assert (np.asarray(model(X, training=True)) != np.asarray(model(X, training=True))).any()


def test_a_subclass_may_be_functional() -> None:
    class Named(keras.Model):
        def __init__(self) -> None:
            data = layers.Input((6,))
            super().__init__(inputs=data, outputs=layers.Dense(2)(data))
            self.note = "kept"

        def twice(self, x: Any) -> Any:
            return self(x) * 2

    model = Named()
    assert model.note == "kept" and isinstance(model, Named)
    np.testing.assert_allclose(model.twice(X), 2 * model.predict(X, verbose=0), rtol=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        two_towers,
        lambda: keras.Sequential(
            [layers.Input((6,)), layers.Dense(3, "relu"), layers.Dropout(0.2)]
        ),
        lambda: keras.Sequential([layers.Dense(3), layers.BatchNormalization()]),
    ],
    ids=["functional", "sequential", "unbuilt"],
)
def test_a_model_comes_back_from_its_configuration(make: Any) -> None:
    model = make()
    copy = type(model).from_config(model.get_config())
    if model.built:
        copy.set_weights(model.get_weights())
        data = [X, X[:, :3]] if len(model.inputs) == 2 else X
        results = [
            np.concatenate([np.ravel(p) for p in _list(m.predict(data, verbose=0))])
            for m in (model, copy)
        ]
        np.testing.assert_array_equal(*results)
    assert [layer.name for layer in copy.layers] == [layer.name for layer in model.layers]


def _list(x: Any) -> list[Any]:
    return x if isinstance(x, list) else [x]


def test_predict_gives_numpy_arrays_for_every_row() -> None:
    model = keras.Sequential([layers.Input((6,)), layers.Dense(2)])
    whole = model.predict(X, batch_size=5, verbose=0)
    assert type(whole) is np.ndarray and whole.shape == (12, 2) and whole.dtype == np.float32
    np.testing.assert_allclose(whole, model(X), rtol=1e-6)
    np.testing.assert_allclose(whole[:3], model.predict_on_batch(X[:3]), rtol=1e-6)


def test_arithmetic_on_symbols_makes_layers_of_a_model() -> None:
    data = layers.Input((6,))
    half = (data * 0.5 + 1.0)[:, :3]
    model = keras.Model(data, ops.sum(half, axis=1, keepdims=True))
    np.testing.assert_allclose(model(X), (X * 0.5 + 1)[:, :3].sum(1, keepdims=True), rtol=1e-6)


def test_masks_travel_to_the_loss() -> None:
    model = keras.Sequential(
        [layers.Input((4,), dtype="int32"), layers.Embedding(9, 3, mask_zero=True), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    x = np.array([[1, 2, 0, 0], [3, 0, 0, 0]])
    y = np.ones((2, 4, 1))
    predicted = model.predict(x, verbose=0)
    counted = ((y - predicted) ** 2)[x != 0].mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(counted, rel=1e-4)


def _wide_and_deep() -> Any:
    t, b = keras.Input((3,), name="t"), keras.Input((4,), name="b")
    wide = layers.Dense(4, name="wide")(t)
    deep = layers.Dense(4, name="deep_2")(layers.Dense(4, name="deep_1")(b))
    joined = layers.Concatenate(name="joined")([wide, deep])
    return keras.Model([t, b], layers.Dense(1, name="last")(joined))


def _late_input() -> Any:
    t, b, g = (keras.Input((n,), name=name) for n, name in ((3, "t"), (4, "b"), (5, "g")))
    deep = layers.Dense(8, name="deep_2")(layers.Dense(8, name="deep_1")(b))
    joined = layers.Concatenate(name="joined")([g, layers.Dense(8, name="d")(t), deep])
    outputs = [layers.Dense(1, name="one")(joined), layers.Dense(2, name="two")(joined)]
    return keras.Model([t, b, g], outputs)


def _shared() -> Any:
    shared, i = layers.Dense(3, name="shared"), keras.Input((3,), name="i")
    x = layers.Add(name="add")([layers.Dense(3, name="a")(shared(i)), i])
    return keras.Model(i, layers.Add(name="last")([shared(x), layers.Dense(3, name="b")(i)]))


@pytest.mark.parametrize(
    ("make", "names"),  # as Keras 3.15.1 has them
    [
        (_wide_and_deep, "b t deep_1 wide deep_2 joined last"),
        (_late_input, "b t deep_1 g d deep_2 joined one two"),
        (_shared, "i shared a add b last"),
    ],
)
def test_layers_and_weights_come_in_keras_order(make: Any, names: str) -> None:
    model = make()
    assert [layer.name for layer in model.layers] == names.split()
    held = [w.path.split("/")[0] for w in model.weights]
    assert list(dict.fromkeys(held)) == [n for n in names.split() if n in held]
    again = keras.Model.from_config(model.get_config())
    assert [layer.name for layer in again.layers] == names.split()
    again.set_weights(model.get_weights())
    rows = [np.ones((2, *t.shape[1:]), "float32") for t in model.inputs]
    for x, y in zip(keras.tree.flatten(model(rows)), keras.tree.flatten(again(rows)), strict=True):
        np.testing.assert_array_equal(x, y)


def test_metrics_and_layers_are_found_wherever_and_whenever_they_are_put() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.ones((4, 3), "float32")
    model.fit(x, x[:, :1], verbose=0)
    layer = model.layers[0]

    def names() -> list[str]:
        assert list(model.evaluate(x, x[:, :1], verbose=0, return_dict=True)) == sorted(
            m.name for m in model.metrics
        )
        return [m.name for m in model.metrics]

    assert names() == ["loss"]
    layer.counted = keras.metrics.Mean(name="attribute")
    layer.several, layer.named = [], {}
    assert names() == ["loss", "attribute"]
    layer.several.append(keras.metrics.Mean(name="listed"))
    assert names() == ["loss", "attribute", "listed"]
    layer.named["one"] = keras.metrics.Mean(name="named")
    assert names() == ["loss", "attribute", "listed", "named"]
    layer.several[0] = keras.metrics.Mean(name="replaced")
    del layer.counted
    assert names() == ["loss", "replaced", "named"]
    layer.parts = []
    assert len(model.weights) == 2
    layer.parts.append(keras.layers.Dense(1))
    layer.parts[0].build((None, 3))
    assert len(model.weights) == 4
