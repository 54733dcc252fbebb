"""Handwritten digits read row by row, as a text is read word by word (Le et al., 2015).

An LSTM sees the 28 rows of an image one after another and says at the end what digit they were.
Kept at every row, its answers tell when it makes up its mind: the picture shows that.
"""

from __future__ import annotations

import time

import numpy as np
from example_tools import as_images, handwriting, pyplot

import annette as keras
from annette import layers


def networks(shape: tuple[int, ...], units: int) -> tuple[keras.Model, keras.Model]:
    """Return the classifier, and a model of the same weights that answers after every row."""
    rows = keras.Input(shape, name="rows")
    after_each = layers.LSTM(units, return_sequences=True)(rows)
    answer = layers.Dense(10, activation="softmax")
    model = keras.Model(rows, answer(after_each[:, -1]))
    return model, keras.Model(rows, answer(after_each))


def draw(
    images: np.ndarray, answers: np.ndarray, digits: np.ndarray, each: np.ndarray, picture: str
) -> None:
    """Draw digits beside what was thought of them row by row, and how often that was right."""
    plt = pyplot()
    figure = plt.figure(figsize=(13, 7), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(2, 1))
    left.suptitle("how sure of each digit the network is, row by row")
    cells = left.subplots(2, 6, width_ratios=(1, 1.2) * 3)
    for k, (image, sure, digit) in enumerate(zip(images, answers, digits, strict=True)):
        pixels, bars = cells[k // 3, 2 * (k % 3)], cells[k // 3, 2 * (k % 3) + 1]
        pixels.imshow(image, cmap="gray_r", aspect="auto")
        pixels.set(title=f"{digit}", xticks=[], ylabel="row" if k % 3 == 0 else None)
        shown = bars.imshow(sure, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        bars.set(xticks=range(10), yticks=[], xlabel="read as")
        bars.tick_params(labelsize=7)
    left.colorbar(shown, ax=cells, shrink=0.5, label="probability")
    axis = right.subplots()
    axis.plot(range(1, len(each) + 1), each, "o-")
    axis.set(title="right after so many rows", xlabel="rows seen", ylabel="share of test digits",
             ylim=(0, 1.02))  # fmt: skip
    axis.grid(alpha=0.3)
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Digits and what was thought of them: {picture}")


def main(
    epochs: int = 5,
    rows: int | None = None,
    units: int = 128,
    seed: int = 0,
    picture: str | None = "mnist_rows.png",
) -> dict[str, float]:
    """Train; return the accuracy on the test digits after all rows and after half of them."""
    keras.utils.set_random_seed(seed)
    x, y, x_test, y_test = handwriting(rows)
    x, x_test = as_images(x)[..., 0], as_images(x_test)[..., 0]
    model, after_each = networks(x.shape[1:], units)
    steps = epochs * -(-len(x) // 128)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    print(f"{len(x)} digits of {x.shape[1]} rows, {model.count_params():,} weights")
    began = time.perf_counter()
    model.fit(x, y, epochs=epochs, batch_size=128, validation_data=(x_test, y_test), verbose=2)
    print(f"trained in {time.perf_counter() - began:.0f} s")
    answers = after_each.predict(x_test, batch_size=512, verbose=0)
    each = np.mean(answers.argmax(axis=2) == y_test[:, None], axis=0)
    found = {"all rows": float(each[-1]), "half": float(each[len(each) // 2 - 1])}
    print(f"{found['all rows']:.4f} of {len(y_test)} test digits read right; after half of their "
          f"rows {found['half']:.3f}")  # fmt: skip
    if picture:
        # Six digits read right in the end, of each the one about which the mind changed most often.
        changes = (np.diff(answers.argmax(axis=2), axis=1) != 0).sum(axis=1)
        changes[answers[:, -1].argmax(axis=1) != y_test] = -1
        each_digit = [np.argmax(np.where(y_test == digit, changes, -2)) for digit in range(10)]
        shown = np.sort(sorted(each_digit, key=lambda row: -changes[row])[:6])
        shown = shown[np.argsort(y_test[shown])]
        draw(x_test[shown], answers[shown], y_test[shown], each, picture)
    return found


if __name__ == "__main__":
    main()
