"""What is changed between two runs counts in the second; runs and models do not touch each other."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(12, 4)).astype("float32")
Y = RANDOM.normal(size=(12, 2)).astype("float32")


def _model(first: Any = None) -> Any:
    model = keras.Sequential([keras.Input((4,)), first or layers.Dense(4, "tanh"), layers.Dense(2)])
    random = np.random.default_rng(1)
    model.set_weights([random.uniform(0.2, 0.9, w.shape) for w in model.weights])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def _relu(model: Any) -> None:
    model.layers[0].activation = keras.activations.relu


def _other_optimizer(model: Any) -> None:
    model.optimizer = keras.optimizers.SGD(0.5)


def _clipping(model: Any) -> None:
    model.optimizer.clipvalue = 0.001


def _schedule(model: Any) -> None:
    model.optimizer.learning_rate = keras.optimizers.schedules.ExponentialDecay(0.7, 1, 0.5)


def _frozen(model: Any) -> None:
    model.layers[0].trainable = False


def _one_layer_more(model: Any) -> None:
    model.add(layers.Rescaling(2.0))


@pytest.mark.parametrize("compiled_first", [True, False])
@pytest.mark.parametrize(
    "change", [_relu, _other_optimizer, _clipping, _schedule, _frozen, _one_layer_more]
)
def test_fit_evaluate_and_predict_follow_a_change(
    change: Callable[[Any], None], compiled_first: bool
) -> None:
    model, expected = _model(), _model()
    expected.run_eagerly = True
    if compiled_first:
        model.fit(X, Y, batch_size=5, epochs=1, shuffle=False, verbose=0)
        model.evaluate(X, Y, verbose=0)
        model.predict(X, verbose=0)
        expected.fit(X, Y, batch_size=5, epochs=1, shuffle=False, verbose=0)
    change(model)
    change(expected)
    for made in (model, expected):
        made.fit(X, Y, batch_size=5, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_allclose(
        model.evaluate(X, Y, verbose=0), expected.evaluate(X, Y, verbose=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        model.predict(X, verbose=0), expected.predict(X, verbose=0), rtol=1e-4, atol=1e-6
    )


def test_a_frozen_batch_normalization_without_weights_to_learn_stands_still() -> None:
    model = _model(layers.BatchNormalization(center=False, scale=False))
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    before = model.layers[0].moving_mean.numpy()
    model.fit(X, Y, verbose=0)
    assert np.array_equal(model.layers[0].moving_mean.numpy(), before)
    model.layers[0].trainable = True
    model.fit(X, Y, verbose=0)
    assert not np.array_equal(model.layers[0].moving_mean.numpy(), before)


def test_a_number_of_a_users_layer_may_change_from_epoch_to_epoch() -> None:
    class Scale(layers.Layer):
        factor = 1.0

        def call(self, x: Any) -> Any:
            self.last = x  # what it notes for itself makes no new program
            return x * self.factor

    scale = Scale()
    model = keras.Sequential([keras.Input((4,)), scale, layers.Dense(1, use_bias=False)])
    model.set_weights([np.ones((4, 1))])
    model.compile(keras.optimizers.SGD(0.0), "mae")
    ones, zeros = np.ones((3, 4)), np.zeros((3, 1))

    class Double(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            scale.factor *= 2

    history = model.fit(ones, zeros, epochs=3, callbacks=[Double()], verbose=0).history
    np.testing.assert_allclose(history["loss"], [4, 8, 16])
    model.predict(ones, verbose=0)
    kept = len(model._programs)
    for _ in range(3):
        model.fit(ones, zeros, validation_data=(ones, zeros), verbose=0)
    assert len(model._programs) <= kept + 2


def test_evaluation_goes_on_to_the_end_after_training_was_stopped() -> None:
    rows = 150_000
    model = keras.Sequential([keras.Input((32,)), layers.Dense(256, "tanh"), layers.Dense(1)])
    model.compile("sgd", "mae")
    x, y = np.zeros((rows, 32), "float32"), np.arange(rows, dtype="float32")
    model.stop_training = True
    assert model.evaluate(x, y, verbose=0) == pytest.approx((rows - 1) / 2, rel=1e-3)


def test_training_stopped_within_an_epoch_still_validates_on_all_rows() -> None:
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    model = _model()
    history = model.fit(
        X, Y, batch_size=5, validation_data=(X, Y), callbacks=[Stop()], epochs=3, verbose=0
    ).history
    assert history["val_loss"] == pytest.approx([model.evaluate(X, Y, verbose=0)], rel=1e-5)


def test_the_loss_of_a_model_inside_is_none_of_the_outer_ones() -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    inner.compile("sgd", "mse", metrics=["mae"])
    inner.train_on_batch(X, Y * 100)
    outer = keras.Sequential([keras.Input((4,)), layers.Dense(4), inner])
    outer.compile(keras.optimizers.SGD(0.0), "mse", metrics=["mse"])
    loss, mse = outer.evaluate(X, Y, verbose=0)
    expected = np.mean((outer.predict(X, verbose=0) - Y) ** 2)
    assert loss == pytest.approx(expected, rel=1e-5) and mse == pytest.approx(expected, rel=1e-5)
    assert outer.fit(X, Y, verbose=0).history["loss"] == pytest.approx([expected], rel=1e-5)


@pytest.mark.parametrize("rows", [3, 4])
def test_weights_of_rows_and_masks_of_places_meet_in_weighted_metrics(rows: int) -> None:
    inputs = keras.Input((4,), dtype="int32")
    embedded = layers.Embedding(5, 1, mask_zero=True, embeddings_initializer="ones")(inputs)
    model = keras.Model(inputs, embedded)
    model.compile(loss="mse", weighted_metrics=["mae"])
    x = np.random.default_rng(2).integers(0, 3, (rows, 4))
    y = np.arange(rows * 4.0).reshape(rows, 4, 1)
    weight = np.arange(1.0, rows + 1)
    counts = (x != 0) * weight[:, None]
    expected = np.sum(np.abs(y[..., 0] - 1) * counts) / np.sum(counts)
    found = model.evaluate(x, y, sample_weight=weight, verbose=0, return_dict=True)
    assert found["mae"] == pytest.approx(expected, rel=1e-5)
