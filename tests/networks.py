"""Small networks for every activation, loss, optimizer and kind of convolution, and how they learn."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import annette as keras
from annette import activations, layers, losses, optimizers
from tests.native.running import using

ROWS, BATCH, INPUTS, OUTPUTS, FRAMES = 80, 8, 12, 5, 7
ACTIVATIONS = sorted(activations.ALL_OBJECTS)
LOSSES = sorted({cls.__name__ for cls in losses.ALL_OBJECTS.values() if isinstance(cls, type)})
OPTIMIZERS = sorted({cls.__name__ for cls in optimizers.ALL_OBJECTS.values()})
# Losses of the entries of one distribution a row, of probabilities, of classes by number.
DISTRIBUTIONS = {"CategoricalCrossentropy", "KLDivergence", "CategoricalHinge"}
# Others of classes by number.
NUMBERED = {"CategoricalGeneralizedCrossEntropy", "Circle"}
# Losses of sequences, which need a network over frames.
SEQUENCES = {"CTC"}


class Run:
    """What training a network leaves behind, each array by name."""

    def __init__(
        self, backend: str, floatx: str, make: Callable[[], Any], loss: str, shape: tuple[int, ...]
    ) -> None:
        rng = np.random.default_rng(7)
        x, y = rng.normal(size=(ROWS, *shape)), targets(loss, rng)
        with using(backend):
            keras.config.set_floatx(floatx)
            try:
                keras.utils.set_random_seed(3)
                model = make()
                values = [rng.normal(size=w.shape) * 0.3 for w in model.weights]
                # A variance is above 0.
                named = zip(model.weights, values, strict=True)
                model.set_weights([v**2 + 0.5 if "variance" in w.name else v for w, v in named])
                before = model.predict(x, batch_size=BATCH, verbose=0)
                history = model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0).history
                self.values = {"before": before, "after": model.predict(x, verbose=0)}
                self.values |= {k: np.array(v) for k, v in history.items()}
                self.values |= {f"weight {i}": w for i, w in enumerate(model.get_weights())}
                evaluated = model.evaluate(x, y, batch_size=BATCH, verbose=0)
                self.values["evaluated"] = np.array(evaluated)
            finally:
                keras.config.set_floatx("float32")


def targets(loss: str, rng: np.random.Generator) -> np.ndarray:
    if loss.startswith("Sparse") or loss in NUMBERED:
        return rng.integers(0, OUTPUTS, ROWS)
    if loss in SEQUENCES:
        return rng.integers(1, OUTPUTS, (ROWS, 2))
    if loss in DISTRIBUTIONS:
        return rng.dirichlet(np.ones(OUTPUTS), ROWS)
    return rng.uniform(0.1, 1, (ROWS, OUTPUTS))


def network(hidden: Any, last: str, loss: Any, optimizer: Any) -> Callable[[], Any]:
    def make() -> Any:
        model = keras.Sequential(
            [
                layers.Input((INPUTS,)),
                layers.Dense(18, hidden),
                layers.Dense(9, "tanh", use_bias=False),
                layers.Dense(OUTPUTS, last),
            ]
        )
        model.compile(optimizer(), loss, metrics=["accuracy"])
        return model

    return make


class Network(NamedTuple):
    """How a network is made and compiled, the name of its loss, and the shape of a row."""

    make: Callable[[], Any]
    loss: str = "MeanSquaredError"
    shape: tuple[int, ...] = (INPUTS,)


def sgd() -> Any:
    return optimizers.SGD(0.05)


def of_activation(name: str) -> Network:
    found: Any = name
    if name == "threshold":  # its numbers have no defaults
        found = functools.partial(activations.threshold, threshold=0.1, default_value=-0.5)
    return Network(network(found, "linear", "mse", sgd))


def of_loss(name: str) -> Network:
    if name in SEQUENCES:
        return Network(functools.partial(_over_frames, name), name, (FRAMES, INPUTS))
    whole = name in DISTRIBUTIONS | NUMBERED or name.startswith("Sparse")
    last = "softmax" if whole else "sigmoid"
    return Network(network("tanh", last, getattr(losses, name)(), sgd), name)


def _over_frames(name: str) -> Any:
    model = keras.Sequential(
        [layers.Input((FRAMES, INPUTS)), layers.Dense(9, "tanh"), layers.Dense(OUTPUTS)]
    )
    model.compile(sgd(), getattr(losses, name)(), metrics=[FirstFrame()])
    return model


class FirstFrame(keras.metrics.Mean):
    """The mean of the first frames' outputs: any number that the evaluation gives beside the loss."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_pred[:, 0], sample_weight)


