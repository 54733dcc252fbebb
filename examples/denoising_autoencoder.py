"""An autoencoder learns to take noise away from handwritten digits (Vincent et al., 2008)."""

from __future__ import annotations

import numpy as np
from example_tools import handwriting, pyplot

import annette as keras
from annette import layers


def make_autoencoder(pixels: int, numbers: int) -> tuple[keras.Model, keras.Model]:
    """Return the autoencoder, and the half of it that makes `numbers` numbers of a digit."""
    images = keras.Input((pixels,))
    x = layers.GaussianNoise(0.1)(images)
    x = layers.Dense(256, activation="relu")(x)
    code = layers.Dense(numbers, activation="relu", name="code")(x)
    x = layers.Dense(256, activation="relu")(code)
    outputs = layers.Dense(pixels, activation="sigmoid")(x)
    return keras.Model(images, outputs), keras.Model(images, code)


def noisy(x: np.ndarray, amount: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0.0, amount, x.shape)
    return np.clip(x + noise, 0.0, 1.0).astype("float32")


def sheet(rows: list[np.ndarray]) -> np.ndarray:
    """Return one picture of rows of digits."""
    side = round(rows[0].shape[1] ** 0.5)
    return np.concatenate(
        [np.concatenate(list(r.reshape(-1, side, side)), axis=1) for r in rows], axis=0
    )


def main(
    epochs: int = 12, rows: int = 10000, picture: str | None = "denoising_autoencoder.png"
) -> dict[str, float]:
    """Train; return the mean squared errors of the noisy digits and of what was made of them."""
    keras.utils.set_random_seed(12)
    x, _, x_test, _ = handwriting(rows)
    autoencoder, encoder = make_autoencoder(x.shape[1], 32)
    autoencoder.compile("adam", "binary_crossentropy", metrics=["mse"])
    spoiled, spoiled_test = noisy(x, 0.4, 1), noisy(x_test, 0.4, 2)
    autoencoder.fit(spoiled, x, epochs=epochs, batch_size=128, verbose=0)
    cleaned = autoencoder.predict(spoiled_test, batch_size=512, verbose=0)
    found = {
        "noisy": float(np.mean((spoiled_test - x_test) ** 2)),
        "cleaned": float(np.mean((cleaned - x_test) ** 2)),
        "mean": float(np.mean((x.mean(axis=0) - x_test) ** 2)),
    }
    print(f"{len(x)} digits of {x.shape[1]} pixels through {encoder.output_shape[-1]} numbers; "
          f"mean squared error of the noisy digits {found['noisy']:.4f}, of the cleaned ones "
          f"{found['cleaned']:.4f}, of always the mean digit {found['mean']:.4f}")  # fmt: skip
    used = (encoder.predict(spoiled_test, verbose=0) > 0).mean()
    print(f"{used:.0%} of the numbers between are above 0")
    if picture:
        image = sheet([spoiled_test[:16], cleaned[:16], x_test[:16]])
        pyplot().imsave(picture, np.kron(image, np.ones((3, 3))), cmap="gray_r", vmin=0, vmax=1)
        print(f"Noisy, cleaned and true digits: {picture}")
    return found


if __name__ == "__main__":
    main()
