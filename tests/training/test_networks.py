"""Networks that learn what they are known to learn, by the numbers they are known to give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

AND_INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
AND_TARGETS = np.array([[0], [0], [0], [1]], dtype=float)
# Costs of a NumPy program of full-batch gradient descent, at epochs 0, 1000, ... 9000.
AND_COSTS = (
    "0.693068 0.017021 0.006714 0.004193 0.003059 0.002412 0.001994 0.001700 0.001482 0.001314"
).split()


@pytest.fixture
def float64() -> Iterator[None]:
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


def test_the_and_gate_costs_what_it_costs_written_by_hand(float64: None) -> None:
    random = np.random.RandomState(42)
    first, second = random.randn(4, 2) * 0.1, random.randn(1, 4) * 0.1
    model = keras.Sequential(
        [layers.Input((2,)), layers.Dense(4, "relu"), layers.Dense(1, "sigmoid")]
    )
    model.set_weights([first.T, np.zeros(4), second.T, np.zeros(1)])
    model.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    costs = model.fit(
        AND_INPUTS, AND_TARGETS, batch_size=4, epochs=9001, shuffle=False, verbose=0
    ).history["loss"]
    assert [f"{cost:.6f}" for cost in costs[::1000]] == AND_COSTS
    assert (model.predict(AND_INPUTS, verbose=0) >= 0.5).astype(int).tolist() == [
        [0],
        [0],
        [0],
        [1],
    ]


def test_xor_is_learnt() -> None:
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [layers.Input((2,)), layers.Dense(4, "tanh"), layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    targets = np.array([0, 1, 1, 0])
    model.fit(AND_INPUTS, targets, epochs=500, batch_size=4, verbose=0)
    assert model.evaluate(AND_INPUTS, targets, verbose=0)[1] == 1.0


def test_an_autoencoder_compresses_digits() -> None:
    from annette.datasets import digits

    (x, _), _ = digits.load_data()
    x = x.reshape(len(x), 64) / 16.0
    keras.utils.set_random_seed(2)
    image = layers.Input((64,))
    code = layers.Dense(16, "relu", name="code")(image)
    model = keras.Model(image, layers.Dense(64, "sigmoid")(code))
    model.compile("adam", "mse")
    losses = model.fit(x, x, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.4 * losses[0]
    encoder = keras.Model(image, code)
    assert encoder.predict(x[:5], verbose=0).shape == (5, 16)


def learn(seed: int, **options: object) -> list[np.ndarray]:
    keras.utils.clear_session()
    keras.utils.set_random_seed(seed)
    x = np.random.default_rng(0).normal(size=(200, 6))
    y = (x.sum(axis=1) > 0).astype(int)
    model = keras.Sequential(
        [
            layers.Dense(16, "relu"),
            layers.Dropout(0.3),
            layers.BatchNormalization(),
            layers.Dense(2),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], **options)
    history = model.fit(x, y, epochs=3, validation_split=0.2, verbose=0).history
    return [*model.get_weights(), np.array([history[k] for k in sorted(history)])]


def test_the_same_seed_gives_the_same_bits_and_another_seed_others() -> None:
    first, again, other = learn(7), learn(7), learn(8)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_running_eagerly_gives_what_the_compiled_step_gives() -> None:
    for compiled, eager in zip(learn(7), learn(7, run_eagerly=True), strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=1e-5, atol=1e-6)


def test_a_callback_at_every_batch_changes_nothing() -> None:
    class Count(keras.callbacks.Callback):
        batches = 0

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            self.batches += 1

    def train(callbacks: list[object]) -> tuple[list[float], list[np.ndarray]]:
        keras.utils.set_random_seed(3)
        x = np.random.default_rng(0).normal(size=(70, 4))
        model = keras.Sequential([layers.Dense(3, "relu"), layers.Dense(1)])
        model.compile("rmsprop", "mse", metrics=["mae"])
        history = model.fit(x, x[:, :1], epochs=2, callbacks=callbacks, verbose=0)
        return history.history["mae"], model.get_weights()

    count = Count()
    (plain, weights), (watched, same) = train([]), train([count])
    assert count.batches == 2 * 3
    np.testing.assert_allclose(plain, watched, rtol=1e-6)
    assert all((a == b).all() for a, b in zip(weights, same, strict=True))


class SortedBatch(layers.Layer):
    """Sorts along the last axis where there are four rows, along the one before where not."""

    def call(self, x: Any) -> Any:
        return keras.ops.sort(x, axis=-1 if x.shape[0] == 4 else -2)


def test_the_last_short_batch_has_its_own_calls_of_numpy() -> None:
    x = np.random.default_rng(0).normal(size=(9, 3, 3)).astype("float32")
    model = keras.Sequential([layers.Dense(3), SortedBatch(), layers.Flatten(), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.build((None, 3, 3))
    first = model.get_weights()
    found = []
    for watched in (False, True):  # in a row, and batch by batch
        model.set_weights(first)
        watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda *_: None)
        how = {"batch_size": 4, "epochs": 3, "shuffle": False, "verbose": 0}
        model.fit(x, x[:, 0, :1], callbacks=[watch] if watched else [], **how)
        found.append(model.get_weights())
    assert all((a == b).all() for a, b in zip(*found, strict=True))
