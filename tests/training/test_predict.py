"""predict called again and again: on the same form of data, after changes, with other batches."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

X = np.random.default_rng(1).normal(size=(24, 6)).astype("float32")


def network() -> keras.Sequential:
    keras.utils.set_random_seed(5)
    hidden = layers.Dense(4, activation="tanh")
    return keras.Sequential([keras.Input((6,)), hidden, layers.Dropout(0.5), layers.Dense(3)])


def by_hand(model: Any, x: np.ndarray) -> np.ndarray:
    (w, b), (v, c) = model.layers[0].get_weights(), model.layers[2].get_weights()
    result: np.ndarray = np.tanh(x @ w + b) @ v + c
    return result


def test_each_call_sees_the_data_and_the_weights_of_now() -> None:
    model = network()
    for scale in (1.0, -2.0, 0.5):
        model.set_weights([w * scale for w in model.get_weights()])
        for x in (X, X[:1], X * 3, X.astype("float64")):
            for _ in range(2):
                np.testing.assert_allclose(
                    model.predict(x, verbose=0), by_hand(model, x), rtol=1e-5, atol=1e-5
                )


def test_results_are_arrays_of_their_own() -> None:
    model = network()
    first, second = (model.predict(X, verbose=0) for _ in range(2))
    second[:] = 0
    assert type(first) is np.ndarray and np.abs(first).min() > 0


def test_a_layer_replaced_or_frozen_is_seen() -> None:
    model = network()
    model.predict(X, verbose=0), model.predict(X, verbose=0)
    model.layers[0].trainable = False
    model.pop()
    model.add(layers.Dense(2, kernel_initializer="ones"))
    assert model.predict(X, verbose=0).shape == (24, 2)


def test_batches_are_as_asked_for() -> None:
    class Sizes(keras.Model):
        def call(self, inputs: Any) -> Any:
            return ops.zeros_like(inputs[:, 0]) + float(inputs.shape[0])

    model = Sizes()
    for _ in range(2):
        for size, seen in ((None, [24]), (24, [24]), (16, [16, 8]), (100, [24])):
            found = model.predict(X, batch_size=size, verbose=0)
            assert [found[0], found[-1]] == [seen[0], seen[-1]], size
    wide = np.zeros((40, 6), "float32")
    assert model.predict(wide, batch_size=64, verbose=0)[0] == 40
    assert model.predict(wide, verbose=0)[0] == 32


def test_callbacks_are_called_each_time() -> None:
    class Counting(keras.callbacks.Callback):
        begun = 0

        def on_predict_begin(self, logs: Any = None) -> None:
            self.begun += 1

    model, counting = network(), Counting()
    model.predict(X, verbose=0)
    for _ in range(3):
        model.predict(X, verbose=0, callbacks=[counting])
    assert counting.begun == 3


def test_eager_runs_stay_eager() -> None:
    model = network()
    model.predict(X, verbose=0)
    seen = []

    class Looking(layers.Layer):
        def call(self, inputs: Any) -> Any:
            seen.append(1)
            return inputs

    model.add(Looking())
    model.compile(run_eagerly=True)
    for _ in range(3):
        seen.clear()
        model.predict(X, verbose=0)
        assert seen


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"batch_size": "8"}, {"verbose": "loud"}])
def test_what_is_wrong_is_said_the_second_time_too(wrong: dict[str, Any]) -> None:
    model = network()
    model.predict(X, verbose=0)
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        model.predict(X, **({"verbose": 0} | wrong))
    with pytest.raises(ValueError, match="6"):
        model.predict(X[:, :5], verbose=0)


def test_outputs_that_are_no_rows_keep_their_form() -> None:
    class Total(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def predict_step(self, data: Any) -> Any:
            return ops.sum(self.dense(data))

    model = Total()
    assert [np.shape(model.predict(X, verbose=0)) for _ in range(3)] == [(1,)] * 3


def test_a_layer_appended_to_a_list_of_the_users_is_seen() -> None:
    class Blocks(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [layers.Dense(6)]

        def call(self, inputs: Any) -> Any:
            for block in self.blocks:
                inputs = block(inputs)
            return inputs

    model, more = Blocks(), layers.Dense(6)
    more.build((None, 6))
    before = [model.predict(X, verbose=0) for _ in range(2)][1]
    model.blocks.append(more)
    np.testing.assert_allclose(
        model.predict(X, verbose=0), np.asarray(more(before)), rtol=1e-5, atol=1e-5
    )


def test_a_model_that_has_predicted_can_be_copied() -> None:
    model = network()
    before = model.predict(X, verbose=0)
    other = copy.deepcopy(model)
    other.set_weights([w * 2 for w in other.get_weights()])
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)
    np.testing.assert_allclose(other.predict(X, verbose=0), by_hand(other, X), rtol=1e-5, atol=1e-5)
