"""A generative adversarial network (Goodfellow et al., 2014) learns to draw digits from noise."""

from __future__ import annotations

from typing import Any

import numpy as np

import annette as keras
from annette import layers, ops
from annette.datasets import digits

NOISE = 24
PIXELS = 64


def make_generator() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((NOISE,)),
            layers.Dense(128),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Dense(128),
            layers.BatchNormalization(),
            layers.LeakyReLU(0.2),
            layers.Dense(PIXELS, activation="sigmoid"),
        ],
        name="generator",
    )


def make_discriminator() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((PIXELS,)),
            layers.Dense(128),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Dense(64),
            layers.LeakyReLU(0.2),
            layers.Dropout(0.3),
            layers.Dense(1),
        ],
        name="discriminator",
    )


class GAN(keras.Model):
    """Two networks: one draws, the other tells drawn from real; each learns from the other."""

    def __init__(self, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.seed_generator = keras.random.SeedGenerator(3)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer: Any, g_optimizer: Any) -> None:
        super().compile()
        self.d_optimizer, self.g_optimizer = d_optimizer, g_optimizer
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self) -> list[Any]:
        return [self.d_loss, self.g_loss]

    def train_step(self, data: Any) -> dict[str, Any]:
        rows = ops.shape(data)[0]
        noise = keras.random.normal((rows, NOISE), seed=self.seed_generator)
        drawn = self.generator(noise, training=True)
        both = ops.concatenate([drawn, data], axis=0)
        # A little less than sure of the real ones keeps the other from giving up.
        truth = ops.concatenate([ops.zeros((rows, 1)), 0.9 * ops.ones((rows, 1))], axis=0)
        with keras.GradientTape() as tape:
            d_loss = self.loss_fn(truth, self.discriminator(both, training=True))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)

        noise = keras.random.normal((rows, NOISE), seed=self.seed_generator)
        with keras.GradientTape() as tape:
            seen = self.discriminator(self.generator(noise, training=True), training=True)
            g_loss = self.loss_fn(ops.ones((rows, 1)), seen)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {m.name: m.result() for m in self.metrics}


def judged(pictures: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[float, int]:
    """Return how sure a classifier of real digits is of pictures, and how many classes it sees."""
    reader = keras.Sequential([keras.Input((PIXELS,)), layers.Dense(64, activation="relu"),
                               layers.Dense(10, activation="softmax")])  # fmt: skip
    reader.compile("adam", "sparse_categorical_crossentropy")
    reader.fit(x, y, epochs=20, verbose=0)
    likely = reader.predict(pictures, verbose=0)
    return float(likely.max(axis=1).mean()), len(set(likely.argmax(axis=1).tolist()))


def main(
    epochs: int = 300, picture: str | None = "generative_adversarial_network.png"
) -> tuple[float, int]:
    """Train; return how sure a classifier is of what was drawn, and how many digits it sees."""
    keras.utils.set_random_seed(2)
    (x, y), _ = digits.load_data()
    x = x.reshape(-1, PIXELS).astype("float32") / float(x.max())
    gan = GAN(make_generator(), make_discriminator())
    gan.compile(keras.optimizers.Adam(4e-4, beta_1=0.5), keras.optimizers.Adam(4e-4, beta_1=0.5))
    history = gan.fit(x, epochs=epochs, batch_size=64, verbose=0).history
    noise = np.random.default_rng(0).normal(size=(100, NOISE)).astype("float32")
    drawn = gan.generator.predict(noise, batch_size=100, verbose=0)
    sure, classes = judged(drawn, x, y)
    print(f"{epochs} epochs: loss of the discriminator {history['d_loss'][-1]:.2f}, "
          f"of the generator {history['g_loss'][-1]:.2f}")  # fmt: skip
    print(
        f"A classifier of real digits is {sure:.0%} sure of what was drawn and sees {classes} kinds"
    )
    if picture:
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        sheet = drawn.reshape(10, 10, 8, 8).transpose(0, 2, 1, 3).reshape(80, 80)
        plt.imsave(picture, np.kron(sheet, np.ones((7, 7))), cmap="gray_r")
        print(f"A hundred drawn digits: {picture}")
    return sure, classes


if __name__ == "__main__":
    main()
