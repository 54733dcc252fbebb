"""A convolutional autoencoder learns to take noise away from digits (Vincent et al., 2008)."""

from __future__ import annotations

import numpy as np
from example_tools import as_images, handwriting, pyplot

import annette as keras
from annette import layers


def make_autoencoder(shape: tuple[int, ...]) -> tuple[keras.Model, keras.Model]:
    """Return the autoencoder, and the half of it that makes a small image of each digit."""
    images = keras.Input(shape)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(images)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    code = layers.MaxPooling2D(name="code")(x)
    x = layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu")(code)
    x = layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu")(x)
    outputs = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    return keras.Model(images, outputs), keras.Model(images, code)


def noisy(x: np.ndarray, amount: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, amount, x.shape)
    return np.clip(x + noise, 0.0, 1.0).astype("float32")


def draw(rows: dict[str, np.ndarray], picture: str) -> None:
    """Draw a row of digits for each name."""
    plt = pyplot()
    count = min(len(images) for images in rows.values())
    figure, cells = plt.subplots(
        len(rows), count, figsize=(count, 1.1 * len(rows) + 0.2), squeeze=False
    )
    for line, (name, images) in zip(cells, rows.items(), strict=True):
        for cell, image in zip(line, images, strict=False):
            cell.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
            cell.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, fontsize=12)
    figure.tight_layout(pad=0.4)
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Noisy, cleaned and true digits: {picture}")


def main(
    epochs: int = 6, rows: int = 10000, picture: str | None = "denoising_autoencoder.png"
) -> dict[str, float]:
    """Train; return the mean squared errors of the noisy digits and of what was made of them."""
    keras.utils.set_random_seed(12)
    x, _, x_test, _ = handwriting(rows)
    x, x_test = as_images(x), as_images(x_test)
    autoencoder, encoder = make_autoencoder(x.shape[1:])
    autoencoder.compile("adam", "binary_crossentropy", metrics=["mse"])
    spoiled, spoiled_test = noisy(x, 0.4, 1), noisy(x_test, 0.4, 2)
    autoencoder.fit(spoiled, x, epochs=epochs, batch_size=128, verbose=0)
    cleaned = autoencoder.predict(spoiled_test, batch_size=512, verbose=0)
    found = {
        "noisy": float(np.mean((spoiled_test - x_test) ** 2)),
        "cleaned": float(np.mean((cleaned - x_test) ** 2)),
        "mean": float(np.mean((x.mean(axis=0) - x_test) ** 2)),
    }
    middle = " x ".join(str(size) for size in encoder.output_shape[1:])
    print(f"{len(x)} digits of {x.shape[1]} x {x.shape[2]} pixels through {middle} numbers and "
          f"{autoencoder.count_params():,} weights; mean squared error of the noisy digits "
          f"{found['noisy']:.4f}, of the cleaned ones {found['cleaned']:.4f}, of always the mean "
          f"digit {found['mean']:.4f}")  # fmt: skip
    if picture:
        first = slice(12)
        draw({"noisy": spoiled_test[first], "cleaned": cleaned[first], "true": x_test[first]},
             picture)  # fmt: skip
    return found


if __name__ == "__main__":
    main()
