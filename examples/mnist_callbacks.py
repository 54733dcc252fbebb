"""Handwritten digits with every usual callback; which digits are taken for which.

MNIST where it is at hand, else the 1,797 small digits of scikit-learn.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from example_tools import handwriting, pyplot

import annette as keras
from annette import layers
from annette.callbacks import (
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)


def network(pixels: int) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((pixels,)),
            layers.Dense(256, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def warm_up(epoch: int, rate: float) -> float:
    """Two epochs at a lower rate, then what the rate is (which the plateau may lower)."""
    if epoch < 2:
        return 1e-3 * (epoch + 1) / 2
    return float(rate)


def confusion(truth: np.ndarray, guessed: np.ndarray) -> np.ndarray:
    """Return how often each digit (rows) was read as each (columns)."""
    return np.bincount(truth * 10 + guessed, minlength=100).reshape(10, 10)


def draw(table: np.ndarray, history: dict[str, list[float]], picture: str) -> None:
    plt = pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5))
    shown = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    left.imshow(np.sqrt(shown), cmap="Blues")
    for i, j in np.ndindex(10, 10):
        left.text(j, i, str(table[i, j]), ha="center", va="center", fontsize=7,
                  color="white" if shown[i, j] > 0.3 else "black")  # fmt: skip
    left.set(xlabel="read as", ylabel="digit", xticks=range(10), yticks=range(10))
    right.plot(history["accuracy"], label="in training")
    right.plot(history["val_accuracy"], label="on kept digits")
    right.set(xlabel="epoch", title="accuracy")
    right.legend()
    figure.tight_layout()
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Confusion and curves: {picture}")


def main(
    epochs: int = 12,
    rows: int | None = None,
    log: str = "mnist_callbacks.csv",
    picture: str | None = "mnist_callbacks.png",
) -> float:
    """Train; return the accuracy on the digits kept for the test."""
    keras.utils.set_random_seed(11)
    x, y, x_test, y_test = handwriting(rows)
    model = network(x.shape[1])
    model.compile(
        keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    told = LambdaCallback(
        on_train_begin=lambda logs: print(f"{len(x)} digits of {x.shape[1]} pixels"),
        on_epoch_end=lambda epoch, logs: print(
            f"  epoch {epoch + 1:2}: accuracy {logs['accuracy']:.4f}, on kept digits "
            f"{logs['val_accuracy']:.4f}, rate {logs['learning_rate']:.1e}"
        ),
    )
    history = model.fit(
        x, y, epochs=epochs, batch_size=128, validation_split=0.1, verbose=0,
        callbacks=[
            TerminateOnNaN(),
            LearningRateScheduler(warm_up),
            ReduceLROnPlateau("val_loss", factor=0.3, patience=2),
            EarlyStopping("val_loss", patience=5, restore_best_weights=True),
            CSVLogger(log),
            told,
        ],
    ).history  # fmt: skip
    print(f"{log}: {len(Path(log).read_text().splitlines()) - 1} epochs")
    guessed = model.predict(x_test, batch_size=512, verbose=0).argmax(axis=1)
    table = confusion(y_test, guessed)
    accuracy = float(np.trace(table) / table.sum())
    wrong = table - np.diag(np.diag(table))
    digit, taken = divmod(int(wrong.argmax()), 10)
    print(f"{accuracy:.4f} right; the commonest mistake: {digit} read as {taken}, "
          f"{wrong.max()} times")  # fmt: skip
    if picture:
        draw(table, history, picture)
    return accuracy


if __name__ == "__main__":
    main()
