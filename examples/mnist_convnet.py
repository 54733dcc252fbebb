"""Handwritten digits read by a small convolutional network (LeCun et al., 1998).

MNIST where it is at hand, else the 1,797 small digits of scikit-learn.
"""

from __future__ import annotations

import numpy as np
from example_tools import as_images, handwriting, pyplot

import annette as keras
from annette import layers


def network(shape: tuple[int, ...]) -> keras.Model:
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, activation="relu", name="strokes"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def draw(
    model: keras.Model,
    history: dict[str, list[float]],
    misread: list[tuple[np.ndarray, int, int, float]],
    picture: str,
) -> None:
    """Draw the curves, the filters of the first layer, and digits with what they were read as."""
    plt = pyplot()
    figure = plt.figure(figsize=(13, 7.5), layout="constrained")
    top, bottom = figure.subfigures(2, 1)
    left, right = top.subfigures(1, 2)
    axis = left.subplots()
    epochs = range(1, len(history["accuracy"]) + 1)
    axis.plot(epochs, history["accuracy"], "o-", label="in training, with dropout")
    axis.plot(epochs, history["val_accuracy"], "o-", label="on the test digits")
    axis.set(title="accuracy", xlabel="epoch", xticks=epochs)
    axis.legend()
    axis.grid(alpha=0.3)
    filters = np.asarray(model.get_layer("strokes").get_weights()[0])[:, :, 0]
    largest = np.abs(filters).max()
    right.suptitle("the 32 filters of the first layer: red adds, blue takes away")
    for k, cell in enumerate(right.subplots(4, 8).flat):
        cell.imshow(filters[:, :, k], cmap="RdBu_r", vmin=-largest, vmax=largest)
        cell.axis("off")
    bottom.suptitle("the surest mistakes: what each was read as, and what it is")
    cells = list(bottom.subplots(2, 10).flat)
    for cell in cells:
        cell.axis("off")
    for cell, (image, guess, digit, sure) in zip(cells, misread, strict=False):
        cell.imshow(image[..., 0], cmap="gray_r")
        cell.set_title(f"{guess} ({sure:.0%}), is {digit}", fontsize=9)
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Curves, filters and misread digits: {picture}")


def main(
    epochs: int = 5,
    rows: int | None = None,
    seed: int = 0,
    picture: str | None = "mnist_convnet.png",
) -> float:
    """Train; return the accuracy on the test digits."""
    keras.utils.set_random_seed(seed)
    x, y, x_test, y_test = handwriting(rows)
    x, x_test = as_images(x, 16), as_images(x_test, 16)
    model = network(x.shape[1:])
    # The rate falls to nothing along half a cosine: the last steps then settle, not wander.
    steps = epochs * -(-len(x) // 128)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    print(
        f"{len(x)} digits of {x.shape[1]} x {x.shape[2]} pixels, {model.count_params():,} weights"
    )
    history = model.fit(
        x, y, epochs=epochs, batch_size=128, validation_data=(x_test, y_test), verbose=2
    ).history
    likely = model.predict(x_test, batch_size=512, verbose=0)
    guessed = likely.argmax(axis=1)
    wrong = np.flatnonzero(guessed != y_test)
    accuracy = 1.0 - len(wrong) / len(y_test)
    print(f"{accuracy:.4f} right: {len(wrong)} of {len(y_test)} test digits misread")
    if picture:
        surest = wrong[np.argsort(-likely[wrong].max(axis=1))]
        misread = [
            (x_test[i], int(guessed[i]), int(y_test[i]), float(likely[i].max())) for i in surest
        ]
        draw(model, history, misread, picture)
    return accuracy


if __name__ == "__main__":
    main()
