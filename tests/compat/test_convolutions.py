"""Layers on pictures under the names and arguments of Keras 1 and 2."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import annette
from annette.compat import hints

pytestmark = pytest.mark.usefixtures("installed")


def layer(name: str, *args: Any, **kwargs: Any) -> Any:
    from keras import layers

    return getattr(layers, name)(*args, **kwargs)


CASES: list[tuple[Any, str, dict[str, Any]]] = [
    (
        lambda: layer("Convolution2D", 32, 3, 5, border_mode="same", subsample=(2, 2)),
        "Conv2D",
        {"filters": 32, "kernel_size": (3, 5), "padding": "same", "strides": (2, 2)},
    ),
    (
        lambda: layer("Convolution2D", 8, 3, 3, activation="relu", dim_ordering="th"),
        "Conv2D",
        {"kernel_size": (3, 3), "strides": (1, 1), "data_format": "channels_first"},
    ),
    (
        lambda: layer("Convolution2D", nb_filter=8, nb_row=3, nb_col=2, dim_ordering="tf"),
        "Conv2D",
        {"filters": 8, "kernel_size": (3, 2), "data_format": "channels_last"},
    ),
    (lambda: layer("Convolution2D", 8, 3, nb_col=2), "Conv2D", {"kernel_size": (3, 2)}),
    (lambda: layer("Convolution2D", 8, (3, 2), (2, 1)), "Conv2D", {"strides": (2, 1)}),
    (lambda: layer("Conv2D", 8, 3, 2), "Conv2D", {"kernel_size": (3, 3), "strides": (2, 2)}),
    (
        lambda: layer("Conv2D", 8, 3, 2, border_mode="same"),
        "Conv2D",
        {"kernel_size": (3, 2), "strides": (1, 1), "padding": "same"},
    ),
    (
        lambda: layer("Conv2D", 8, (3, 3), data_format="channels_last", bias=False),
        "Conv2D",
        {"use_bias": False, "data_format": "channels_last"},
    ),
    (
        lambda: layer("Convolution1D", nb_filter=4, filter_length=3, subsample_length=2),
        "Conv1D",
        {"filters": 4, "kernel_size": (3,), "strides": (2,)},
    ),
    (
        lambda: layer("Convolution1D", 4, 3, border_mode="same", init="zeros"),
        "Conv1D",
        {"kernel_size": (3,), "padding": "same"},
    ),
    (
        lambda: layer("Convolution3D", 4, 3, 2, 1),
        "Conv3D",
        {"kernel_size": (3, 2, 1)},
    ),
    (
        lambda: layer("Convolution3D", 4, kernel_dim1=3, kernel_dim2=2, kernel_dim3=1),
        "Conv3D",
        {"kernel_size": (3, 2, 1)},
    ),
    (
        lambda: layer("AtrousConvolution2D", 4, 3, 3, atrous_rate=(2, 2)),
        "Conv2D",
        {"dilation_rate": (2, 2), "kernel_size": (3, 3)},
    ),
    (
        lambda: layer("SeparableConvolution2D", 4, 3, 3, border_mode="same", depth_multiplier=2),
        "SeparableConv2D",
        {"kernel_size": (3, 3), "depth_multiplier": 2, "padding": "same"},
    ),
    (
        lambda: layer("Deconvolution2D", 4, 3, 3, (None, 8, 8, 4), subsample=(2, 2)),
        "Conv2DTranspose",
        {"kernel_size": (3, 3), "strides": (2, 2), "filters": 4},
    ),
    (
        lambda: layer("MaxPooling2D", pool_size=(2, 2), border_mode="same", dim_ordering="th"),
        "MaxPooling2D",
        {"pool_size": (2, 2), "padding": "same", "data_format": "channels_first"},
    ),
    (
        lambda: layer("AveragePooling2D", (2, 2), dim_ordering="default"),
        "AveragePooling2D",
        {"data_format": "channels_last"},
    ),
    (
        lambda: layer("MaxPooling1D", pool_length=3, stride=2),
        "MaxPooling1D",
        {"pool_size": (3,), "strides": (2,)},
    ),
    (
        lambda: layer("UpSampling2D", (2, 2), dim_ordering="th"),
        "UpSampling2D",
        {"size": (2, 2), "data_format": "channels_first"},
    ),
    (lambda: layer("UpSampling1D", length=3), "UpSampling1D", {"size": 3}),
    (
        lambda: layer("ZeroPadding2D", (1, 2), dim_ordering="th"),
        "ZeroPadding2D",
        {"data_format": "channels_first"},
    ),
    (
        lambda: layer("GlobalAveragePooling2D", dim_ordering="th"),
        "GlobalAveragePooling2D",
        {"data_format": "channels_first"},
    ),
    (lambda: layer("SpatialDropout2D", p=0.25), "SpatialDropout2D", {"rate": 0.25}),
]


@pytest.mark.parametrize(("make", "name", "config"), CASES)
def test_old_names_and_arguments(make: Any, name: str, config: dict[str, Any]) -> None:
    made = make()
    assert type(made) is getattr(annette.layers, name)
    found = made.get_config()
    assert {key: found[key] for key in config} == config


@pytest.mark.parametrize("room", ["layers", "layers.convolutional", "layers.pooling"])
def test_rooms_of_old(room: str) -> None:
    module = importlib.import_module(f"keras.{room}")
    assert module.MaxPooling2D is annette.layers.MaxPooling2D
    assert isinstance(annette.layers.Conv2D(2, 3), module.Convolution2D)
    assert not isinstance(annette.layers.Dense(2), module.Convolution2D)


def test_what_is_written_today_is_told(capsys: Any) -> None:
    hints.enable(True)
    try:
        layer("Convolution2D", 8, 3, 3, border_mode="same")
    finally:
        hints.enable(False)
    hints.show()
    told = capsys.readouterr().err
    assert "Convolution2D(filters, n, n, ...)" in told and "Conv2D(filters, (n, n), ...)" in told
    assert "Conv2D(border_mode=...)" in told and "Conv2D(padding=...)" in told


def test_more_without_a_name_is_refused() -> None:
    with pytest.raises(TypeError, match="Give them with their names"):
        layer("Convolution2D", 8, 3, 3, "glorot_uniform")


def test_a_network_of_keras_1_learns() -> None:
    from keras.layers import Dense, Dropout, Flatten
    from keras.layers.convolutional import Convolution2D, MaxPooling2D
    from keras.models import Sequential

    model = Sequential()
    model.add(Convolution2D(4, 3, 3, border_mode="same", activation="relu", input_shape=(8, 8, 1)))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(p=0.25))
    model.add(Flatten())
    model.add(Dense(output_dim=2, init="normal", activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    x = np.random.default_rng(0).normal(size=(12, 8, 8, 1)).astype("float32")
    history = model.fit(x, np.eye(2)[np.arange(12) % 2], nb_epoch=2, batch_size=4, verbose=0)
    assert len(history.history["loss"]) == 2 and model.layers[0].kernel.shape == (3, 3, 1, 4)
