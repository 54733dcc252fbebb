"""Tests of the test: a layer that breaks a promise must make `check_layer` fail."""

from __future__ import annotations

import pytest

from annette import KerasTensor, ops
from annette.layers import Layer
from annette.testing import check_layer


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
    """A layer whose config is not what it was made with, as when a constructor rounds."""

    def __init__(self, start=0.5, **kwargs):
        super().__init__(start * 2, **kwargs)


class WrongShape(Scale):
    def compute_output_spec(self, x, **kwargs):
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
