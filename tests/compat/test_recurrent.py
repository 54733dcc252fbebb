"""Recurrent layers as programs of Keras 1 and 2 spelt them mean what they meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras

pytestmark = pytest.mark.usefixtures("installed")

X = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")


@pytest.mark.parametrize(
    ("make", "config"),
    [
        (lambda: keras.layers.LSTM(output_dim=4, inner_activation="hard_sigmoid"),
         {"units": 4, "recurrent_activation": "hard_sigmoid"}),
        (lambda: keras.layers.GRU(4, dropout_W=0.2, dropout_U=0.1, consume_less="gpu"),
         {"dropout": 0.2, "recurrent_dropout": 0.1}),
        (lambda: keras.layers.LSTM(4, forget_bias_init="zero"), {"unit_forget_bias": False}),
        (lambda: keras.layers.LSTM(4, forget_bias_init="one"), {"unit_forget_bias": True}),
        (lambda: keras.layers.LSTM(4, implementation=1, time_major=False), {"units": 4}),
        (lambda: keras.layers.SimpleRNN(4, implementation=2), {"units": 4}),
        (lambda: keras.layers.ConvLSTM2D(nb_filter=2, nb_row=3, nb_col=2, border_mode="same",
                                         dim_ordering="tf"),
         {"filters": 2, "kernel_size": (3, 2), "padding": "same"}),
    ],
)  # fmt: skip
def test_old_arguments(make: Any, config: dict[str, Any]) -> None:
    made = make().get_config()
    assert {key: made[key] for key in config} == config


def test_old_initializers() -> None:
    layer = keras.layers.GRU(2, init="ones", inner_init="zeros")
    layer.build((None, 4, 3))
    kernel, recurrent, _ = layer.get_weights()
    assert (kernel == 1).all() and not recurrent.any()


def test_steps_and_features_are_the_shape_of_the_inputs() -> None:
    model = keras.Sequential()
    model.add(keras.layers.LSTM(8, input_dim=3, input_length=5))
    assert model.input_shape == (None, 5, 3) and model.count_params() == 4 * 8 * (3 + 8 + 1)
    model = keras.Sequential([keras.layers.GRU(2, input_dim=3, return_sequences=True)])
    assert model.input_shape == (None, None, 3)


def test_steps_before_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="Swap the axes"):
        keras.layers.LSTM(2, time_major=True)


def test_states_in_the_list_of_inputs() -> None:
    layer = keras.layers.LSTM(2)
    h, c = np.ones((4, 2), "float32"), np.zeros((4, 2), "float32")
    np.testing.assert_array_equal(layer([X, h, c]), layer(X, initial_state=[h, c]))
    source, state = keras.Input((None, 3)), keras.Input((2,))
    model = keras.Model([source, state], keras.layers.GRU(2)([source, state]))
    assert model.predict([X, h], verbose=0).shape == (4, 2)


def test_a_model_resets_the_states_of_its_layers() -> None:
    model = keras.Sequential()
    model.add(keras.layers.LSTM(2, stateful=True, batch_input_shape=(4, None, 3)))
    first = model.predict(X, batch_size=4, verbose=0)
    assert (model.predict(X, batch_size=4, verbose=0) != first).any()
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X, batch_size=4, verbose=0), first)


def test_old_homes_of_the_layers() -> None:
    from keras.layers.convolutional_recurrent import ConvLSTM2D
    from keras.layers.recurrent import GRU, LSTM, SimpleRNN
    from keras.layers.wrappers import Bidirectional, TimeDistributed

    found = (ConvLSTM2D, GRU, LSTM, SimpleRNN, Bidirectional, TimeDistributed)
    assert all(getattr(keras.layers, cls.__name__) is cls for cls in found)
    import keras as old

    assert old.layers.CuDNNLSTM is LSTM and old.layers.CuDNNGRU is GRU


MASK = np.array([[1, 1, 0, 1, 0]] * 4, bool)


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("unroll", [False, True])
def test_backend_rnn_carries_a_function_along(mask: Any, back: bool, unroll: bool) -> None:
    import keras.backend as K

    def step(x: Any, states: Any) -> Any:
        total, scale = states
        return total + scale * x, [total + scale * x]

    given = {"mask": mask, "go_backwards": back, "unroll": unroll, "constants": [np.float32(2.0)]}
    zeros = [np.zeros((4, 3), "float32")]
    last, outputs, states = K.rnn(step, X, zeros, **given)
    kept = X if mask is None else X * mask[..., None]
    want = 2 * np.cumsum(kept[:, ::-1] if back else kept, axis=1)
    np.testing.assert_allclose(outputs, want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, want[:, -1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(states[0], last, rtol=1e-6)
    turned = None if mask is None else mask.T
    steps_first = K.rnn(
        step, X.swapaxes(0, 1), zeros, time_major=True, **{**given, "mask": turned}
    )[1]
    np.testing.assert_allclose(np.swapaxes(steps_first, 0, 1), outputs, rtol=1e-6)
