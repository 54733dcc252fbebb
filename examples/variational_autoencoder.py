"""A variational autoencoder (Kingma & Welling, 2013) squeezes digits into two numbers and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import annette as keras
from annette import layers, ops
from annette.datasets import digits

LATENT = 2
PIXELS = 64


class Sampling(layers.Layer):
    """Draws z from the normal distribution that the encoder describes: z = mean + e^(v/2) noise."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(7)

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def make_encoder() -> keras.Model:
    images = keras.Input((PIXELS,))
    x = layers.Dense(128, activation="relu")(images)
    x = layers.Dense(64, activation="relu")(x)
    mean = layers.Dense(LATENT, name="mean")(x)
    log_variance = layers.Dense(LATENT, name="log_variance")(x)
    z = Sampling()([mean, log_variance])
    return keras.Model(images, [mean, log_variance, z], name="encoder")


def make_decoder() -> keras.Model:
    z = keras.Input((LATENT,))
    x = layers.Dense(64, activation="relu")(z)
    x = layers.Dense(128, activation="relu")(x)
    return keras.Model(z, layers.Dense(PIXELS, activation="sigmoid")(x), name="decoder")


class VariationalAutoencoder(keras.Model):
    """Learns to give back what it is shown, through numbers that lie like a normal distribution."""

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoder, self.decoder = encoder, decoder
        self.loss_tracker = keras.metrics.Mean(name="loss")
        self.picture_tracker = keras.metrics.Mean(name="picture_loss")
        self.kl_tracker = keras.metrics.Mean(name="kl_loss")

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_tracker, self.picture_tracker, self.kl_tracker]

    def call(self, inputs: Any) -> Any:
        return self.decoder(self.encoder(inputs)[2])

    def losses_of(self, images: Any) -> tuple[Any, Any]:
        """Return what is lost in the picture, and how far the numbers are from normal."""
        mean, log_variance, z = self.encoder(images)
        picture = self.decoder(z)
        lost = PIXELS * keras.losses.binary_crossentropy(images, picture)
        kl = -0.5 * (1.0 + log_variance - ops.square(mean) - ops.exp(log_variance))
        return ops.mean(lost), ops.mean(ops.sum(kl, axis=1))

    def train_step(self, data: Any) -> dict[str, Any]:
        with keras.GradientTape() as tape:
            picture_loss, kl_loss = self.losses_of(data)
            loss = picture_loss + kl_loss
        weights = self.trainable_weights
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        self.loss_tracker.update_state(loss)
        self.picture_tracker.update_state(picture_loss)
        self.kl_tracker.update_state(kl_loss)
        return {m.name: m.result() for m in self.metrics}


def draw(decoder: keras.Model, side: int = 12) -> np.ndarray:
    """Return one picture of what the decoder makes of a grid of pairs of numbers."""
    steps = np.linspace(-2.0, 2.0, side).astype("float32")
    grid = np.stack(np.meshgrid(steps, -steps), axis=-1).reshape(-1, 2)
    tiles = decoder.predict(grid, verbose=0).reshape(side, side, 8, 8)
    return tiles.transpose(0, 2, 1, 3).reshape(side * 8, side * 8)


def main(epochs: int = 120, picture: str | None = "variational_autoencoder.png") -> float:
    """Train; return the loss that is left, in nats a digit."""
    keras.utils.set_random_seed(1)
    (x, _), _ = digits.load_data()
    x = x.reshape(-1, PIXELS).astype("float32") / float(x.max())
    model = VariationalAutoencoder(make_encoder(), make_decoder())
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    history = model.fit(x, epochs=epochs, batch_size=32, verbose=0).history
    first, last = history["loss"][0], history["loss"][-1]
    print(f"{len(x)} digits, {epochs} epochs: {first:.1f} nats a digit at first, {last:.1f} now")
    print(f"  of which {history['kl_loss'][-1]:.1f} for the {LATENT} numbers")
    print(f"  (a coin for each pixel: {PIXELS * math.log(2):.1f})")
    if picture:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        plt.imsave(picture, np.kron(draw(model.decoder), np.ones((6, 6))), cmap="gray_r")
        print(f"What the decoder draws from two numbers: {picture}")
    return float(last)


if __name__ == "__main__":
    main()
