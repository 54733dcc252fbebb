"""`training`, given where a functional model is made, and where it is called."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras

X = np.ones((50, 4), "float32")


class Doubles(keras.layers.Layer):
    """Doubles what comes in training."""

    def call(self, inputs, training=None):
        return inputs * (2.0 if training else 1.0)


def factor(model, **how):
    return float(np.asarray(model(X, **how)).mean())


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("bound", [True, False, None])
def test_what_a_call_was_made_with_holds(tmp_path, bound, nested):
    """`base(x, training=False)` keeps a base as it is in inference while the rest is trained."""
    layer = keras.Sequential([keras.Input((4,)), Doubles()]) if nested else Doubles()
    start = keras.Input((4,))
    model = keras.Model(start, layer(start, training=bound))
    model.save(tmp_path / "model.keras")
    objects = {"Doubles": Doubles}
    for found in (model, keras.saving.load_model(tmp_path / "model.keras", objects)):
        for _ in range(6):  # models called often run as programs
            assert factor(found) == (2.0 if bound else 1.0)
        assert factor(found, training=True) == (1.0 if bound is False else 2.0)
        assert factor(found, training=False) == (2.0 if bound else 1.0)
        assert found.predict(X, verbose=0).mean() == (2.0 if bound else 1.0)


def test_a_base_in_inference_keeps_its_statistics():
    base = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
    start = keras.Input((4,))
    model = keras.Model(start, keras.layers.Dense(1)(base(start, training=False)))
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    assert not base.layers[0].moving_mean.numpy().any()