SETTINGS: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"weight_decay": 0.01}],
    "Adam": [{"amsgrad": True}, {"clipnorm": 0.5}, {"clipvalue": 0.01}, {"global_clipnorm": 0.3}],
    "RMSprop": [{"momentum": 0.9}, {"centered": True}, {"centered": True, "momentum": 0.9}],
    "AdamW": [{"use_ema": True}],
}


def of_optimizer(name: str, settings: dict[str, Any]) -> Network:
    def make() -> Any:
        cls = getattr(optimizers, name)
        if name == "MultiOptimizer":
            adam, plain = optimizers.Adam(0.01), optimizers.SGD(0.01)
            return cls(lambda v: adam if "kernel" in v.path else plain)
        return cls(sgd()) if name == "LossScaleOptimizer" else cls(0.01, **settings)

    return Network(network("tanh", "linear", "mse", make))


PLACES = (10, 9, 2)
FIRST_PLACES = (2, 10, 9)
CONVNETS: dict[str, tuple[tuple[int, ...], Callable[[], list[Any]]]] = {
    "plain": (PLACES, lambda: [
        layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Conv2D(6, 3, activation="relu"),
        layers.Flatten(),
    ]),
    "everything": (PLACES, lambda: [
        layers.Conv2D(6, 3, strides=2, padding="same"), layers.BatchNormalization(),
        layers.Activation("relu"), layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
        layers.Conv2DTranspose(4, 3, strides=2, activation="tanh"),
        layers.SeparableConv2D(6, 2, activation="relu"), layers.AveragePooling2D(2, padding="same"),
        layers.GlobalAveragePooling2D(),
    ]),
    "groups and gaps": (PLACES, lambda: [
        layers.Conv2D(8, (3, 2), groups=2, padding="same", activation="gelu"),
        layers.Conv2D(6, 2, dilation_rate=2), layers.MaxPooling2D(3, 2, "same"),
        layers.AdaptiveAveragePooling2D(2), layers.Flatten(),
    ]),
    "channels first": (FIRST_PLACES, lambda: [
        layers.Conv2D(6, 3, data_format="channels_first", activation="relu"),
        layers.MaxPooling2D(data_format="channels_first"),
        layers.DepthwiseConv2D(2, data_format="channels_first"),
        layers.GlobalMaxPooling2D(data_format="channels_first"),
    ]),
    "sequences": ((12, 3), lambda: [
        layers.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="relu"),
        layers.MaxPooling1D(2), layers.SeparableConv1D(6, 3), layers.Conv1DTranspose(4, 2, strides=2),
        layers.GlobalAveragePooling1D(),
    ]),
    "volumes": ((5, 6, 4, 2), lambda: [
        layers.Conv3D(4, 2, activation="relu"), layers.MaxPooling3D((2, 2, 1)),
        layers.Conv3DTranspose(3, 2, strides=2), layers.AveragePooling3D(2), layers.Flatten(),
    ]),
}  # fmt: skip


def of_convolutions(name: str) -> Network:
    shape, inner = CONVNETS[name]

    def make() -> Any:
        model = keras.Sequential([layers.Input(shape), *inner(), layers.Dense(OUTPUTS)])
        model.compile(sgd(), "mse", metrics=["accuracy"])
        return model

    return Network(make, shape=shape)


OPTIMIZED = [(n, s) for n in OPTIMIZERS for s in [{}, *SETTINGS.get(n, [])]]
