"""Every layer keeps the contract of `annette.testing.check_layer`: a line a layer."""

from __future__ import annotations

import numpy as np
import pytest

from annette import layers, ops
from annette.layers import Layer
from annette.testing import check_layer

L = layers
# layer, shape of its input (rows first), further arguments of check_layer
CASES = [
    (L.Activation("tanh"), (2, 3), {}),
    (L.Activation("softmax"), (2, 3, 4), {}),
    (L.ReLU(), (2, 3), {}),
    (L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), (2, 3), {}),
    (L.LeakyReLU(negative_slope=0.2), (2, 3), {}),
    (L.ELU(alpha=0.7), (2, 3), {}),
    (L.PReLU(), (2, 3), {}),
    (L.PReLU(shared_axes=[1]), (2, 3, 4), {}),
    (L.Softmax(), (2, 3), {}),
    (L.Softmax(axis=1), (2, 3, 4), {}),
    (L.Dense(4), (2, 3), {"order": 2}),
    (L.Dense(4, activation="tanh", use_bias=False), (2, 5, 3), {"order": 2}),
    (L.Dense(2, kernel_regularizer="l2", bias_constraint="non_neg", kernel_initializer="he_normal"), (2, 3), {}),
    (L.Embedding(3, 4), (2, 5), {"input_dtype": "int32"}),
    (L.Embedding(3, 4, mask_zero=True), (2, 5), {"input_dtype": "int32"}),
    (L.Identity(), (2, 3), {}),
    (L.Masking(mask_value=0.5), (2, 3, 4), {}),
    (L.Add(), [(2, 3), (2, 3)], {}),
    (L.Add(), [(2, 3), (2, 1), (1, 3)], {}),
    (L.Subtract(), [(2, 3), (2, 3)], {}),
    (L.Multiply(), [(2, 3), (2, 3), (2, 3)], {"order": 2}),
    (L.Average(), [(2, 3), (2, 3)], {}),
    (L.Maximum(), [(2, 3), (2, 3)], {}),
    (L.Minimum(), [(2, 3), (2, 3)], {}),
    (L.Concatenate(), [(2, 3), (2, 4)], {}),
    (L.Concatenate(axis=1), [(2, 3, 5), (2, 4, 5)], {}),
    (L.BatchNormalization(), (6, 3), {}),
    (L.BatchNormalization(), (6, 3), {"arguments": {"training": True}, "order": 2}),
    (L.BatchNormalization(axis=1, scale=False, center=False), (4, 3, 2), {"arguments": {"training": True}}),
    (L.Dropout(0.4), (2, 3), {}),
    (L.Dropout(0.0), (2, 3), {"arguments": {"training": True}}),
    (L.Flatten(), (2, 3, 4), {}),
    (L.Flatten(), (2,), {}),
    (L.Reshape((4, -1)), (2, 3, 8), {}),
    (L.Reshape((6,)), (2, 2, 3), {}),
]  # fmt: skip

# Layers that are not tried with data of their own, and why.
ELSEWHERE = {
    "InputLayer": "it is where data enters; models test it",
    "Lambda": "its function is code, which a config does not hold; tested below",
}


def name(case):
    layer, shape, further = case
    return f"{type(layer).__name__}{shape}{further or ''}"


@pytest.mark.parametrize("case", CASES, ids=name)
def test_the_contract(case):
    layer, shape, further = case
    check_layer(layer, shape, **further)


def test_every_layer_has_a_line():
    tried = {type(layer).__name__ for layer, _, _ in CASES}
    assert tried | set(ELSEWHERE) == set(layers.ALL_OBJECTS)
    assert not tried & set(ELSEWHERE)


def test_lambda():
    layer = layers.Lambda(lambda x: x * 2.0)
    np.testing.assert_array_equal(layer(np.ones((2, 3), "float32")), np.full((2, 3), 2.0))
    assert layer(layers.Input((3,))).shape == (None, 3)


# --- the check itself -----------------------------------------------------------------------------


class Scale(Layer):
    """A layer of one's own: each feature times a weight."""

    def __init__(self, start=0.5, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")

    def call(self, x):
        return x * self.scale * self.start

    def get_config(self):
        return {**super().get_config(), "start": self.start}


def test_a_layer_of_ones_own_passes():
    check_layer(Scale(0.25), (2, 3), order=2)


class Forgetful(Scale):
    def get_config(self):
        return {**Layer.get_config(self), "start": 0.5}


class WrongShape(Scale):
    def compute_output_spec(self, x, **kwargs):
        from annette import KerasTensor

        return KerasTensor((*x.shape[:-1], 7), x.dtype)


class Detached(Scale):
    def call(self, x):
        return x * ops.stop_gradient(self.scale)


class Forgets(Scale):
    """Each call gives something else, which a trace does only once."""

    calls = 0

    def call(self, x):
        type(self).calls += 1
        return x * self.scale + type(self).calls


class ReadsTheRows(Scale):
    def call(self, x):
        if x.shape[0] != 2:
            raise ValueError("only two rows")
        return x * self.scale


@pytest.mark.parametrize(
    "layer, message",
    [
        (Forgetful(0.1), "config"),
        (WrongShape(), "infers"),
        (Detached(), "gradient of order 1"),
        (Forgets(), "gives other numbers|other numbers|traced it gives"),
        (ReadsTheRows(), "unknown number of rows"),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, Layer) else "",
)
def test_a_wrong_layer_is_found(layer, message):
    with pytest.raises(AssertionError, match=message):
        check_layer(layer, (2, 3))
