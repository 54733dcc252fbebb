"""Models are copied and pickled with their weights and the state of their training."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import annette as keras
from annette import layers

X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def functional():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(1)(layers.BatchNormalization()(x) + 1.0))


def row():
    return keras.Sequential([layers.Dense(3), layers.Dense(1)])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))],
                         ids=["copy", "pickle"])  # fmt: skip
@pytest.mark.parametrize("make", [functional, row])
def test_a_copy_goes_on_training_by_itself(make, copied):
    model = make()
    optimizer = keras.optimizers.AdamW(0.01)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, verbose=0)
    other = copied(model)
    np.testing.assert_array_equal(other.predict(X, verbose=0), model.predict(X, verbose=0))
    before = model.get_weights()
    alone = other.fit(X, Y, verbose=0, shuffle=False).history
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.fit(X, Y, verbose=0, shuffle=False).history == alone
