"""Networks of operations drawn at random: layouts and open sizes meet in every order."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

from .running import check


def conv(rng, x):
    how = {"strides": int(rng.integers(1, 3)), "padding": str(rng.choice(["same", "valid"]))}
    how["use_bias"] = bool(rng.integers(2))
    if how["strides"] == 1:
        how["dilation_rate"] = int(rng.integers(1, 3))
    return layers.Conv2D(int(rng.integers(1, 4)), (2, 3), **how)(x)


def transposed(rng, x):
    how = {"strides": int(rng.integers(1, 3)), "padding": str(rng.choice(["same", "valid"]))}
    return layers.Conv2DTranspose(2, 3, **how)(x)


def pool(rng, x):
    kind = [layers.MaxPooling2D, layers.AveragePooling2D][rng.integers(2)]
    return kind(2, int(rng.integers(1, 3)), padding=str(rng.choice(["same", "valid"])))(x)


def norm(rng, x):
    kind = [layers.BatchNormalization, layers.LayerNormalization][rng.integers(2)]
    return kind()(x)


def curve(rng, x):
    return layers.Activation(str(rng.choice(["relu", "gelu", "elu", "softmax", "sigmoid"])))(x)


def turned(rng, x):
    # Rows stay in front and channels last, so that sizes that are not known stay such of places.
    return ops.transpose(x, (0, 2, 1, 3))


def cut(rng, x):
    return x[:, 1:, ::2] if rng.integers(2) else x[:, :-1]


def padded(rng, x):
    return layers.ZeroPadding2D(((1, 2), (0, 1)))(x)


def flipped(rng, x):
    return ops.flip(x, axis=int(rng.integers(1, 4)))


def with_itself(rng, x):
    return ops.concatenate([x, ops.tanh(x)], axis=int(rng.integers(1, 4)))


def gated(rng, x):
    share = layers.Dense(x.shape[-1], activation="sigmoid")(ops.mean(x, axis=(1, 2)))
    return x * ops.reshape(share, (-1, 1, 1, x.shape[-1]))


def shifted(rng, x):
    return x + rng.normal(size=x.shape[-1]).astype("float32")


def centred(rng, x):
    axis = int(rng.integers(1, 4))
    return x - ops.mean(x, axis=axis, keepdims=True) * ops.max(x, axis=(1, 2), keepdims=True)


def joined(rng, x):
    return ops.maximum(x, layers.Conv2D(x.shape[-1], 1)(x))


def dense(rng, x):
    return layers.Dense(3, activation="tanh")(x)


def doubled(rng, x):
    return layers.UpSampling2D(2)(x)


STEPS = [
    conv, conv, pool, norm, curve, turned, cut, padded, flipped, with_itself, gated, shifted, centred,
    joined, dense, doubled, transposed,
]  # fmt: skip


def drawn(seed, shape):
    """A model of some steps, and what they are."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    start = keras.Input(shape)
    x, ends, names = start, [], []
    for _ in range(int(rng.integers(3, 8))):
        step = STEPS[rng.integers(len(STEPS))]
        x = step(rng, x)
        names.append(step.__name__)
        if rng.integers(4) == 0:
            ends.append([ops.sum(x, axis=(1, 2)), ops.mean(x, axis=3), x][rng.integers(3)])
    return keras.Model(start, [*ends, x]), names


@pytest.mark.parametrize("seed", [*range(40), 3183])
def test_networks_of_a_known_size(seed):
    model, names = drawn(seed, (23, 20, 3))
    rng = np.random.default_rng(seed)
    batches = [rng.normal(size=(n, 23, 20, 3)).astype("float32") for n in (1, 3)]
    assert check(model, batches, close=1e-3).graph.node, names


@pytest.mark.parametrize("seed", [*range(100, 140), 3183, 3268])
def test_networks_of_open_sizes(seed):
    model, names = drawn(seed, (None, None, 3))
    rng = np.random.default_rng(seed)
    sizes = ((1, 40, 37), (2, 33, 42), (3, 51, 35))
    batches = [rng.normal(size=(*s, 3)).astype("float32") for s in sizes]
    assert check(model, batches, close=1e-3).graph.node, names
