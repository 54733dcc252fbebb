"""Sequential models that learn their shape from data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers


def test_inside_a_layer_it_takes_sequences_of_any_length() -> None:
    class Block(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = keras.Sequential([layers.Dense(5, "relu"), layers.Dense(3)])

        def call(self, x: Any) -> Any:
            return x + self.inner(x)

    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, Block()(inputs))
    assert model.output_shape == (None, None, 3)
    long = np.random.default_rng(0).normal(size=(2, 9, 3)).astype("float32")
    short = model.predict(long[:, :4], verbose=0)
    np.testing.assert_allclose(model.predict(long, verbose=0)[:, :4], short, rtol=1e-6)


def test_built_by_data_it_takes_sequences_of_other_lengths_and_no_other_features() -> None:
    model = keras.Sequential([layers.LSTM(4), layers.Dense(2)])
    assert model(np.ones((3, 5, 6), "float32")).shape == (3, 2)
    assert model(np.ones((3, 8, 6), "float32")).shape == (3, 2)
    with pytest.raises(ValueError, match="shape"):
        model(np.ones((3, 5, 7), "float32"))
