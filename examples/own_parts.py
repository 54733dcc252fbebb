"""A model whose parts are all its author's: layer, initializer, regularizer, loss, metric, callback.

It is a highway network (Srivastava, Greff & Schmidhuber, 2015) for the digits: each layer has a
gate that says how much of what it is given goes on unchanged.
"""

from __future__ import annotations

import math
from typing import Any

from example_tools import curves, handwriting

import annette as keras
from annette import layers, ops


@keras.utils.register_keras_serializable(package="own")
class SparseStart(keras.initializers.Initializer):
    """Normal weights of which a share is 0 (Martens, 2010)."""

    def __init__(self, share: float = 0.5, seed: int = 1) -> None:
        self.share, self.seed = share, seed

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        drawn = keras.random.normal(
            shape, stddev=math.sqrt(2 / shape[0] / (1 - self.share)), dtype=dtype, seed=self.seed
        )
        kept = keras.random.uniform(shape, seed=self.seed + 1) >= self.share
        return drawn * ops.cast(kept, drawn.dtype)

    def get_config(self) -> dict[str, Any]:
        return {"share": self.share, "seed": self.seed}


@keras.utils.register_keras_serializable(package="own")
class Orthogonal(keras.regularizers.Regularizer):
    """Rows that are not at right angles to one another cost: rate |W^T W - I|^2."""

    def __init__(self, rate: float = 1e-4) -> None:
        self.rate = rate

    def __call__(self, x: Any) -> Any:
        gram = ops.matmul(ops.transpose(x), x)
        return self.rate * ops.sum(ops.square(gram - ops.eye(x.shape[-1])))

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate}


@keras.utils.register_keras_serializable(package="own")
class Highway(layers.Layer):
    """y = gate(x) f(x W + b) + (1 - gate(x)) x, where gate is the sigmoid of another such sum."""

    def __init__(self, activation: Any = "relu", gate_bias: float = -1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.gate_bias = gate_bias

    def build(self, input_shape: Any) -> None:
        units = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(units, units), initializer=SparseStart(0.5), regularizer=Orthogonal(1e-5),
            name="kernel",
        )  # fmt: skip
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")
        self.gate_kernel = self.add_weight(
            shape=(units, units), initializer="glorot_uniform", name="gate_kernel"
        )
        self.gate_shift = self.add_weight(
            shape=(units,),
            initializer=keras.initializers.Constant(self.gate_bias),
            name="gate_shift",
        )

    def call(self, inputs: Any) -> Any:
        gate = ops.sigmoid(ops.matmul(inputs, self.gate_kernel) + self.gate_shift)
        new = self.activation(ops.matmul(inputs, self.kernel) + self.bias)
        return gate * new + (1.0 - gate) * inputs

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "gate_bias": self.gate_bias,
        }


@keras.utils.register_keras_serializable(package="own")
class Reader(keras.Model):
    """Digits through a dense layer, some highway layers and a dense layer."""

    def __init__(self, units: int = 32, depth: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.depth = units, depth
        self.entry = layers.Dense(units, activation="relu")
        self.highways = [Highway(name=f"highway_{i}") for i in range(depth)]
        self.drop = layers.Dropout(0.1)
        self.exit = layers.Dense(10, activation="softmax")

    def call(self, inputs: Any, training: bool = False) -> Any:
        x = self.entry(inputs)
        for highway in self.highways:
            x = highway(x)
        return self.exit(self.drop(x, training=training))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units, "depth": self.depth}


class Focused(keras.losses.Loss):
    """-(1 - p)^2 log p for the probability p of the truth: what is sure counts little."""

    def __init__(self, name: str = "focused", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        truth = ops.one_hot(ops.cast(ops.reshape(y_true, (-1,)), "int32"), y_pred.shape[-1])
        p = ops.clip(ops.sum(truth * y_pred, axis=-1), 1e-7, 1.0)
        return -ops.square(1.0 - p) * ops.log(p)


class WorstClass(keras.metrics.Metric):
    """The accuracy for the class that is read worst."""

    def __init__(self, classes: int, name: str = "worst", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.right = self.add_weight(shape=(classes,), initializer="zeros", name="right")
        self.all = self.add_weight(shape=(classes,), initializer="zeros", name="all")
        self.classes = classes

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        numbers = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        truth = ops.one_hot(numbers, self.classes)
        hit = ops.cast(ops.equal(ops.argmax(y_pred, axis=-1), numbers), "float32")
        self.right.assign(self.right + ops.sum(truth * ops.expand_dims(hit, -1), axis=0))
        self.all.assign(self.all + ops.sum(truth, axis=0))

    def result(self) -> Any:
        seen = ops.where(self.all > 0, self.right / ops.maximum(self.all, 1.0), 1.0)
        return ops.min(seen)


class StopWhenGood(keras.callbacks.Callback):
    """Ends the training once a figure is reached, and notes the length of the gates' kernels."""

    def __init__(self, monitor: str, goal: float) -> None:
        super().__init__()
        self.monitor, self.goal, self.lengths = monitor, goal, []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        kernels = [layer.gate_kernel for layer in self.model.highways]
        self.lengths.append([float(ops.norm(k)) for k in kernels])
        if (logs or {}).get(self.monitor, 0.0) >= self.goal:
            print(f"{self.monitor} has reached {self.goal} after epoch {epoch + 1}")
            self.model.stop_training = True


def main(
    epochs: int = 30, rows: int = 10000, picture: str | None = "own_parts.png"
) -> dict[str, float]:
    """Train; return the accuracies, and how far a model made anew from the description is off."""
    keras.utils.set_random_seed(9)
    x, y, x_test, y_test = handwriting(rows)
    model = Reader()
    model.compile("adam", Focused(), metrics=["accuracy", WorstClass(10)])
    watch = StopWhenGood("val_worst", 0.97)
    history = model.fit(
        x, y, epochs=epochs, batch_size=64, validation_split=0.1, verbose=0, callbacks=[watch]
    ).history
    found = model.evaluate(x_test, y_test, batch_size=256, verbose=0, return_dict=True)
    print(f"{len(x)} digits, {len(history['loss'])} epochs: accuracy {found['accuracy']:.3f}, "
          f"for the worst digit {found['worst']:.3f}")  # fmt: skip

    copy = Reader.from_config(model.get_config())
    copy(x[:1])
    copy.set_weights(model.get_weights())
    apart = abs(copy.predict(x_test, verbose=0) - model.predict(x_test, verbose=0)).max()
    print(f"made anew from its description, with its weights: {apart:.1g} apart")
    lengths = dict(enumerate(zip(*watch.lengths, strict=True)))
    curves(picture, {
        "accuracy": {"all digits": history["val_accuracy"], "the worst": history["val_worst"]},
        "length of the gates' kernels": {f"layer {i}": v for i, v in lengths.items()},
    })  # fmt: skip
    return {**found, "apart": float(apart)}


if __name__ == "__main__":
    main()
