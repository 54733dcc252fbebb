"""Numbers that an Embedding has no vector for: refused wherever they come, never read anyhow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

FEW = np.array([[1, 2, 0], [4, 0, 3]] * 6)
TOO_LARGE, NEGATIVE = FEW.copy(), FEW.copy()
TOO_LARGE[11, 1], NEGATIVE[3, 0] = 5000, -3


def network() -> Any:
    model = keras.Sequential(
        [keras.Input((3,), dtype="int32"), layers.Embedding(5, 2, name="words"), layers.Flatten(),
         layers.Dense(1)]
    )  # fmt: skip
    model.compile("adam", "mse")
    return model


CALLS: dict[str, Callable[[Any, np.ndarray], Any]] = {
    "fit": lambda m, x: m.fit(x, np.ones(12), batch_size=4, verbose=0),
    "fit with a short last batch": lambda m, x: m.fit(x, np.ones(12), batch_size=7, verbose=0),
    "evaluate": lambda m, x: m.evaluate(x, np.ones(12), verbose=0),
    "predict": lambda m, x: m.predict(x, verbose=0),
    "predict in batches": lambda m, x: m.predict(x, batch_size=5, verbose=0),
    "train_on_batch": lambda m, x: m.train_on_batch(x, np.ones(12)),
    "a call": lambda m, x: m(x),
    "a generator": lambda m, x: m.fit(((x, np.ones(12)) for _ in range(2)), verbose=0),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_number_without_a_vector_is_refused(call: str) -> None:
    model = network()
    CALLS[call](model, FEW)  # the program is made, and kept
    for wrong, number in ((TOO_LARGE, 5000), (NEGATIVE, -3)):
        with pytest.raises(ValueError, match=rf"'words' has vectors for 0 to 4.*it got {number}\."):
            CALLS[call](model, wrong)
        CALLS[call](model, FEW)


def test_a_loop_over_numbers_refuses_them() -> None:
    class Reader(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.words = layers.Embedding(5, 32, name="words")
            self.state_size = 32

        def call(self, x: Any, states: Any) -> Any:
            h = keras.ops.tanh(self.words(x[:, 0]) + states[0])
            return h, [h]

    inputs = keras.Input((3, 1), dtype="int32")
    model = keras.Model(inputs, layers.Dense(1)(layers.RNN(Reader())(inputs)))
    model.compile("adam", "mse")
    x = np.tile(FEW[:, :, None], (8, 1, 1))
    model.fit(x, np.ones(96), batch_size=32, verbose=0)
    x[90, 2, 0] = 77
    with pytest.raises(ValueError, match="it got 77"):
        model.fit(x, np.ones(96), batch_size=32, verbose=0)


def test_weights_are_as_before_when_a_batch_is_refused() -> None:
    model = network()
    before = [np.array(w) for w in model.get_weights()]
    with pytest.raises(ValueError, match="5000"):
        model.train_on_batch(TOO_LARGE, np.ones(12))
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_positions_along_an_unknown_axis_are_no_numbers_yet() -> None:
    class Positions(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.table = layers.Embedding(5, 2)

        def call(self, x: Any) -> Any:
            return x + self.table(keras.ops.arange(keras.ops.shape(x)[1]))

    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, Positions()(inputs))
    assert model.predict(np.ones((3, 5, 2)), verbose=0).shape == (3, 5, 2)
    with pytest.raises(ValueError, match="vectors for 0 to 4; it got 5"):
        model.predict(np.ones((3, 6, 2)), verbose=0)
