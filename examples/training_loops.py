"""One network trained in four ways that come to the same: `fit`, steps of one's own, a loop.

Each begins with the same weights and sees the same rows in the same order, so all four end with
the same numbers; the last adds up the gradients of two half batches before each step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import handwriting

import annette as keras
from annette import layers

BATCH = 64


def parts(x: Any) -> tuple[Any, Any]:
    """Return inputs and outputs of the network."""
    inputs = keras.Input((x.shape[1],))
    hidden = layers.Dense(64, activation="relu")(inputs)
    return inputs, layers.Dense(10)(hidden)


def make_loss() -> Any:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def by_fit(x: np.ndarray, y: np.ndarray, start: list[np.ndarray], epochs: int) -> keras.Model:
    model = keras.Model(*parts(x))
    model.set_weights(start)
    model.compile(keras.optimizers.Adam(1e-3), make_loss(), metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)
    return model


class OwnSteps(keras.Model):
    """A model that says itself what is done with a batch, in training and in a test."""

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with keras.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=(y_pred := self(x, training=True)))
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return self.noted(loss, y, y_pred)

    def test_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        y_pred = self(x, training=False)
        return self.noted(self.compute_loss(x=x, y=y, y_pred=y_pred), y, y_pred)

    def noted(self, loss: Any, y: Any, y_pred: Any) -> dict[str, Any]:
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def by_own_steps(x: np.ndarray, y: np.ndarray, start: list[np.ndarray], epochs: int) -> keras.Model:
    model = OwnSteps(*parts(x))
    model.set_weights(start)
    model.compile(keras.optimizers.Adam(1e-3), make_loss(), metrics=["accuracy"])
    model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0)
    return model


def by_loop(x: np.ndarray, y: np.ndarray, start: list[np.ndarray], epochs: int) -> keras.Model:
    model = keras.Model(*parts(x))
    model.set_weights(start)
    optimizer, loss_of = keras.optimizers.Adam(1e-3), make_loss()
    weights = model.trainable_weights
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    for epoch in range(epochs):
        accuracy.reset_state()
        for i in range(0, len(x), BATCH):
            with keras.GradientTape() as tape:
                y_pred = model(x[i : i + BATCH], training=True)
                loss = loss_of(y[i : i + BATCH], y_pred)
            optimizer.apply(tape.gradient(loss, weights), weights)
            accuracy.update_state(y[i : i + BATCH], y_pred)
        print(f"  loop, epoch {epoch + 1}: accuracy {float(accuracy.result()):.3f}")
    return model


def by_half_batches(
    x: np.ndarray, y: np.ndarray, start: list[np.ndarray], epochs: int
) -> keras.Model:
    model = keras.Model(*parts(x))
    model.set_weights(start)
    optimizer, loss_of = keras.optimizers.Adam(1e-3), make_loss()
    weights = model.trainable_weights
    for _ in range(epochs):
        for i in range(0, len(x), BATCH):
            rows = np.arange(i, min(i + BATCH, len(x)))
            sums: list[Any] = [0.0] * len(weights)
            for half in np.array_split(rows, 2):
                with keras.GradientTape() as tape:
                    loss = loss_of(y[half], model(x[half], training=True))
                share = len(half) / len(rows)
                found = tape.gradient(loss, weights)
                sums = [s + share * g for s, g in zip(sums, found, strict=True)]
            optimizer.apply(sums, weights)
    return model


def main(epochs: int = 3, rows: int = 2000) -> dict[str, float]:
    """Train in each way; return the accuracy of each, and how far apart the weights ended."""
    keras.utils.set_random_seed(10)
    x, y, x_test, y_test = handwriting(rows)
    start = keras.Model(*parts(x)).get_weights()
    ways = {
        "fit": by_fit,
        "own steps": by_own_steps,
        "loop": by_loop,
        "half batches": by_half_batches,
    }
    found, ended = {}, {}
    for name, train in ways.items():
        model = train(x, y, start, epochs)
        guessed = model.predict(x_test, verbose=0).argmax(axis=1)
        found[name], ended[name] = float((guessed == y_test).mean()), model.get_weights()
        apart = max(
            float(np.abs(a - b).max()) for a, b in zip(ended["fit"], ended[name], strict=True)
        )
        found[f"{name}: apart"] = apart
        print(
            f"{name:12} accuracy {found[name]:.3f}; weights at most {apart:.1g} from those of fit"
        )
    model = by_own_steps(x, y, start, 1)
    print("evaluate by a test step of one's own:",
          model.evaluate(x_test, y_test, verbose=0, return_dict=True))  # fmt: skip
    return found


if __name__ == "__main__":
    main()
