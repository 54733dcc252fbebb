"""Small networks: what they give and how they learn, native beside NumPy.

Every activation, loss and optimizer of the registries takes its turn. A native float32 run must stay
about as near to NumPy's float64 run as NumPy's float32 run does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, losses, optimizers
from annette.testing import error
from tests.networks import (
    ACTIVATIONS,
    CONVNETS,
    INPUTS,
    LOSSES,
    OPTIMIZED,
    OUTPUTS,
    ROWS,
    Network,
    Run,
    network,
    of_activation,
    of_convolutions,
    of_loss,
    of_optimizer,
    sgd,
)
from tests.primitives.records import needs_native

from .running import using

pytestmark = needs_native

# Ten steps multiply what one rounds away; the floor counts roundings of the dtype.
FACTOR, FLOOR = 10.0, 64.0


def compare(net: Network) -> None:
    exact, wide, own, narrow = (
        Run(backend, floatx, *net)
        for floatx in ("float64", "float32")
        for backend in ("numpy", "native")
    )
    for name, e in exact.values.items():
        assert error(wide.values[name], e) < 1e-9, f"float64 {name}"
        floor = FLOOR * float(np.finfo("float32").eps)
        allowed = FACTOR * error(own.values[name], e) + floor
        assert narrow.values[name].dtype == own.values[name].dtype
        found = error(narrow.values[name], e)
        assert found <= allowed, f"float32 {name} is {found:.1e} off, allowed {allowed:.1e}"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    compare(of_activation(name))


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    compare(of_loss(name))


@pytest.mark.parametrize("name", ["Binary", "Categorical", "SparseCategorical"])
def test_losses_from_logits(name: str) -> None:
    loss = f"{name}Crossentropy"
    compare(Network(network("relu", "linear", getattr(losses, loss)(from_logits=True), sgd), loss))


@pytest.mark.parametrize(("name", "settings"), OPTIMIZED)
def test_optimizers(name: str, settings: dict[str, Any]) -> None:
    compare(of_optimizer(name, settings))


def test_a_schedule_and_a_branch() -> None:
    def make() -> Any:
        inputs = keras.Input((INPUTS,))
        left = layers.Dense(8, "relu")(inputs)
        right = layers.Dense(8, "sigmoid")(inputs)
        joined = layers.Concatenate()([layers.Add()([left, right]), left])
        model = keras.Model(inputs, layers.Dense(OUTPUTS)(joined))
        rate = optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)
        model.compile(optimizers.SGD(rate, momentum=0.5), "mse", metrics=["mse"])
        return model

    compare(Network(make))


@pytest.mark.parametrize("name", CONVNETS)
def test_convnets(name: str) -> None:
    compare(of_convolutions(name))


def test_gradients_of_a_network() -> None:
    """GradientTape over a model's call: the same on both."""
    found = {}
    for backend in ("numpy", "native"):
        with using(backend):
            keras.utils.set_random_seed(1)
            model = network("gelu", "softmax", "mse", sgd)()
            x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
            with keras.GradientTape() as tape:
                loss = keras.ops.mean(keras.ops.square(model(x) - 0.2))
            found[backend] = [np.asarray(g) for g in tape.gradient(loss, model.trainable_variables)]
    for a, b in zip(found["native"], found["numpy"], strict=True):
        assert error(a, b) < 1e-5
