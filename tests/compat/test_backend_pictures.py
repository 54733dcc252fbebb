"""`keras.backend` convolves, pools and resizes as that of Keras 2 did."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def K(installed: None) -> Any:
    from keras import backend

    return backend


X = (np.arange(24) * 7 % 11 - 4).reshape(1, 3, 4, 2).astype("float32") / 4
S = (np.arange(12) * 5 % 7 - 3).reshape(1, 6, 2).astype("float32") / 2
V = (np.arange(24) * 5 % 13 - 6).reshape(1, 2, 3, 4, 1).astype("float32") / 4
W = (np.arange(8) * 3 % 5 - 2).reshape(2, 2, 2, 1).astype("float32") / 2
W1 = (np.arange(6) * 3 % 5 - 2).reshape(3, 2, 1).astype("float32") / 2
W3 = (np.arange(8) * 3 % 5 - 2).reshape(2, 2, 2, 1, 1).astype("float32") / 2
D = (np.arange(8) * 3 % 5 - 2).reshape(2, 2, 2, 1).astype("float32") / 2
P = np.array([[[[1.0], [-0.5]]]], "float32")
T = (np.arange(18) * 3 % 5 - 2).reshape(3, 3, 1, 2).astype("float32") / 2

CASES = [
    # (call, what the backend functions that Keras 3.15 keeps from Keras 2 give on TensorFlow)
    (lambda K: K.conv1d(S, W1), [[[0.5], [0.75], [-2.5], [-2.25]]]),
    (lambda K: K.conv1d(S, W1, padding="causal", dilation_rate=2), [[[-1.0], [1.0], [1.25], [0.5], [1.75], [-3.25]]]),
    (lambda K: K.conv1d(S, W1, strides=2, padding="same"), [[[0.5], [-2.5], [1.0]]]),
    (lambda K: K.conv2d(X, W), [[[[2.5], [1.75], [-0.375]], [[-0.5], [0.125], [-2.0]]]]),
    (lambda K: K.conv2d(X, W, strides=(2, 1), padding="same"), [[[[2.5], [1.75], [-0.375], [-1.625]], [[0.25], [-1.125], [0.25], [1.375]]]]),
    (lambda K: K.conv2d(X, W, dilation_rate=(2, 2), data_format="channels_last"), [[[[-0.125], [0.5]]]]),
    (lambda K: K.conv2d_transpose(X, T, (1, 6, 8, 1), strides=(2, 2), padding="same"), [[[[1.375], [1.25], [0.25], [1.625], [-2.25], [-0.75], [-0.625], [-0.375]], [[-0.875], [-1.0], [0.5], [-0.25], [1.5], [0.5], [-0.25], [1.25]], [[2.5], [0.625], [-0.75], [-2.5], [-1.5], [-0.125], [-0.875], [-0.5]], [[-0.875], [-0.75], [1.75], [0.0], [0.0], [0.75], [-0.375], [1.5]], [[2.5], [0.5], [-3.75], [0.125], [-0.375], [-0.25], [1.625], [0.75]], [[-0.875], [-0.5], [1.625], [0.25], [-0.125], [1.0], [-1.875], [-1.0]]]]),
    (lambda K: K.conv2d_transpose(X, T, (1, 7, 9, 1), strides=(2, 2)), [[[[1.375], [1.25], [0.25], [1.625], [-2.25], [-0.75], [-0.625], [-0.375], [-0.25]], [[-0.875], [-1.0], [0.5], [-0.25], [1.5], [0.5], [-0.25], [1.25], [-1.125]], [[2.5], [0.625], [-0.75], [-2.5], [-1.5], [-0.125], [-0.875], [-0.5], [0.0]], [[-0.875], [-0.75], [1.75], [0.0], [0.0], [0.75], [-0.375], [1.5], [-1.25]], [[2.5], [0.5], [-3.75], [0.125], [-0.375], [-0.25], [1.625], [0.75], [-0.25]], [[-0.875], [-0.5], [1.625], [0.25], [-0.125], [1.0], [-1.875], [-1.0], [1.375]], [[1.5], [-1.25], [-1.75], [0.75], [0.0], [0.0], [1.75], [-0.75], [-0.875]]]]),
    (lambda K: K.conv2d_transpose(X, T, output_shape=(1, 5, 7, 1), strides=(2, 2), padding="same"), [[[[-1.0], [0.5], [-0.25], [1.5], [0.5], [-0.25], [1.25]], [[0.625], [-0.75], [-2.5], [-1.5], [-0.125], [-0.875], [-0.5]], [[-0.75], [1.75], [0.0], [0.0], [0.75], [-0.375], [1.5]], [[0.5], [-3.75], [0.125], [-0.375], [-0.25], [1.625], [0.75]], [[-0.5], [1.625], [0.25], [-0.125], [1.0], [-1.875], [-1.0]]]]),
    (lambda K: K.separable_conv2d(X, D, P, padding="same"), [[[[0.4375], [-0.3125], [-0.375], [-1.0625]], [[1.5625], [0.125], [-2.0], [-1.25]], [[0.4375], [-0.5625], [-0.875], [0.8125]]]]),
    (lambda K: K.depthwise_conv2d(X, depthwise_kernel=D, strides=(1, 1), padding="valid"), [[[[1.125, 1.375], [0.375, 1.375], [-0.375, 0.0]], [[0.875, -1.375], [0.125, 0.0], [-2.0, 0.0]]]]),
    (lambda K: K.conv3d(V, W3, padding="valid"), [[[[[3.625], [-0.875], [-0.5]], [[1.875], [-2.625], [-0.625]]]]]),
    (lambda K: K.pool2d(X, (2, 2), strides=(2, 2), padding="same", pool_mode="avg"), [[[[-0.5, 0.5625], [1.0, 0.0]], [[-0.125, 0.25], [0.0, 0.375]]]]),
    (lambda K: K.pool2d(X, pool_size=(2, 3)), [[[[0.75, 1.5], [1.5, 1.5]], [[1.0, 1.25], [1.5, 0.75]]]]),
    (lambda K: K.pool3d(V, (2, 2, 2), pool_mode="avg"), [[[[[-0.21875], [0.21875], [0.25]], [[-0.09375], [0.34375], [0.375]]]]]),
    (lambda K: K.pool3d(V, pool_size=(1, 2, 2), strides=(1, 2, 2), padding="same"), [[[[[1.5], [1.0]], [[0.0], [1.25]]], [[[0.5], [1.5]], [[0.75], [1.25]]]]]),
    (lambda K: K.resize_images(X, 2, 1, "channels_last", interpolation="bilinear"), [[[[-1.0, 0.75], [-0.25, 1.5], [0.5, -0.5], [1.25, 0.25]], [[-0.9375, 0.8125], [-0.1875, 0.875], [0.5625, -0.4375], [1.3125, 0.3125]], [[-0.8125, 0.9375], [-0.0625, -0.375], [0.6875, -0.3125], [1.4375, 0.4375]], [[-0.6875, 1.0625], [0.0625, -0.9375], [0.8125, -0.1875], [0.875, 0.5625]], [[-0.5625, 1.1875], [0.1875, -0.8125], [0.9375, -0.0625], [-0.375, 0.6875]], [[-0.5, 1.25], [0.25, -0.75], [1.0, 0.0], [-1.0, 0.75]]]]),
    (lambda K: K.resize_images(X[:, :1], 2, 3, data_format="channels_last"), [[[[-1.0, 0.75], [-1.0, 0.75], [-1.0, 0.75], [-0.25, 1.5], [-0.25, 1.5], [-0.25, 1.5], [0.5, -0.5], [0.5, -0.5], [0.5, -0.5], [1.25, 0.25], [1.25, 0.25], [1.25, 0.25]], [[-1.0, 0.75], [-1.0, 0.75], [-1.0, 0.75], [-0.25, 1.5], [-0.25, 1.5], [-0.25, 1.5], [0.5, -0.5], [0.5, -0.5], [0.5, -0.5], [1.25, 0.25], [1.25, 0.25], [1.25, 0.25]]]]),
    (lambda K: K.resize_volumes(V[:, :1, :2], 2, 1, 2, data_format="channels_last"), [[[[[-1.5], [-1.5], [-0.25], [-0.25], [1.0], [1.0], [-1.0], [-1.0]], [[0.25], [0.25], [1.5], [1.5], [-0.5], [-0.5], [0.75], [0.75]]], [[[-1.5], [-1.5], [-0.25], [-0.25], [1.0], [1.0], [-1.0], [-1.0]], [[0.25], [0.25], [1.5], [1.5], [-0.5], [-0.5], [0.75], [0.75]]]]]),
    (lambda K: K.spatial_2d_padding(X, padding=((1, 0), (0, 2))), [[[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]], [[-1.0, 0.75], [-0.25, 1.5], [0.5, -0.5], [1.25, 0.25], [0.0, 0.0], [0.0, 0.0]], [[-0.75, 1.0], [0.0, -1.0], [0.75, -0.25], [1.5, 0.5], [0.0, 0.0], [0.0, 0.0]], [[-0.5, 1.25], [0.25, -0.75], [1.0, 0.0], [-1.0, 0.75], [0.0, 0.0], [0.0, 0.0]]]]),
    (lambda K: K.spatial_3d_padding(V, padding=((1, 0), (0, 0), (0, 1))), [[[[[0.0], [0.0], [0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0], [0.0], [0.0]], [[0.0], [0.0], [0.0], [0.0], [0.0]]], [[[-1.5], [-0.25], [1.0], [-1.0], [0.0]], [[0.25], [1.5], [-0.5], [0.75], [0.0]], [[-1.25], [0.0], [1.25], [-0.75], [0.0]]], [[[0.5], [-1.5], [-0.25], [1.0], [0.0]], [[-1.0], [0.25], [1.5], [-0.5], [0.0]], [[0.75], [-1.25], [0.0], [1.25], [0.0]]]]]),
    (lambda K: K.temporal_padding(S, padding=(2, 1)), [[[0.0, 0.0], [0.0, 0.0], [-1.5, 1.0], [0.0, -1.0], [1.5, 0.5], [-0.5, -1.5], [1.0, 0.0], [-1.0, 1.5], [0.0, 0.0]]]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), CASES)
def test_values(K: Any, call: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(call(K)), expected, rtol=2e-5, atol=5e-6)


def test_channels_may_come_first(K: Any) -> None:
    flat = np.ascontiguousarray(np.moveaxis(X, -1, 1))
    pairs = [
        (K.conv2d(flat, W, data_format="channels_first"), K.conv2d(X, W)),
        (K.pool2d(flat, (2, 2), data_format="channels_first"), K.pool2d(X, (2, 2))),
        (K.resize_images(flat, 2, 2, "channels_first"), K.resize_images(X, 2, 2, "channels_last")),
        (
            K.conv2d_transpose(flat, T, (1, 1, 6, 8), (2, 2), "same", "channels_first"),
            K.conv2d_transpose(X, T, (1, 6, 8, 1), (2, 2), "same"),
        ),
    ]
    for first, last in pairs:
        np.testing.assert_allclose(np.moveaxis(np.asarray(first), 1, -1), last, rtol=1e-6)


def test_series_may_be_separated(K: Any) -> None:
    depth = np.array([[[1.0], [2.0]], [[0.5], [-1.0]]], "float32")
    made = np.asarray(K.separable_conv1d(S, depth, P[0]))
    each = S[:, :-1] * depth[0, :, 0] + S[:, 1:] * depth[1, :, 0]
    np.testing.assert_allclose(made[..., 0], each @ P[0, 0, :, 0], rtol=1e-6)


def test_layers_of_ones_own_use_it(K: Any) -> None:
    import keras

    class Blur(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            shape = (2, 2, input_shape[-1], 3)
            self.kernel = self.add_weight(shape=shape, initializer="ones", name="kernel")

        def call(self, x: Any) -> Any:
            return K.relu(K.conv2d(x, self.kernel, padding="same"))

    model = keras.models.Sequential([keras.Input((3, 4, 2)), Blur(), keras.layers.Flatten()])
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((1, 36)), verbose=0)
    assert model.output_shape == (None, 36) and not np.all(model.layers[0].get_weights()[0] == 1)


def test_mistakes_are_named(K: Any) -> None:
    with pytest.raises(ValueError, match="pool_mode"):
        K.pool2d(X, (2, 2), pool_mode="min")
    with pytest.raises(ValueError, match="output_shape"):
        K.conv2d_transpose(X, T, (1, 20, 8, 1), strides=(2, 2))
