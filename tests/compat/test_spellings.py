"""Spellings of Keras 1 and 2 mean what they meant."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import annette as keras

pytestmark = pytest.mark.usefixtures("installed")

X = np.eye(4, 3, dtype="float32")
Y = np.array([[0.0], [1.0], [1.0], [0.0]], dtype="float32")


def network(units: int = 1, activation: str = "sigmoid", **compiled: Any) -> Any:
    model = keras.Sequential()
    model.add(keras.layers.Dense(units, activation=activation, input_dim=3))
    settings = {"optimizer": "sgd", "loss": "mse", "metrics": ["accuracy"], **compiled}
    model.compile(**settings)
    return model


@pytest.mark.parametrize(
    ("make", "config"),
    [
        (lambda: keras.layers.Dense(output_dim=4), {"units": 4}),
        (lambda: keras.layers.Dense(4, bias=False), {"use_bias": False}),
        (lambda: keras.layers.Dropout(p=0.25), {"rate": 0.25}),
        (lambda: keras.layers.LeakyReLU(alpha=0.1), {"negative_slope": 0.1}),
        (lambda: keras.layers.Embedding(9, 2, input_length=5), {"input_dim": 9, "output_dim": 2}),
    ],
)
def test_old_layer_arguments(make: Any, config: dict[str, Any]) -> None:
    made = make().get_config()
    assert {key: made[key] for key in config} == pytest.approx(config)


def test_old_initializer_argument() -> None:
    layer = keras.layers.Dense(3, init="zeros")
    layer.build((None, 2))
    assert not np.any(layer.kernel.numpy())


def test_input_dim_builds_the_model_at_once() -> None:
    assert network().count_params() == 4


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_lr_is_the_learning_rate(name: str) -> None:
    optimizer = getattr(keras.optimizers, name)(lr=0.125)
    assert float(optimizer.learning_rate) == 0.125
    assert float(optimizer.lr) == 0.125
    optimizer.lr = 0.25
    assert float(optimizer.learning_rate) == 0.25


@pytest.mark.parametrize("arguments", [{"lr": 0.5}, {"learning_rate": 0.5}, None])
def test_decay_divides_the_rate_by_one_plus_decay_times_steps(arguments: Any) -> None:
    made = keras.optimizers.SGD
    optimizer = made(0.5, decay=0.1) if arguments is None else made(decay=0.1, **arguments)
    w = keras.Variable(np.zeros(1, "float32"))
    optimizer.build([w])
    positions = []
    for _ in range(3):
        optimizer.apply([np.ones(1, "float32")], [w])
        positions.append(float(w.numpy()[0]))
    np.testing.assert_allclose(-np.diff([0.0, *positions]), 0.5 / (1 + 0.1 * np.arange(3)), 1e-6)


def test_unknown_argument_is_still_refused() -> None:
    with pytest.raises(ValueError, match="learning_rate"):
        keras.optimizers.SGD(learning_rat=0.1)
    with pytest.raises(ValueError, match="activation"):
        keras.layers.Dense(3, activaton="relu")


def test_learning_rate_is_set_through_the_backend() -> None:
    from keras import backend as K

    model = network()
    K.set_value(model.optimizer.lr, 0.03125)
    assert K.get_value(model.optimizer.lr) == 0.03125


def test_predict_classes_takes_the_most_probable_class() -> None:
    model = network(3, "softmax", loss="categorical_crossentropy")
    classes = model.predict_classes(X)
    np.testing.assert_array_equal(classes, model.predict(X, verbose=0).argmax(axis=-1))


def test_predict_classes_of_one_unit_is_zero_or_one() -> None:
    model = network()
    classes = model.predict_classes(X)
    assert classes.dtype == np.int32 and classes.shape == (4, 1)
    np.testing.assert_array_equal(classes, model.predict(X, verbose=0) > 0.5)


def test_predict_proba_is_predict() -> None:
    model = network()
    np.testing.assert_array_equal(model.predict_proba(X), model.predict(X, verbose=0))


def test_generators_of_old() -> None:
    def batches() -> Any:
        while True:
            yield X, Y

    model = network()
    history = model.fit_generator(batches(), 2, 3, verbose=0)
    assert len(history.history["loss"]) == 3
    assert len(model.evaluate_generator(batches(), steps=2)) == 2
    assert model.predict_generator(batches(), steps=2).shape == (8, 1)


def test_fit_takes_nb_epoch() -> None:
    assert len(network().fit(X, Y, nb_epoch=4, verbose=0).history["loss"]) == 4


@pytest.mark.parametrize("compiled", ["acc", "accuracy"])
def test_accuracy_is_found_under_both_keys(compiled: str) -> None:
    history = network(metrics=[compiled]).fit(X, Y, validation_data=(X, Y), epochs=2, verbose=0)
    keys = history.history
    assert list(keys["acc"]) == list(keys["accuracy"])
    assert list(keys["val_acc"]) == list(keys["val_accuracy"])
    assert "acc" in keys and "accuracy" in keys and compiled in list(keys)
    with pytest.raises(KeyError):
        keys["nothing"]


@pytest.mark.parametrize("compiled", ["acc", "accuracy"])
@pytest.mark.parametrize("monitored", ["val_acc", "val_accuracy"])
def test_callbacks_find_accuracy_under_both_keys(compiled: str, monitored: str) -> None:
    seen: list[Any] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append(logs.get(monitored))

    stop = keras.callbacks.EarlyStopping(monitor=monitored, patience=0, mode="max")
    model = network(metrics=[compiled], optimizer=keras.optimizers.SGD(lr=0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, Y, validation_data=(X, Y), epochs=5, verbose=0, callbacks=[stop, Watch()])
    assert len(seen) == 2 and None not in seen


def test_early_stopping_knows_that_more_accuracy_is_better() -> None:
    model = network(metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_acc", patience=1)
    model.fit(X, Y, validation_data=(X, Y), epochs=3, verbose=0, callbacks=[stop])


def test_model_takes_input_and_output() -> None:
    x = keras.Input((3,))
    y = keras.layers.Dense(2)(x)
    assert keras.Model(input=x, output=y).predict(X, verbose=0).shape == (4, 2)


def test_results_answer_numpy() -> None:
    model = network()
    assert isinstance(model(X).numpy(), np.ndarray)
    assert isinstance(keras.losses.MeanSquaredError()(Y, Y).numpy(), (np.ndarray, np.floating))


def test_to_categorical_of_np_utils() -> None:
    from keras.utils import np_utils

    np.testing.assert_array_equal(np_utils.to_categorical([1, 0], 3), [[0, 1, 0], [1, 0, 0]])
