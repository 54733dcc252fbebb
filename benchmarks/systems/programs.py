"""The jobs as Keras programs: the same lines run on Keras and on annette."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from workloads import Workload

Run = Callable[[int], float | None]
PREDICT_BATCH = 4096  # Keras and PyTorch predict fastest with batches about so large


class Programs:
    """The jobs, given the package that is called `keras` in them."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras

    def network(self, sizes: tuple[int, ...]) -> Any:
        """Return a dense network: ReLU, then softmax, or a sigmoid where it has one output."""
        dense = self.keras.layers.Dense
        layers = [dense(n, activation="relu") for n in sizes[1:-1]]
        layers.append(dense(sizes[-1], activation="softmax" if sizes[-1] > 1 else "sigmoid"))
        return self.keras.Sequential([self.keras.Input((sizes[0],)), *layers])

    def classes(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training: Adam, cross-entropy on whole-number labels, accuracy."""
        model = self.network(work.sizes)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

        def run(epochs: int) -> float:
            history = model.fit(x, y, batch_size=work.batch, epochs=epochs, verbose=0)
            return float(history.history["accuracy"][-1])

        return run

    def save(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """A model into a file, over the one before."""
        model, folder = self.network(work.sizes), tempfile.TemporaryDirectory()

        def run(calls: int) -> None:
            for _ in range(calls):
                model.save(f"{folder.name}/model.keras")

        return run

    def load(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """A model out of a file."""
        folder = tempfile.TemporaryDirectory()
        self.network(work.sizes).save(f"{folder.name}/model.keras")

        def run(calls: int) -> None:
            for _ in range(calls):
                self.keras.saving.load_model(f"{folder.name}/model.keras")

        return run

    def load_weights(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """The weights of a model out of a file."""
        model, folder = self.network(work.sizes), tempfile.TemporaryDirectory()
        model.save_weights(f"{folder.name}/model.weights.h5")

        def run(calls: int) -> None:
            for _ in range(calls):
                model.load_weights(f"{folder.name}/model.weights.h5")

        return run

    def digits(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Twenty epochs of training, then the accuracy on the digits kept back."""
        train = self.network(work.sizes)
        train.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

        def run(_: int) -> float:
            train.fit(x[: work.rows], y[: work.rows], batch_size=work.batch, epochs=20, verbose=0)
            return float(train.evaluate(x[work.rows :], y[work.rows :], verbose=0)[1])

        return run

    def binary(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training for two classes with validation after every epoch."""
        model = self.network(work.sizes)
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        rest = (x[work.rows :], y[work.rows :])
        x, y = x[: work.rows], y[: work.rows]

        def run(epochs: int) -> float:
            history = model.fit(
                x, y, batch_size=work.batch, epochs=epochs, validation_data=rest, verbose=0
            )
            return float(history.history["val_accuracy"][-1])

        return run

    def xor(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Many epochs of one step each."""
        model = self.network(work.sizes)
        model.compile(self.keras.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])

        def run(epochs: int) -> float:
            history = model.fit(x, y, batch_size=work.batch, epochs=epochs, verbose=0)
            return float(history.history["accuracy"][-1])

        return run

    def predict_one(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """One row at a time through `predict`."""
        model = self.network(work.sizes)

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict(x, verbose=0)

        return run

    def call_one(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """One row at a time through the model as a function, the numbers waited for."""
        model = self.network(work.sizes)

        def run(calls: int) -> None:
            for _ in range(calls):
                np.asarray(model(x))

        return run

    def predict_all(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """All rows through `predict`, in batches of a size that suits Keras."""
        model = self.network(work.sizes)

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict(x, batch_size=PREDICT_BATCH, verbose=0)

        return run

    def convolutions(self, sizes: tuple[int, ...]) -> Any:
        """Return the small network for images of one channel."""
        k = self.keras.layers
        return self.keras.Sequential(
            [
                self.keras.Input(sizes),
                k.Conv2D(32, 3, activation="relu"),
                k.MaxPooling2D(),
                k.Conv2D(64, 3, activation="relu"),
                k.MaxPooling2D(),
                k.Flatten(),
                k.Dropout(0.5),
                k.Dense(10, activation="softmax"),
            ]
        )

    def trainer(self, model: Any, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Return what trains a network for images with Adam."""
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])

        def run(epochs: int) -> float:
            history = model.fit(x, y, batch_size=work.batch, epochs=epochs, verbose=0)
            return float(history.history["accuracy"][-1])

        return run

    def convnet(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of a small convolutional network."""
        return self.trainer(self.convolutions(work.sizes), work, x, y)

    def convnet_predict(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """All images through `predict`."""
        model = self.convolutions(work.sizes)

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict(x, batch_size=work.batch, verbose=0)

        return run

    def recurrent(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of one recurrent layer that reads an image line by line."""
        k = self.keras.layers
        kind = {"lstm": k.LSTM, "gru": k.GRU, "simple_rnn": k.SimpleRNN}[work.name]
        inputs = self.keras.Input(work.sizes[:2])
        model = self.keras.Sequential([inputs, kind(work.sizes[2]), k.Dense(10, "softmax")])
        return self.trainer(model, work, x, y)

    def stacked(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of two LSTM layers, one on the other."""
        k = self.keras.layers
        inputs, units = self.keras.Input(work.sizes[:2]), work.sizes[2]
        layers = [k.LSTM(units, return_sequences=True), k.LSTM(units), k.Dense(10, "softmax")]
        return self.trainer(self.keras.Sequential([inputs, *layers]), work, x, y)

    def transformer(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of one block of a transformer."""
        k = self.keras.layers
        width, heads = work.sizes[1], work.sizes[2]
        inputs = self.keras.Input(work.sizes[:2])
        seen = k.MultiHeadAttention(heads, width // heads)(inputs, inputs)
        t = k.LayerNormalization(epsilon=1e-6)(k.Add()([inputs, seen]))
        u = k.Dense(width)(k.Dense(4 * width, "relu")(t))
        t = k.LayerNormalization(epsilon=1e-6)(k.Add()([t, u]))
        outputs = k.Dense(10, "softmax")(k.GlobalAveragePooling1D()(t))
        return self.trainer(self.keras.Model(inputs, outputs), work, x, y)

    def next_step(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """One step of one sequence after another, through a layer that keeps its state."""
        k = self.keras.layers
        inputs = self.keras.Input(batch_shape=(1, 1, work.sizes[0]))
        layers = [k.LSTM(work.sizes[1], stateful=True), k.Dense(work.sizes[2])]
        model = self.keras.Sequential([inputs, *layers])
        step = np.ones((1, 1, work.sizes[0]), "float32")

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict(step, verbose=0)

        return run

    def residual(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of three residual blocks."""
        k = self.keras.layers

        def conv(t: Any, filters: int, size: int, strides: int) -> Any:
            t = k.Conv2D(filters, size, strides, padding="same", use_bias=False)(t)
            return k.BatchNormalization()(t)

        def block(t: Any, filters: int, strides: int) -> Any:
            u = k.Activation("relu")(conv(t, filters, 3, strides))
            u = conv(u, filters, 3, 1)
            short = t if t.shape[-1] == filters and strides == 1 else conv(t, filters, 1, strides)
            return k.Activation("relu")(k.Add()([u, short]))

        inputs = self.keras.Input(work.sizes)
        t = block(inputs, 32, 1)
        t = block(t, 64, 2)
        t = block(t, 128, 2)
        outputs = k.Dense(10, activation="softmax")(k.GlobalAveragePooling2D()(t))
        return self.trainer(self.keras.Model(inputs, outputs), work, x, y)

    def separable(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training of a network of separable convolutions."""
        k = self.keras.layers
        layers = [k.Conv2D(32, 3, padding="same", use_bias=False), k.BatchNormalization()]
        for filters, strides in ((64, 1), (128, 2), (128, 1)):
            layers += [
                k.Activation("relu"),
                k.SeparableConv2D(filters, 3, strides, padding="same", use_bias=False),
                k.BatchNormalization(),
            ]
        layers += [k.Activation("relu"), k.GlobalAveragePooling2D()]
        layers += [k.Dense(10, activation="softmax")]
        model = self.keras.Sequential([self.keras.Input(work.sizes), *layers])
        return self.trainer(model, work, x, y)
